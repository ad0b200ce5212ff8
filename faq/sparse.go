package faq

import (
	"cmp"
	"context"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"
)

// sparse ranks many topics. An inverted index over the topics' centroids finds
// the few that a question may be about; each is then judged by a support vector
// machine that was trained against its nearest rivals, by its centroid, and by
// its nearest example. Time and memory grow with the size of the FAQ, not with
// its square.
type sparse struct {
	vectors
	first    []int32 // the example questions of topic c are first[c] … first[c+1]
	postings []posting
	start    []int32 // topics that have feature f: postings[start[f]:start[f+1]]
	machines []point // weights of topic c: machines[from[c]:from[c+1]], by feature
	from     []int32
	norm     []float32 // 1/length of each topic's summed examples
	pool     sync.Pool // of *sparseScratch
}

const (
	shortlist   = 48      // topics that are looked at closely
	mostVisits  = 150_000 // entries of the inverted index read for one question
	rivals      = 16      // topics that a topic is trained against
	strangers   = 96      // examples of other topics, drawn at random
	leastWeight = .004    // smaller weights are dropped

	// What counts in a topic's logit, beside the machine. The sum is scaled so
	// that shares are about as high as those of the dense ranker.
	sharpness    = 2.2
	centroidPull = 4
	nearestPull  = 1
)

func newSparse(ctx context.Context, e *examples, questions, features, classes int, cache Cache) *sparse {
	s := &sparse{vectors: e.vectors, first: make([]int32, classes+1)}
	for _, c := range e.class[:questions] {
		s.first[c+1]++
	}
	for c := range classes {
		s.first[c+1] += s.first[c]
	}
	s.index(features)
	cache.sparse(ctx, s, e, questions, features)
	return s
}

func (s *sparse) classes() int { return len(s.first) - 1 }

// index builds the inverted index of the centroids.
func (s *sparse) index(features int) {
	s.start = make([]int32, features+1)
	sum := make([]float32, features)
	var ids []int32
	centroid := func(c int) []int32 {
		ids = ids[:0]
		for i := s.first[c]; i < s.first[c+1]; i++ {
			for _, p := range s.at(int(i)) {
				if sum[p.id] == 0 {
					ids = append(ids, p.id)
				}
				sum[p.id] += p.value
			}
		}
		return ids
	}
	for c := range s.classes() {
		for _, id := range centroid(c) {
			s.start[id+1]++
			sum[id] = 0
		}
	}
	for f := range features {
		s.start[f+1] += s.start[f]
	}
	s.postings = make([]posting, s.start[features])
	s.norm = make([]float32, s.classes())
	next := append([]int32(nil), s.start[:features]...)
	for c := range s.classes() {
		var length float64
		list := centroid(c)
		for _, id := range list {
			length += float64(sum[id]) * float64(sum[id])
		}
		s.norm[c] = float32(1 / math.Sqrt(max(length, 1e-9)))
		for _, id := range list {
			s.postings[next[id]] = posting{int32(c), sum[id] * s.norm[c]}
			next[id]++
			sum[id] = 0
		}
	}
}

// train trains every topic's machine. Topics do not depend on one another, so
// that as many are trained at a time as there are processors, with the same
// result. When ctx ends it returns soon, and what was trained is worth nothing.
func (s *sparse) train(ctx context.Context, e *examples, features int) {
	weights := make([][]point, s.classes())
	byClass := make([][]int32, s.classes()) // examples, answers' texts among them
	for i, c := range e.class {
		byClass[c] = append(byClass[c], int32(i))
	}
	var wait sync.WaitGroup
	var mu sync.Mutex
	next := 0
	for range min(runtime.GOMAXPROCS(0), s.classes()) {
		wait.Go(func() {
			m := newMachine(e, features)
			scratch := s.scratch()
			defer s.pool.Put(scratch)
			for {
				mu.Lock()
				c := next
				next++
				mu.Unlock()
				if c >= s.classes() || ctx.Err() != nil {
					return
				}
				weights[c] = s.trainOne(m, scratch, byClass, c)
			}
		})
	}
	wait.Wait()
	s.from = make([]int32, 1, s.classes()+1)
	total := 0
	for _, w := range weights {
		total += len(w)
		s.from = append(s.from, int32(total))
	}
	s.machines = make([]point, 0, total)
	for _, w := range weights {
		s.machines = append(s.machines, w...)
	}
}

func (s *sparse) trainOne(m *machine, scratch *sparseScratch, byClass [][]int32, c int) []point {
	use := slices.Clone(byClass[c])
	var x []point
	for _, i := range use {
		x = append(x, s.at(int(i))...)
	}
	for _, rival := range s.candidates(scratch, x, rivals+1) {
		if int(rival) != c {
			use = append(use, byClass[rival]...)
		}
	}
	rnd := rand.New(rand.NewPCG(26, uint64(c)))
	for range strangers {
		i := int32(rnd.IntN(s.len()))
		if int(m.e.class[i]) != c && !slices.Contains(use, i) {
			use = append(use, i)
		}
	}
	w := m.train(c, use)
	var out []point
	for _, i := range use {
		for _, p := range s.at(int(i)) {
			if v := w[p.id]; v > leastWeight || v < -leastWeight {
				out = append(out, point{p.id, v})
				w[p.id] = 0
			}
		}
	}
	slices.SortFunc(out, func(a, b point) int { return cmp.Compare(a.id, b.id) })
	return slices.Clip(out)
}

// sparseScratch is what one search needs.
type sparseScratch struct {
	cos     []float32 // by topic: cosine of the centroid, as far as read
	touched []int32
	x       []float32 // by feature: the question
	order   []point
	top     []int32
}

func (s *sparse) scratch() *sparseScratch {
	if b, ok := s.pool.Get().(*sparseScratch); ok {
		return b
	}
	return &sparseScratch{cos: make([]float32, s.classes()), x: make([]float32, len(s.start)-1)}
}

// candidates gives the n topics whose centroids are nearest to x, as far as
// the rarer features tell; nearest first, the earlier of equals before. The
// result is valid until the scratch is used again.
func (s *sparse) candidates(b *sparseScratch, x []point, n int) []int32 {
	b.order = append(b.order[:0], x...)
	slices.SortFunc(b.order, func(p, q point) int {
		return cmp.Or(cmp.Compare(s.start[p.id+1]-s.start[p.id], s.start[q.id+1]-s.start[q.id]), cmp.Compare(p.id, q.id))
	})
	visits := 0
	for _, p := range b.order {
		list := s.postings[s.start[p.id]:s.start[p.id+1]]
		if visits += len(list); visits > mostVisits {
			break
		}
		for _, q := range list {
			if b.cos[q.of] == 0 {
				b.touched = append(b.touched, q.of)
			}
			b.cos[q.of] += float32(p.value * q.value)
		}
	}
	b.top = b.top[:0]
	better := func(c, d int32) int {
		return cmp.Or(cmp.Compare(b.cos[d], b.cos[c]), cmp.Compare(c, d))
	}
	slices.Sort(b.touched)
	for _, c := range b.touched {
		if len(b.top) == n && b.cos[c] <= b.cos[b.top[n-1]] {
			continue
		}
		at, _ := slices.BinarySearchFunc(b.top, c, better)
		if len(b.top) == n {
			b.top = b.top[:n-1]
		}
		b.top = slices.Insert(b.top, at, c)
	}
	for _, c := range b.touched {
		b.cos[c] = 0
	}
	b.touched = b.touched[:0]
	return b.top
}

func (s *sparse) rank(x []feature, hidden []bool) ranking {
	b := s.scratch()
	defer s.pool.Put(b)
	r := ranking{best: make([]ranked, 0, maxCandidates)}
	known := make([]point, 0, len(x))
	for i := range x {
		if f := &x[i]; f.id >= 0 {
			known = append(known, point{f.id, f.value})
			b.x[f.id] = f.value
		}
	}
	top := s.candidates(b, known, shortlist)
	if hidden != nil {
		top = slices.DeleteFunc(top, func(c int32) bool { return hidden[c] })
	}
	if len(top) == 0 {
		return r
	}
	found := make([]near, len(top))
	share := make([]float32, len(top))
	for i, c := range top {
		found[i] = s.near(b, c)
		r.note(c, found[i])
		share[i] = sharpness * (s.trust(c)*dot(s.machines[s.from[c]:s.from[c+1]], b.x) + centroidPull*found[i].centroid + nearestPull*found[i].best)
	}
	softmax(share)
	r.entropy = entropy(share)
	for i, c := range top {
		r.offer(ranked{topic: c, share: share[i], near: found[i]})
	}
	for _, p := range known {
		b.x[p.id] = 0
	}
	return r
}

// trust is what a topic's machine counts: with few examples it has learnt little
// that they do not tell by themselves.
func (s *sparse) trust(topic int32) float32 {
	n := float32(s.first[topic+1] - s.first[topic])
	return n / (n + 20)
}

// near looks at all example questions of a topic.
func (s *sparse) near(b *sparseScratch, topic int32) near {
	n := near{example: -1}
	var total float32
	for i := s.first[topic]; i < s.first[topic+1]; i++ {
		v := dot(s.at(int(i)), b.x)
		total += v
		if v > n.best {
			n.next, n.best, n.example = n.best, v, i
		} else if v > n.next {
			n.next = v
		}
	}
	n.centroid = total * s.norm[topic]
	return n
}

func dot(w []point, x []float32) float32 {
	var sum float32
	for _, p := range w {
		sum += float32(p.value * x[p.id])
	}
	return sum
}

func (s *sparse) weight(feature, topic int32) float32 {
	list := s.machines[s.from[topic]:s.from[topic+1]]
	at, ok := slices.BinarySearchFunc(list, feature, func(p point, id int32) int { return cmp.Compare(p.id, id) })
	if !ok {
		return 0
	}
	return sharpness * s.trust(topic) * list[at].value
}
