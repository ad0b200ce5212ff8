package bot

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"frontdesk/bot/texts"
	"frontdesk/channels"
	"frontdesk/faq"
	"frontdesk/store"
)

// speak puts together what the customer reads, as one message, and sends it. A
// decision that says nothing sends nothing.
func (e *Engine) speak(tx *store.Tx, in *incoming, s *Situation, d Decision, v *CaseView) error {
	if len(d.Say) == 0 {
		return nil
	}
	say := saying{format: channels.Markdown, to: []channels.Person{in.answerTo}, identity: in.correspondent, answers: in.ref, lang: s.Lang}
	if in.moved {
		say.answers = "" // what it answers stands elsewhere
	}
	say.text, say.choices = e.compose(s, d, v)
	for i := range say.choices {
		say.choices[i].Action = ofTalk(say.choices[i].Action, in.conv.ID)
	}
	return e.tell(tx, in, say, d)
}

// compose writes the message: the opening of a letter; who speaks, the first
// time; what is to be said; the door to a person, if nothing has named it; the
// ending. A complaint hears understanding before anything else.
func (e *Engine) compose(s *Situation, d Decision, v *CaseView) (texts.Reply, []channels.Choice) {
	a := textArgs{Company: e.cfg.Company}
	open := e.cfg.Calendar.Open(s.Now)
	if v != nil {
		a.Number = v.Number
		a.Agent = v.TakenBy
		a.Stage = e.cfg.Texts.Plain(s.Lang, "stage-"+strings.ReplaceAll(string(v.Stage), " ", "-"), a)
		if v.Due.After(s.Now) {
			a.Due = e.time(v.Due, s.Lang, s.Now)
		}
	}
	text := func(key string) texts.Reply { return e.cfg.Texts.Customer(s.Lang, key, a) }

	var body []texts.Reply
	if s.Letter {
		body = append(body, text("letter-open"))
	}
	first := d.Say[0].Key
	late := first == "complaint" || first == "human" || first == "still"
	intro := "intro"
	if !s.Letter && !late {
		intro = "intro-talk"
	}
	if !s.Memory.Greeted && !late {
		body = append(body, text(intro))
	}
	waits, answers := false, false
	for _, p := range d.Say {
		switch key := p.Key; {
		case p.Entry != "":
			answers = true
			body = append(body, e.answerText(p.Entry, s.Lang, s.Now))
		default:
			a.Quote, a.Quotes, a.Was, a.Missing = p.Quote, p.Quotes, p.Was, e.fieldNames(p.Fields, s.Lang)
			if key == "receipt" {
				a.Due = ""
				if next, ok := e.cfg.Calendar.NextOpen(s.Now); ok {
					a.Due = e.time(next, s.Lang, s.Now)
				}
			}
			if key == "complaint-due" && a.Due == "" || key == "receipt" && a.Due == "" {
				continue
			}
			if (key == "handed" || key == "human") && !open && a.Due != "" {
				key += "-closed"
			}
			waits = waits || key != "door" && key != "helped" && v != nil && a.Due != ""
			body = append(body, text(key))
		}
	}
	choices := e.buttons(s, d, v)
	if len(d.Choices) > 0 {
		choices = e.choices(s, d, &body)
	}
	if !s.Memory.Greeted && first == "human" { // the door was just gone through
		body = append(body, text("automatic"))
	} else if !s.Memory.Greeted && late {
		body = append(body, text("intro"))
	} else if answers && s.Memory.Greeted {
		body = append(body, text("door"))
	}
	if s.Letter {
		switch {
		case waits:
			body = append(body, text("close-wait"))
		case answers:
			body = append(body, text("close-answer"))
		}
		body = append(body, text("letter-sign"))
	}
	return join(body), choices
}

// answerText returns an entry's answer. decide has seen that there is one in this
// language.
func (e *Engine) answerText(id, lang string, now time.Time) texts.Reply {
	entry, ok := e.index().For(now, "").Entry(id)
	if !ok {
		panic(fmt.Sprintf("the FAQ has no entry %q any more", id)) // it was reloaded meanwhile, or its time is over: a person takes over
	}
	md, in, ok := entry.Answer(lang)
	if !ok || in != lang {
		panic(fmt.Sprintf("FAQ entry %q has no answer in %q", id, lang))
	}
	return texts.Reply(strings.TrimSpace(md))
}

// buttons are what a customer may want to say next, where there are buttons.
func (e *Engine) buttons(s *Situation, d Decision, v *CaseView) []channels.Choice {
	if !s.Buttons {
		return nil
	}
	say := func(key, means, style string) channels.Choice {
		label := e.cfg.Texts.Plain(s.Lang, key, textArgs{})
		return channels.Choice{Label: label, Style: style, Action: channels.Action{Name: actSay, Fields: map[string]string{"text": label, "means": means}}}
	}
	for _, p := range d.Say {
		switch p.Key {
		case "helped":
			return []channels.Choice{say("button-helped", faq.Helped, "primary"), say("button-not-helped", faq.NotHelped, ""), say("button-human", faq.Human, "")}
		case "fragment", "greeting", "abuse":
			return []channels.Choice{say("button-human", faq.Human, "")}
		case "complaint-missing", "request":
			return []channels.Choice{{Label: e.cfg.Texts.Plain(s.Lang, "button-form", textArgs{}), Action: channels.Action{Name: actForm, Case: v.Number}}}
		}
	}
	return nil
}

// choices lists the offered entries with numbers, and as buttons.
func (e *Engine) choices(s *Situation, d Decision, body *[]texts.Reply) []channels.Choice {
	var list []string
	var all []channels.Choice
	add := func(label, entry string) {
		all = append(all, channels.Choice{Label: label, Action: channels.Action{Name: actSay, Fields: map[string]string{"text": label, fieldChosen: entry}}})
	}
	for i, m := range d.Choices {
		label := m.Entry.Title(s.Lang)
		list = append(list, strconv.Itoa(i+1)+". "+string(texts.Escape(label)))
		add(label, m.Entry.ID)
	}
	none := e.cfg.Texts.Plain(s.Lang, "choice-none", textArgs{})
	add(none, noneChosen)
	if s.Buttons {
		all = append(all, channels.Choice{Label: e.cfg.Texts.Plain(s.Lang, "button-human", textArgs{}), Action: channels.Action{Name: actSay,
			Fields: map[string]string{"text": e.cfg.Texts.Plain(s.Lang, "button-human", textArgs{}), "means": faq.Human}}})
	}
	*body = append(*body, texts.Reply(strings.Join(list, "\n")))
	return all
}

func (e *Engine) fieldNames(names []string, lang string) string {
	var all []string
	for _, n := range names {
		all = append(all, e.cfg.Texts.Plain(lang, "field-"+n, textArgs{}))
	}
	sep, last := ", ", " and "
	if lang == "zh" {
		sep, last = "、", "和"
	}
	if len(all) < 2 {
		return strings.Join(all, "")
	}
	return strings.Join(all[:len(all)-1], sep) + last + all[len(all)-1]
}

func join(body []texts.Reply) texts.Reply {
	var b strings.Builder
	for i, p := range body {
		if i > 0 {
			b.WriteString("\n\n")
		}
		b.WriteString(string(p))
	}
	return texts.Reply(b.String())
}

// time writes a time as people read it.
func (e *Engine) time(t time.Time, lang string, now time.Time) string {
	return FormatTime(t, lang, e.cfg.Calendar.Location(), now)
}

// signed puts a person's words as they are above their signature.
func (e *Engine) signed(words string, agent Agent, lang string, letter bool, more ...string) texts.Reply {
	sign := "person-sign-talk"
	if letter {
		sign = "person-sign"
	}
	paragraphs := append([]string{strings.TrimSpace(words)}, more...)
	paragraphs = append(paragraphs, e.cfg.Texts.Plain(lang, sign, textArgs{Agent: agent.Name, Company: e.cfg.Company}))
	var all []texts.Reply
	for _, p := range paragraphs {
		all = append(all, texts.Reply(p))
	}
	return join(all)
}
