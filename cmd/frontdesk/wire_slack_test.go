package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"frontdesk/bot"
	"frontdesk/channels/slack"
	"frontdesk/channels/slack/slacktest"
	"frontdesk/faq"
)

// slackHouse is a company that has Slack and nothing else, and a workspace.
type slackHouse struct {
	world  *slacktest.World
	agents *slacktest.Channel
	ana    *slacktest.User
	house  *house
}

// newSlackHouse runs what `serve` would run, until the test ends.
func newSlackHouse(t *testing.T, byHTTP bool) *slackHouse {
	t.Helper()
	w, err := slacktest.New(slacktest.Options{Sockets: true, Unlimited: true, Scopes: slack.Scopes(false)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	})
	s := &slackHouse{world: w, agents: w.Channel("agents", slacktest.ChannelOptions{Private: true}), ana: w.User("ana", slacktest.UserOptions{})}
	w.Invite(s.agents, w.BotUser(), s.ana)

	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	way := "app_token_env: APP"
	if byHTTP {
		way = "signing_secret_env: SECRET"
	}
	dir := t.TempDir()
	text := fmt.Sprintf(`
company: {name: Acme, timezone: UTC, languages: [en, zh]}
hours: {days: {mon-sun: ["00:00-24:00"]}}
staff: [{name: Ana, mail: ana@acme.example, slack: %s}]
http: {listen: "%s"}
channels:
  workspace: {type: slack, team: %s, bot_token_env: BOT, %s, agents: %s, gather: 0s, start: all}
`, s.ana.ID, l.Addr(), w.TeamID(), way, s.agents.ID)
	if err := os.WriteFile(filepath.Join(dir, "faq.yaml"), []byte("entries:\n  - id: hours\n    en:\n      questions: [What are your opening hours?]\n      answer: We are always here.\n    zh:\n      questions: [几点上班]\n      answer: 一直在。\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	env := map[string]string{"BOT": w.BotToken(), "APP": w.AppToken(), "SECRET": w.SigningSecret()}
	cfg, err := ParseConfig(filepath.Join(dir, "frontdesk.yaml"), []byte(text), func(name string) (string, bool) { v, ok := env[name]; return v, ok },
		func(string) ([]byte, error) { return nil, fs.ErrNotExist })
	if err != nil {
		t.Fatal(err)
	}
	secrets, err := cfg.Secrets()
	if err != nil {
		t.Fatal(err)
	}
	c, err := engineConfig(cfg)
	if err != nil {
		t.Fatal(err)
	}
	log := slog.New(slog.DiscardHandler)
	x := slackConfig(cfg.Channels[0].Slack, secrets)
	x.APIURL = w.APIURL()
	if c.Channels["workspace"], err = slackChannel(cfg.Channels[0], x, log); err != nil {
		t.Fatal(err)
	}
	figures := newMetrics()
	c.Observer = figures
	if s.house, err = build(t.Context(), cfg, c, faq.Cache{}, log); err != nil {
		t.Fatal(err)
	}
	called := handlers(cfg, c)
	if byHTTP != (called["workspace"] != nil) {
		t.Fatalf("called from outside: %v", called)
	}
	s.house.beside = append(s.house.beside, func(ctx context.Context) { newMonitor(s.house, cfg.Alarm, figures, called, log).run(ctx, l) })
	if byHTTP {
		if err := w.DeliverToURL("http://"+l.Addr().String()+"/in/workspace", nil); err != nil {
			t.Fatal(err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- s.house.run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := errors.Join(<-done, s.house.db.Close()); err != nil {
			t.Error(err)
		}
	})
	return s
}

// A company that has Slack alone is served by what serve wires together: a question
// in a direct message is answered, by Socket Mode and by HTTP through the server that
// also shows the monitoring pages.
func TestServeSlackAlone(t *testing.T) {
	for name, byHTTP := range map[string]bool{"socket mode": false, "http": true} {
		t.Run(name, func(t *testing.T) {
			s := newSlackHouse(t, byHTTP)
			ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
			defer cancel()
			// When it looks for what it missed, it takes what is new.
			if err := s.world.Wait(ctx, func() bool { return len(s.world.Calls("users.conversations")) > 0 }); err != nil {
				t.Fatal(err)
			}
			if !byHTTP {
				if err := s.world.WaitSockets(ctx, 1); err != nil {
					t.Fatal(err)
				}
			}
			tom := s.world.User("tom", slacktest.UserOptions{})
			tom.DM("What are your opening hours?")
			if m, err := s.world.WaitFor(ctx, tom.Direct(), "We are always here."); err != nil {
				t.Fatalf("%v; %d messages", err, len(s.world.Messages(tom.Direct())))
			} else if strings.Contains(m.Text, "{{") {
				t.Errorf("the answer is %q", m.Text)
			}
			if v := s.world.Violations(); len(v) > 0 {
				t.Errorf("Slack would not like this: %v", v)
			}
		})
	}
}

// What a mailbox hands over goes to a channel of Slack where `staff` names one.
func TestMailDeskInSlack(t *testing.T) {
	c := parseConfig(t, fmt.Sprintf(strings.Replace(smallConfig, "staff: team@acme.example", "staff: workspace", 1), "")+"  "+slackSnippet+"\n")
	secrets, err := c.Secrets()
	if err != nil {
		t.Fatal(err)
	}
	for complaints, want := range map[string]bot.Desk{"": {Channel: "workspace", Place: "C0123ABCD"}, "C0456EFGH": {Channel: "workspace", Place: "C0456EFGH"}} {
		c.Channels[1].Slack.Complaints = complaints
		m, err := mailChannel(c, c.Channels[0], secrets, slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		same(t, "staff", m.Staff, bot.Desk{Channel: "workspace", Place: "C0123ABCD"})
		same(t, "complaints", m.Complaints, want)
	}
}
