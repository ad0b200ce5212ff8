package bot

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"frontdesk/channels"
	"frontdesk/store"
)

const ops = "ops@acme.example"

func withOperators(c *Config) { c.Operators = []channels.Person{who(ops)} }

// alarms returns the events that tell of alarms, as "alarm silent chat".
func (h *house) alarms() (all []string) {
	h.t.Helper()
	for _, ev := range look(h, func(s *store.Snapshot) ([]store.Event, error) { return s.Events("", 0) }) {
		if strings.HasPrefix(ev.Kind, "alarm") {
			all = append(all, strings.TrimSpace(fmt.Sprint(ev.Kind, " ", ev.Data["what"], " ", ev.Channel)))
		}
	}
	return all
}

// opsGot fails unless the operators got so many mails, and returns the last.
func (h *house) opsGot(n int, when string) string {
	h.t.Helper()
	got := h.post.texts(ops)
	if len(got) != n {
		h.t.Fatalf("%s the operators have %d mails, want %d: %q", when, len(got), n, got)
	}
	if n == 0 {
		return ""
	}
	return got[n-1]
}

func TestAlarmSilence(t *testing.T) {
	bubble(t, func(t *testing.T, h *house) {
		h.run()
		settle(24 * time.Hour)
		h.opsGot(0, "after a quiet day")
		h.chat.Silence(true)
		settle(14*time.Minute + 50*time.Second)
		h.opsGot(0, "before a quarter of an hour")
		settle(70 * time.Second)
		if text := h.opsGot(1, "after a quarter of an hour"); !strings.Contains(text, "chat") || !strings.Contains(text, "10:0") {
			t.Errorf("the alarm says %q", text)
		}
		settle(5 * time.Hour)
		h.opsGot(1, "hours later")
		h.restart()
		settle(5 * time.Minute)
		h.opsGot(1, "after a restart")
		settle(5 * time.Hour)
		h.opsGot(1, "hours after a restart")
		h.chat.Silence(false)
		settle(70 * time.Second)
		h.opsGot(2, "when it is over")
		settle(24 * time.Hour)
		h.opsGot(2, "a day later")
		h.chat.Silence(true)
		settle(20 * time.Minute)
		h.opsGot(3, "when it happens again")
		if want := "alarm silent chat,alarm over silent chat,alarm silent chat"; strings.Join(h.alarms(), ",") != want {
			t.Errorf("events %q", h.alarms())
		}
	}, withOperators)
}

// A channel that never came up since the start, and one that brings messages but
// is never done.
func TestAlarmSilenceFromTheStart(t *testing.T) {
	bubble(t, func(t *testing.T, h *house) {
		h.chat.Silence(true)
		h.run()
		settle(14 * time.Minute)
		h.chat.Say("amy", "dm:amy", known) // it works after all
		settle(10 * time.Minute)
		h.opsGot(0, "ten minutes after a message")
		settle(10 * time.Minute)
		h.opsGot(1, "twenty minutes after a message")
	}, withOperators)
}

func TestAlarmFatal(t *testing.T) {
	bubble(t, func(t *testing.T, h *house) {
		h.run()
		settle(time.Minute)
		h.engine.Report(t.Context(), channels.Health{Channel: "chat", State: channels.Fatal, Reason: "the token was revoked", At: time.Now()})
		settle(time.Second)
		if text := h.opsGot(1, "at once"); !strings.Contains(text, "the token was revoked") {
			t.Errorf("the alarm says %q", text)
		}
	}, withOperators)
}

func TestAlarmOutbox(t *testing.T) {
	bubble(t, func(t *testing.T, h *house) {
		h.post.fail = map[string]error{"tom@customers.example": errors.New("mailbox is locked")}
		h.run()
		settle(time.Minute)
		h.mail("tom@customers.example", known)
		settle(59 * time.Minute)
		h.opsGot(0, "before an hour")
		settle(2 * time.Minute)
		if text := h.opsGot(1, "after an hour"); !strings.Contains(text, "support") || !strings.Contains(text, "mailbox is locked") {
			t.Errorf("the alarm says %q", text)
		}
		h.mail("tom@customers.example", known)
		settle(6 * time.Hour)
		h.restart()
		settle(6 * time.Hour)
		h.opsGot(1, "after half a day and a restart")
		h.post.mu.Lock()
		h.post.fail = nil
		h.post.mu.Unlock()
		settle(time.Hour) // the longest wait between two attempts is half of that
		h.opsGot(2, "when everything is sent")
		if want := "alarm outbox support,alarm over outbox support"; strings.Join(h.alarms(), ",") != want {
			t.Errorf("events %q", h.alarms())
		}
	}, withOperators)
}

func TestAlarmFailures(t *testing.T) {
	bubble(t, func(t *testing.T, h *house) {
		h.run()
		settle(time.Minute)
		broken := func() {
			in := h.letter("", "")
			in.From, in.Problem = channels.Person{}, "not even its header could be fetched"
			h.receive(in)
		}
		broken()
		settle(time.Second)
		if text := h.opsGot(1, "at once"); !strings.Contains(text, "ledger 1") {
			t.Errorf("the alarm says %q", text)
		}
		if e := h.ledger()[0]; e.Disposition != store.Failed || !strings.Contains(e.Reason, "not even its header") {
			t.Errorf("the ledger says %s, %q", e.Disposition, e.Reason)
		}
		for range 50 {
			broken()
			settle(10 * time.Second)
		}
		h.opsGot(1, "during a storm")
		h.mail("tom@customers.example", known, func(in *channels.Inbound) { in.Problem = "only its header could be fetched" })
		settle(15 * time.Minute)
		if text := h.opsGot(2, "after the storm"); !strings.Contains(text, "51") {
			t.Errorf("the alarm says %q", text)
		}
		if e := h.ledger()[51]; e.Disposition != store.Taken || !strings.Contains(e.Reason, "only its header") {
			t.Errorf("the ledger says %s, %q", e.Disposition, e.Reason)
		}
		h.restart()
		settle(24 * time.Hour)
		h.opsGot(2, "a day and a restart later")
	}, withOperators)
}

// Staff who are not reached are the operators' matter; an operator who is not
// reached is nobody's.
func TestAlarmUndelivered(t *testing.T) {
	bubble(t, func(t *testing.T, h *house) {
		refused := &channels.SendError{Permanent: true, Err: errors.New("no such user")}
		h.post.fail = map[string]error{"escalations@acme.example": refused, "tom@customers.example": refused, "second@acme.example": refused}
		h.run()
		settle(time.Minute)
		h.mail("tom@customers.example", unknown)
		settle(20 * time.Minute)
		// Two deliveries to staff failed in one moment. Whether the alarm catches them
		// together or one after the other is chance; that each is told once is not.
		after := h.post.texts(ops)
		var told []string
		for _, text := range after {
			_, ids, _ := strings.Cut(text, "outbox ")
			ids, _, _ = strings.Cut(ids, "。")
			told = append(told, strings.Split(ids, ", ")...)
		}
		var want []string
		for _, d := range h.staff() {
			if d.State == store.Refused && strings.Contains(d.words(), `"escalations@acme.example"`) {
				want = append(want, strconv.FormatInt(d.ID, 10))
			}
		}
		slices.Sort(told)
		slices.Sort(want)
		if len(want) != 2 || !slices.Equal(told, want) {
			t.Errorf("the alarms %q tell of deliveries %q, want each of %q once", after, told, want)
		}
		settle(24 * time.Hour)
		if n := len(h.staff()) + len(h.told()); n > 12 {
			t.Errorf("%d messages: one lost alarm begets another", n)
		}
		if got := h.post.texts(ops); len(got) != len(after) {
			t.Errorf("a day later the operators have %d mails, want the %d that they had", len(got), len(after))
		}
	}, func(c *Config) { c.Operators = []channels.Person{who(ops), who("second@acme.example")} })
}

// Who is told of alarms is no customer.
func TestOperatorsAreNoCustomers(t *testing.T) {
	bubble(t, func(t *testing.T, h *house) {
		h.run()
		settle(time.Second)
		in := h.mail(ops, "What is this about?", answers("any@acme.example"))
		settle(time.Minute)
		if e := h.entry(in); e.Disposition != store.Taken || e.Message != 0 {
			t.Errorf("it became %s, message %d", e.Disposition, e.Message)
		}
		h.want(0, 0)
	}, withOperators)
}

func TestAlarmWithoutOperators(t *testing.T) {
	bubble(t, func(t *testing.T, h *house) {
		h.run()
		settle(time.Minute)
		h.chat.Silence(true)
		settle(time.Hour)
		if got := h.alarms(); len(got) != 1 {
			t.Errorf("events %q, want one", got)
		}
		if strings.Count(h.log.String(), "msg=alarm") != 1 {
			t.Error("the log does not tell of it once")
		}
		h.want(0, 0)
	})
}

func TestWayToOperators(t *testing.T) {
	c := talkConfig(t)
	c.Channels["another"] = Channel{Own: []channels.Person{who("another@acme.example")}, Staff: c.Channels["support"].Staff}
	for _, test := range []struct {
		sick map[string]int
		want string
	}{
		{nil, "another"},
		{map[string]int{"another": 1}, "support"},               // its reading side is sick
		{map[string]int{"another": 2, "support": 1}, "support"}, // its sending side is worse
		{map[string]int{"another": 2, "support": 2}, "another"}, // there is no better one
		{map[string]int{"chat": 3}, "another"},
	} {
		if got := c.wayTo(who(ops), test.sick); got != test.want {
			t.Errorf("%v: %s, want %s", test.sick, got, test.want)
		}
	}
	c = talkConfig(t)
	c.Operators = []channels.Person{who("support@acme.example"), {Kind: "pigeon", Address: "coop"}}
	if err := c.check(); err == nil || !strings.Contains(err.Error(), "own address") || !strings.Contains(err.Error(), "coop") {
		t.Errorf("check: %v", err)
	}
}

// counter is an observer.
type counter struct {
	mu  sync.Mutex
	all map[string]int
}

func (c *counter) add(key string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.all == nil {
		c.all = map[string]int{}
	}
	c.all[key]++
}
func (c *counter) Received(ch, d string, _ time.Duration) { c.add("in " + ch + " " + d) }
func (c *counter) Decided(rule string)                    { c.add("rule " + rule) }
func (c *counter) Sent(ch, o string, _ time.Duration)     { c.add("out " + ch + " " + o) }

func TestObserver(t *testing.T) {
	c := &counter{}
	bubble(t, func(t *testing.T, h *house) {
		h.post.plan(errors.New("busy"))
		h.run()
		settle(time.Second)
		in := h.mail("tom@customers.example", known)
		h.receive(in) // again
		again := in
		again.Keys = []string{"another arrival", in.Keys[1]}
		h.receive(again)
		h.receive(h.letter("robot@customers.example", "away", kind(channels.AutoReply)))
		h.receive(func() channels.Inbound {
			in := h.letter("", "")
			in.From, in.Problem = channels.Person{}, "garbled"
			return in
		}())
		h.spoil()
		if _, err := h.engine.Receive(t.Context(), h.letter("tom@customers.example", known)); err == nil {
			t.Error("a message was taken that could not be committed")
		}
		h.heal()
		settle(time.Hour)
		rules := 0
		for key, n := range c.all {
			if strings.HasPrefix(key, "rule ") {
				rules += n
			}
		}
		if rules != 1 {
			t.Errorf("%d decisions, want 1: %v", rules, c.all)
		}
		for key, want := range map[string]int{"in support taken": 1, "in support again": 1, "in support duplicate": 1, "in support auto-reply": 1,
			"in support failed": 1, "in support refused": 1, "out support temporary": 1, "out support sent": 2} { // an answer, and a notice of the failure
			if c.all[key] != want {
				t.Errorf("%s: %d, want %d", key, c.all[key], want)
			}
		}
		if t.Failed() {
			t.Log(c.all)
		}
	}, func(cfg *Config) { cfg.Observer = c })
}
