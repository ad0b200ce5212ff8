package faq

import (
	"cmp"
	"context"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"sort"
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
	machines *rows
	norm     []float32 // 1/length of each topic's summed examples
	pool     sync.Pool // of *sparseScratch
}

const (
	shortlist     = 48      // topics that are looked at closely
	closelyHidden = 8       // … of those that are hidden
	mostVisits    = 150_000 // entries of the inverted index read for one question
	rivals        = 16      // topics that a topic is trained against
	strangers     = 96      // examples of other topics, drawn at random
	leastWeight   = .02     // smaller weights are dropped

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
	s.machines = newRows(weights, features)
}

func (s *sparse) trainOne(m *machine, scratch *sparseScratch, byClass [][]int32, c int) []point {
	use := slices.Clone(byClass[c])
	var x []point
	for _, i := range use {
		x = append(x, s.at(int(i))...)
	}
	for _, rival := range s.candidates(scratch, x, rivals+1, nil) {
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
	cos   []float32 // by topic: cosine of the centroid, as far as read
	x     []float32 // by feature: the question
	place []uint8   // by topic: one more than its place in the shortlist, or 0
	order []common
	known []point
	top   leaders
	away  leaders // of the hidden ones
}

// common is a feature of a question, and how many topics have it.
type common struct {
	topics int32
	point
}

func (s *sparse) scratch() *sparseScratch {
	if b, ok := s.pool.Get().(*sparseScratch); ok {
		return b
	}
	return &sparseScratch{cos: make([]float32, s.classes()), x: make([]float32, len(s.start)-1), place: make([]uint8, s.classes())}
}

// candidates gives the n topics whose centroids are nearest to x, as far as
// the rarer features tell; nearest first, the earlier of equals before. Those of
// the hidden ones that are nearest are in b.away then. Both are valid until the
// scratch is used again.
func (s *sparse) candidates(b *sparseScratch, x []point, n int, hidden []bool) []int32 {
	b.order = b.order[:0]
	for _, p := range x {
		b.order = append(b.order, common{s.start[p.id+1] - s.start[p.id], p})
	}
	slices.SortFunc(b.order, func(p, q common) int {
		return cmp.Or(cmp.Compare(p.topics, q.topics), cmp.Compare(p.id, q.id))
	})
	visits := 0
	for _, p := range b.order {
		list := s.postings[s.start[p.id]:s.start[p.id+1]]
		if visits += len(list); visits > mostVisits {
			break
		}
		for _, q := range list {
			b.cos[q.of] += float32(p.value * q.value)
		}
	}
	b.top.reset(n)
	b.away.reset(closelyHidden)
	for c, cos := range b.cos {
		if hidden != nil && hidden[c] {
			b.away.offer(int32(c), cos)
		} else {
			b.top.offer(int32(c), cos)
		}
	}
	clear(b.cos)
	return b.top.topics
}

// leaders are the few topics of which something is most; of equals, the earlier.
type leaders struct {
	most   int
	topics []int32
	values []float32 // falling
}

func (h *leaders) reset(most int) { *h = leaders{most, h.topics[:0], h.values[:0]} }

// offer takes a topic in if its value is positive and among the highest; topics
// come in rising order.
func (h *leaders) offer(topic int32, value float32) {
	n := len(h.values)
	if value <= 0 || n == h.most && value <= h.values[n-1] {
		return
	}
	if n == h.most {
		h.topics, h.values = h.topics[:n-1], h.values[:n-1]
	}
	at := sort.Search(len(h.values), func(i int) bool { return h.values[i] < value })
	h.topics, h.values = slices.Insert(h.topics, at, topic), slices.Insert(h.values, at, value)
}

func (s *sparse) rank(x []feature, hidden []bool) ranking {
	b := s.scratch()
	defer s.pool.Put(b)
	r := ranking{best: make([]ranked, 0, maxCandidates)}
	b.known = b.known[:0]
	for i := range x {
		if f := &x[i]; f.id >= 0 {
			b.known = append(b.known, point{f.id, f.value})
		}
	}
	top := s.candidates(b, b.known, shortlist, hidden)
	// What is missing in the shortlist are topics of which nothing speaks.
	share := make([]float32, max(len(top), shortlist))
	copy(share, s.judge(b, top))
	for _, p := range b.known {
		b.x[p.id] = p.value
	}
	found := make([]near, len(top))
	for i, c := range top {
		found[i] = s.near(b, c)
		r.note(c, found[i])
		share[i] = sharpness * (s.trust(c)*share[i] + centroidPull*found[i].centroid + nearestPull*found[i].best)
	}
	for _, c := range b.away.topics {
		r.hide(s.near(b, c))
	}
	for _, p := range b.known {
		b.x[p.id] = 0
	}
	softmax(share)
	r.entropy = entropy(share)
	for i, c := range top {
		r.offer(ranked{topic: c, share: share[i], near: found[i]})
	}
	return r
}

// judge gives what the machines of some topics say to the question.
func (s *sparse) judge(b *sparseScratch, topics []int32) []float32 {
	// In the order of features: sums of floats depend on theirs.
	slices.SortFunc(b.known, func(p, q point) int { return cmp.Compare(p.id, q.id) })
	sums := make([]float32, len(topics))
	for i, c := range topics {
		b.place[c] = uint8(i + 1)
	}
	for _, p := range b.known {
		s.machines.add(sums, topics, b.place, p.id, p.value)
	}
	for _, c := range topics {
		b.place[c] = 0
	}
	return sums
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
	return sharpness * s.trust(topic) * s.machines.of(feature, topic)
}
