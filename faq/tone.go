package faq

import (
	_ "embed"
	"fmt"
	"sync"

	"frontdesk/faq/internal/tone"
)

//go:generate go run ./internal/tone/gen

//go:embed words/tone.txt
var toneTable string

var toneOnce = sync.OnceValues(func() (*tone.Table, error) {
	t, err := tone.Parse(toneTable)
	if err != nil {
		return nil, fmt.Errorf("words/tone.txt: %w", err)
	}
	return t, nil
})

// Normalize gives the one form in which rules, examples and matching see a
// text: NFKC, lower case, simplified Chinese, short forms spelt out, addresses
// left out.
func Normalize(text string) (string, error) {
	w, err := wordlistsOnce()
	if err != nil {
		return "", err
	}
	return w.normalize(text), nil
}

// UpsetAt is the tone from which a message sounds upset. At most one in fifty
// calm questions reaches it.
const UpsetAt = .9

// Tone is how a message sounds: a grumble is no complaint, and opens no case.
type Tone struct {
	Score float64 // 0 calm to 1 upset
	Why   string  // the words that weigh most; "" for calm
}

// toneText bounds how much of a message is listened to.
const toneText = 4 << 10

// toneOf listens to the whole message: thanks and greetings have a tone too, beside
// something else.
func (x *Index) toneOf(text string) Tone {
	score, why := x.tone.Score(x.words.normalize(cut(text, toneText)))
	if score < UpsetAt {
		why = ""
	}
	return Tone{score, why}
}
