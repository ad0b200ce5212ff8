package mail
import ("testing";"fmt";"frontdesk/channels";"strings")
func TestZZ(t *testing.T){
 for p,b:=range rawMails(t,""){
  if strings.Contains(p,"sisimai") {continue}
  in:=Reader{}.Read(channels.Bytes(b))
  fs:=[]string{}
  for _,f:=range in.Files{ fs=append(fs,fmt.Sprintf("%s|%s|%d",f.Type,f.Name,f.Data.Size))}
  fmt.Printf("%s\t%s\t%q\t%q\t%.160q\t%.100q\t%v\t%s\n",p,in.Kind,in.Subject,in.From,in.Text,in.Full,fs,in.Problem)
 }
}
