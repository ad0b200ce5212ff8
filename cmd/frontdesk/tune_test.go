package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"math"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"frontdesk/bot"
	"frontdesk/channels"
	"frontdesk/faq"
	"frontdesk/store"
)

// overheardLog is a log that says when it was told something.
type overheardLog struct {
	mu    sync.Mutex
	text  strings.Builder
	words string
	heard chan struct{} // closed when words were told
}

func (l *overheardLog) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	before := strings.Contains(l.text.String(), l.words)
	l.text.Write(b)
	if !before && strings.Contains(l.text.String(), l.words) {
		close(l.heard)
	}
	return len(b), nil
}

// tuneHouse is the sample company, with nothing behind its mailbox.
type tuneHouse struct {
	*house
	t      *testing.T
	config string
	number int
}

func newTuneHouse(t *testing.T) *tuneHouse {
	t.Helper()
	dir := t.TempDir()
	if _, err := sampleConfig(dir, ""); err != nil {
		t.Fatal(err)
	}
	h := &tuneHouse{t: t, config: filepath.Join(dir, "frontdesk.yaml")}
	text, err := os.ReadFile(h.config)
	if err != nil {
		t.Fatal(err)
	}
	local := strings.NewReplacer("imap.acme.example", "127.0.0.1", "smtp.acme.example", "127.0.0.1", "port: 993", "port: 1", "port: 587", "port: 1")
	if err := os.WriteFile(h.config, []byte(local.Replace(string(text))), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("IMAP_PASSWORD", "secret")
	h.open()
	return h
}

// open begins without serve.
func (h *tuneHouse) open() {
	h.t.Helper()
	cfg, err := LoadConfig(h.config)
	if err != nil {
		h.t.Fatal(err)
	}
	c, err := engineConfig(cfg)
	if err != nil {
		h.t.Fatal(err)
	}
	term := &terminal{in: strings.NewReader(""), out: &bytes.Buffer{}, sent: make(chan struct{}, 1)}
	c.Channels["support"] = bot.Channel{Source: term, Sender: term, Observe: true, Staff: bot.Desk{Channel: "support", Place: staffPlace}, Budget: bot.Budget{Hour: 1e6, Day: 1e6, Talk: 1e6}}
	if h.house, err = build(h.t.Context(), cfg, c, faq.Cache{}, slog.New(slog.DiscardHandler)); err != nil {
		h.t.Fatal(err)
	}
}

func (h *tuneHouse) shut() {
	h.t.Helper()
	if err := h.db.Close(); err != nil {
		h.t.Fatal(err)
	}
}

// say lets customers say something, each in a conversation of its own.
func (h *tuneHouse) say(texts ...string) {
	h.t.Helper()
	var ins []channels.Inbound
	for _, text := range texts {
		h.number++
		ins = append(ins, channels.Inbound{Channel: "support", Keys: []string{fmt.Sprint("key", h.number)}, Ref: fmt.Sprint("ref", h.number), Place: fmt.Sprint("place", h.number),
			Text: text, From: channels.Person{Kind: "mail", Address: fmt.Sprintf("customer%d@example.com", h.number)}, Kind: channels.Message, Sent: time.Now()})
	}
	if n, err := h.ReceiveAll(h.t.Context(), ins); err != nil || n != len(ins) {
		h.t.Fatal(n, err)
	}
}

// questions are n that the FAQ answers, in other words than its own.
func (h *tuneHouse) questions(n int) []string {
	h.t.Helper()
	text, err := os.ReadFile("../../faq/testdata/ask_en.txt")
	if err != nil {
		h.t.Fatal(err)
	}
	var all, out []string
	for line := range strings.Lines(string(text)) {
		if _, q, ok := strings.Cut(strings.TrimSpace(line), " | "); ok && !strings.HasPrefix(line, "#") {
			all = append(all, q)
		}
	}
	for i := range n {
		out = append(out, all[i%len(all)])
	}
	return out
}

func (h *tuneHouse) kept() faq.Tuning {
	h.t.Helper()
	cfg, err := LoadConfig(h.config)
	if err != nil {
		h.t.Fatal(err)
	}
	var warned bytes.Buffer
	got := (&app{err: &warned}).served(h.t.Context(), cfg)
	if warned.Len() > 0 {
		h.t.Error(&warned)
	}
	return got
}

func (h *tuneHouse) keep(text string) {
	h.t.Helper()
	if err := h.db.Write(h.t.Context(), func(tx *store.Tx) error { return tx.SetSetting(tuningName, text) }); err != nil {
		h.t.Fatal(err)
	}
}

// command runs one to its end.
func (h *tuneHouse) command(in string, args ...string) string {
	h.t.Helper()
	var out, errs bytes.Buffer
	if code := run(h.t.Context(), append(args, "--config", h.config), strings.NewReader(in), &out, &errs); code != 0 {
		h.t.Fatalf("%q ended with %d: %s", args, code, &errs)
	}
	return out.String()
}

func TestTuneNow(t *testing.T) {
	if testing.Short() {
		t.Skip("it trains an FAQ many times")
	}
	h := newTuneHouse(t)
	defer h.shut()
	untuned := h.faq.Index().Point()
	h.say(h.questions(100)...)
	h.say(strings.Split(strings.Repeat("Thank you!|I want to speak to a human|", 100), "|")...) // no questions to the FAQ
	got, err := h.tuneNow(t.Context())
	if err != nil || got.Shift != 0 || got.Questions < 80 || got.Questions > 100 || h.kept() != (faq.Tuning{}) || h.faq.Index().Point() != untuned {
		t.Errorf("of 100 questions: %+v, %v; kept %+v, in use %+v", got, err, h.kept(), h.faq.Index().Point())
	}
	h.say(h.questions(200)...)
	got, err = h.tuneNow(t.Context())
	if point := h.faq.Index().Point(); err != nil || got.Shift == 0 || got.Questions < faq.TuneFrom || h.kept() != got || point.Tuning != got || point.Answer == untuned.Answer {
		t.Errorf("of 300 questions: %+v, %v; kept %+v, in use %+v", got, err, h.kept(), point)
	}
	h.say(strings.Split(strings.TrimSuffix(strings.Repeat("Do you sell grand pianos?|Is there a choir that I can join?|", 150), "|"), "|")...)
	later, err := h.tuneNow(t.Context())
	if err != nil || later.Share >= got.Share || later.Shift >= got.Shift {
		t.Errorf("after others: %+v, %v, before %+v", later, err, got)
	}
	asked, err := h.asked(t.Context(), 2)
	if err != nil || len(asked) != 2 || asked[0] != "Do you sell grand pianos?" || asked[1] != "Is there a choir that I can join?" {
		t.Errorf("the newest: %q, %v", asked, err)
	}
	// Far behind what is no question there is nothing.
	h.say(strings.Split(strings.Repeat("I want to speak to a human|", 10), "|")[:10]...)
	if asked, err := h.asked(t.Context(), 2); err != nil || len(asked) != 0 {
		t.Errorf("the newest of two times %d decisions: %q, %v", tuneAmong, asked, err)
	}
}

// What serve finds is in use at the next start, and is found again when the FAQ
// changes.
func TestServeTunesItself(t *testing.T) {
	h := newTuneHouse(t)
	h.say(h.questions(300)...)
	h.shut()
	serve := func(until string) string {
		t.Helper()
		log := &overheardLog{words: until, heard: make(chan struct{})}
		ctx, stop := context.WithCancel(t.Context())
		defer stop()
		done := make(chan int, 1)
		go func() {
			done <- run(ctx, []string{"serve", "--config", h.config}, strings.NewReader(""), &bytes.Buffer{}, log)
		}()
		select {
		case <-log.heard:
		case code := <-done:
			t.Fatalf("serve ended with %d:\n%s", code, log.text.String())
		}
		stop()
		<-done
		return log.text.String()
	}
	text := serve("the FAQ is tuned")
	first := h.kept()
	if first.Shift == 0 {
		t.Fatalf("kept: %+v\n%s", first, text)
	}
	if testing.Short() {
		return // what follows trains often
	}
	h.faq.Use(first)
	if text, want := serve("msg=ready"), fmt.Sprintf("answers_from=%v ", h.answersFrom()); !strings.Contains(text, want) {
		t.Errorf("the next start says not %s:\n%s", want, text)
	}

	h.open()
	defer h.shut()
	h.faq.Use(first)
	written := make(chan struct{}, 10)
	h.db.OnCommit(func(time.Duration, error) { written <- struct{}{} })
	ctx, cancel := context.WithCancel(t.Context())
	over := make(chan struct{})
	go func() { h.tune(ctx); close(over) }()
	<-written
	if err := h.faq.Reload(t.Context()); err != nil {
		t.Fatal(err)
	}
	<-written
	cancel()
	<-over
}

// Commands that tell what serve does go by what it has found.
func TestCommandsAreTunedAsServeIs(t *testing.T) {
	if testing.Short() {
		t.Skip("it runs many commands, each of which trains an FAQ")
	}
	h := newTuneHouse(t)
	const question = "Which number do I dial?" // answered only if tuned
	tuned := h.faq.Index().With(faq.Tuning{Questions: 500, Share: .98, Shift: 2})
	if a, b := h.faq.Index().Read(question).Questions[0], tuned.Read(question).Questions[0]; a.Outcome == faq.Answer || b.Outcome != faq.Answer {
		t.Fatalf("%q: %s with %.2f, tuned %s from %.2f on", question, a.Outcome, a.Matches[0].Score, b.Outcome, b.Point.Answer)
	}
	entry := h.faq.Index().Read(question).Questions[0].Matches[0].Entry
	h.say(question)
	list, old := filepath.Join(t.TempDir(), "asked.txt"), filepath.Join(t.TempDir(), "old.yaml")
	if err := os.WriteFile(list, []byte(question+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(old, []byte("entries:\n  - id: pets\n    en: {questions: [May I bring my dog?], answer: You may.}\n    zh: {questions: [可以带狗吗], answer: 可以。}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	answer, _, _ := entry.Answer("en")
	answer = strings.Split(strings.TrimSpace(answer), "\n")[0]
	see := func(want bool) {
		t.Helper()
		var asked struct {
			At float64 `json:"answer_at"`
		}
		if err := json.Unmarshal([]byte(h.command("", "ask", "--json", question)), &asked); err != nil {
			t.Fatal(err)
		}
		for name, got := range map[string]bool{
			"ask":       math.Abs(asked.At-tuned.Point().Answer) < 1e-9,
			"ask --why": strings.Contains(h.command("", "ask", "--why", question), "customers asked lately"),
			"chat":      strings.Contains(h.command(question+"\n", "chat"), answer),
			"gaps":      !strings.Contains(h.command("", "faq", "gaps"), question),
			"diff":      strings.Contains(h.command("", "faq", "diff", old, "--questions", list), "newly answered"),
		} {
			if got != want {
				t.Errorf("%s: %v, tuned: %v", name, got, want)
			}
		}
	}
	see(false)
	text, err := json.Marshal(tuned.Point().Tuning)
	if err != nil {
		t.Fatal(err)
	}
	h.keep(string(text))
	see(true)
	h.keep(`{"shift": 2, "share": "much"}`)
	see(false)
	h.shut()
	var warned bytes.Buffer
	a := &app{err: &warned}
	cfg, err := LoadConfig(h.config)
	if err != nil {
		t.Fatal(err)
	}
	if got := a.served(t.Context(), cfg); got != (faq.Tuning{}) || !strings.Contains(warned.String(), "without what serve has learnt") {
		t.Errorf("of a spoilt setting: %+v\n%s", got, &warned)
	}
	warned.Reset()
	if err := os.WriteFile(cfg.Database+".other", []byte("no database, but long enough to be none: it is some text"), 0o600); err != nil {
		t.Fatal(err)
	}
	cfg.Database += ".other"
	if got := a.served(t.Context(), cfg); got != (faq.Tuning{}) || warned.Len() == 0 {
		t.Errorf("of no database: %+v\n%s", got, &warned)
	}
	warned.Reset()
	cfg.Database += ".none"
	if got := a.served(t.Context(), cfg); got != (faq.Tuning{}) || warned.Len() > 0 {
		t.Errorf("without a database: %+v\n%s", got, &warned)
	}
}

// eval tells of many questions how well a tuned FAQ does, too.
func TestEvalTellsOfTuning(t *testing.T) {
	if testing.Short() {
		t.Skip("it trains an FAQ many times")
	}
	h := newTuneHouse(t)
	h.shut()
	var known, asked strings.Builder
	var questions []string
	for _, e := range h.faq.Index().Entries() {
		for i, q := range append(e.Questions["en"], e.Questions["zh"]...) {
			if line := q + "\t" + e.ID + "\n"; i%3 == 2 {
				questions = append(questions, line)
			} else {
				known.WriteString(line)
			}
		}
	}
	few := strings.Join(questions, "")
	for n := 0; n < 2*faq.TuneFrom; n += len(questions) {
		asked.WriteString(few)
	}
	dir := t.TempDir()
	for name, text := range map[string]string{"known.tsv": known.String(), "few.tsv": few, "asked.tsv": asked.String()} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	eval := func(file string, more ...string) string {
		return h.command("", append([]string{"faq", "eval", "--faq", filepath.Join(dir, "known.tsv"), "--questions", filepath.Join(dir, file)}, more...)...)
	}
	if out := eval("few.tsv"); strings.Contains(out, "Once tuned") || strings.Contains(eval("few.tsv", "--json"), "untuned") {
		t.Errorf("few questions:\n%s", out)
	}
	if out := eval("asked.tsv"); !strings.Contains(out, "\nOnce tuned (of ") || strings.Count(out, "At the operating point of 95 %") != 2 {
		t.Errorf("many questions:\n%s", out)
	}
	var v, before tunedJSON
	if err := json.Unmarshal([]byte(eval("asked.tsv", "--json")), &v); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(eval("few.tsv", "--json")), &before); err != nil {
		t.Fatal(err)
	}
	switch {
	case v.Tuning == nil || v.Untuned == nil:
		t.Fatalf("%+v", v)
	case v.AnswerAt == v.Untuned.AnswerAt, v.Tuning.Shift == 0, v.Tuning.Questions < 2*faq.TuneFrom-50:
		t.Errorf("tuned %+v: answers from %v, before %v", *v.Tuning, v.AnswerAt, v.Untuned.AnswerAt)
	case before.AnswerAt != v.Untuned.AnswerAt, before.Coverage != v.Untuned.Coverage, before.Top1 != v.Top1:
		t.Errorf("untuned %+v, of few questions %+v", *v.Untuned, before.figuresJSON)
	case (v.Answered > v.Untuned.Answered) && v.AnswerAt > v.Untuned.AnswerAt:
		t.Errorf("tuned %+v, before %+v", v.figuresJSON, *v.Untuned)
	}
}
