package bot
import ("testing";"time")
func TestZZ(t *testing.T){ inSlack(t, func(t *testing.T, w *workspace){ w.settle(2*time.Minute); t.Log(w.h.raw("SELECT kind||' '||subject||' '||attempts||' '||error FROM job")); t.Log(w.h.raw("SELECT address||' '||name||' '||mail FROM member")); for _,c:=range w.Calls(""){ t.Log(c.Method,c.At.Format("15:04:05"),c.Error,c.Args)} }) }
