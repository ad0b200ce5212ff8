package bot
import ("testing";"fmt")
func TestProbe(t *testing.T){
 c:=talkConfig(t); x:=sampleIndex(t,c.Calendar)
 for _,s:=range []string{known,unknown,angry,forHuman,"在吗","谢谢","好的，谢谢","Thanks!","Thanks, but it still fails","谢谢，但是还是不行","我要退款","是否提供退款？","怎么投诉？","How do I complain?","I want to complain","我要投诉","投诉进度怎么样了","How is my case going?","1","都不是","是的","解决了","没有解决","no","yes","请删除我的个人信息","建议你们增加夜班客服","你们服务真好，表扬一下","I suggest you open on Sundays","Great service, thank you!","你们这些垃圾","hm","Congratulations! You have won the lottery. Click here to claim your prize now: http://casino.example","Where is my parcel going and what does it cost?","delivery","invoice","人工提额","Do you have human resources jobs?","转人工","What are your opening hours? How can I get an invoice?","I want a refund","再见","Goodbye","快递费", "你们周末上班吗？另外，怎么开发票？顺便，你们卖火箭吗？", "It still hums a little.","That did not help."} {
  r:=x.Read(s); fmt.Printf("%-50.50s lang=%s empty=%v int=",s,r.Lang,r.Empty)
  for _,i:=range r.Intents{fmt.Printf("%s:%s %.2f; ",i.Name,i.Topic,i.Score)}
  for _,q:=range r.Questions{fmt.Printf(" Q[%.30s|%s",q.Text,q.Intent); for k,m:=range q.Matches{ if k<2 {fmt.Printf(" %s %.2f",m.Entry.ID,m.Score)}}; fmt.Print("]")}
  fmt.Println()
 }
}
