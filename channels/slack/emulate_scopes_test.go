package slack

import (
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"frontdesk/channels"
	"frontdesk/channels/channeltest"
)

// The manifest's scopes are enough for what the other tests do, because the
// emulator is strict. Here, each is shown to be needed: a token that lacks only this
// one is refused, and the error names it, by which an operator can mend it.
//
// What the emulator cannot show: app_mentions:read, commands and reactions:read, as
// it sends events whatever the scopes are.
func TestEachScopeIsNeeded(t *testing.T) {
	t.Parallel()
	e := newEmulator(t)
	help, agents := e.Rooms["help"], e.Rooms["agents"]
	e.as(t, "ann", "conversations.invite", "channel", agents, "users", e.Bot)
	full := e.slack(t, emulatorToken, io.Discard)
	ref := e.send(t, full, e.out(help, "Hello"))

	find := func(place string) func(*Channel) error {
		return func(c *Channel) error {
			_, _, err := c.Find(t.Context(), e.out(place, "Hello"))
			return err
		}
	}
	send := func(change func(out *channels.Outbound)) func(*Channel) error {
		return func(c *Channel) error {
			out := e.out(e.Rooms["lobby"], "Hello")
			out.Key += c.cfg.BotToken // else it is found, and not sent again
			change(&out)
			_, err := c.Send(t.Context(), out)
			return err
		}
	}
	for scope, do := range map[string]func(*Channel) error{
		"chat:write":       send(func(*channels.Outbound) {}),
		"im:write":         send(func(out *channels.Outbound) { out.Place = e.direct("ann") }),
		"reactions:write":  send(func(out *channels.Outbound) { out.Op, out.Target, out.Sign = channels.React, ref, "ok" }),
		"channels:history": find(help),
		"groups:history":   find(agents),
		"im:history":       find(e.direct("ann")),
		"files:write": send(func(out *channels.Outbound) {
			out.Files = []channels.File{{Name: "a.txt", Data: channels.Bytes([]byte("a"))}}
		}),
	} {
		t.Run(scope, func(t *testing.T) {
			if err := do(full); err != nil {
				t.Errorf("with every scope: %v", err)
			}
			err := do(e.slack(t, withoutScope(scope), io.Discard))
			var se *channels.SendError
			if !errors.As(err, &se) || se.Permanent || se.Unknown || se.RetryAfter != mendTime || !strings.Contains(err.Error(), "missing_scope (needs "+scope+")") {
				t.Errorf("without it: %#v (%v)", err, err)
			}
		})
	}

	file := e.upload(t, "ann", help, "a.txt", "a", "")
	fetch := func(c *Channel) error {
		r, err := c.Fetch(t.Context(), &channels.File{Ref: file})
		if err == nil {
			r.Close()
		}
		return err
	}
	profile := func(c *Channel) error {
		_, err := c.Profile(t.Context(), channels.Person{Kind: Kind, Address: Identity(e.Team, e.People["ann"])})
		return err
	}
	members := func(room string) func(*Channel) error {
		return func(c *Channel) error { _, err := c.Members(t.Context(), room); return err }
	}
	for scope, do := range map[string]func(*Channel) error{"files:read": fetch, "users:read": profile, "channels:read": members(help), "groups:read": members(agents)} {
		t.Run(scope, func(t *testing.T) {
			if err := do(full); err != nil {
				t.Errorf("with every scope: %v", err)
			}
			err := do(e.slack(t, withoutScope(scope), io.Discard))
			if err == nil || permanentError(err) || !strings.Contains(err.Error(), "missing_scope (needs "+scope+")") {
				t.Errorf("without it: %v", err)
			}
		})
	}

	// Of what catching up cannot read, the log tells, and the rest goes on.
	for scope, method := range map[string]string{"channels:history": "conversations.history", "groups:history": "conversations.history", "im:read": "users.conversations"} {
		t.Run("catching up without "+scope, func(t *testing.T) {
			var log logged
			c := e.slack(t, withoutScope(scope), &log)
			e.begin(t, c, nil, &channeltest.Recorder{})
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			if err := log.wait(ctx, method+": missing_scope (needs "+scope+")"); err != nil {
				t.Errorf("%v in the log:\n%s", err, log.String())
			}
		})
	}
}

// Probe, by which an operator looks for mistakes, reads what the emulator answers.
func TestProbeOnEmulator(t *testing.T) {
	t.Parallel()
	e := newEmulator(t)
	e.as(t, "ann", "conversations.invite", "channel", e.Rooms["agents"], "users", e.Bot)
	probe := func(token string) *Report {
		return Probe(t.Context(), Config{Team: e.Team, BotToken: token, SigningSecret: emulatorSecret, APIURL: e.URL + "/api/",
			Agents: e.Rooms["agents"], Support: []string{e.Rooms["help"]}}, 10*time.Second)
	}
	r := probe(emulatorToken)
	if r.Bot.Err != nil || r.Team != e.Team || r.User != e.Bot || r.Name != "frontdesk" || r.Granted != nil {
		t.Errorf("bot: %+v", r)
	}
	if len(r.Rooms) != 2 || r.Rooms[0].Name != "agents" || !r.Rooms[0].Private || !r.Rooms[0].Member || r.Rooms[1].Name != "help" || r.Rooms[1].Private || r.Rooms[1].Member {
		t.Errorf("rooms: %+v", r.Rooms)
	}
	i := slices.IndexFunc(r.People, func(u User) bool { return u.ID == e.People["ann"] })
	if r.Members == nil || r.Members.Err != nil || r.Crowd != 3 || i < 0 || r.People[i].Mail != "ann@customers.example" || r.People[i].Robot {
		t.Errorf("people: %+v, %+v", r.Members, r.People)
	}
	if mail := probe(withoutScope("users:read.email")).People[i].Mail; mail != "" {
		t.Errorf("without users:read.email the address is %q", mail)
	}
	lacks := func(trial Trial, scope string) {
		t.Helper()
		if trial.Err == nil || trial.Err.Cause != CauseScope || !slices.Equal(trial.Err.Names, []string{scope}) {
			t.Errorf("without %s: %v", scope, trial.Err)
		}
	}
	lacks(probe(withoutScope("users:read")).People[i].Trial, "users:read")
	lacks(probe(withoutScope("groups:read")).Rooms[0].Trial, "groups:read")
	lacks(probe(withoutScope("channels:read")).Rooms[1].Trial, "channels:read")
}

// logged is a log that can be waited for.
type logged struct {
	mu      sync.Mutex
	text    strings.Builder
	changed chan struct{}
}

func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.changed != nil {
		close(l.changed)
		l.changed = nil
	}
	return l.text.Write(p)
}

func (l *logged) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// wait returns when the log has words in it.
func (l *logged) wait(ctx context.Context, words string) error {
	for {
		l.mu.Lock()
		if strings.Contains(l.text.String(), words) {
			l.mu.Unlock()
			return nil
		}
		if l.changed == nil {
			l.changed = make(chan struct{})
		}
		changed := l.changed
		l.mu.Unlock()
		select {
		case <-changed:
		case <-ctx.Done():
			return errors.New("no " + words)
		}
	}
}
