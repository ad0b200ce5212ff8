package main

import (
	"cmp"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"golang.org/x/tools/txtar"

	"frontdesk/store"
)

var updateConfig = flag.Bool("update-config", false, "rewrite the problems in testdata/config")

// TestConfigProblems runs the files of testdata/config. Each holds what it
// shows, a configuration, and the problems that must come of it: those of the
// file, and those of the passwords it names, which only come when one is
// needed. Other sections are files beside it, and the environment.
func TestConfigProblems(t *testing.T) {
	files, err := filepath.Glob("testdata/config/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no files: %v", err)
	}
	for _, path := range files {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txt"), func(t *testing.T) {
			a, err := txtar.ParseFile(path)
			if err != nil {
				t.Fatal(err)
			}
			inputs := map[string]string{}
			kept := a.Files[:0]
			for _, f := range a.Files {
				if !strings.HasPrefix(f.Name, "problems") {
					kept = append(kept, f)
				}
				inputs[f.Name] = string(f.Data)
			}
			env := func(name string) (string, bool) {
				for line := range strings.Lines(inputs["environment"]) {
					if key, value, ok := strings.Cut(strings.TrimSuffix(line, "\n"), "="); ok && key == name {
						return value, true
					}
				}
				return "", false
			}
			readFile := func(name string) ([]byte, error) {
				if text, ok := inputs[name]; ok {
					return []byte(text), nil
				}
				for other := range inputs {
					if strings.HasPrefix(other, name+"/") {
						return nil, errors.New("is a directory")
					}
				}
				return nil, fs.ErrNotExist
			}

			sections := map[string]string{}
			c, err := ParseConfig("frontdesk.yaml", []byte(inputs["frontdesk.yaml"]), env, readFile)
			sections["problems"] = told(t, err)
			if err == nil {
				_, err = c.Secrets()
				sections["problems with passwords"] = told(t, err)
			} else if c != nil {
				t.Error("there are problems, and a configuration too")
			}

			a.Files = kept
			for _, name := range []string{"problems", "problems with passwords"} {
				got, ok := sections[name]
				if !ok || name == "problems with passwords" && got == "none\n" && inputs[name] == "" {
					continue
				}
				a.Files = append(a.Files, txtar.File{Name: name, Data: []byte(got)})
				if want := inputs[name]; got != want && !*updateConfig {
					t.Errorf("%s:\n%swant:\n%s", name, got, want)
				}
			}
			if *updateConfig {
				if err := os.WriteFile(path, txtar.Format(a), 0o644); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

// told returns the problems as the operator reads them.
func told(t *testing.T, err error) string {
	if err == nil {
		return "none\n"
	}
	problems, ok := errors.AsType[*ConfigError](err)
	if !ok || len(problems.Problems) == 0 {
		t.Errorf("%T is no *ConfigError with problems", err)
	}
	return err.Error() + "\n"
}

// smallConfig has nothing that may be left out. %s is for more of the channel.
const smallConfig = `
company: {name: Acme, timezone: Asia/Shanghai, languages: [en, zh]}
hours: {days: {mon-fri: ["09:00-17:00"]}}
staff: [{name: Ana, mail: Ana@Acme.example}]
channels:
  support:
    type: mail
    address: Support@acme.example
    imap: {host: imap.acme.example, user: support, password_env: IMAP_PASSWORD}
    smtp: {host: smtp.acme.example}
    staff: team@acme.example
    %s
`

func parseConfig(t *testing.T, text string) *Config {
	t.Helper()
	c, err := ParseConfig("/etc/frontdesk/frontdesk.yaml", []byte(text),
		func(name string) (string, bool) { return "pass-" + name, true },
		func(name string) ([]byte, error) {
			if name == "/etc/frontdesk/smtp.password" {
				return []byte("secret of the file\r\n"), nil
			}
			return nil, errors.New("is a directory")
		})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestConfigDefaults(t *testing.T) {
	c := parseConfig(t, fmt.Sprintf(smallConfig, ""))
	same(t, "company", c.Company.Name, "Acme")
	same(t, "zone", c.Company.Location.String(), "Asia/Shanghai")
	same(t, "languages", c.Company.Languages, []string{"en", "zh"})
	same(t, "database", c.Database, "/etc/frontdesk/frontdesk.db")
	same(t, "faq", c.FAQ, []string{"/etc/frontdesk/faq.yaml"})
	same(t, "texts", c.Texts, "")
	same(t, "intents", len(c.Intents), 0)
	same(t, "hours", c.Calendar.Describe("en"), "Mon–Fri 09:00–17:00")
	same(t, "promises", c.Promises, map[string]map[store.Priority]time.Duration{
		"complaint": {"urgent": 4 * time.Hour, "normal": 8 * time.Hour},
		"request":   {"urgent": 8 * time.Hour, "normal": 16 * time.Hour},
	})
	same(t, "staff", c.Staff, []StaffMember{{Name: "Ana", Mail: "ana@acme.example"}})
	same(t, "channels", c.Channels, []ChannelConfig{{
		Name: "support", Type: "mail", FromNow: true, Budget: Budget{3, 10, 5},
		Mail: &MailConfig{
			Address: "support@acme.example", Staff: "team@acme.example", Complaints: "team@acme.example",
			IMAP: IMAPConfig{Host: "imap.acme.example", Port: 993, TLS: "implicit", User: "support", Password: Secret{Env: "IMAP_PASSWORD"}, Folder: "INBOX"},
			SMTP: SMTPConfig{Host: "smtp.acme.example", Port: 587, TLS: "starttls"},
		},
	}})
}

// A file that has Slack alone is whole, and what it leaves out has defaults.
func TestConfigSlackDefaults(t *testing.T) {
	c := parseConfig(t, `
company: {name: Acme, timezone: Asia/Shanghai, languages: [en, zh]}
hours: {days: {mon-fri: ["09:00-17:00"]}}
staff: [{name: Ana, mail: ana@acme.example, slack: U0123ABCD}]
channels: {`+slackSnippet+`}
`)
	same(t, "staff", c.Staff, []StaffMember{{Name: "Ana", Mail: "ana@acme.example", Slack: "T0123ABCD:U0123ABCD"}})
	same(t, "channels", c.Channels, []ChannelConfig{{
		Name: "workspace", Type: "slack", FromNow: true, Budget: Budget{60, 200, 20},
		Slack: &SlackConfig{
			Team: "T0123ABCD", BotToken: Secret{Env: "SLACK_BOT_TOKEN"}, AppToken: Secret{Env: "SLACK_APP_TOKEN"}, Agents: "C0123ABCD",
			Command: "/support", ReplyPrefix: []string{">", "/reply"}, Personal: true, Gather: 3 * time.Second,
			APIURL: "https://slack.com/api/",
		},
	}})
}

func TestConfigSlackEverythingGiven(t *testing.T) {
	c := parseConfig(t, fmt.Sprintf(smallConfig, "complaints: workspace")+`
  workspace:
    type: slack
    team: T0123ABCD
    bot_token_file: bot.token
    signing_secret_env: SLACK_SIGNING_SECRET
    agents: G0123ABCD
    complaints: C0456EFGH
    support: [C0789IJKL, C0789IJKM]
    command: /help-me
    reply_prefix: ["!"]
    agent_view: true
    personal: here
    gather: 0s
    api_url: https://slack-gov.com/api
    mode: observe
    start: all
    answer_within: 24h
    budget: {talk: 2}
http: {listen: "127.0.0.1:8080"}
`)
	same(t, "desk", *c.Channels[0].Mail, MailConfig{
		Address: "support@acme.example", Staff: "team@acme.example", ComplaintsChannel: "workspace",
		IMAP: IMAPConfig{Host: "imap.acme.example", Port: 993, TLS: "implicit", User: "support", Password: Secret{Env: "IMAP_PASSWORD"}, Folder: "INBOX"},
		SMTP: SMTPConfig{Host: "smtp.acme.example", Port: 587, TLS: "starttls"},
	})
	same(t, "workspace", c.Channels[1], ChannelConfig{
		Name: "workspace", Type: "slack", Observe: true, Within: 24 * time.Hour, Budget: Budget{60, 200, 2},
		Slack: &SlackConfig{
			Team: "T0123ABCD", BotToken: Secret{File: "/etc/frontdesk/bot.token"}, SigningSecret: Secret{Env: "SLACK_SIGNING_SECRET"},
			Agents: "G0123ABCD", Complaints: "C0456EFGH", Support: []string{"C0789IJKL", "C0789IJKM"},
			Command: "/help-me", ReplyPrefix: []string{"!"}, AgentView: true, APIURL: "https://slack-gov.com/api/",
		},
	})
}

func TestConfigEverythingGiven(t *testing.T) {
	c := parseConfig(t, `
company: {name: Acme, timezone: Europe/Berlin, languages: [zh], phone: 4912345, website: "https://acme.example"}
database: /var/lib/frontdesk/a.db
faq: [faq/one.yaml, ../two.yaml]
vars: {days: 3, fee: {zh: 5 元}}
texts: texts
intents: [intents.yaml, ../ours.yaml]
hours: {days: {mon-fri: ["09:00-12:00", "13:00-17:00"]}, holidays: [2026-10-01], workdays: [2026-10-10]}
promises: {complaint: {urgent: 90m, normal: 1h30m}, privacy: {urgent: 8h, normal: 40h}}
staff:
  - {name: Ana, mail: ana@acme.example, role: agent}
  - {name: Li Wei, mail: li@acme.example, role: supervisor}
channels:
  support:
    type: mail
    address: support@acme.example
    aliases: [Help@acme.example]
    imap: {host: "::1", port: 1143, tls: none, user: support, password_env: IMAP_PASSWORD, folder: Support/Neu}
    smtp: {host: mail.acme.example, port: 465, user: bot, password_file: smtp.password}
    staff: team@acme.example
    complaints: complaints@acme.example
    authserv_id: mx.acme.example
    mode: observe
    start: 2026-11-01
    budget: {hour: 1, talk: 2}
  second:
    type: mail
    address: second@acme.example
    imap: {host: imap.acme.example, port: 143, user: second, password_env: SECOND}
    smtp: {host: 10.0.0.1, tls: none, insecure: true}
    staff: ana@acme.example
    start: all
`)
	same(t, "phone", c.Company.Phone, "4912345")
	same(t, "website", c.Company.Website, "https://acme.example")
	same(t, "database", c.Database, "/var/lib/frontdesk/a.db")
	same(t, "faq", c.FAQ, []string{"/etc/frontdesk/faq/one.yaml", "/etc/two.yaml"})
	same(t, "vars", c.Vars, map[string]map[string]string{"": {"days": "3"}, "zh": {"fee": "5 元"}})
	same(t, "texts", c.Texts, "/etc/frontdesk/texts")
	same(t, "intents", c.Intents, []string{"/etc/frontdesk/intents.yaml", "/etc/ours.yaml"})
	same(t, "hours", c.Hours.Days, map[string][]string{"mon-fri": {"09:00-12:00", "13:00-17:00"}})
	same(t, "holidays", c.Hours.Holidays, []string{"2026-10-01"})
	same(t, "workdays", c.Hours.Workdays, []string{"2026-10-10"})
	same(t, "zone of the hours", c.Calendar.Location().String(), "Europe/Berlin")
	same(t, "promises", c.Promises, map[string]map[store.Priority]time.Duration{
		"complaint": {"urgent": 90 * time.Minute, "normal": 90 * time.Minute},
		"request":   {"urgent": 8 * time.Hour, "normal": 16 * time.Hour},
		"privacy":   {"urgent": 8 * time.Hour, "normal": 40 * time.Hour},
	})
	same(t, "staff", c.Staff, []StaffMember{{Name: "Ana", Mail: "ana@acme.example"}, {Name: "Li Wei", Mail: "li@acme.example", Supervisor: true}})
	same(t, "channels", len(c.Channels), 2)
	same(t, "support", c.Channels[0], ChannelConfig{
		Name: "support", Type: "mail", Observe: true, Start: time.Date(2026, 11, 1, 0, 0, 0, 0, c.Company.Location), Budget: Budget{1, 10, 2},
		Mail: &MailConfig{
			Address: "support@acme.example", Aliases: []string{"help@acme.example"}, Staff: "team@acme.example", Complaints: "complaints@acme.example",
			IMAP:       IMAPConfig{Host: "::1", Port: 1143, TLS: "none", User: "support", Password: Secret{Env: "IMAP_PASSWORD"}, Folder: "Support/Neu"},
			SMTP:       SMTPConfig{Host: "mail.acme.example", Port: 465, TLS: "implicit", User: "bot", Password: Secret{File: "/etc/frontdesk/smtp.password"}},
			AuthservID: "mx.acme.example",
		},
	})
	same(t, "second", c.Channels[1], ChannelConfig{
		Name: "second", Type: "mail", Budget: Budget{3, 10, 5},
		Mail: &MailConfig{
			Address: "second@acme.example", Staff: "ana@acme.example", Complaints: "ana@acme.example",
			IMAP: IMAPConfig{Host: "imap.acme.example", Port: 143, TLS: "starttls", User: "second", Password: Secret{Env: "SECOND"}, Folder: "INBOX"},
			SMTP: SMTPConfig{Host: "10.0.0.1", Port: 25, TLS: "none", Insecure: true},
		},
	})

	s, err := c.Secrets()
	if err != nil {
		t.Fatal(err)
	}
	same(t, "IMAP password", s.Of(c.Channels[0].Mail.IMAP.Password), "pass-IMAP_PASSWORD")
	same(t, "SMTP password", s.Of(c.Channels[0].Mail.SMTP.Password), "secret of the file")
	same(t, "no password", s.Of(c.Channels[1].Mail.SMTP.Password), "")
	for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
		if printed := fmt.Sprintf(verb, s); strings.Contains(printed, "pass") {
			t.Errorf("%s prints the secrets: %s", verb, printed)
		}
	}
}

func TestConfigExampleLoads(t *testing.T) {
	c, err := LoadConfig("init/frontdesk.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(c.FAQ[0]); err != nil {
		t.Errorf("the example names an FAQ that is not beside it: %v", err)
	}
	ch := c.Channels[0]
	if !ch.Observe || !ch.FromNow {
		t.Error("the example would answer customers at once")
	}

	// What the example shows as the default, also in comments, is the default.
	text, err := os.ReadFile("init/frontdesk.yaml")
	if err != nil {
		t.Fatal(err)
	}
	uncommented := string(text)
	for _, line := range []string{"budget: {hour: 3, day: 10, talk: 5}"} {
		uncommented = strings.Replace(uncommented, "# "+line, line, 1)
		if uncommented == string(text) {
			t.Errorf("the example has no comment %q", line)
		}
	}
	small := parseConfig(t, fmt.Sprintf(smallConfig, ""))
	full := parseConfig(t, uncommented)
	same(t, "budget", full.Channels[0].Budget, small.Channels[0].Budget)
	same(t, "promises", full.Promises, small.Promises)
	same(t, "database", full.Database, small.Database)
	same(t, "faq", full.FAQ, small.FAQ)

	// Every optional part, with its comment sign removed, is right too.
	for _, line := range []string{"vars:", "texts: texts", "intents: [intents.yaml]", "aliases:", "complaints:", "authserv_id:", "budget:", "operators:", "alarm:", "http:", "answers:"} {
		if !strings.Contains(uncommented, "# "+line) && line != "budget:" {
			t.Errorf("the example has no comment %q", line)
		}
		uncommented = strings.Replace(uncommented, "# "+line, line, 1)
	}
	parseConfig(t, uncommented)
}

// The example of Slack, without its comment signs, is right, and what it shows as a
// default is one.
func TestConfigExampleOfSlack(t *testing.T) {
	data, err := samples.ReadFile("init/frontdesk.yaml")
	if err != nil {
		t.Fatal(err)
	}
	mail, workspace, found := strings.Cut(string(data), "  # workspace:\n")
	if !found {
		t.Fatal("there is no example of Slack")
	}
	bare := "  workspace:\n" + regexp.MustCompile(`(?m)^  # `).ReplaceAllString(regexp.MustCompile(`(?m)^  #$`).ReplaceAllString(workspace, ""), "  ")
	c := parseConfig(t, mail+bare)
	small := SlackConfig{Team: "T0123ABCD", BotToken: Secret{Env: "SLACK_BOT_TOKEN"}, AppToken: Secret{Env: "SLACK_APP_TOKEN"}, Agents: "C0123ABCD",
		Command: "/support", ReplyPrefix: []string{">", "/reply"}, Personal: true, Gather: 3 * time.Second, APIURL: "https://slack.com/api/"}
	same(t, "workspace", *c.Channels[1].Slack, small)
	same(t, "budget", c.Channels[1].Budget, Budget{60, 200, 20})
	if !c.Channels[1].Observe {
		t.Error("the example would answer customers at once")
	}

	for _, line := range []string{"complaints:", "support:", "command:", "reply_prefix:", "agent_view:", "personal:", "gather:", "api_url:", "budget:"} {
		if !strings.Contains(bare, "    # "+line) {
			t.Errorf("the example has no comment %q", line)
		}
		bare = strings.Replace(bare, "    # "+line, "    "+line, 1)
	}
	c = parseConfig(t, mail+bare)
	small.Complaints, small.Support = "C0456EFGH", []string{"C0789IJKL"}
	same(t, "workspace with everything", *c.Channels[1].Slack, small)
	same(t, "budget", c.Channels[1].Budget, Budget{60, 200, 20})

	// By HTTP.
	http := strings.Replace(bare, "app_token_env: SLACK_APP_TOKEN", "", 1)
	http = strings.Replace(http, "# signing_secret_env", "signing_secret_env", 1)
	parseConfig(t, strings.Replace(mail, "# http: {", "http: {", 1)+http)
}

// TestConfigMissingCanBePasted: a file made of what the problems of an almost
// empty one say to write has none.
func TestConfigMissingCanBePasted(t *testing.T) {
	_, err := ParseConfig("frontdesk.yaml", []byte("database: frontdesk.db\n"), nil, nil)
	e, ok := errors.AsType[*ConfigError](err)
	if !ok {
		t.Fatalf("got %v", err)
	}
	var pasted strings.Builder
	for _, p := range e.Problems {
		_, snippet, _ := strings.Cut(p.Remedy, "`")
		pasted.WriteString(strings.TrimSuffix(snippet, "`") + "\n")
	}
	if _, err := ParseConfig("frontdesk.yaml", []byte(pasted.String()), nil, nil); err != nil {
		t.Errorf("%s\n%v", pasted.String(), err)
	}
}

func TestConfigFileMissing(t *testing.T) {
	if _, err := LoadConfig(filepath.Join(t.TempDir(), "frontdesk.yaml")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v", err)
	}
}

func same[T any](t *testing.T, what string, got, want T) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%s:\n got %+v\nwant %+v", what, got, want)
	}
}

// FuzzParseConfig: whatever is in the file, there is a configuration that can
// be used or a list of problems that say where they are, and never a panic.
func FuzzParseConfig(f *testing.F) {
	for _, pattern := range []string{"testdata/config/*.txt", "init/frontdesk.yaml"} {
		files, err := filepath.Glob(pattern)
		if err != nil || len(files) == 0 {
			f.Fatalf("%s: no files: %v", pattern, err)
		}
		for _, path := range files {
			data, err := os.ReadFile(path)
			if err != nil {
				f.Fatal(err)
			}
			for _, file := range txtar.Parse(data).Files {
				data = file.Data
				break
			}
			f.Add(data)
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := ParseConfig("frontdesk.yaml", data,
			func(string) (string, bool) { return "", false },
			func(string) ([]byte, error) { return nil, fs.ErrNotExist })
		if err != nil {
			checkProblems(t, err)
			return
		}
		if c.Company.Name == "" || c.Company.Location == nil || c.Calendar == nil || len(c.Company.Languages) == 0 || len(c.Staff) == 0 || len(c.Channels) == 0 {
			t.Errorf("something required is missing: %+v", c)
		}
		for _, ch := range c.Channels {
			if s := ch.Slack; s != nil {
				if s.Team == "" || s.Agents == "" || s.BotToken == (Secret{}) || (s.AppToken == (Secret{})) == (s.SigningSecret == (Secret{})) || s.HTTP() && c.HTTP.Listen == "" || s.Command == "" || len(s.ReplyPrefix) == 0 {
					t.Errorf("something required is missing: %+v %+v", ch, s)
				}
				continue
			}
			m := ch.Mail
			m.Staff, m.Complaints = cmp.Or(m.Staff, m.StaffChannel), cmp.Or(m.Complaints, m.ComplaintsChannel)
			if m.Address == "" || m.Staff == "" || m.Complaints == "" || m.IMAP.Port == 0 || m.SMTP.Port == 0 || m.IMAP.Password == (Secret{}) || ch.Budget.Hour < 1 {
				t.Errorf("something required is missing: %+v %+v", ch, m)
			}
		}
		_, err = c.Secrets() // none is there
		checkProblems(t, err)
	})
}

func checkProblems(t *testing.T, err error) {
	e, ok := errors.AsType[*ConfigError](err)
	if !ok || len(e.Problems) == 0 {
		t.Fatalf("%T %v is no *ConfigError with problems", err, err)
	}
	for _, p := range e.Problems {
		if p.Line < 1 || p.Column < 1 || p.File == "" || p.Message == "" || strings.Contains(p.String(), "\n") {
			t.Errorf("a problem that says too little: %+v", p)
		}
	}
}

// Calendar files are read from the folder of the configuration.
func TestConfigCalendarFile(t *testing.T) {
	dir := t.TempDir()
	holidays, err := os.ReadFile("../../bot/testdata/ics/holidays.ics")
	if err != nil {
		t.Fatal(err)
	}
	sample, err := samples.ReadFile("init/frontdesk.yaml")
	if err != nil {
		t.Fatal(err)
	}
	text := strings.Replace(string(sample), "  # ics: [holidays.ics]", "  ics: [holidays.ics]", 1)
	for name, data := range map[string][]byte{"holidays.ics": holidays, "frontdesk.yaml": []byte(text)} {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	c, err := LoadConfig(filepath.Join(dir, "frontdesk.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	for day, open := range map[int]bool{23: true, 24: false, 31: false} { // of December 2026
		at := time.Date(2026, 12, day, 10, 0, 0, 0, c.Company.Location)
		if c.Calendar.Open(at) != open {
			t.Errorf("open on %s: %t, want %t", at, !open, open)
		}
	}
}
