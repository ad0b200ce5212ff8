package bot

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"frontdesk/bot/extract"
	"frontdesk/faq"
	"frontdesk/store"
)

// Situation is everything that decide may know. It is plain data.
type Situation struct {
	Now     time.Time
	Subject string // of the talk, for a title where the text has none
	Text    string // what the customer wrote since the last decision
	Problem string // why part of it could not be read
	Reading faq.Reading
	Facts   extract.Facts
	Files   int
	Chosen  string            // the entry that a button chose; see fieldChosen
	Form    map[string]string // what a form says of the case, by field
	Lang    string            // in which the customer is answered

	State  store.State
	Memory Memory
	Case   *CaseView // the conversation's case, unless it is closed

	Early   bool // it arrived before the channel's start
	Late    bool // it arrived too long ago to be answered at once
	Robot   bool // it may be a machine's
	Paused  bool // an operator has told the bot to be silent
	Release bool // an operator took it out of quarantine, where it was for looking like bulk mail
	Spent   bool // the budget for this correspondent or conversation is used up
	Buttons bool // choices can be offered
	Letter  bool
	Owner   bool // the conversation's own customer wrote, and reads the answer
	Receipt bool // we are closed, and said nothing yet in this closed period
}

// CaseView is what decide may know of a case.
type CaseView struct {
	Number  int64
	Kind    string
	Stage   store.Stage
	TakenBy string
	Due     time.Time // of the open promise to answer
	Open    bool
}

// Memory is what the bot remembers of a conversation between messages.
type Memory struct {
	Awaiting string   `json:"awaiting,omitempty"` // the answer that it waits for
	Offered  []string `json:"offered,omitempty"`  // FAQ entries it let the customer choose from
	Answered []string `json:"answered,omitempty"` // FAQ entries it gave
	Asked    string   `json:"asked,omitempty"`    // what it answered last
	Told     bool     `json:"told,omitempty"`     // it said that additions are passed on
	Greeted  bool     `json:"greeted,omitempty"`  // it has introduced itself
	Moved    bool     `json:"moved,omitempty"`    // it said that it goes on in private
}

// What the bot may wait for.
const (
	awaitDetails = "details" // what is missing from a complaint
	awaitChoice  = "choice"  // one of the offered entries
	awaitHelped  = "helped"  // whether the answer helped
)

func (m Memory) String() string {
	b, err := json.Marshal(m)
	if err != nil {
		panic(err) // strings and booleans
	}
	return string(b)
}

// intent returns the intent of this name, if the message has it.
func (s *Situation) intent(names ...string) (faq.Intent, bool) {
	for _, i := range s.Reading.Intents {
		for _, n := range names {
			if i.Name == n {
				return i, true
			}
		}
	}
	return faq.Intent{}, false
}

// situation gathers what decide needs, from inside the transaction.
func (e *Engine) situation(tx *store.Tx, in *incoming) (*Situation, error) {
	ch := e.cfg.Channels[in.conv.Channel]
	s := &Situation{
		Now: in.now, Subject: in.thread.Subject, Text: in.text(), Problem: in.problem, Reading: in.reading.Reading, Facts: in.reading.Facts, Files: in.files, Robot: in.robot, Form: in.form, Chosen: in.chosen,
		Lang: e.language(in), State: in.conv.State,
		Buttons: ch.Buttons, Letter: ch.Letter,
		Early: in.arrived.Before(ch.Start),
	}
	if err := json.Unmarshal([]byte(in.conv.Memory), &s.Memory); err != nil {
		return nil, fmt.Errorf("memory of conversation %d: %w", in.conv.ID, err)
	}
	s.Owner = in.identity.Customer == in.conv.Customer && in.answerTo.Is(in.from)
	if in.conv.Case != 0 {
		v, err := caseView(&tx.Snapshot, in.conv.Case)
		if err != nil {
			return nil, err
		}
		if v.Stage != store.StageClosed {
			s.Case = v
		}
	}
	s.Release = in.released
	s.Late = ch.Within > 0 && in.now.Sub(in.arrived) > ch.Within
	paused, err := tx.Setting(pausedSetting)
	if err != nil {
		return nil, err
	}
	s.Paused = paused != ""
	if in.correspondent, err = e.correspondent(tx, in); err != nil {
		return nil, err
	}
	hour, err := tx.SentByBot(in.correspondent, in.now.Add(-time.Hour))
	if err != nil {
		return nil, err
	}
	day, err := tx.SentByBot(in.correspondent, in.now.Add(-24*time.Hour))
	if err != nil {
		return nil, err
	}
	talk, err := tx.BotAnswers(in.conv.ID)
	if err != nil {
		return nil, err
	}
	s.Spent = hour >= ch.Budget.Hour || day >= ch.Budget.Day || talk >= ch.Budget.Talk
	if from, _, closed := e.cfg.Calendar.Closed(in.now); closed && s.State == store.WithPerson {
		said, err := tx.Said(in.conv.ID, false, 50)
		if err != nil {
			return nil, err
		}
		s.Receipt = true
		for _, m := range said {
			if m.Author == store.ByBot && m.At.After(from) {
				s.Receipt = false
			}
		}
	}
	return s, nil
}

// correspondent is the identity that answers are counted for: the one that they
// are sent to, whoever says to have written.
func (e *Engine) correspondent(tx *store.Tx, in *incoming) (int64, error) {
	if in.answerTo.Is(in.from) {
		return in.identity.ID, nil
	}
	id, err := tx.Identify(in.answerTo.Kind, in.answerTo.Address, in.answerTo.Name, in.now)
	return id.ID, err
}

func caseView(s *store.Snapshot, number int64) (*CaseView, error) {
	c, err := s.Case(number)
	if err != nil {
		return nil, fmt.Errorf("case %d: %w", number, err)
	}
	v := &CaseView{Number: c.ID, Kind: c.Kind, Stage: c.Stage, TakenBy: c.TakenBy, Open: c.IsOpen()}
	ps, err := s.Promises(number)
	if err != nil {
		return nil, err
	}
	for _, p := range ps {
		if p.Kind == store.PromiseAnswer && p.State == "open" {
			v.Due = p.Due
		}
	}
	return v, nil
}

// language returns the one to answer in: the message's; for one that does not
// tell, the conversation's; for one that the bot does not speak, English if the
// company serves it.
func (e *Engine) language(in *incoming) string {
	lang := in.reading.Lang
	if lang == "" || in.reading.Empty && in.conv.Lang != "" { // "hi" is no change of language
		lang = in.conv.Lang
	}
	if lang == "" && in.identity.Lang != "" {
		return e.speaks(in.identity.Lang)
	}
	return spoken(lang, e.cfg.Languages)
}

// spoken is the language, of those that the company serves, in which somebody is
// answered who writes in lang; "" is not known.
func spoken(lang string, languages []string) string {
	if slices.Contains(languages, lang) {
		return lang
	}
	if lang != "" && slices.Contains(languages, "en") {
		return "en"
	}
	return languages[0]
}

// oneLine shortens a text to n characters on one line.
func oneLine(s string, n int) string {
	s = strings.Join(strings.Fields(s), " ")
	r := []rune(s)
	if len(r) <= n {
		return s
	}
	cut := string(r[:n-1])
	if i := strings.LastIndexByte(cut, ' '); i > len(cut)*2/3 {
		cut = cut[:i] // not in the middle of a word
	}
	return cut + "…"
}
