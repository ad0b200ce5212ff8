package faq

import (
	"fmt"
	"runtime"
	"slices"
	"sync/atomic"
	"testing"
	"time"
)

// scaled groups real questions of the public sets into topics of equal size.
// Sentences of one label stand together, so that topics have near rivals, as in
// a large FAQ. The last sentence of each topic is kept back as a question.
func scaled(t testing.TB, topics, each int) (out []topic, asked []string) {
	var texts []string
	seen := map[string]bool{}
	for _, name := range []string{"clinc150", "banking77", "hwu64", "multidogo", "bq_faq", "lcqmc_faq", "bitext"} {
		set := publicSet(t, name+"/train.tsv")
		if name == "lcqmc_faq" {
			set = append(set, publicSet(t, name+"/test.tsv")...)
		}
		slices.SortStableFunc(set, func(a, b labelled) int {
			if a.label < b.label {
				return -1
			}
			if a.label > b.label {
				return 1
			}
			return 0
		})
		for _, e := range set {
			if !seen[e.text] {
				seen[e.text] = true
				texts = append(texts, e.text)
			}
		}
	}
	for _, name := range []string{"zh_pairs/bq_test.tsv", "zh_pairs/lcqmc_test.tsv"} {
		for _, e := range publicSet(t, name) {
			if !seen[e.text] {
				seen[e.text] = true
				texts = append(texts, e.text)
			}
		}
	}
	step := len(texts) / topics // spread over all sets
	if step < each+1 {
		step = each
	}
	for i := 0; len(out) < topics; i += step {
		var tp topic
		for k := range each {
			q := texts[(i+k)%len(texts)]
			if i+k >= len(texts) {
				q = fmt.Sprintf("%s %s", q, texts[(i*7+k*3)%len(texts)])
			}
			tp.questions = append(tp.questions, q)
		}
		out = append(out, tp)
		asked = append(asked, texts[(i+each)%len(texts)])
	}
	return out, asked
}

// BenchmarkScale trains FAQs of several sizes made of public sentences and asks
// them. Its figures: seconds to train, heap that stays (also per 1,000 topics),
// the most heap there was meanwhile, and the time of one question.
//
//	FRONTDESK_TESTDATA=… go test -run '^$' -bench Scale -benchtime 1x -cpu 1 ./faq
func BenchmarkScale(b *testing.B) {
	for _, size := range []struct{ topics, each int }{{25, 10}, {300, 10}, {1000, 10}, {10000, 5}} {
		b.Run(fmt.Sprintf("%dx%d", size.topics, size.each), func(b *testing.B) {
			topics, asked := scaled(b, size.topics, size.each)
			words := words(b)
			before := heap()
			var m *matcher
			var took time.Duration
			var peak uint64
			for b.Loop() {
				m = nil
				runtime.GC()
				began := time.Now()
				peak = highest(func() { m = learn(b, words, topics) })
				took = time.Since(began)
			}
			b.ReportMetric(took.Seconds(), "load-s")
			stays := heap() - before
			b.ReportMetric(float64(stays)/1e6, "MB")
			b.ReportMetric(float64(stays)/1e6/float64(size.topics)*1000, "MB/1000-entries")
			b.ReportMetric(float64(peak-before)/1e6, "peak-MB")
			times := make([]time.Duration, 0, 4000)
			for len(times) < 4000 {
				for _, q := range asked {
					began := time.Now()
					m.search(q)
					times = append(times, time.Since(began))
				}
			}
			slices.Sort(times)
			b.ReportMetric(float64(times[len(times)/2].Microseconds()), "p50-us")
			b.ReportMetric(float64(times[len(times)*99/100].Microseconds()), "p99-us")
			runtime.KeepAlive(m)
		})
	}
}

func heap() uint64 {
	runtime.GC()
	var s runtime.MemStats
	runtime.ReadMemStats(&s)
	return s.HeapAlloc
}

// highest runs f and gives the most heap that was in use meanwhile.
func highest(f func()) uint64 {
	var top atomic.Uint64
	done := make(chan struct{})
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		for {
			var s runtime.MemStats
			runtime.ReadMemStats(&s)
			top.Store(max(top.Load(), s.HeapAlloc))
			select {
			case <-done:
				return
			case <-time.After(20 * time.Millisecond):
			}
		}
	}()
	f()
	close(done)
	<-stopped
	return top.Load()
}
