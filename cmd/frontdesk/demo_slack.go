package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"

	"frontdesk/bot"
	"frontdesk/channels/slack"
	"frontdesk/channels/slack/slacktest"
	"frontdesk/store"
)

// demoSlack is the workspace of the demo, its people and channels, and what has been
// shown of it.
type demoSlack struct {
	*slacktest.World
	staff                       map[string]*slacktest.User // by their names in the configuration
	maria, you                  *slacktest.User
	agents, complaints, support *slacktest.Channel
	people                      []*slacktest.User
	names                       map[*slacktest.User]string
	places                      []slackPlace            // in the order in which they are shown
	notices                     map[*slacktest.User]int // how many were shown
}

func (d *demo) openSlack() (err error) {
	s := &d.slack
	if s.World, err = slacktest.New(slacktest.Options{Team: "Acme", Bot: "Frontdesk"}); err != nil {
		return err
	}
	s.names = map[*slacktest.User]string{s.BotUser(): "Frontdesk"}
	s.notices = map[*slacktest.User]int{}
	person := func(name, mail string, team *slacktest.Team) *slacktest.User {
		u := s.User(name, slacktest.UserOptions{RealName: name, Email: mail, Team: team})
		s.names[u], s.people = name, append(s.people, u)
		return u
	}
	globex := s.Team("Globex")
	s.staff = map[string]*slacktest.User{"Li Wei": person("Li Wei", "li@acme.example", s.Home()), "Ana": person("Ana", "ana@acme.example", s.Home())}
	s.maria, s.you = person("Maria Silva", "maria@globex.example", globex), person("Sam Hill", "sam@globex.example", globex)
	s.names[s.maria] += " of Globex"
	s.names[s.you] += " (you)"
	s.support = s.Channel("support", slacktest.ChannelOptions{External: true})
	s.agents = s.Channel("agents", slacktest.ChannelOptions{Private: true})
	s.complaints = s.Channel("complaints", slacktest.ChannelOptions{Private: true})
	s.Invite(s.support, s.BotUser(), s.staff["Ana"], s.maria, s.you)
	for _, desk := range []*slacktest.Channel{s.agents, s.complaints} {
		s.Invite(desk, s.BotUser(), s.staff["Li Wei"], s.staff["Ana"])
	}
	place := func(c *slacktest.Channel, with *slacktest.User, desk bool) {
		s.places = append(s.places, slackPlace{c, with, desk, map[string]slacktest.Message{}})
	}
	place(s.support, nil, false)
	place(s.maria.Direct(), s.maria, false)
	place(s.you.Direct(), s.you, false)
	place(s.agents, nil, true)
	place(s.complaints, nil, true)
	return nil
}

// config is the workspace as the configuration file has it, to stand below the
// channels of the sample.
func (s *demoSlack) config() string {
	return fmt.Sprintf(`
  workspace:
    type: slack
    team: %s
    bot_token_env: SLACK_BOT_TOKEN
    app_token_env: SLACK_APP_TOKEN
    agents: %s
    complaints: %s
    support: [%s]
    gather: 100ms # nobody here types in pieces
`, s.TeamID(), s.agents.ID, s.complaints.ID, s.support.ID)
}

func (d *demo) slackChannel(ch ChannelConfig, log *slog.Logger) (bot.Channel, error) {
	c := slackConfig(ch.Slack, Secrets{})
	c.BotToken, c.AppToken, c.APIURL, c.Dial = d.slack.BotToken(), d.slack.AppToken(), d.slack.APIURL(), d.slack.Dial
	return slackChannel(ch, c, log)
}

// ready returns when what people do in Slack comes in.
func (s *demoSlack) ready(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, demoLimit)
	defer cancel()
	return s.WaitSockets(ctx, 1)
}

// slackDay plays the scenes in Slack.
func (d *demo) slackDay(ctx context.Context) error {
	s := &d.slack
	li, ana := s.staff["Li Wei"], s.staff["Ana"]

	d.scene("In Slack: a customer of another company asks, in a channel that both companies share")
	q := d.say(s.maria, s.support, "", "How long does delivery take?")
	if err := d.until(ctx, s.says(s.support, "Delivery time depends"), d.known(ctx, s.maria)); err != nil {
		return err
	}
	d.scene("It did not help: people are told, on a card with buttons")
	if err := d.press(s.maria, s.last(s.support, "Delivery time depends"), 1); err != nil {
		return err
	}
	if err := d.until(ctx, s.says(s.support, "sorry that it isn't solved"), s.says(s.agents, "Maria Silva", "delivery-time")); err != nil {
		return err
	}
	card := s.last(s.agents, "Maria Silva", "delivery-time")

	d.scene("Ana takes it, asks a colleague, and answers: only what begins with > goes out")
	if err := d.press(ana, card, 0); err != nil {
		return err
	}
	if err := d.until(ctx, s.edited(card)); err != nil {
		return err
	}
	d.say(ana, s.agents, card.TS, "Li, do you know where her parcel is?")
	d.say(li, s.agents, card.TS, "At the customs in Lisbon since Monday. They are slow, but don't tell her that.")
	answer := d.say(ana, s.agents, card.TS, "> Your parcel is at the customs in Lisbon. I expect it with you by Thursday.")
	if err := d.until(ctx, s.says(s.support, "with you by Thursday"), s.signed(s.agents, answer)); err != nil {
		return err
	}
	d.say(s.maria, s.support, q, "Thank you, Ana!")
	if err := d.until(ctx, s.says(s.agents, "Thank you, Ana!")); err != nil {
		return err
	}

	d.scene("A complaint where others read along: it goes on in private")
	d.say(s.maria, s.support, "", "I want to complain. Your courier was very rude to my colleague and threw the parcel over our gate.")
	return d.until(ctx, s.says(s.support, "in a direct message"), s.says(s.maria.Direct(), "sorry for the trouble"), s.says(s.complaints, "Maria Silva"))
}

// say writes something in Slack and shows it.
func (d *demo) say(u *slacktest.User, c *slacktest.Channel, thread, text string) (ts string) {
	ts = u.Reply(c, thread, text)
	d.lookAtSlack()
	return ts
}

// press presses the nth button of a message.
func (d *demo) press(u *slacktest.User, m slacktest.Message, n int) error {
	if len(m.Buttons) <= n {
		return fmt.Errorf("what %s presses is not there: %q", d.slack.names[u], m.Readable)
	}
	fmt.Fprintf(d.out, "\n☞  %s presses [%s]\n", d.slack.names[u], m.Buttons[n])
	return u.Press(m.Channel, m.TS, m.Buttons[n])
}

// last returns our newest message in a channel that reads as having all texts in it.
func (s *demoSlack) last(c *slacktest.Channel, texts ...string) slacktest.Message {
	for _, m := range slices.Backward(s.Messages(c)) {
		if m.Ours && !slices.ContainsFunc(texts, func(t string) bool { return !strings.Contains(m.Readable, t) }) {
			return m
		}
	}
	return slacktest.Message{}
}

// sight is something to be seen in Slack.
type sight struct {
	what string
	ok   func() bool
}

func (s *demoSlack) says(c *slacktest.Channel, texts ...string) sight {
	return sight{strings.Join(texts, ", "), func() bool { return s.last(c, texts...).TS != "" }}
}

func (s *demoSlack) edited(m slacktest.Message) sight {
	return sight{"a message that has changed", func() bool { m, _ := s.Message(m.Channel, m.TS); return m.Edited }}
}

func (s *demoSlack) signed(c *slacktest.Channel, ts string) sight {
	return sight{"a sign on a message", func() bool { m, _ := s.Message(c, ts); return len(m.Reactions) > 0 }}
}

// known holds when the bot has asked Slack who u is: the card says so, and nobody is
// as quick with a button as the demo.
func (d *demo) known(ctx context.Context, u *slacktest.User) sight {
	return sight{"who " + d.slack.names[u] + " is", func() bool {
		return d.house.db.Read(ctx, func(s *store.Snapshot) error {
			id, err := s.FindIdentity(slack.Kind, u.Identity())
			if err == nil && id.Looked.IsZero() {
				err = store.ErrNotFound
			}
			return err
		}) == nil
	}}
}

// until waits until everything is there and nothing is on its way any more, and shows
// what happened meanwhile.
func (d *demo) until(ctx context.Context, all ...sight) error {
	err := d.settle(ctx, func() bool {
		all = slices.DeleteFunc(all, func(w sight) bool { return w.ok() })
		return len(all) == 0
	})
	d.lookAtSlack()
	if err != nil {
		for _, w := range all {
			err = errors.Join(err, errors.New("nobody sees "+w.what))
		}
		return fmt.Errorf("slack: %w", err)
	}
	return nil
}
