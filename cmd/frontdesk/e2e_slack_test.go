package main

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"frontdesk/channels/slack"
	"frontdesk/channels/slack/slacktest"
)

// town is a workspace where many people talk to the bot of a site, each about one
// matter.
type town struct {
	*slacktest.World
	t      testing.TB
	agents *slacktest.Channel
	rooms  []*slacktest.Channel // where every question is one to the bot
	ana    *slacktest.User      // who answers what is handed over

	talks    []*talk
	answered map[string]bool // cards, by ts
	said     map[string]bool // refs of everything that the bot is to take
}

// talk is what one person asks, and where.
type talk struct {
	who   *slacktest.User
	in    *slacktest.Channel
	root  string   // ts of what the answers are to stand below; empty in a direct message
	wants []string // what is to be read there, each in one message and no other
	ana   string   // ts of the agent's answer
}

// townRooms is how many support channels there are: each takes one message a second.
const townRooms = 6

func newTown(t testing.TB, o slacktest.Options) *town {
	t.Helper()
	o.Scopes = slack.Scopes(false)
	w, err := slacktest.New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	})
	c := &town{World: w, t: t, agents: w.Channel("agents", slacktest.ChannelOptions{Private: true}),
		ana: w.User("ana", slacktest.UserOptions{}), answered: map[string]bool{}, said: map[string]bool{}}
	w.Invite(c.agents, w.BotUser(), c.ana)
	for n := range townRooms {
		room := w.Channel(fmt.Sprintf("help-%d", n), slacktest.ChannelOptions{})
		w.Invite(room, w.BotUser())
		c.rooms = append(c.rooms, room)
	}
	return c
}

// newSlackSite is an installation that has nothing but this workspace.
func newSlackSite(t testing.TB, c *town) *site {
	t.Helper()
	s := &site{t: t, dir: t.TempDir()}
	faq, err := samples.ReadFile("init/faq.yaml")
	if err != nil {
		t.Fatal(err)
	}
	s.write("faq.yaml", string(faq))
	s.write("bot.token", c.BotToken())
	s.write("app.token", c.AppToken())
	var rooms []string
	for _, r := range c.rooms {
		rooms = append(rooms, r.ID)
	}
	s.write("frontdesk.yaml", fmt.Sprintf(`
company: {name: Acme, timezone: Asia/Shanghai, languages: [en, zh], phone: 123-456-7890, website: https://acme.example, email: help@acme.example}
database: frontdesk.db
faq: [faq.yaml]
hours: {days: {mon-sun: ["00:00-24:00"]}}
promises: {complaint: {urgent: 4h, normal: 8h}, request: {urgent: 8h, normal: 16h}}
staff: [{name: Ana, mail: %s, role: supervisor, slack: %s}]
channels:
  workspace:
    type: slack
    team: %s
    bot_token_file: bot.token
    app_token_file: app.token
    api_url: %s
    agents: %s
    support: [%s]
    gather: 0s
    mode: answer
    start: all
`, ana, c.ana.ID, c.TeamID(), c.APIURL(), c.agents.ID, strings.Join(rooms, ", ")))
	return s
}

// What is asked, and what is read in the answer to it alone.
const (
	hoursQuestion   = "What are your opening hours?"
	hoursAnswer     = "You can write to us at any other time too"
	contactQuestion = "What is your phone number?"
	contactAnswer   = "You can reach Acme customer service here"
	hardQuestion    = "Can you tune forty pianos in one week in March?"
	hardAnswer      = "I've passed this to a colleague as #1"
)

// begin lets the next person talk: in private or in a support channel; about one
// thing or, at once, about two; or about what only people can answer.
func (c *town) begin() {
	n := len(c.talks)
	k := &talk{who: c.User(fmt.Sprintf("c%d", n), slacktest.UserOptions{})}
	c.talks = append(c.talks, k)
	private := n%3 != 0
	if private {
		k.in = k.who.Direct()
	} else {
		k.in = c.rooms[n/3%len(c.rooms)]
		k.who.Join(k.in)
	}
	say := func(text, want string) {
		k.wants = append(k.wants, want)
		ts := k.who.Reply(k.in, k.root, fmt.Sprintf("%s (talk %d)", text, n))
		c.said[c.ref(k.in, ts)] = true
		if k.root == "" && !private {
			k.root = ts
		}
	}
	switch {
	case n%45 == 5 || n%45 == 12:
		say(hardQuestion, hardAnswer)
		k.wants = append(k.wants, fmt.Sprintf("That is for talk %d.", n))
	case n%10 == 2:
		say(hoursQuestion, hoursAnswer)
		say(contactQuestion, contactAnswer)
	case n%8 == 3: // two events tell of one message
		say("@"+c.BotUser().Name+" "+contactQuestion, contactAnswer)
	default:
		say(hoursQuestion, hoursAnswer)
	}
}

func (c *town) ref(in *slacktest.Channel, ts string) string {
	return "slack:" + c.TeamID() + "/" + in.ID + "/" + ts
}

var talkNumber = regexp.MustCompile(`\(talk (\d+)\)`)

// answerCards lets Ana answer what was handed over since, each below its card.
func (c *town) answerCards() {
	for _, m := range c.Messages(c.agents) {
		about := talkNumber.FindStringSubmatch(m.Readable)
		if !m.Ours || m.Thread != "" || about == nil || c.answered[m.TS] {
			continue
		}
		c.answered[m.TS] = true
		var n int
		fmt.Sscan(about[1], &n)
		c.talks[n].ana = c.ana.Reply(c.agents, m.TS, fmt.Sprintf("> That is for talk %d.", n))
		c.said[c.ref(c.agents, c.talks[n].ana)] = true
	}
}

// whole reports whether every talk that needs a person has been answered by one.
func (c *town) whole() bool {
	return !slices.ContainsFunc(c.talks, func(k *talk) bool { return k.ana == "" && k.wants[0] == hardAnswer })
}

// check compares what people read with what they are to read.
func (c *town) check() (messages int) {
	c.t.Helper()
	all := map[*slacktest.Channel][]slacktest.Message{}
	for _, in := range append(slices.Clone(c.rooms), c.agents) {
		all[in] = c.Messages(in)
	}
	cards := map[string]int{}
	for _, m := range all[c.agents] {
		if m.Ours {
			messages++
		}
		if about := talkNumber.FindStringSubmatch(m.Readable); m.Ours && m.Thread == "" && about != nil {
			cards[about[1]]++
		}
	}
	for n, k := range c.talks {
		if all[k.in] == nil {
			all[k.in] = c.Messages(k.in)
		}
		var got []string
		for _, m := range all[k.in] {
			if m.Ours && m.Thread == k.root {
				got = append(got, m.Readable)
			}
		}
		messages += len(got)
		for _, want := range k.wants {
			has := 0
			for _, text := range got {
				if strings.Contains(text, want) {
					has++
				}
			}
			if has != 1 {
				c.t.Errorf("talk %d: %d messages say %q", n, has, want)
			}
		}
		if len(got) != len(k.wants) {
			c.t.Errorf("talk %d: %d messages of ours, not %d:\n%s", n, len(got), len(k.wants), strings.Join(got, "\n--\n"))
		}
		hard := k.wants[0] == hardAnswer
		if has := cards[fmt.Sprint(n)]; hard && has != 1 || !hard && has != 0 {
			c.t.Errorf("talk %d has %d cards", n, has)
		}
		if hard {
			if m, _ := c.Message(c.agents, k.ana); len(m.Reactions["white_check_mark"]) != 1 {
				c.t.Errorf("talk %d: the agent's answer has the signs %v", n, m.Reactions)
			}
		}
	}
	return messages
}
