package faq
import ("testing";"fmt";"time";"os")
func TestZZ(t *testing.T){
 w:=words(t); groups,_:=embeddedExamples(); t0:=time.Now(); l:=newLikeness(w,groups); fmt.Println(time.Since(t0), len(l.texts), len(l.classes))
 prob:=func(text,in string) float32 { v:=l.vocab.vector(extract(atomize(w.normalize(text)))); p:=make([]float32,len(l.classes)); l.model.logits(v,1,p); softmax(p); var s float32; best:=0
  for c,q:=range p{ if q>p[best]{best=c}; if l.classes[c].intent==in{s=max(s,q)} }
  if in==""{ if best==0{return 0}; return p[best]}
  return s }
 for _,c:=range []struct{f,in string}{{"human_en.txt",Human},{"human_zh.txt",Human},{"complaint_en.txt",Complaint},{"complaint_zh.txt",Complaint}}{
  all:=labelledMessages(t,c.f)
  for _,th:=range []float32{.4,.5,.6,.7,.8}{
   var k counts
   for _,x:=range all{ if x.aside{continue}; k.add(x.has,prob(x.text,c.in)>=th) }
   fmt.Println("lr",c.f,th,k)
  }
 }
 if os.Getenv("FRONTDESK_TESTDATA")!="" {
 for _,f:=range []string{"banking77/train.tsv","clinc150/train.tsv","hwu64/train.tsv","multidogo/train.tsv"}{
  set:=publicSet(t,f); var n [4]int
  for _,e:=range set{ p:=prob(e.text,""); for i,th:=range []float32{.5,.6,.7,.8}{ if p>=th{n[i]++; if i==2&&n[i]%12==0{fmt.Println("   ",e.text)}} } }
  fmt.Println(f,len(set),n)
 }}
}
