package bot

import (
	"frontdesk/faq"
	"frontdesk/store"
)

// Foresee returns what the policy decides on a text that begins a conversation, as
// read in its channel, and the language of the answer. languages are those that the
// company serves, as in [Config]; buttons: the channel can offer choices. Nothing is
// recorded or done. It is for whoever tries an FAQ.
func Foresee(text string, r faq.Reading, languages []string, buttons bool) (d Decision, lang string) {
	lang = spoken(r.Lang, languages)
	return decide(&Situation{Text: text, Reading: r, Lang: lang, State: store.WithBot, Buttons: buttons, Owner: true}), lang
}

// Gives reports whether the answer of an FAQ entry is sent.
func (d Decision) Gives(entry string) bool {
	for _, p := range d.Say {
		if p.Entry == entry {
			return true
		}
	}
	return false
}
