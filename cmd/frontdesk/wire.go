package main

import (
	"cmp"
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"maps"
	"os"
	"path/filepath"

	"frontdesk/bot"
	"frontdesk/bot/texts"
	"frontdesk/channels"
	"frontdesk/channels/mail"
	"frontdesk/channels/slack"
	"frontdesk/faq"
	"frontdesk/store"
)

// samples are the files that `demo` runs on and that a new operator starts from.
//
//go:embed init
var samples embed.FS

// load reads the configuration file.
func (a *app) load() (*Config, error) {
	cfg, err := LoadConfig(a.config)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("there is no configuration file %s: `frontdesk init` writes one, --config FILE names another; or try `frontdesk demo`, which needs none", a.config)
	}
	return cfg, err
}

// loadOrSample is for commands that need no channel: where there is no file of
// the default name, they take the sample, written to dir, and say so.
func (a *app) loadOrSample(dir string) (*Config, error) {
	if _, err := os.Stat(a.config); a.config != "frontdesk.yaml" || !errors.Is(err, fs.ErrNotExist) {
		return a.load()
	}
	fmt.Fprintln(a.err, "(there is no frontdesk.yaml here; this is the sample company with the sample FAQ)")
	return sampleConfig(dir, "")
}

// tempDir returns a folder that done removes.
func tempDir() (dir string, done func(), err error) {
	dir, err = os.MkdirTemp("", "frontdesk-*")
	return dir, func() { os.RemoveAll(dir) }, err
}

// sampleConfig writes the samples into dir and reads the configuration there, with
// more at its end.
func sampleConfig(dir, more string) (*Config, error) {
	for _, name := range []string{"frontdesk.yaml", "faq.yaml"} {
		data, err := samples.ReadFile("init/" + name)
		if name == "frontdesk.yaml" {
			data = append(data, more...)
		}
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, name), data, 0o600)
		}
		if err != nil {
			return nil, err
		}
	}
	return LoadConfig(filepath.Join(dir, "frontdesk.yaml"))
}

// faqOptions gives answers the facts that only the configuration knows.
func faqOptions(cfg *Config) faq.Options {
	o := faq.Options{Languages: cfg.Company.Languages, Precision: cfg.Answers.Precision, Intents: cfg.Intents, Location: cfg.Company.Location, Vars: map[string]map[string]string{"": cfg.Vars[""]}}
	for _, ch := range cfg.Channels {
		o.Channels = append(o.Channels, ch.Name)
	}
	for _, lang := range cfg.Company.Languages {
		vars := map[string]string{"company": cfg.Company.Name, "hours": cfg.Calendar.Describe(lang)}
		for name, value := range map[string]string{"phone": cfg.Company.Phone, "website": cfg.Company.Website, "email": address(cfg)} {
			if value != "" {
				vars[name] = value
			}
		}
		maps.Copy(vars, cfg.Vars[lang])
		o.Vars[lang] = vars
	}
	return o
}

// weights is the file beside the database that keeps what training made of the FAQ,
// as commands use it that may run beside serve, which alone writes it.
func weights(cfg *Config, log *slog.Logger) faq.Cache {
	return faq.Cache{File: cfg.Database + ".faq", ReadOnly: true, Warn: func(err error) { log.Warn("trouble with the file of the faq's weights", "err", err) }}
}

// loadFAQ reads FAQ files for a command that asks them.
func (a *app) loadFAQ(ctx context.Context, cfg *Config, files []string) (*faq.Index, error) {
	o := faqOptions(cfg)
	o.Cache = weights(cfg, a.logger())
	return faq.Load(ctx, files, o)
}

// address is where customers write.
func address(cfg *Config) string {
	if cfg.Company.Email != "" {
		return cfg.Company.Email
	}
	for _, ch := range cfg.Channels {
		if ch.Mail != nil {
			return ch.Mail.Address
		}
	}
	return ""
}

// engineConfig is what the engine takes of the configuration, without channels.
func engineConfig(cfg *Config) (bot.Config, error) {
	set, err := texts.Load(cfg.Texts)
	if err != nil {
		return bot.Config{}, err
	}
	c := bot.Config{Company: cfg.Company.Name, Languages: cfg.Company.Languages, Calendar: cfg.Calendar, Promises: cfg.Promises,
		Texts: set, Channels: map[string]bot.Channel{}}
	for _, s := range cfg.Staff {
		c.Staff = append(c.Staff, bot.Agent{Name: s.Name, Supervisor: s.Supervisor, Identities: []channels.Person{mailbox(s.Mail)}})
		if s.Slack != "" {
			a := &c.Staff[len(c.Staff)-1]
			a.Identities = append(a.Identities, channels.Person{Kind: slack.Kind, Address: s.Slack})
		}
	}
	return c, nil
}

func mailbox(address string) channels.Person { return channels.Person{Kind: "mail", Address: address} }

// mailChannel is a mailbox ready to run.
func mailChannel(cfg *Config, ch ChannelConfig, secrets Secrets, log *slog.Logger) (bot.Channel, error) {
	m := ch.Mail
	own := append([]string{m.Address}, m.Aliases...)
	reader := mail.Reader{Channel: ch.Name, Own: own, AuthservID: m.AuthservID}
	src, err := mail.NewSource(ch.Name, mail.IMAPConfig{Host: m.IMAP.Host, Port: m.IMAP.Port, TLS: m.IMAP.TLS, ForcePlain: m.IMAP.Insecure,
		User: m.IMAP.User, Password: secrets.Of(m.IMAP.Password), Folder: m.IMAP.Folder}, reader.Read, log)
	if err != nil {
		return bot.Channel{}, fmt.Errorf("channel %s: %w", ch.Name, err)
	}
	snd, err := mail.NewSender(ch.Name, mail.SMTPConfig{Host: m.SMTP.Host, Port: m.SMTP.Port, TLS: m.SMTP.TLS, ForcePlain: m.SMTP.Insecure,
		User: m.SMTP.User, Password: secrets.Of(m.SMTP.Password), Address: m.Address, Company: cfg.Company.Name}, log)
	if err != nil {
		return bot.Channel{}, fmt.Errorf("channel %s: %w", ch.Name, err)
	}
	c := bot.Channel{Source: src, Sender: snd, Letter: true, Observe: ch.Observe, Start: ch.Start, FromNow: ch.FromNow, Within: ch.Within, Budget: bot.Budget(ch.Budget),
		Staff: cfg.desk(ch.Name, m.Staff, m.StaffChannel, false), Complaints: cfg.desk(ch.Name, m.Complaints, m.ComplaintsChannel, true)}
	for _, a := range own {
		c.Own = append(c.Own, mailbox(a))
	}
	return c, nil
}

// desk is where people read what the mailbox name hands over: at an address that is
// written to from there, or in a channel of Slack.
func (c *Config) desk(name, address, channel string, complaints bool) bot.Desk {
	for _, ch := range c.Channels {
		if ch.Name == channel && ch.Slack != nil {
			if complaints {
				return bot.Desk{Channel: channel, Place: cmp.Or(ch.Slack.Complaints, ch.Slack.Agents)}
			}
			return bot.Desk{Channel: channel, Place: ch.Slack.Agents}
		}
	}
	return bot.Desk{Channel: name, To: mailbox(address)}
}

// house is an engine with its database and its FAQ.
type house struct {
	*bot.Engine
	db  *store.DB
	faq *faq.Live
	log *slog.Logger

	beside []func(context.Context) // what else runs until its context ends
	reread chan struct{}           // holds one when the FAQ has changed
}

// build reads the FAQ, opens the database and makes the engine. The caller
// closes the database.
func build(ctx context.Context, cfg *Config, c bot.Config, cache faq.Cache, log *slog.Logger) (*house, error) {
	o := faqOptions(cfg)
	o.Cache = cache
	h := &house{log: log, reread: make(chan struct{}, 1)}
	live, err := faq.NewLive(ctx, cfg.FAQ, o, func(x *faq.Index, err error) {
		if err != nil {
			log.Error("the FAQ has a mistake; the one read before stays in use", "err", err)
			return
		}
		log.Info("faq read again", "entries", len(x.Entries()))
		select {
		case h.reread <- struct{}{}:
		default: // there is one
		}
	})
	if err != nil {
		return nil, err
	}
	db, err := store.Open(ctx, cfg.Database)
	if err != nil {
		return nil, err
	}
	e, err := bot.New(c, db, live.Index, log)
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	h.Engine, h.db, h.faq = e, db, live
	return h, nil
}
