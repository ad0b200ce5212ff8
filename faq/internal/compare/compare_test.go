package compare

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"testing"
	"time"

	"frontdesk/faq"
)

// BenchmarkScale measures all engines with made FAQs of several sizes.
func BenchmarkScale(b *testing.B) {
	for _, size := range []struct {
		entries, each int
		long          bool
	}{{25, 10, false}, {300, 10, false}, {1000, 10, false}, {10000, 5, true}} {
		b.Run(fmt.Sprintf("%dx%d", size.entries, size.each), func(b *testing.B) {
			if size.long && os.Getenv("FRONTDESK_LONG") != "1" {
				b.Skip("takes minutes: set FRONTDESK_LONG=1")
			}
			examples, asked := made(size.entries, size.each)
			compare(b, examples, asked)
		})
	}
}

// BenchmarkPublic measures them with questions that customers of banks asked, five
// examples per entry.
func BenchmarkPublic(b *testing.B) {
	root := os.Getenv("FRONTDESK_TESTDATA")
	if root == "" {
		b.Skip("FRONTDESK_TESTDATA is not set: it names the folder with the public data sets")
	}
	read := func(b *testing.B, name string) []faq.Labelled {
		f, err := os.Open(filepath.Join(root, "faq", name))
		if err != nil {
			b.Fatal(err)
		}
		defer f.Close()
		out, err := faq.ReadLabelled(f)
		if err != nil {
			b.Fatalf("%s: %v", name, err)
		}
		return slices.DeleteFunc(out, func(l faq.Labelled) bool { return l.Label == faq.OutOfScope })
	}
	for _, set := range []string{"banking77", "bq_faq"} {
		b.Run(set, func(b *testing.B) {
			compare(b, read(b, set+"/shots/5_s0.tsv"), read(b, set+"/test.tsv"))
		})
	}
}

func compare(b *testing.B, examples, asked []faq.Labelled) {
	for _, c := range engines {
		b.Run(c.name, func(b *testing.B) {
			load := func(examples []faq.Labelled) engine {
				e, err := c.load(examples)
				if errors.Is(err, errNoFTS5) {
					b.Skip(err)
				}
				if err != nil {
					b.Fatal(err)
				}
				return e
			}
			// What is kept once per process is not the FAQ's.
			if err := load(examples[:1]).close(); err != nil {
				b.Fatal(err)
			}
			for b.Loop() {
				before := heap()
				began := time.Now()
				e := load(examples)
				took := time.Since(began)
				outside, err := e.outside()
				if err != nil {
					b.Fatal(err)
				}
				stays := heap() - before + outside
				times, right := ask(b, e, asked)
				b.ReportMetric(took.Seconds(), "load-s")
				b.ReportMetric(float64(stays)/1e6, "MB")
				b.ReportMetric(float64(times[len(times)/2].Nanoseconds())/1e3, "p50-us")
				b.ReportMetric(float64(times[(len(times)-1)*99/100].Nanoseconds())/1e3, "p99-us")
				b.ReportMetric(100*float64(right)/float64(len(asked)), "top1-%")
				b.ReportMetric(0, "ns/op") // of no use here
				if err := e.close(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// ask gives how long each question took, shortest first, and how many found their
// entry. All are asked five times over, and the shortest time of each counts: the
// others tell what else the machine was doing.
func ask(b *testing.B, e engine, asked []faq.Labelled) (times []time.Duration, right int) {
	times = make([]time.Duration, len(asked))
	for round := range 5 {
		for i, l := range asked {
			began := time.Now()
			entry, err := e.best(l.Text)
			took := time.Since(began)
			if err != nil {
				b.Fatalf("%q: %v", l.Text, err)
			}
			if round == 0 || took < times[i] {
				times[i] = took
			}
			if round == 0 && entry == l.Label {
				right++
			}
		}
	}
	slices.Sort(times)
	return times, right
}

// heap is what is in use after a collection. The second one frees what the
// finalizers of the first let go.
func heap() int64 {
	runtime.GC()
	runtime.GC()
	var s runtime.MemStats
	runtime.ReadMemStats(&s)
	return int64(s.HeapAlloc)
}
