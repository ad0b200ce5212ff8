package bot

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"frontdesk/channels"
	"frontdesk/channels/slack"
	"frontdesk/channels/slack/slacktest"
)

// workspace is a Slack workspace beside the house: Acme's people, a customer of
// another organisation by Slack Connect, the rooms.
type workspace struct {
	*slacktest.World
	h                           *house
	li, ana, tom, amy, mallory  *slacktest.User
	agents, complaints, support *slacktest.Channel
	hall                        *slacktest.Channel // a room where the bot is only mentioned
	channel                     *slack.Channel
	lossy                       bool // the test loses events on purpose
	agentView                   bool
}

// inSlack runs a test with a house that has a workspace, in fake time.
func inSlack(t *testing.T, fn func(t *testing.T, w *workspace), change ...func(*workspace, *Config)) {
	t.Helper()
	w := &workspace{agentView: strings.Contains(t.Name(), "AgentView")}
	bubble(t, func(t *testing.T, h *house) {
		w.h = h
		t.Cleanup(func() {
			h.stop()
			if err := w.World.Close(); err != nil {
				t.Error(err)
			}
		})
		h.run()
		w.settle(30 * time.Second)
		fn(t, w)
		w.settle(5 * time.Minute)
		for _, v := range w.Violations() {
			t.Errorf("what a correct client never does: %v", v)
		}
		for _, l := range w.Limited() {
			t.Errorf("a limit that we ran into: %+v", l)
		}
		if s := w.Stats(); s.Lost > 0 && !w.lossy {
			t.Errorf("events were lost: %+v", s)
		}
	}, func(c *Config) {
		w.open(t, c)
		for _, f := range change {
			f(w, c)
		}
	})
}

func (w *workspace) open(t *testing.T, c *Config) {
	t.Helper()
	var err error
	if w.World, err = slacktest.New(slacktest.Options{Team: "Acme"}); err != nil {
		t.Fatal(err)
	}
	globex := w.Team("Globex")
	w.li = w.User("li", slacktest.UserOptions{RealName: "Li Wei", Email: "li@acme.example"})
	w.ana = w.User("ana", slacktest.UserOptions{RealName: "Ana Anaya", Email: "ana@acme.example"})
	w.amy = w.User("amy", slacktest.UserOptions{RealName: "Amy Chen", Locale: "zh-CN"})
	w.mallory = w.User("mallory", slacktest.UserOptions{RealName: "Mallory"})
	w.tom = w.User("tom", slacktest.UserOptions{RealName: "Tom Smith", Team: globex, Email: "tom@globex.example"})
	w.agents = w.Channel("agents", slacktest.ChannelOptions{Private: true, External: true}) // which doctor warns of
	w.complaints = w.Channel("complaints", slacktest.ChannelOptions{Private: true})
	w.support = w.Channel("support", slacktest.ChannelOptions{External: true})
	w.hall = w.Channel("hall", slacktest.ChannelOptions{})
	w.Invite(w.agents, w.BotUser(), w.li, w.ana)
	w.Invite(w.complaints, w.BotUser(), w.li, w.ana)
	w.Invite(w.support, w.BotUser(), w.li, w.ana, w.amy, w.mallory, w.tom)
	w.Invite(w.hall, w.BotUser(), w.amy, w.mallory)
	log := slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelWarn}))
	w.channel, err = slack.New("workspace", slack.Config{Team: w.TeamID(), BotToken: w.BotToken(), AppToken: w.AppToken(), AgentView: w.agentView,
		Agents: w.agents.ID, Complaints: w.complaints.ID, Support: []string{w.support.ID}, APIURL: w.APIURL(), Dial: w.Dial}, log)
	if err != nil {
		t.Fatal(err)
	}
	c.Channels["workspace"] = Channel{Source: w.channel, Sender: w.channel, Buttons: true, Gather: 3 * time.Second, Personal: true, Prefixes: []string{">", "/reply"},
		Staff: Desk{Channel: "workspace", Place: w.agents.ID}, Complaints: Desk{Channel: "workspace", Place: w.complaints.ID},
		Budget: Budget{Hour: 60, Day: 200, Talk: 20}, Workers: 16}
	support := c.Channels["support"]
	support.Staff, support.Complaints = c.Channels["workspace"].Staff, c.Channels["workspace"].Complaints
	c.Channels["support"] = support
}

func (w *workspace) settle(d time.Duration) { settle(d) }

// last returns our newest message in a channel that reads as having text in it.
func (w *workspace) last(t *testing.T, c *slacktest.Channel, text string) slacktest.Message {
	t.Helper()
	var found slacktest.Message
	var all []string
	for _, m := range w.Messages(c) {
		if m.Ours {
			if all = append(all, m.Readable); strings.Contains(m.Readable, text) {
				found = m
			}
		}
	}
	if found.TS == "" {
		t.Fatalf("nothing of ours in %s reads %q; there are %d: %s", c.Name, text, len(all), strings.Join(all, "\n--\n"))
	}
	return found
}

// A question is answered, did not help, goes to people, is taken, and an agent's
// answer reaches the customer: all in Slack.
func TestSlackFromQuestionToAnswer(t *testing.T) {
	inSlack(t, func(t *testing.T, w *workspace) {
		q := w.tom.Say(w.support, "What are your opening hours?")
		w.settle(time.Minute)
		a := w.last(t, w.support, "Our service hours are Mon–Fri 09:00–17:00")
		if a.Thread != q {
			t.Errorf("the answer stands below %q, not below the question %q", a.Thread, q)
		}
		if err := w.mallory.Press(w.support, a.TS, "That didn't help"); err != nil {
			t.Fatal(err)
		}
		w.settle(time.Minute)
		if got := w.mallory.SeesEphemeral(); len(got) != 1 || !strings.Contains(got[0].Readable, "for the person who asked") {
			t.Errorf("Mallory, who asked nothing, is shown %+v", got)
		}
		if err := w.tom.Press(w.support, a.TS, "That didn't help"); err != nil {
			t.Fatal(err)
		}
		w.settle(time.Minute)
		still := w.last(t, w.support, "sorry that it isn't solved")
		if still.Thread != q {
			t.Errorf("%q stands below %q", still.Readable, still.Thread)
		}
		card := w.last(t, w.agents, "[#1001]")
		for _, want := range []string{"Tom Smith", "Globex", "外部", "What are your opening hours?", "office-hours", "[接手]", "[回复]", "[解决]"} {
			if !strings.Contains(card.Readable, want) {
				t.Errorf("the card does not say %q:\n%s", want, card.Readable)
			}
		}
		if err := w.ana.Press(w.agents, card.TS, "接手"); err != nil {
			t.Fatal(err)
		}
		w.settle(time.Minute)
		card, _ = w.Message(w.agents, card.TS)
		if !strings.Contains(card.Readable, "Ana处理中") || strings.Contains(card.Readable, "[接手]") {
			t.Errorf("the card in its place reads:\n%s", card.Readable)
		}
		if err := w.li.Press(w.agents, card.TS, "回复"); err != nil {
			t.Fatal(err)
		}
		w.settle(time.Second)
		view := w.li.Views()
		if len(view) != 1 || !strings.Contains(view[0].Readable, "其他人也看得到") {
			t.Fatalf("Li is shown %+v", view)
		}
		sub, err := w.li.Submit(map[string]string{"发给客户的内容": "On 28 November too."})
		if err != nil || !sub.Pushed {
			t.Fatalf("the preview: %+v, %v", sub, err)
		}
		if v := w.li.Views(); !strings.Contains(v[len(v)-1].Readable, "On 28 November too.\n\n— Li Wei, Acme") {
			t.Errorf("the preview reads %q", v[len(v)-1].Readable)
		}
		if sub, err = w.li.Submit(nil); err != nil || !sub.Closed {
			t.Fatalf("sending: %+v, %v", sub, err)
		}
		w.settle(time.Minute)
		answer := w.last(t, w.support, "On 28 November too.")
		if answer.Thread != q {
			t.Error("the answer stands elsewhere")
		}
		echo := w.last(t, w.agents, "On 28 November too.")
		if echo.Thread != card.TS || len(echo.Reactions["white_check_mark"]) != 1 {
			t.Errorf("colleagues see it below %q with %v", echo.Thread, echo.Reactions)
		}
		w.tom.Reply(w.support, q, "Thank you")
		w.settle(time.Minute)
		if m := w.last(t, w.agents, "Thank you"); m.Thread != card.TS {
			t.Error("what the customer says is not below the card")
		}
	})
}

// A customer who writes by mail is answered by an agent in Slack.
func TestSlackAnswersMail(t *testing.T) {
	inSlack(t, func(t *testing.T, w *workspace) {
		in := w.h.mail("tom@customers.example", "Can you tune forty pianos in one week in March?")
		w.settle(time.Minute)
		card := w.last(t, w.agents, "[#1001]")
		w.ana.Reply(w.agents, card.TS, "did we ever?")
		w.settle(time.Minute)
		if got := w.h.post.texts("tom@customers.example"); len(got) != 1 {
			t.Fatalf("talk among colleagues: the customer has %q", got)
		}
		ts := w.ana.Reply(w.agents, card.TS, "> Yes, with two weeks' notice & <care>.")
		w.settle(time.Minute)
		got := w.h.post.texts("tom@customers.example")
		if len(got) != 2 || got[1] != "Yes, with two weeks' notice & <care>.\n\nAna\nAcme customer service" {
			t.Errorf("the customer has %q", got)
		}
		if m, _ := w.Message(w.agents, ts); len(m.Reactions["white_check_mark"]) != 1 {
			t.Errorf("the agent sees %v", m.Reactions)
		}
		w.h.mail("tom@customers.example", "The second week *please* <!channel>", answers(in.Ref))
		w.settle(time.Minute)
		m := w.last(t, w.agents, "The second week *please* <!channel>")
		if m.Thread != card.TS {
			t.Error("the customer's mail is not below the card")
		}
	})
}

// A complaint in a public channel goes on in private, and leaves one neutral line.
func TestSlackComplaintInPublic(t *testing.T) {
	inSlack(t, func(t *testing.T, w *workspace) {
		q := w.amy.Say(w.support, "我要投诉！你们的快递员态度很差，把包裹扔在门口就走了。")
		w.settle(time.Minute)
		left := w.Thread(w.support, q)
		if len(left) != 2 || left[1].Readable != "我会通过私信与您沟通。" {
			t.Fatalf("in public stands %+v", left)
		}
		m := w.last(t, w.amy.Direct(), "非常抱歉")
		if !strings.Contains(m.Readable, "#1001") || len(m.Buttons) == 0 {
			t.Errorf("in private: %s", m.Readable)
		}
		if n := len(w.Messages(w.agents)); n != 0 {
			t.Errorf("%d messages about a complaint where all agents read", n)
		}
		card := w.last(t, w.complaints, "投诉")
		if err := w.amy.Press(w.amy.Direct(), m.TS, "填写表单"); err != nil {
			t.Fatal(err)
		}
		w.settle(time.Second)
		if sub, err := w.amy.Submit(map[string]string{"发生时间": "昨天下午三点"}); err != nil || !sub.Closed {
			t.Fatalf("the form: %+v, %v", sub, err)
		}
		w.settle(time.Minute)
		w.last(t, w.amy.Direct(), "您补充的情况已记入投诉#1001")
		w.last(t, w.complaints, "昨天下午三点")
		w.ana.Reply(w.complaints, card.TS, "＞您好，我们已联系快递公司。")
		w.settle(time.Minute)
		w.last(t, w.amy.Direct(), "您好，我们已联系快递公司。")
		if got := w.Thread(w.support, q); len(got) != 2 {
			t.Errorf("in public stands more: %+v", got[2:])
		}
		w.amy.DM("我的投诉处理得怎么样了")
		w.settle(time.Minute)
		if got := len(w.Messages(w.agents)); got != 0 {
			t.Errorf("%d messages in the agents' channel", got)
		}
	})
}

// Two agents press Take at once: one has it, the other is told who.
func TestSlackRaceForTake(t *testing.T) {
	inSlack(t, func(t *testing.T, w *workspace) {
		w.tom.DM("I want to talk to a human")
		w.settle(time.Minute)
		card := w.last(t, w.agents, "[#1001]")
		errs := make(chan error, 2)
		for _, u := range []*slacktest.User{w.ana, w.li} {
			go func() { errs <- u.Press(w.agents, card.TS, "接手") }()
		}
		for range 2 {
			if err := <-errs; err != nil {
				t.Fatal(err)
			}
		}
		w.settle(time.Minute)
		c := w.h.cases()[0]
		loser := w.li
		if c.TakenBy == "Li Wei" {
			loser = w.ana
		} else if c.TakenBy != "Ana" {
			t.Fatalf("the case is %+v", c)
		}
		if got := loser.SeesEphemeral(); len(got) != 1 || !strings.Contains(got[0].Readable, c.TakenBy) {
			t.Errorf("the other is shown %+v", got)
		}
		if n := w.h.raw("SELECT count(*) FROM event WHERE kind = 'taken'"); n[0] != "1" {
			t.Errorf("it was taken %s times", n[0])
		}
	})
}

// Strangers in the agents' channel are refused politely; nothing of theirs goes
// anywhere.
func TestSlackStrangerAmongAgents(t *testing.T) {
	inSlack(t, func(t *testing.T, w *workspace) {
		dm := w.tom.DM("I want to talk to a human")
		w.settle(time.Minute)
		card := w.last(t, w.agents, "[#1001]")
		zed := w.User("zed", slacktest.UserOptions{Team: w.Team("Globex")})
		w.Invite(w.agents, zed)
		w.settle(5 * time.Minute) // we ask who that is
		before := len(w.Messages(w.tom.Direct()))
		zed.Reply(w.agents, card.TS, "> words of a stranger")
		if err := zed.Press(w.agents, card.TS, "接手"); err != nil {
			t.Fatal(err)
		}
		w.settle(time.Minute)
		if got := w.Messages(w.tom.Direct()); len(got) != before {
			t.Errorf("the customer got %+v", got[before:])
		}
		if got := zed.SeesEphemeral(); len(got) != 2 || !strings.Contains(got[0].Readable, "不在工作人员名单里") {
			t.Errorf("the stranger is shown %+v", got)
		}
		if c := w.h.cases()[0]; c.TakenBy != "" {
			t.Errorf("a stranger has taken %+v", c)
		}
		_ = dm
	})
}

// Where the bot is only mentioned, it takes what is said to it and nothing else.
func TestSlackOnlyWhatIsAddressed(t *testing.T) {
	inSlack(t, func(t *testing.T, w *workspace) {
		w.amy.Say(w.hall, "a secret between colleagues")
		root := w.mallory.Say(w.hall, "another secret")
		w.amy.Reply(w.hall, root, "a third secret")
		q := w.amy.Mention(w.hall, "你们周末上班吗")
		w.settle(time.Minute)
		a := w.last(t, w.hall, "我们的人工服务时间是")
		if a.Thread != q {
			t.Error("the answer stands elsewhere")
		}
		if n := w.h.raw("SELECT count(*) FROM message WHERE text LIKE '%secret%'"); n[0] != "0" {
			t.Errorf("%s secrets are recorded", n[0])
		}
		if n := w.h.raw("SELECT count(*) FROM blob WHERE instr(data, 'secret') > 0"); n[0] != "0" {
			t.Errorf("%s secrets are kept as bytes", n[0])
		}
		// In the thread of the question its author needs no mention.
		w.amy.Reply(w.hall, q, "没有解决")
		w.settle(time.Minute)
		w.last(t, w.agents, "[#1001]")
		if n := len(w.Thread(w.hall, q)); n != 4 {
			t.Errorf("%d messages in the thread", n)
		}
	})
}

// A member of staff who answers in the customer's thread has taken over.
func TestSlackAnswersByHand(t *testing.T) {
	inSlack(t, func(t *testing.T, w *workspace) {
		q := w.tom.Say(w.support, "Can you tune forty pianos in one week in March?")
		w.settle(time.Minute)
		w.ana.Reply(w.support, q, "Yes, Tom, we can.")
		w.settle(time.Minute)
		if c := w.h.cases()[0]; c.TakenBy != "Ana" {
			t.Errorf("the case is %+v", c)
		}
		w.last(t, w.agents, "Yes, Tom, we can.")
		n := len(w.Thread(w.support, q))
		w.tom.Reply(w.support, q, "What are your opening hours?")
		w.settle(time.Minute)
		if got := w.Thread(w.support, q); len(got) != n+1 {
			t.Errorf("the bot talks while a person is on it: %q", got[len(got)-1].Readable)
		}
	})
}

// The slash command, in words and as a form.
func TestSlackCommand(t *testing.T) {
	inSlack(t, func(t *testing.T, w *workspace) {
		if err := w.amy.Slash(w.hall, "/support", "你们周末上班吗"); err != nil {
			t.Fatal(err)
		}
		w.settle(time.Minute)
		w.last(t, w.amy.Direct(), "我们的人工服务时间是")
		if got := w.amy.SeesEphemeral(); len(got) != 1 || !strings.Contains(got[0].Readable, "私信") {
			t.Errorf("where it was typed: %+v", got)
		}
		if err := w.amy.Slash(w.hall, "/support", ""); err != nil {
			t.Fatal(err)
		}
		w.settle(time.Second)
		if sub, err := w.amy.Submit(map[string]string{"您想说的是": "投诉", "请写下您要说的内容": "快递员把包裹扔在门口就走了。"}); err != nil || !sub.Closed {
			t.Fatalf("the form: %+v, %v", sub, err)
		}
		w.settle(time.Minute)
		if c := w.h.cases(); len(c) != 1 || c[0].Kind != kindComplaint {
			t.Errorf("cases %+v", c)
		}
	})
}

// Files go both ways, and to and from mail.
func TestSlackFiles(t *testing.T) {
	inSlack(t, func(t *testing.T, w *workspace) {
		w.tom.DM("I want to talk to a human")
		w.settle(time.Minute)
		card := w.last(t, w.agents, "[#1001]")
		w.tom.Upload(w.tom.Direct(), "", "photo.jpg", []byte("a photo"), "this is how it looks")
		w.settle(5 * time.Minute)
		found := false
		for _, m := range w.Thread(w.agents, card.TS) {
			for _, f := range m.Files {
				found = found || f.Name == "photo.jpg" && string(f.Data) == "a photo"
			}
		}
		if !found {
			t.Error("the customer's file is not below the card")
		}
		w.ana.Upload(w.agents, card.TS, "manual.pdf", []byte("a manual"), "> Please see the manual.")
		w.ana.Upload(w.agents, card.TS, "internal.pdf", []byte("not for customers"), "for us")
		w.settle(5 * time.Minute)
		var names []string
		for _, m := range w.Messages(w.tom.Direct()) {
			for _, f := range m.Files {
				if m.Ours {
					names = append(names, f.Name+" "+string(f.Data))
				}
			}
		}
		if fmt.Sprint(names) != "[manual.pdf a manual]" {
			t.Errorf("the customer got %q", names)
		}
		// From mail to Slack and back.
		w.h.mail("zoe@customers.example", "Can you tune forty pianos in one week in March?", func(in *channels.Inbound) { in.Files = file("list") })
		w.settle(time.Minute)
		card = w.last(t, w.agents, "[#1002]")
		found = false
		for _, m := range w.Thread(w.agents, card.TS) {
			for _, f := range m.Files {
				found = found || f.Name == "list.txt" && string(f.Data) == "list"
			}
		}
		if !found {
			t.Error("the mail's file is not below the card")
		}
		w.ana.Upload(w.agents, card.TS, "offer.pdf", []byte("an offer"), "> As attached.")
		w.settle(5 * time.Minute)
		w.h.post.mu.Lock()
		defer w.h.post.mu.Unlock()
		last := w.h.post.sent[len(w.h.post.sent)-1]
		if len(last.Files) != 1 || last.Files[0].Name != "offer.pdf" {
			t.Fatalf("the mail has %+v", last.Files)
		}
		if b, err := last.Files[0].Data.ReadAll(100); err != nil || string(b) != "an offer" {
			t.Errorf("the mail's file is %q, %v", b, err)
		}
	})
}

// Edits and deletions are followed, and nothing is answered twice for them.
func TestSlackEdits(t *testing.T) {
	inSlack(t, func(t *testing.T, w *workspace) {
		q := w.tom.DM("I want to talk to a human")
		w.settle(time.Minute)
		n := len(w.Messages(w.tom.Direct()))
		w.tom.Edit(w.tom.Direct(), q, "I want to talk to a human about my invoice")
		w.Unfurl(w.tom.Direct(), q)
		w.settle(time.Minute)
		w.last(t, w.agents, "about my invoice")
		w.tom.Delete(w.tom.Direct(), q)
		w.settle(time.Minute)
		w.last(t, w.agents, "客户撤回了之前的一条消息")
		if got := w.Messages(w.tom.Direct()); len(got) > n {
			t.Errorf("the bot answered an edit: %q", got[len(got)-1].Readable)
		}
	})
}

// In observe mode customers hear nothing, and staff see what the bot would say;
// paused, the same holds.
func TestSlackObserveAndPause(t *testing.T) {
	inSlack(t, func(t *testing.T, w *workspace) {
		w.tom.DM("What are your opening hours?")
		w.settle(time.Minute)
		if got := w.Messages(w.tom.Direct()); len(got) != 1 {
			t.Errorf("in observe mode the customer reads %q", got[1].Readable)
		}
		m := w.last(t, w.agents, "Our service hours are")
		ts := w.ana.Reply(w.agents, m.TS, "> From nine to five.")
		w.settle(time.Minute)
		w.last(t, w.tom.Direct(), "From nine to five.")
		_ = ts
	}, func(w *workspace, c *Config) {
		ch := c.Channels["workspace"]
		ch.Observe = true
		c.Channels["workspace"] = ch
	})
	inSlack(t, func(t *testing.T, w *workspace) {
		if err := w.h.engine.Pause(context.Background(), "ana", ""); err != nil {
			t.Fatal(err)
		}
		w.tom.DM("What are your opening hours?")
		w.settle(time.Minute)
		if got := w.Messages(w.tom.Direct()); len(got) != 1 {
			t.Errorf("paused, the customer reads %q", got[1].Readable)
		}
		w.last(t, w.agents, "[#1001]")
	})
}

// A gap of any kind loses nothing: what came meanwhile is caught up, in threads
// too, and nothing is answered twice.
func TestSlackCatchesUp(t *testing.T) {
	inSlack(t, func(t *testing.T, w *workspace) {
		q := w.tom.Say(w.support, "What are your opening hours?")
		w.settle(time.Minute)
		w.lossy = true
		w.h.stop()
		w.SetIntake(slacktest.Intake{LoseOffline: true})
		w.settle(20 * time.Minute)
		w.tom.Reply(w.support, q, "That did not help")
		w.amy.DM("你们周末上班吗")
		w.amy.Say(w.support, "可以退货吗？")
		w.settle(20 * time.Minute)
		w.h.restart()
		w.settle(10 * time.Minute)
		w.last(t, w.support, "sorry that it isn't solved")
		w.last(t, w.amy.Direct(), "我们的人工服务时间是")
		if n := w.h.raw("SELECT count(*) FROM conversation"); n[0] != "3" {
			t.Errorf("%s conversations", n[0])
		}
		if n := w.h.raw("SELECT count(*) FROM (SELECT ref FROM ledger WHERE ref <> '' AND disposition = 'taken' GROUP BY ref HAVING count(*) > 1)"); n[0] != "0" {
			t.Errorf("%s messages are taken twice", n[0])
		}
		w.SetIntake(slacktest.Intake{})
	})
}

// The app is taken out of the workspace: the channel stops and says so.
func TestSlackUninstalled(t *testing.T) {
	inSlack(t, func(t *testing.T, w *workspace) {
		w.lossy = true
		w.Uninstall()
		w.settle(time.Minute)
		if p := w.h.engine.Pulses()["workspace"]; p.State != channels.Fatal || p.Reason == "" {
			t.Errorf("the channel is %+v", p)
		}
		if n := w.h.raw("SELECT count(*) FROM event WHERE kind = 'channel' AND data LIKE '%fatal%'"); n[0] == "0" {
			t.Error("no event says so")
		}
	}, func(w *workspace, c *Config) {
		c.Operators = []channels.Person{who("ops@acme.example")}
	})
}

// Whatever agents do below a card in Slack but for a prefix and the button stays
// among them.
func TestSlackInternalStaysInternal(t *testing.T) {
	inSlack(t, func(t *testing.T, w *workspace) {
		q := w.tom.Say(w.support, "Can you tune forty pianos in one week in March?")
		w.amy.DM("转人工")
		w.settle(time.Minute)
		var cards []string
		for _, m := range w.Messages(w.agents) {
			if strings.Contains(m.Readable, "[接手]") {
				cards = append(cards, m.TS)
			}
		}
		if len(cards) != 2 {
			t.Fatalf("%d cards", len(cards))
		}
		before := len(w.Messages(w.support)) + len(w.Messages(w.amy.Direct()))
		for _, card := range cards {
			for _, words := range []string{"sesame", "note: sesame", "a > sesame", "/note sesame", "/frobnicate sesame", "sesame\n> sesame", "\u00bb sesame", "*&gt;* sesame"} {
				w.ana.Reply(w.agents, card, words)
				w.settle(2 * time.Second)
			}
			w.li.Broadcast(w.agents, card, "sesame for all of us")
			ts := w.li.Reply(w.agents, card, "an innocent word")
			w.settle(10 * time.Second)
			w.li.Edit(w.agents, ts, "> sesame by an edit")
			w.li.React(w.agents, ts, "eyes")
			w.li.Upload(w.agents, card, "sesame.txt", []byte("sesame"), "see this")
			w.mallory.DM("> sesame")
			if err := w.ana.Press(w.agents, card, "回复"); err != nil {
				t.Fatal(err)
			}
			w.settle(time.Second)
			if _, err := w.ana.Submit(map[string]string{"发给客户的内容": "sesame in a preview"}); err != nil {
				t.Fatal(err)
			}
			w.ana.Dismiss()
			w.ana.Dismiss()
		}
		w.ana.Say(w.agents, "> sesame beside the cards")
		w.li.Delete(w.agents, w.li.Reply(w.agents, cards[0], "sesame taken back"))
		w.settle(10 * time.Minute)
		for _, c := range []*slacktest.Channel{w.support, w.amy.Direct(), w.tom.Direct()} {
			for _, m := range w.Messages(c) {
				if m.Ours && strings.Contains(m.Readable+m.Text+fmt.Sprint(m.Files), "sesame") {
					t.Errorf("in %s stands %q", c.Name, m.Readable)
				}
			}
		}
		for _, d := range w.h.told() {
			if strings.Contains(d.words(), "sesame") {
				t.Errorf("for a customer: %s", d.words())
			}
		}
		if after := len(w.Messages(w.support)) + len(w.Messages(w.amy.Direct())); after != before {
			t.Errorf("customers have %d messages, had %d", after, before)
		}
		w.ana.Reply(w.agents, w.last(t, w.agents, "Can you tune forty pianos in one week in March?\n状态").TS, "／reply open sesame")
		w.settle(time.Minute)
		if m := w.last(t, w.support, "open sesame"); m.Thread != q {
			t.Error("it stands elsewhere")
		}
	})
}

// As an agent of Slack's the bot answers below each message and suggests what to
// ask.
func TestSlackAgentView(t *testing.T) {
	inSlack(t, func(t *testing.T, w *workspace) {
		w.amy.OpenMessages()
		w.settle(time.Minute)
		prompts := w.Prompts(w.amy.Direct(), "")
		if len(prompts) != 4 || prompts[3].Message != "转人工" {
			t.Fatalf("suggested: %+v", prompts)
		}
		ts := w.amy.DM(prompts[0].Message)
		w.settle(time.Minute)
		if got := w.Thread(w.amy.Direct(), ts); len(got) != 2 {
			t.Errorf("below the question stand %d messages", len(got)-1)
		}
		w.amy.Reply(w.amy.Direct(), ts, "没有解决")
		w.settle(time.Minute)
		if got := w.Thread(w.amy.Direct(), ts); len(got) != 4 || !strings.Contains(got[3].Readable, "很抱歉问题还没有解决") {
			t.Errorf("the thread is %+v", got)
		}
		card := w.last(t, w.agents, "[#1001]")
		w.ana.Reply(w.agents, card.TS, "> 您好，我来帮您。")
		w.settle(time.Minute)
		if got := w.Thread(w.amy.Direct(), ts); len(got) != 5 {
			t.Errorf("the agent's answer is not in the thread: %d", len(got))
		}
	})
}

// What was said before the bot was there, or too long ago, is recorded and not
// answered.
func TestSlackLate(t *testing.T) {
	inSlack(t, func(t *testing.T, w *workspace) {
		w.lossy = true
		w.h.stop()
		w.SetIntake(slacktest.Intake{LoseOffline: true})
		w.amy.DM("你们周末上班吗")
		w.settle(30 * time.Hour)
		w.SetIntake(slacktest.Intake{})
		w.h.restart()
		w.settle(10 * time.Minute)
		if got := w.Messages(w.amy.Direct()); len(got) != 1 {
			t.Errorf("a day late the bot says %q", got[1].Readable)
		}
		w.last(t, w.agents, "收到得太晚，未自动回复")
	}, func(w *workspace, c *Config) {
		ch := c.Channels["workspace"]
		ch.Within = 24 * time.Hour
		c.Channels["workspace"] = ch
	})
}
