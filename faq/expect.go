package faq

// Unmet is an `expect:` question that its entry does not answer.
type Unmet struct {
	Entry *Entry
	Lang  string
	Text  string
	Got   Question // what came of it instead; without matches if there is no question in it
}

// Unmet asks all `expect:` questions as a customer would and returns those whose
// entry is not the answer, and how many were asked.
func (x *Index) Unmet() (unmet []Unmet, asked int) {
	for _, e := range x.Entries() {
		for _, lang := range e.languages {
			for _, text := range e.Expect[lang] {
				asked++
				var got Question
				met := false
				for _, q := range x.Read(text).Questions {
					if q.Outcome == Answer && q.Matches[0].Entry == e {
						met = true
					}
					if len(q.Matches) > 0 && (len(got.Matches) == 0 || q.Matches[0].Score > got.Matches[0].Score) {
						got = q
					}
				}
				if !met {
					unmet = append(unmet, Unmet{e, lang, text, got})
				}
			}
		}
	}
	return unmet, asked
}
