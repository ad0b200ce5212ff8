package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"frontdesk/bot"
	"frontdesk/channels"
	"frontdesk/faq"
	"frontdesk/store"
)

// What serve finds of customers' questions is in use at once, after the next start,
// and in the commands that tell what it does; and it is found again when the FAQ
// changes.
func TestServeTunesItself(t *testing.T) {
	cfg, err := sampleConfig(t.TempDir(), "")
	if err != nil {
		t.Fatal(err)
	}
	c, err := engineConfig(cfg)
	if err != nil {
		t.Fatal(err)
	}
	term := &terminal{in: strings.NewReader(""), out: &bytes.Buffer{}, sent: make(chan struct{}, 1)}
	c.Channels[terminalName] = bot.Channel{Source: term, Sender: term, Staff: bot.Desk{Channel: terminalName, Place: staffPlace}, Budget: bot.Budget{Hour: 1e6, Day: 1e6, Talk: 1e6}}
	log := slog.New(slog.DiscardHandler)
	open := func() *house {
		h, err := build(t.Context(), cfg, c, faq.Cache{}, log)
		if err != nil {
			t.Fatal(err)
		}
		return h
	}
	h := open()
	untuned := h.faq.Index().Point()
	number := 0
	ask := func(times int) {
		t.Helper()
		var ins []channels.Inbound
		for range times {
			e := h.faq.Index().Entries()[number%8]
			text := e.Questions["en"][number/8%len(e.Questions["en"])]
			number++
			ins = append(ins, channels.Inbound{Channel: terminalName, Keys: []string{fmt.Sprint("key", number)}, Ref: fmt.Sprint("ref", number), Place: fmt.Sprint("place", number),
				Text: text, From: channels.Person{Kind: "terminal", Address: fmt.Sprint("customer", number)}, Kind: channels.Message, Sent: time.Now()})
		}
		if n, err := h.ReceiveAll(t.Context(), ins); err != nil || n != times {
			t.Fatal(n, err)
		}
	}
	kept := func() keptTuning {
		t.Helper()
		var k keptTuning
		if err := h.db.Read(t.Context(), func(s *store.Snapshot) (err error) { k, err = tuningIn(s); return err }); err != nil {
			t.Fatal(err)
		}
		return k
	}

	ask(100)
	if err := h.tuneNow(t.Context()); err != nil || kept() != (keptTuning{}) || h.faq.Index().Point().Answer != untuned.Answer {
		t.Errorf("of 100 questions: %+v, %v, in use %+v", kept(), err, h.faq.Index().Point())
	}
	ask(200)
	// tune begins at once, and once more when the FAQ was read again.
	written := make(chan struct{}, 10)
	h.db.OnCommit(func(time.Duration, error) { written <- struct{}{} })
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- h.tune(ctx) }()
	<-written
	first := kept()
	if err := h.faq.Reload(t.Context()); err != nil {
		t.Fatal(err)
	}
	<-written
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	second, point := kept(), h.faq.Index().Point()
	if first.Shift == 0 || first.At.IsZero() || first.Questions < faq.TuneFrom || second.Tuning != first.Tuning {
		t.Errorf("kept %+v, and then %+v", first, second)
	}
	if point.Tuning != second.Tuning || point.Answer == untuned.Answer {
		t.Errorf("in use: %+v, kept %+v", point, second)
	}
	if err := h.db.Close(); err != nil {
		t.Fatal(err)
	}

	h = open()
	if h.faq.Index().Point() != point || !h.tuning.At.Equal(second.At) {
		t.Errorf("after the next start: %+v, was %+v", h.faq.Index().Point(), point)
	}
	// Who waits for the next day is not kept from stopping.
	stopped, stop := context.WithCancel(t.Context())
	stop()
	if err := h.tune(stopped); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if err := h.db.Close(); err != nil {
		t.Fatal(err)
	}

	var warned bytes.Buffer
	a := &app{err: &warned}
	if got := a.served(t.Context(), cfg); got != second.Tuning || warned.Len() > 0 {
		t.Errorf("a command has %+v, serve %+v\n%s", got, second.Tuning, &warned)
	}
	h = open()
	if err := h.db.Write(t.Context(), func(tx *store.Tx) error { return tx.SetSetting(tuningName, "{") }); err != nil {
		t.Fatal(err)
	}
	if err := h.db.Close(); err != nil {
		t.Fatal(err)
	}
	if got := a.served(t.Context(), cfg); got != (faq.Tuning{}) || !strings.Contains(warned.String(), "without what serve has learnt") {
		t.Errorf("of a spoilt setting: %+v\n%s", got, &warned)
	}
	h = open()
	if got := h.faq.Index().Point(); got != untuned {
		t.Errorf("with a spoilt setting serve has %+v", got)
	}
	if err := h.db.Close(); err != nil {
		t.Fatal(err)
	}
	cfg.Database += ".none"
	if got := a.served(t.Context(), cfg); got != (faq.Tuning{}) {
		t.Errorf("without a database: %+v", got)
	}
}
