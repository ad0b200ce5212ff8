package faq

// An entry's `not:` examples are questions that look like its own and that it must
// not answer. A question that is clearly nearer to one of them than to any of the
// entry's own questions is not answered by that entry, however sure the matcher is,
// nor offered. So it is with a question that is clearly nearer to an entry which is
// not there at this time or in this channel (see [Index.For]): what is left is not
// a better answer because the right one may not be given.
//
// This holds whatever the matcher makes of the examples, and needs nothing of it
// but the vectors that it compares texts by.

// barred are questions that an entry is not to answer.
type barred struct {
	texts   []string
	vectors [][]feature
}

const (
	nearEnough = .35 // below this cosine two texts have too little in common to rule anything out
	clearly    = .1  // by how much nearer
)

// prepareVetoes makes the vectors that vetoed needs of the entries that have some.
func (x *Index) prepareVetoes() {
	x.nots = make([]barred, len(x.entries))
	for i, e := range x.entries {
		for _, lang := range e.languages {
			x.nots[i].add(x, e.Not[lang])
		}
	}
}

func (r *barred) add(x *Index, texts []string) {
	for _, t := range texts {
		r.texts = append(r.texts, t)
		r.vectors = append(r.vectors, x.vector(t))
	}
}

// nearest returns the rival that is nearest to a question, if it is nearer than
// least.
func (r *barred) nearest(question []feature, least float32) (text string, cos float32) {
	for i, v := range r.vectors {
		if c := cosine(question, v); c > least {
			text, least = r.texts[i], c
		}
	}
	return text, least
}

// vetoed reports whether an entry must not answer a question, and because of which
// other question.
func (x *Index) vetoed(c candidate, s search) (because string, yes bool) {
	because, cos := x.nots[c.topic].nearest(s.x, nearEnough)
	if s.absent.best > cos {
		because, cos = x.matcher.texts[s.absent.example], s.absent.best
	}
	return because, because != "" && float32(c.signs.nearest) <= cos-clearly
}

// vector is a text as the matcher sees it.
func (x *Index) vector(text string) []feature {
	atoms, _ := x.matcher.slips.mend(atomize(x.words.normalize(text)))
	return x.matcher.vocab.vector(x.words.extract(atoms))
}

// cosine compares two vectors of length one, both in the order of their hashes, by
// all that they share, also what no example has.
func cosine(a, b []feature) float32 {
	var sum float32
	for i, j := 0, 0; i < len(a) && j < len(b); {
		switch {
		case a[i].hash < b[j].hash:
			i++
		case a[i].hash > b[j].hash:
			j++
		default:
			sum += a[i].value * b[j].value
			i++
			j++
		}
	}
	return sum
}
