package main

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"time"

	"frontdesk/bot/texts"
	"frontdesk/faq"
	"frontdesk/store"
)

// config reads the whole file.
func (r *configReader) config(top *configBlock, c *Config) {
	c.Company = r.company(top.need("company", "company: {name: Acme, timezone: Asia/Shanghai, languages: [zh, en]}"))
	c.Database = cmp.Or(top.take("database").file(), r.beside("frontdesk.db"))
	c.FAQ = r.faq(top.take("faq"))
	c.Vars = r.vars(top.take("vars"), c.Company.Languages)
	c.Answers = r.answers(top.take("answers"))
	c.Texts = r.texts(top.take("texts"), c.readFile)
	c.Intents = r.files(top.take("intents"), "intents: [intents.yaml]")
	c.Hours, c.Calendar = r.hours(top.need("hours", `hours: {days: {mon-fri: ["09:00-17:00"]}}`), c.Company.Location, c.readFile)
	c.Promises = r.promises(top.take("promises"))
	c.Staff = r.staff(top.need("staff", "staff: [{name: Ana, mail: ana@acme.example}]"))
	c.Channels = r.channels(top.need("channels", "channels: {"+mailSnippet+"}"), c.Company.Location)
	c.Operators = r.operators(top.take("operators"))
	c.Alarm = r.alarm(top.take("alarm"))
	c.HTTP = r.http(top.take("http"))
	top.end()
}

func (r *configReader) company(v *configValue) Company {
	b := v.block()
	c := Company{
		Name:     b.need("name", "name: Acme").text(),
		Location: b.need("timezone", "timezone: Asia/Shanghai").location(),
		Phone:    b.take("phone").text(),
		Website:  b.take("website").website(),
		Email:    b.take("email").mail(),
	}
	languages := b.need("languages", "languages: [zh, en]")
	for _, item := range languages.list() {
		switch lang := item.oneOf(texts.Languages()...); {
		case slices.Contains(c.Languages, lang):
			item.problem(lang+" is in the list twice", "remove one of the two")
		case lang != "":
			c.Languages = append(c.Languages, lang)
		}
	}
	languages.notEmpty("languages: [zh, en]")
	b.end()
	return c
}

func (r *configReader) faq(v *configValue) []string {
	files := r.files(v, "faq: [faq.yaml]")
	if files == nil {
		files = []string{r.beside("faq.yaml")}
	}
	return files
}

// files reads a list of file names, each of which may stand there once.
func (r *configReader) files(v *configValue, example string) []string {
	v.notEmpty(example)
	var files []string
	for _, item := range v.list() {
		file := item.file()
		if slices.Contains(files, file) {
			item.problem("this file is in the list twice", "remove one of the two")
		} else if file != "" {
			files = append(files, file)
		}
	}
	return files
}

func (r *configReader) answers(v *configValue) AnswersConfig {
	b := v.block()
	percent := b.take("precision").numberOr(int(100*faq.DefaultPrecision), int(100*faq.MinPrecision), int(100*faq.MaxPrecision))
	b.end()
	return AnswersConfig{Precision: float64(percent) / 100}
}

// texts also looks whether the folder is there: without it the bot would speak
// in its own words, and nobody would know why.
func (r *configReader) texts(v *configValue, readFile func(string) ([]byte, error)) string {
	dir := v.file()
	if dir == "" {
		return ""
	}
	switch _, err := readFile(dir); {
	case err == nil:
		v.problem(dir+" is a file", "name the folder that has zh/customer.yaml and the like in it")
	case errors.Is(err, fs.ErrNotExist):
		v.problem("there is no folder "+dir, "create it, or remove the line")
	}
	return dir
}

// promiseKinds are the kinds of cases that customers are promised an answer on.
var promiseKinds = []string{"complaint", "request", "question", "privacy"}

func (r *configReader) promises(v *configValue) map[string]map[store.Priority]time.Duration {
	all := map[string]map[store.Priority]time.Duration{
		"complaint": {store.Urgent: 4 * time.Hour, store.Normal: 8 * time.Hour},
		"request":   {store.Urgent: 8 * time.Hour, store.Normal: 16 * time.Hour},
	}
	b := v.block()
	for _, kind := range promiseKinds {
		v := b.take(kind)
		p := v.block()
		if p == nil {
			continue
		}
		urgent, normal := p.need("urgent", "urgent: 4h"), p.need("normal", "normal: 8h")
		all[kind] = map[store.Priority]time.Duration{store.Urgent: urgent.duration(), store.Normal: normal.duration()}
		if u, n := all[kind][store.Urgent], all[kind][store.Normal]; n > 0 && u > n {
			urgent.problem("this is longer than the normal time", fmt.Sprintf("write %s or less", normal.text()))
		}
		p.end()
	}
	b.end()
	return all
}

func (r *configReader) staff(v *configValue) []StaffMember {
	v.notEmpty("staff: [{name: Ana, mail: ana@acme.example}]")
	var all []StaffMember
	for _, item := range v.list() {
		b := item.block()
		name := b.need("name", "name: Ana")
		mail, user := b.need("mail", "mail: ana@acme.example"), b.take("slack")
		m := StaffMember{
			Name:       name.text(),
			Mail:       mail.mail(),
			Slack:      user.id(userID),
			Supervisor: b.take("role").oneOf("agent", "supervisor") == "supervisor",
		}
		b.end()
		if m.Name != "" && slices.ContainsFunc(all, func(o StaffMember) bool { return o.Name == m.Name }) {
			name.problem(fmt.Sprintf("there is another %q", m.Name), "write names that tell them apart")
		}
		r.address(mail, m.Mail, ofPerson)
		if user != nil {
			r.people = append(r.people, placedPerson{user, len(all), m.Slack})
		}
		all = append(all, m)
	}
	return all
}
