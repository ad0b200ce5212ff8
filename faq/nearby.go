package faq

// nearby finds among texts those that are like another, by the cosine that the
// matcher uses, through an inverted index. Not for concurrent use.
type nearby struct {
	x        *Index
	postings map[uint64][]posting
	count    int
	scores   []float32
	touched  []int32
}

func (x *Index) newNearby() *nearby {
	return &nearby{x: x, postings: map[uint64][]posting{}}
}

// add adds a text, which gets the next number from 0 on.
func (l *nearby) add(v []feature) {
	for _, f := range v {
		l.postings[f.hash] = append(l.postings[f.hash], posting{int32(l.count), f.value})
	}
	l.count++
	l.scores = append(l.scores, 0)
}

// like calls found for every text that was added and whose cosine is at least
// least.
func (l *nearby) like(v []feature, least float32, found func(n int, cosine float32)) {
	for _, f := range v {
		for _, p := range l.postings[f.hash] {
			if l.scores[p.of] == 0 {
				l.touched = append(l.touched, p.of)
			}
			l.scores[p.of] += f.value * p.value
		}
	}
	for _, n := range l.touched {
		if s := l.scores[n]; s >= least {
			found(int(n), s)
		}
		l.scores[n] = 0
	}
	l.touched = l.touched[:0]
}

// sameMatter is the cosine from which two questions are probably about one thing.
const sameMatter = .45

// Group puts texts together that ask alike: each joins the group of the first text
// that it is most like, or begins one. Groups are in the order of their first
// texts, and hold the texts' positions.
func (x *Index) Group(texts []string) [][]int {
	l := x.newNearby()
	var groups [][]int
	for i, t := range texts {
		v := x.vector(t)
		best, most := -1, float32(0)
		l.like(v, sameMatter, func(n int, c float32) {
			if c > most || c == most && n < best {
				best, most = n, c
			}
		})
		if best >= 0 {
			groups[best] = append(groups[best], i)
			continue
		}
		l.add(v)
		groups = append(groups, []int{i})
	}
	return groups
}
