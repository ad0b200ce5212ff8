package faq

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"time"
)

// made writes an FAQ of n entries with ten questions each in two languages.
// Words repeat between entries as they do in real ones.
func made(n int) []*Entry {
	rnd := rand.New(rand.NewPCG(1, 1))
	const syllables = "ba be bi bo bu da de di do du ka ke ki ko ku la le li lo lu ma me mi mo mu na ne ni no nu"
	parts := strings.Fields(syllables)
	word := func() string { return parts[rnd.IntN(30)] + parts[rnd.IntN(30)] + parts[rnd.IntN(10)] }
	var common []string
	for range 60 {
		common = append(common, word())
	}
	var out []*Entry
	for i := range n {
		e := &Entry{ID: fmt.Sprint("e", i), Questions: map[string][]string{}, Answers: map[string]string{}, languages: []string{"en", "zh"}}
		var own []string
		var han []rune
		for range 6 {
			own = append(own, word())
			han = append(han, rune(0x4e00+rnd.IntN(1500)))
		}
		for range 10 {
			var en, zh strings.Builder
			for k := range 8 {
				if k%2 == 0 {
					fmt.Fprint(&en, own[rnd.IntN(6)], " ")
					fmt.Fprintf(&zh, "%c%c", han[rnd.IntN(6)], han[rnd.IntN(6)])
				} else {
					fmt.Fprint(&en, common[rnd.IntN(60)], " ")
					fmt.Fprintf(&zh, "%c", rune(0x5e00+rnd.IntN(60)))
				}
			}
			e.Questions["en"] = append(e.Questions["en"], en.String())
			e.Questions["zh"] = append(e.Questions["zh"], zh.String())
		}
		e.Answers["en"], e.Answers["zh"] = strings.Join(own, " "), string(han)
		out = append(out, e)
	}
	return out
}

func BenchmarkLoad(b *testing.B) {
	b.Run("sample", func(b *testing.B) {
		for b.Loop() {
			if _, err := loadSample(); err != nil {
				b.Fatal(err)
			}
		}
	})
	for _, n := range []int{25, 300} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			entries := made(n)
			for b.Loop() {
				if _, err := newIndex(b.Context(), entries, Options{}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	for _, n := range []int{300, 1000} { // in one language
		entries := fewer(made(n), 10)
		b.Run(fmt.Sprint(n, "_trained"), func(b *testing.B) {
			for b.Loop() {
				if _, err := newIndex(b.Context(), entries, Options{}); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(fmt.Sprint(n, "_kept"), func(b *testing.B) {
			cache, _ := keeping(b)
			if _, err := newIndex(b.Context(), entries, Options{Cache: cache}); err != nil {
				b.Fatal(err)
			}
			for b.Loop() {
				if _, err := newIndex(untrained(b, n), entries, Options{Cache: cache}); err != nil {
					b.Fatal(err)
				}
			}
			info, err := os.Stat(cache.File)
			if err != nil {
				b.Fatal(err)
			}
			b.ReportMetric(float64(info.Size())/1e6, "file-MB")
		})
	}
}

func BenchmarkWordlists(b *testing.B) {
	b.Run("read", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := readWordlists(); err != nil {
				b.Fatal(err)
			}
		}
	})
	w := words(b)
	for _, word := range []string{"refund", "refnud"} {
		a := atom{text: word, stem: word}
		b.Run(word, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				w.isReal(a)
			}
		})
	}
}

func BenchmarkRead(b *testing.B) {
	big, err := newIndex(b.Context(), made(300), Options{})
	if err != nil {
		b.Fatal(err)
	}
	for _, c := range []struct {
		name, text string
		x          *Index
	}{
		{"sample/short_zh", "请问你们周末上班吗？", sample(b)},
		{"sample/short_en", "What time do you open on Saturdays?", sample(b)},
		{"sample/mail_en", "Hello,\n\nI ordered a kettle last week and it has not arrived yet. The tracking page shows nothing. Could you please tell me where it is? Also, is it still possible to change the delivery address, since I will be moving on Friday?\n\nBest regards,\nJane", sample(b)},
		{"sample/16KiB", strings.Repeat("I want to talk about my order, complain to someone. 我要投诉 你们的人工服务! ", 250), sample(b)},
		{"300/short_en", "What time do you open on Saturdays?", big},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				c.x.Read(c.text)
			}
		})
	}
}

// BenchmarkReadLimited asks a large FAQ of which half holds in another channel only.
func BenchmarkReadLimited(b *testing.B) {
	entries := made(1000)
	for i, e := range entries {
		if i%2 == 0 {
			e.Channels = []string{"elsewhere"}
		}
	}
	all, err := newIndex(b.Context(), entries, Options{})
	if err != nil {
		b.Fatal(err)
	}
	for _, c := range []struct {
		name string
		x    *Index
	}{{"all", all}, {"half", all.For(time.Now(), "here")}} {
		b.Run(c.name, func(b *testing.B) {
			for i := 0; b.Loop(); i++ {
				c.x.Read(entries[i%1000].Questions["en"][i%10])
			}
		})
	}
}
