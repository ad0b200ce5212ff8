package faq

import (
	"slices"
	"strings"
	"sync"
)

// A scan is a text, and which rules it may match: those for which it has the
// strings that they need.
type scan struct {
	text  string
	rules []uint64 // a bit for each
}

func (s *scan) mayMatch(rule int32) bool { return s.rules[rule>>6]>>(rule&63)&1 == 1 }

func (s *scan) let(rule int32) { s.rules[rule>>6] |= 1 << (rule & 63) }

// A scanner looks for the strings that all rules need in one pass over a text:
// most rules are dismissed by it without running them. It is immutable and safe
// for concurrent use.
type scanner struct {
	always scan       // rules that need nothing
	ways   []way      // in which rules match
	clues  []clue     // by the hash of their beginning
	bucket []int32    // those of hash h: clues[bucket[h]:bucket[h+1]]
	pool   *sync.Pool // of *scratch
}

// A way to match a rule needs one string of each of its sets.
type way struct {
	rule int32
	sets uint8 // a bit for each
}

// A clue is a string, and where it is needed.
type clue struct {
	text   string
	needed []set
}

type set struct {
	way int32
	bit uint8
}

// scratch is what one scan needs.
type scratch struct {
	seen []bool  // by clue
	has  []uint8 // by way: sets
}

const (
	bucketBits = 13
	beginning  = 3 // bytes of a clue, or fewer, that are hashed
)

func addByte(hash uint32, c byte) uint32 { return (hash ^ uint32(c)) * 0x9e3779b1 }

// newScanner numbers the rules.
func newScanner(all []*rule) *scanner {
	s := &scanner{always: scan{rules: make([]uint64, len(all)/64+1)}, bucket: make([]int32, 1<<bucketBits+1)}
	needed := map[string][]set{}
	for i, r := range all {
		r.id = int32(i)
		if r.need == nil {
			s.always.let(r.id)
		}
		for _, sets := range r.need {
			for k, texts := range sets {
				for _, t := range texts {
					needed[t] = append(needed[t], set{int32(len(s.ways)), 1 << k})
				}
			}
			s.ways = append(s.ways, way{r.id, 1<<len(sets) - 1})
		}
	}
	hash := func(text string) int {
		var h uint32
		for i := range min(len(text), beginning) {
			h = addByte(h, text[i])
		}
		return int(h >> (32 - bucketBits))
	}
	for text, sets := range needed {
		s.clues = append(s.clues, clue{text, sets})
		s.bucket[hash(text)+1]++
	}
	slices.SortFunc(s.clues, func(a, b clue) int { return hash(a.text) - hash(b.text) })
	for h := range 1 << bucketBits {
		s.bucket[h+1] += s.bucket[h]
	}
	s.pool = &sync.Pool{New: func() any { return &scratch{make([]bool, len(s.clues)), make([]uint8, len(s.ways))} }}
	return s
}

func (s *scanner) scan(text string) *scan {
	out := &scan{text, slices.Clone(s.always.rules)}
	b := s.pool.Get().(*scratch)
	defer s.pool.Put(b)
	clear(b.seen)
	clear(b.has)
	for i := range text {
		var h uint32
		for n := 0; n < beginning && i+n < len(text); n++ {
			h = addByte(h, text[i+n])
			at := h >> (32 - bucketBits)
			for k := s.bucket[at]; k < s.bucket[at+1]; k++ {
				if c := &s.clues[k]; !b.seen[k] && strings.HasPrefix(text[i:], c.text) {
					b.seen[k] = true
					s.found(c, b, out)
				}
			}
		}
	}
	return out
}

func (s *scanner) found(c *clue, b *scratch, out *scan) {
	for _, n := range c.needed {
		b.has[n.way] |= n.bit
		if w := &s.ways[n.way]; b.has[n.way] == w.sets {
			out.let(w.rule)
		}
	}
}
