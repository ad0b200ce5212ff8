package bot

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"frontdesk/bot/extract"
	"frontdesk/faq"
	"frontdesk/store"
)

// moment is a situation in which a message is decided on: a talk with the bot in a
// letter, unless said otherwise.
type moment struct {
	state  store.State
	memory Memory
	owns   *CaseView // the conversation's case
	chat   bool      // short turns, with buttons

	early, late, paused, spent, stranger, receipt bool

	problem string
	files   int
}

func (m moment) situation(t testing.TB, text string) *Situation {
	now := time.Date(2026, 11, 23, 2, 0, 0, 0, time.UTC)
	x := sampleIndex(t, talkConfig(t).Calendar)
	s := &Situation{Now: now, Text: text, Problem: m.problem, Reading: x.Read(text), Files: m.files, Lang: "en", State: m.state, Memory: m.memory, Case: m.owns,
		Early: m.early, Late: m.late, Paused: m.paused, Spent: m.spent, Buttons: m.chat, Letter: !m.chat, Owner: !m.stranger, Receipt: m.receipt}
	if s.State == "" {
		s.State = store.WithBot
	}
	s.Facts = extract.Find(text, s.Reading.Lang, now)
	return s
}

// summary says a decision in a line: the rule; what the customer is told (an
// answer is @ID); what people get; who has the conversation then, and what the
// bot waits for.
func summary(d Decision) string {
	var say []string
	for _, p := range d.Say {
		switch {
		case p.Entry != "":
			say = append(say, "@"+p.Entry)
		case p.Fields != nil:
			say = append(say, fmt.Sprintf("%s(%s)", p.Key, strings.Join(p.Fields, " ")))
		default:
			say = append(say, p.Key)
		}
	}
	told := strings.Join(say, " ")
	if told == "" {
		told = "silence"
	}
	people := "-"
	switch {
	case d.Quarantine:
		people = "quarantine"
	case d.Case != nil && d.Case.Why != "":
		people = fmt.Sprintf("%s because %s", d.Case.Kind, d.Case.Why)
		if !d.Case.Promise {
			people += ", no time"
		}
	case d.Case != nil:
		people = d.Relay + " with fields"
	case d.Relay != "":
		people = d.Relay
	}
	s := fmt.Sprintf("%s: %s | %s | %s", d.Rule, told, people, d.State)
	if d.Memory.Awaiting != "" {
		s += " awaits " + d.Memory.Awaiting
	}
	return s
}

func TestDecide(t *testing.T) {
	question := &CaseView{Number: 1001, Kind: kindQuestion, Stage: store.StageOpen, Open: true}
	complaint := &CaseView{Number: 1001, Kind: kindComplaint, Stage: store.StageReceived, Open: true}
	resolved := &CaseView{Number: 1001, Kind: kindQuestion, Stage: store.StageResolved}
	bot := moment{}
	chat := moment{chat: true}
	answered := moment{memory: Memory{Awaiting: awaitHelped, Answered: []string{"office-hours"}, Asked: known, Greeted: true}}
	answeredChat := moment{chat: true, memory: answered.memory}
	offered := moment{chat: true, memory: Memory{Awaiting: awaitChoice, Offered: []string{"delivery-time", "delivery-cost"}}}
	waits := moment{state: store.Waiting, owns: question}
	told := moment{state: store.Waiting, owns: question, memory: Memory{Told: true}}
	asked := moment{state: store.Waiting, owns: complaint, memory: Memory{Awaiting: awaitDetails}}
	complained := moment{state: store.Waiting, owns: complaint, memory: Memory{Told: true}}
	person := moment{state: store.WithPerson, owns: question}
	over := moment{owns: resolved}
	spent := moment{spent: true}
	const (
		handed   = "unsure: handed | question because unsure | waiting"
		hours    = "faq: @office-hours helped | - | bot awaits helped"
		outraged = "complaint: complaint complaint-missing(place) complaint-evidence complaint-secret complaint-due | complaint because complaint | waiting awaits details"
		wanted   = "human: human | question because human | waiting"
	)
	for _, section := range []struct {
		what string
		rows []struct {
			is   moment
			text string
			want string
		}
	}{
		{"what arrived before we began is recorded and nothing else", rows{
			{moment{early: true}, known, "before-start: silence | - | bot"},
			{moment{early: true}, forHuman, "before-start: silence | - | bot"},
			{moment{early: true}, angry, "before-start: silence | - | bot"},
		}},
		{"spam is put aside, but not from a customer with a case", rows{
			{bot, "Congratulations! You have won the lottery. Click here to claim your prize now: http://casino.example", "spam: silence | quarantine | bot"},
			{waits, "Congratulations! You have won the lottery. Click here to claim your prize now: http://casino.example", "waiting: added | relay | waiting"},
		}},
		{"a person is one sentence away, whatever the bot was doing", rows{
			{bot, forHuman, wanted},
			{bot, "人工", wanted},
			{bot, "转人工！", wanted},
			{bot, "human", wanted},
			{bot, known + " And I want to talk to a human.", wanted},
			{answered, forHuman, wanted},
			{offered, "人工", wanted},
			{over, forHuman, wanted},
			{waits, forHuman, "human: human-again | relay | waiting"},
			{asked, "转人工", "human: human-again | relay | waiting awaits details"},
			{bot, "Do you have human resources jobs?", "unsure: handed | question because close | waiting"}, // not the word alone: jobs are asked for
			{bot, "人工提额", handed},
		}},
		{"a person is on it: the bot is silent and passes on", rows{
			{person, known, "with-person: silence | relay | person"},
			{person, forHuman, "with-person: silence | relay | person"},
			{person, angry, "with-person: silence | complaint because complaint, no time | person"},
			{person, "谢谢", "with-person: silence | relay | person"},
			{moment{state: store.WithPerson, owns: question, problem: "broken"}, "x", "with-person: silence | relay | person"},
			{moment{state: store.WithPerson, owns: question, receipt: true}, known, "with-person: receipt | relay | person"},
			{moment{state: store.WithPerson, owns: question, receipt: true, spent: true}, known, "with-person: silence | relay | person"},
			{moment{state: store.WithPerson, owns: question, receipt: true, paused: true}, known, "with-person: silence | relay | person"},
		}},
		{"the bot must not speak: people get it all, no time is promised", rows{
			{spent, known, "budget: silence | question because budget, no time | waiting"},
			{spent, forHuman, "budget: silence | question because budget, no time | waiting"},
			{spent, angry, "budget: silence | complaint because budget, no time | waiting"},
			{spent, "我要退款", "budget: silence | request because budget, no time | waiting"},
			{spent, "谢谢", "budget: silence | - | bot"},
			{moment{spent: true, state: store.Waiting, owns: question}, known, "budget: silence | relay | waiting"},
			{moment{paused: true}, known, "paused: silence | question because paused, no time | waiting"},
			{moment{paused: true, state: store.Waiting, owns: question}, forHuman, "paused: silence | relay | waiting"},
			{moment{late: true}, known, "late: silence | question because late, no time | waiting"},
		}},
		{"what cannot be read goes to people", rows{
			{moment{problem: "broken base64"}, "half of", "unreadable: unreadable | question because unreadable | waiting"},
			{moment{problem: "broken base64"}, known, "unreadable: unreadable | question because unreadable | waiting"},
			{moment{problem: "broken base64"}, forHuman, wanted},
		}},
		{"a choice is taken by number, by word, or not at all", rows{
			{offered, "1", "chosen: @delivery-time helped | - | bot awaits helped"},
			{offered, " 2. ", "chosen: @delivery-cost helped | - | bot awaits helped"},
			{offered, "２", "chosen: @delivery-cost helped | - | bot awaits helped"},
			{offered, "#2", "chosen: @delivery-cost helped | - | bot awaits helped"},
			{offered, "第二个", "chosen: @delivery-cost helped | - | bot awaits helped"},
			{offered, "第1个", "chosen: @delivery-time helped | - | bot awaits helped"},
			{offered, "The first.", "chosen: @delivery-time helped | - | bot awaits helped"},
			{offered, "delivery-cost", "chosen: @delivery-cost helped | - | bot awaits helped"},
			{offered, "都不是", "none-chosen: handed | question because close | waiting"},
			{offered, "None of these", "none-chosen: handed | question because close | waiting"},
			{offered, "3", "fragment: fragment | - | bot"}, // there is no third
			{offered, known, hours},
			{offered, angry, outraged},
			{chat, "1", "fragment: fragment | - | bot"}, // nothing was offered
		}},
		{"did it help?", rows{
			{answered, "Yes", "helped: silence | - | closed"},
			{answeredChat, "解决了", "helped: glad | - | closed"},
			{answered, "no", "not-helped: still | question because not-helped | waiting"},
			{answered, "没有解决", "not-helped: still | question because not-helped | waiting"},
			{answered, "Thanks, but it still fails", "not-helped: still | question because not-helped | waiting"},
			{answeredChat, "谢谢，但是还是不行", "not-helped: still | question because not-helped | waiting"},
			{answeredChat, "谢谢", "thanks: thanks | - | closed"},
			{answered, "谢谢", "thanks: silence | - | closed"}, // a letter of thanks needs no answer
			{answered, known, hours},
			{bot, "That did not help.", "fragment: fragment | - | bot"}, // nothing was answered
		}},
		{"a complaint is understood before anything is asked", rows{
			{bot, "I want to complain", "complaint: complaint complaint-missing(description time people order) complaint-evidence complaint-secret complaint-due | complaint because complaint | waiting awaits details"},
			{bot, "我要投诉", "complaint: complaint complaint-missing(description time people order) complaint-evidence complaint-secret complaint-due | complaint because complaint | waiting awaits details"},
			{bot, angry, outraged},
			{bot, angry + "\n\n" + known, "complaint: complaint complaint-missing(place) complaint-evidence complaint-secret answer-to @office-hours complaint-due | complaint because complaint | waiting awaits details"},
			{moment{files: 1}, angry, "complaint: complaint complaint-missing(place) complaint-secret complaint-due | complaint because complaint | waiting awaits details"},
			{bot, "我要投诉你们的送货员张师傅，昨天上午十点在北京市朝阳区建国路8号，他对我大喊大叫。", "complaint: complaint complaint-evidence complaint-secret complaint-due | complaint because complaint | waiting"},
			{waits, angry, outraged},
			{asked, "It was yesterday at 10:30, Mr Smith was there.", "details: details | relay with fields | waiting"},
			{asked, "谢谢", "waiting: silence | relay | waiting awaits details"},
			{moment{state: store.Waiting, owns: complaint}, angry, "complaint: complaint-more | relay with fields | waiting"},
			{complained, angry, "complaint: silence | relay with fields | waiting"},
			{moment{state: store.Waiting, memory: Memory{Awaiting: awaitDetails}}, "It was yesterday, Mr Smith was there.", handed}, // its case was closed meanwhile
		}},
		{"asking about a thing is a question, wanting it is not", rows{
			{bot, "How do I complain?", "faq: @complaint-process helped | - | bot awaits helped"},
			{bot, "怎么投诉？", "faq: @complaint-process helped | - | bot awaits helped"},
			{bot, "是否提供退款？", "faq: @refund helped | - | bot awaits helped"},
			{bot, "我要退款", "request: request | request because request | waiting"},
			{bot, "请删除我的个人信息", "privacy: privacy | privacy because privacy | waiting"},
			{bot, "I suggest you open on Sundays", "suggestion: suggestion | suggestion because suggestion, no time | bot"},
			{bot, "你们服务真好，表扬一下", "praise: praise | praise because praise, no time | bot"},
			{bot, "How is my case going?", "status: status-none | question because status | waiting"},
			{waits, "How is my case going?", "status: status | relay | waiting"},
			{moment{state: store.Waiting, owns: question, stranger: true}, "How is my case going?", "status: status-none | relay | waiting"},
		}},
		{"what the FAQ is sure of is answered; the rest is named", rows{
			{bot, known, hours},
			{bot, "What are your opening hours? How can I get an invoice?", "faq: answer-to @office-hours answer-to @invoice helped | - | bot awaits helped"},
			{bot, known + "\n\nAre you open on weekends?", "faq: answer-to @office-hours helped | - | bot awaits helped"},
			{bot, known + "\n\n" + unknown, "faq-partly: answer-to @office-hours rest | question because partly | waiting"},
			{bot, known + " I want a refund.", "request: answer-to @office-hours request | request because request | waiting"},
			{bot, "我要退款。你们周末上班吗？", "request: answer-to @office-hours request | request because request | waiting"},
			{bot, known + " Please delete my personal data.", "privacy: answer-to @office-hours privacy | privacy because privacy | waiting"},
			{bot, known + "\n\n" + unknown + "\n\nI want a refund.", "request: answer-to @office-hours rest request | request because request | waiting"},
			{bot, known + "\n\nI have a suggestion: please open on Sundays.", "suggestion: answer-to @office-hours suggestion | suggestion because suggestion, no time | bot"},
			{bot, known + "\n\n" + unknown + "\n\nI have a suggestion: please open on Sundays.", "faq-partly: answer-to @office-hours rest | question because partly | waiting"},
			{waits, known + " I want a refund.", "faq: answer-to @office-hours | relay-by-bot | waiting"},
			{waits, known, "faq: @office-hours | relay-by-bot | waiting"},
			{over, known, hours},
		}},
		{"while people are waited for, additions are acknowledged once", rows{
			{waits, "It is the mark IV model.", "waiting: added | relay | waiting"},
			{waits, "Order number 12345678", "waiting: added | relay with fields | waiting"},
			{told, "It is the mark IV model.", "waiting: silence | relay | waiting"},
			{told, unknown, "waiting: silence | relay | waiting"},
			{waits, "Thanks!", "waiting: silence | relay | waiting"},
			{told, "Thanks, but it still fails", "waiting: silence | relay | waiting"},
		}},
		{"entries that are close are offered where there are buttons", rows{
			{chat, "delivery", "choices: choices | - | bot awaits choice"},
			{bot, "delivery", "unsure: handed | question because close | waiting"},
			{chat, unknown, handed},
		}},
		{"small talk becomes no case", rows{
			{chat, "在吗", "greeting: greeting | - | bot"},
			{chat, "Hello!", "greeting: greeting | - | bot"},
			{chat, "谢谢", "thanks: thanks | - | closed"},
			{chat, "Goodbye", "thanks: thanks | - | closed"},
			{bot, "Thanks!", "thanks: silence | - | closed"},
			{chat, "?", "fragment: fragment | - | bot"},
			{over, "Thanks!", "thanks: silence | - | closed"},                                      // reopens nothing
			{moment{chat: true, files: 1}, "", "unsure: file | question because unsure | waiting"}, // somebody looks at the file
		}},
		{"a case that is over is opened again by what is not thanks", rows{
			{over, "It still does not work.", "not-helped: still | question because reopened | waiting"},
			{over, unknown, handed},
		}},
		{"otherwise, honestly: a person", rows{
			{bot, unknown, handed},
			{chat, unknown, handed},
		}},
	} {
		t.Run(section.what, func(t *testing.T) {
			for _, r := range section.rows {
				s := r.is.situation(t, r.text)
				before := fmt.Sprintf("%+v", *s)
				d := decide(s)
				if got := summary(d); got != r.want {
					t.Errorf("%q\n got %s\nwant %s", r.text, got, r.want)
				}
				if fmt.Sprintf("%+v", *s) != before {
					t.Errorf("%q: decide changed the situation", r.text)
				}
				if again := decide(s); !reflect.DeepEqual(again, d) {
					t.Errorf("%q: decide is not the same twice", r.text)
				}
			}
		})
	}
}

type rows = []struct {
	is   moment
	text string
	want string
}

// Whatever the situation: decide does not panic, a hand-over has a reason that
// staff can read, the customer is not left without a word or a person, and a
// complaint or a wish for a person is never without people.
func TestDecideAlways(t *testing.T) {
	set := talkConfig(t).Texts
	cases := []*CaseView{nil}
	for _, k := range []string{kindQuestion, kindComplaint} {
		cases = append(cases, &CaseView{Number: 1, Kind: k, Stage: firstStage(k), Open: true}, &CaseView{Number: 1, Kind: k, Stage: store.StageResolved})
	}
	memories := []Memory{{}, {Told: true, Greeted: true}, {Awaiting: awaitChoice, Offered: []string{"invoice"}}, {Awaiting: awaitHelped, Answered: []string{"invoice"}}, {Awaiting: awaitDetails}, {Awaiting: "what no version knew"}}
	n := 0
	for _, text := range []string{"", known, unknown, angry, forHuman, "谢谢", "no", "yes", "1", "我要退款", "How is my case going?", "Thanks, but it still fails", "delivery", "hello", known + "\n\n" + unknown} {
		for _, state := range []store.State{store.WithBot, store.Waiting, store.WithPerson, store.Ended} {
			for _, view := range cases {
				for _, memory := range memories {
					for flags := range 1 << 6 {
						m := moment{state: state, memory: memory, owns: view, chat: flags&1 != 0, spent: flags&2 != 0, receipt: flags&4 != 0, stranger: flags&8 != 0, paused: flags&16 != 0}
						if flags&32 != 0 {
							m.problem, m.files = "broken", 1
						}
						s := cached(t, m, text)
						d := decide(s)
						n++
						what := func() string { return fmt.Sprintf("%q in %+v with case %+v: %s", text, m, view, summary(d)) }
						if d.Rule == "" || d.Why == "" {
							t.Fatalf("%s: no reason", what())
						}
						if d.Case != nil && d.Case.Why != "" {
							set.Staff("en", "why-"+d.Case.Why, textArgs{}) // panics if there is none
						}
						if len(d.Say) > 0 { // in observe mode people read why
							set.Staff("en", "rule-"+d.Rule, textArgs{})
						}
						if d.Relay != "" {
							set.Staff("en", d.Relay, textArgs{})
						}
						for _, p := range d.Say {
							if p.Key != "" {
								set.Customer("en", p.Key, textArgs{})
							}
						}
						people := d.Case != nil || d.Relay != ""
						if (text == forHuman || text == angry) && !people {
							t.Fatalf("%s: nobody gets it", what())
						}
						if (m.paused || m.spent) && len(d.Say) > 0 {
							t.Fatalf("%s: the bot must not speak", what())
						}
						if state == store.WithPerson && len(d.Say) > 0 && d.Say[0].Key != "receipt" {
							t.Fatalf("%s: a person has it", what())
						}
						if text == unknown && len(d.Say) == 0 && !people {
							t.Fatalf("%s: neither a word nor a person", what())
						}
					}
				}
			}
		}
	}
	t.Logf("%d situations", n)
}

var readings = map[string]faq.Reading{}

func cached(t testing.TB, m moment, text string) *Situation {
	r, ok := readings[text]
	if !ok {
		r = sampleIndex(t, talkConfig(t).Calendar).Read(text)
		readings[text] = r
	}
	s := &Situation{Now: time.Date(2026, 11, 23, 2, 0, 0, 0, time.UTC), Text: text, Problem: m.problem, Reading: r, Files: m.files, Lang: "en", State: m.state, Memory: m.memory, Case: m.owns,
		Early: m.early, Late: m.late, Paused: m.paused, Spent: m.spent, Buttons: m.chat, Letter: !m.chat, Owner: !m.stranger, Receipt: m.receipt}
	return s
}

func BenchmarkDecide(b *testing.B) {
	s := moment{}.situation(b, known+"\n\n"+unknown)
	b.ReportAllocs()
	for b.Loop() {
		decide(s)
	}
}

func TestAskedFAQ(t *testing.T) {
	for rule, want := range map[string]bool{"faq": true, "faq-partly": true, "choices": true, "unsure": true, "human": false, "with-person": false, "complaint": false, "spam": false, "before-start": false, "": false} {
		if AskedFAQ(rule) != want {
			t.Errorf("%q: %v", rule, !want)
		}
	}
}
