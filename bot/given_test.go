package bot

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"frontdesk/faq"
)

// An answer is given only while it holds, on the company's calendar, and only in
// its channels, in one that gathers too.
func TestAnswersHoldForATimeAndAChannel(t *testing.T) {
	bubble(t, func(t *testing.T, h *house) {
		file := filepath.Join(t.TempDir(), "faq.yaml")
		if err := os.WriteFile(file, []byte(`entries:
  - id: sale
    until: 2026-11-23
    en: {questions: [Is there a sale?, When is the sale?], answer: Everything is reduced.}
  - id: lounge
    channels: [chat]
    en: {questions: [Where is the lounge?, How do I get into the lounge?], answer: Behind the lifts.}
`), 0o600); err != nil {
			t.Fatal(err)
		}
		x, err := faq.Load(t.Context(), []string{file}, faq.Options{Location: h.cfg.Calendar.Location(), Channels: []string{"support", "chat"}})
		if err != nil {
			t.Fatal(err)
		}
		h.index = func() *faq.Index { return x }
		h.run()
		said := 0
		last := func() string {
			t.Helper()
			settle(time.Minute)
			all := h.told()
			if len(all) != said+1 {
				t.Fatalf("%d messages to customers, want %d", len(all), said+1)
			}
			said++
			return all[said-1].words()
		}
		answered := func(what, words string, want bool) {
			t.Helper()
			if got := strings.Contains(last(), words); got != want {
				t.Errorf("%s: answered %v, want %v", what, got, want)
			}
		}
		h.until("11-23 12:00")
		h.mail("tom@customers.example", "When is the sale?")
		answered("on the last day", "Everything is reduced", true)
		h.mail("tom@customers.example", "Where is the lounge?")
		answered("in another channel", "Behind the lifts", false)
		h.receive(h.spoken("bob", "dm:bob", "Where is the lounge?"))
		answered("in its channel", "Behind the lifts", true)
		h.until("11-24 12:00")
		h.mail("tom@customers.example", "When is the sale?")
		answered("on the day after", "Everything is reduced", false)
	})
}
