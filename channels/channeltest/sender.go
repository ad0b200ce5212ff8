package channeltest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"frontdesk/channels"
)

// Mode is how the next attempt of a sender goes.
type Mode string

const (
	FailTemporary Mode = "temporary" // refused for now
	FailPermanent Mode = "permanent" // refused for good
	FailLost      Mode = "lost"      // accepted, the answer gets lost
	FailHang      Mode = "hang"      // no answer until ctx ends
)

// Seen is a message as the outside has it.
type Seen struct {
	Ref       string
	Text      string // as a person reads it
	Markup    string // HTML or the like, as a machine gets it; "" if there is none
	Raw       []byte
	HeaderSet map[string][]string // header fields, for outsides that have them
}

// SenderHarness is a fresh outside with a sender on it.
type SenderHarness struct {
	Sender channels.Sender
	// Outbound makes a valid plain delivery with a new key.
	Outbound func(text string) channels.Outbound
	// Seen returns everything that the outside accepted, in order.
	Seen func() []Seen
	// Fail makes the next attempt go wrong; false if this outside cannot.
	Fail func(Mode) bool
}

// TestSender runs what every sender must pass. With bubble, each test runs
// inside a synctest bubble, and make is called in there.
func TestSender(t *testing.T, bubble bool, make func(t *testing.T) SenderHarness) {
	for _, test := range []struct {
		name string
		f    func(t *testing.T, h SenderHarness)
	}{
		{"sends once and names it", sendNames},
		{"knows what it sent under a key", sendAgain},
		{"tells failures apart", sendFailures},
		{"lets no field become another", sendInjection},
		{"keeps people's words from becoming markup", sendMarkup},
		{"refuses what it cannot do", sendRefuses},
		{"serves many at once", sendConcurrent},
	} {
		inBubble(t, bubble, test.name, func(t *testing.T) { test.f(t, make(t)) })
	}
}

func (h SenderHarness) send(t *testing.T, out channels.Outbound) (string, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), bound)
	defer cancel()
	ref, err := h.Sender.Send(ctx, out)
	if err == nil && ref == "" {
		t.Error("Send returned neither ref nor error")
	}
	return ref, err
}

func (h SenderHarness) mustSend(t *testing.T, out channels.Outbound) string {
	t.Helper()
	ref, err := h.send(t, out)
	if err != nil {
		t.Fatalf("Send: %v", err)
	}
	return ref
}

func sendNames(t *testing.T, h SenderHarness) {
	a := h.mustSend(t, h.Outbound("first 你好"))
	b := h.mustSend(t, h.Outbound("second"))
	if a == b {
		t.Errorf("two messages have the ref %q", a)
	}
	seen := h.Seen()
	if len(seen) != 2 || !strings.Contains(seen[0].Text, "first 你好") || !strings.Contains(seen[1].Text, "second") {
		t.Fatalf("the outside has %+v", seen)
	}
	if seen[0].Ref != a || seen[1].Ref != b {
		t.Errorf("the outside names them %q, %q; Send returned %q, %q", seen[0].Ref, seen[1].Ref, a, b)
	}
}

// After a lost answer the engine must be able to learn the ref: because the
// same key always gives the same one, or through a Finder.
func sendAgain(t *testing.T, h SenderHarness) {
	out := h.Outbound("once")
	first := h.mustSend(t, out)
	if f, ok := h.Sender.(channels.Finder); ok {
		ref, found, err := f.Find(t.Context(), out)
		if err != nil || !found || ref != first {
			t.Errorf("Find = %q, %v, %v; want %q", ref, found, err, first)
		}
		if _, found, err := f.Find(t.Context(), h.Outbound("never sent")); err != nil || found {
			t.Errorf("Find of what was never sent = %v, %v", found, err)
		}
		return
	}
	if second := h.mustSend(t, out); second != first {
		t.Errorf("the same key gave the refs %q and %q, and there is no Finder", first, second)
	}
}

func sendFailures(t *testing.T, h SenderHarness) {
	for _, test := range []struct {
		mode               Mode
		permanent, unknown bool
	}{
		{FailTemporary, false, false},
		{FailPermanent, true, false},
		{FailLost, false, true},
	} {
		before := len(h.Seen())
		if !h.Fail(test.mode) {
			t.Logf("this outside cannot fail as %q", test.mode)
			continue
		}
		_, err := h.send(t, h.Outbound(string(test.mode)))
		if err == nil {
			t.Errorf("%s: no error", test.mode)
			continue
		}
		var se *channels.SendError
		if !errors.As(err, &se) {
			se = &channels.SendError{} // any other error is temporary
		}
		if se.Permanent != test.permanent || se.Unknown != test.unknown {
			t.Errorf("%s: got %#v (%v)", test.mode, se, err)
		}
		if n := len(h.Seen()) - before; (n == 1) != (test.mode == FailLost) {
			t.Errorf("%s: the outside has %d more messages", test.mode, n)
		}
	}
	if h.Fail(FailHang) {
		ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
		defer cancel()
		began := time.Now()
		if _, err := h.Sender.Send(ctx, h.Outbound("hang")); err == nil {
			t.Error("hang: no error")
		} else if se := (*channels.SendError)(nil); errors.As(err, &se) && se.Permanent {
			t.Errorf("hang: %v is permanent", err)
		}
		if d := time.Since(began); d > bound/2 {
			t.Errorf("hang: Send took %v to notice that its context ended", d)
		}
	}
	h.mustSend(t, h.Outbound("well again"))
}

// Whatever stands in a field stays in that field, or the delivery is refused
// for good.
func sendInjection(t *testing.T, h SenderHarness) {
	const evil = "x\r\nX-Injected: yes\r\n\r\nbody"
	for name, change := range map[string]func(*channels.Outbound){
		"subject": func(o *channels.Outbound) { o.Subject = evil },
		"from":    func(o *channels.Outbound) { o.From = evil },
		"name":    func(o *channels.Outbound) { o.To = withName(o.To, evil) },
		"address": func(o *channels.Outbound) {
			o.To = []channels.Person{{Kind: "mail", Address: "x@y.example>\r\nRCPT TO:<z@y.example"}}
		},
		"ref":  func(o *channels.Outbound) { o.Refs = []string{evil} },
		"key":  func(o *channels.Outbound) { o.Key = evil },
		"lang": func(o *channels.Outbound) { o.Lang = evil },
		"lf":   func(o *channels.Outbound) { o.Subject = "x\nX-Injected: yes" },
		"cr":   func(o *channels.Outbound) { o.Subject = "x\rX-Injected: yes" },
		"nul":  func(o *channels.Outbound) { o.Subject = "x\x00y" },
		"file": func(o *channels.Outbound) {
			o.Files = []channels.File{{Name: evil, Type: "text/plain", Data: channels.Bytes([]byte("x"))}}
		},
		"type": func(o *channels.Outbound) {
			o.Files = []channels.File{{Name: "a", Type: "text/plain" + evil, Data: channels.Bytes([]byte("x"))}}
		},
	} {
		before := len(h.Seen())
		out := h.Outbound("nothing to see")
		change(&out)
		if _, err := h.send(t, out); err != nil {
			var se *channels.SendError
			if !errors.As(err, &se) || !se.Permanent {
				t.Errorf("%s: refused, but not for good: %v", name, err)
			}
			if len(h.Seen()) != before {
				t.Errorf("%s: refused and sent", name)
			}
			continue
		}
		for _, s := range h.Seen()[before:] {
			if _, ok := s.HeaderSet["X-Injected"]; ok {
				t.Errorf("%s: became a header field:\n%.600s", name, s.Raw)
			}
			if !strings.Contains(s.Text, "nothing to see") {
				t.Errorf("%s: the body is no longer the body: %q", name, s.Text)
			}
		}
	}
}

func withName(to []channels.Person, name string) []channels.Person {
	to = slices.Clone(to)
	for i := range to {
		to[i].Name = name
	}
	return to
}

// Plain words arrive as they are: never as markup, a link or a mention.
func sendMarkup(t *testing.T, h SenderHarness) {
	const words = `<script>alert(1)</script> <b>bold</b> **bold** [a](http://evil.example/x) <!channel> &amp; <img src=x onerror=y>`
	for _, out := range []channels.Outbound{
		h.Outbound(words),
		func() channels.Outbound {
			o := h.Outbound("see the card")
			o.Audience = channels.Staff
			o.Card = &channels.Card{Title: words, Fields: []channels.Field{{Label: words, Value: words}},
				Lines: []channels.Line{{Who: words, When: "09:00", Text: words}}, Footer: words}
			return o
		}(),
	} {
		before := len(h.Seen())
		h.mustSend(t, out)
		s := h.Seen()[before]
		if !strings.Contains(s.Text, words) {
			t.Errorf("the words changed: %q", s.Text)
		}
		for _, bad := range []string{"<script", "<b>", "<strong>", "<img", `href="http://evil`} {
			if strings.Contains(strings.ToLower(s.Markup), bad) {
				t.Errorf("plain words became markup (%s):\n%s", bad, s.Markup)
			}
		}
	}
}

func sendRefuses(t *testing.T, h SenderHarness) {
	for name, change := range map[string]func(*channels.Outbound){
		"no key":                   func(o *channels.Outbound) { o.Key = "" },
		"to nobody":                func(o *channels.Outbound) { o.To, o.Place = nil, "" },
		"amend of unknown target":  func(o *channels.Outbound) { o.Op, o.Target = channels.Amend, "no such ref" },
		"reaction to unknown ref":  func(o *channels.Outbound) { o.Op, o.Target = channels.React, "no such ref" },
		"unknown op":               func(o *channels.Outbound) { o.Op = "dance" },
		"nothing to say":           func(o *channels.Outbound) { o.Body.Text = "" },
		"neither staff nor public": func(o *channels.Outbound) { o.Audience = "" },
	} {
		before := len(h.Seen())
		out := h.Outbound("refuse me")
		change(&out)
		_, err := h.send(t, out)
		var se *channels.SendError
		if !errors.As(err, &se) || !se.Permanent {
			t.Errorf("%s: got %v, want a refusal for good", name, err)
		}
		if len(h.Seen()) != before {
			t.Errorf("%s: sent", name)
		}
	}
}

func sendConcurrent(t *testing.T, h SenderHarness) {
	const n = 20
	var wg sync.WaitGroup
	refs, errs := make([]string, n), make([]error, n)
	for i := range n {
		out := h.Outbound(fmt.Sprintf("concurrent %d.", i))
		out.Thread = fmt.Sprintf("thread %d", i)
		wg.Go(func() {
			ctx, cancel := context.WithTimeout(t.Context(), bound)
			defer cancel()
			refs[i], errs[i] = h.Sender.Send(ctx, out)
		})
	}
	wg.Wait()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
	byRef := map[string]string{}
	for _, s := range h.Seen() {
		byRef[s.Ref] = s.Text
	}
	for i, ref := range refs {
		if !strings.Contains(byRef[ref], fmt.Sprintf("concurrent %d.", i)) {
			t.Errorf("message %d is named %q, and that says %q", i, ref, byRef[ref])
		}
	}
}
