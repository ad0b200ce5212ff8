package faq

// Unmet is an `expect:` question that its entry does not answer.
type Unmet struct {
	Entry   *Entry
	Lang    string
	Text    string
	Reading Reading // what was made of it instead
}

// Unmet reads all `expect:` questions as messages of customers and returns those
// whose entry is not given, and how many were asked. Each is asked when and where
// its entry may be given. What goes out is not for the FAQ alone to say: a message
// may want a person, say, rather than an answer. So the bot's policy is asked, by
// gives: whether it answers such a message with the entry.
func (x *Index) Unmet(gives func(text string, r Reading, e *Entry) bool) (unmet []Unmet, asked int) {
	for _, e := range x.Entries() {
		view := x.where(e)
		for _, lang := range e.languages {
			for _, text := range e.Expect[lang] {
				asked++
				if r := view.Read(text); !gives(text, r, e) {
					unmet = append(unmet, Unmet{e, lang, text, r})
				}
			}
		}
	}
	return unmet, asked
}

// Nearest is the best match of all questions in the text; false if there is none.
func (u Unmet) Nearest() (best Match, ok bool) {
	for _, q := range u.Reading.Questions {
		if len(q.Matches) > 0 && (!ok || q.Matches[0].Score > best.Score) {
			best, ok = q.Matches[0], true
		}
	}
	return best, ok
}
