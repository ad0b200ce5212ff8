package main

import (
	"fmt"
	"os"
	"time"
	_ "time/tzdata" // time zones also where the machine has no list of them, as in small containers

	"frontdesk/bot"
	"frontdesk/store"
)

// Config is frontdesk.yaml, checked: what the operator decides. The comment of
// each field is the manual of its key: what it means, its default, and how to
// create what it names. init/frontdesk.yaml says the same with examples.
//
// Rules for the whole file:
//   - It is one YAML file in UTF-8. A key that does not exist, one that is
//     written twice, or one without a value is a mistake. So is a password or a
//     token: the file only says where one is (see [Secret]).
//   - A file name that does not begin with / is taken from the folder that the
//     configuration file is in.
//   - Mail addresses are written without a name (ana@acme.example), and large
//     and small letters are the same in them.
//   - Durations are written 30m, 8h, 1h30m.
//
// A Config does not change and may be used concurrently.
type Config struct {
	// File is the path of the configuration file, as it was given.
	File string

	// Company (`company`, required) is who customers are talking to.
	Company Company

	// Database (`database`, default frontdesk.db) is the file that holds
	// everything: messages, cases, what is still to be sent. It is created when
	// it does not exist; its folder must exist and be writable, because SQLite
	// keeps two more files beside it (-wal, -shm), and a lock (.lock). It must
	// be on a local disk, not on a network share.
	Database string

	// FAQ (`faq`, default [faq.yaml]) are the files with the questions that the
	// bot may answer, and the answers. Start from init/faq.yaml. They
	// are read again when they change.
	FAQ []string

	// Vars (`vars`, default none) are further names that answers of the FAQ may
	// mention as {{name}}, beside {{hours}}, {{phone}}, {{website}}, {{email}} and
	// {{company}}: by language, and under "" those that are the same in all. One is
	// written `fee: 5 EUR`, or `fee: {zh: 5 欧元, en: 5 EUR}`.
	Vars map[string]map[string]string

	// Answers (`answers`) is how sure the bot must be.
	Answers AnswersConfig

	// Texts (`texts`, default none) is a folder whose sentences replace those
	// that the bot says of itself: zh/customer.yaml, en/customer.yaml,
	// zh/staff.yaml, en/staff.yaml, each with only the sentences that are to
	// be different. The folder must exist; each of the files may be missing.
	Texts string

	// Intents (`intents`, default none) are files with examples of what messages
	// want beyond an answer (a person, to complain, a refund …) in the words of
	// your own customers, beside those that the program has. Start from
	// init/intents.yaml. They are read again when they change.
	Intents []string

	// Hours (`hours`, required) is when people are at work. All promises to
	// customers are counted in these hours. `days` gives the hours of each
	// weekday, `holidays` the dates without hours, and `workdays` the make-up
	// workdays (调休); see [bot.CalendarSpec] for how they are written. `ics`
	// names calendar files that have more of both; see [bot.ReadICS] for what is
	// read there. They are read at the start; `holidays` and `workdays` have the last
	// word. Location is the company's time zone.
	Hours bot.CalendarSpec

	// Calendar is made of Hours; never nil.
	Calendar *bot.Calendar

	// Promises (`promises`) is within how many working hours a person answers,
	// by kind of case and priority. The kinds are complaint, request, question
	// and privacy; request stands in for those that are not named. A kind that
	// is named needs both priorities, urgent and normal. Default:
	// complaint: {urgent: 4h, normal: 8h}, request: {urgent: 8h, normal: 16h}.
	// Promise what you can keep: the bot says these times to customers.
	Promises map[string]map[store.Priority]time.Duration

	// Staff (`staff`, required, at least one) are the people who answer
	// customers. Only they can answer through the bot, take cases and write notes.
	Staff []StaffMember

	// Channels (`channels`, required, at least one) are the ways in and out, in
	// the order of the file. The key is the channel's name, of small letters,
	// digits, - and _. It is stored with every message: a channel that is
	// renamed is a new one.
	Channels []ChannelConfig

	// Operators (`operators`, default none) are the mail addresses of those who keep
	// the program running. They are told once when something is wrong with it, and
	// once when it is over; see Alarm. Without any, alarms are only in the log and
	// in the metrics. None may be an address that a channel reads; members of staff
	// and their lists may be operators too.
	Operators []string

	// Alarm (`alarm`) is when operators are told.
	Alarm AlarmConfig

	// HTTP (`http`, default none) is the server for monitoring: /healthz, /readyz
	// and /metrics; and for what comes in by HTTP, below /in/. Without it nothing
	// listens.
	HTTP HTTPConfig

	readEnv  func(string) (string, bool)
	readFile func(string) ([]byte, error)
	secrets  []placedSecret
}

// Company is who customers are talking to.
type Company struct {
	// Name (`name`, required) is what the bot calls the company, also in From.
	Name string

	// Location (`timezone`, required) is the zone that working hours and all
	// times told to customers are in: a name of the IANA list, such as
	// Asia/Shanghai (all of China) or Europe/Berlin.
	Location *time.Location

	// Languages (`languages`, required) that customers are answered in: zh, en
	// or both. The first is also the language of what staff read, and of
	// answers to messages whose language cannot be told.
	Languages []string

	// Phone (`phone`, default none) and Website (`website`, default none) are
	// for FAQ answers that mention {{phone}} or {{website}}. A website begins
	// with https:// or http://.
	Phone, Website string

	// Email (`email`, default the address of the first mailbox, if there is one) is
	// for FAQ answers that mention {{email}}.
	Email string
}

// AnswersConfig is how sure the bot must be of what it says.
type AnswersConfig struct {
	// Precision (`precision`, 80 to 99, default 95) is of how many answers in a
	// hundred the bot gives should be right. With a higher one it is wrong less
	// often, and answers less: what it is not sure enough of it offers as a
	// choice, or hands to people. `frontdesk faq eval` measures on your own FAQ
	// what comes of it. Precision here is a share, .95 for 95.
	Precision float64
}

// StaffMember is a person who answers customers.
type StaffMember struct {
	// Name (`name`, required) is what colleagues read in briefs and lists, and
	// what customers read below an answer. No two people may have the same.
	Name string

	// Mail (`mail`, required) is the address that this person writes from. It
	// must be this person's own, not one that a channel reads or the team shares:
	// whoever can write from it can answer customers.
	Mail string

	// Slack (`slack`, default none) is this person's id in Slack, such as U0123ABCD:
	// open the profile, then ⋮ and Copy member ID. Whoever is in the channel of the
	// agents is an agent in any case; this id, or the address of the profile if it is
	// the same as here, says which one. Where the channels of this file are in several
	// workspaces, write the workspace's id before it: T0123ABCD:U0123ABCD. In here it
	// always has it.
	Slack string

	// Supervisor (`role`, agent or supervisor, default agent). Supervisors are
	// told when a promise is in danger. The first supervisor, or without any
	// the first person of the list, is accountable for what nobody has taken.
	Supervisor bool
}

// AlarmConfig is when something is wrong. /readyz measures with it too.
type AlarmConfig struct {
	// Silence (`silence`, default 15m) is for how long a channel may go without a
	// successful look at the mailbox, from 2m on: a look is due every minute.
	Silence time.Duration

	// Outbox (`outbox`, default 1h) is for how long a message may wait to be sent.
	Outbox time.Duration
}

// HTTPConfig is the server for monitoring, and for channels that are called.
type HTTPConfig struct {
	// Listen (`listen`, required) is address and port, like 127.0.0.1:8080. The
	// pages hold figures, the names of channels and what a server said about
	// the login, nothing of a customer; but they ask for no login themselves, so let
	// only this machine or your own network reach them.
	//
	// A channel that is called from outside (Slack with `signing_secret_env`) is at
	// /in/NAME, and lets in only what is signed. Let the world reach that alone: put a
	// reverse proxy with a certificate before it which passes on /in/ and nothing
	// else.
	Listen string
}

// ChannelConfig is one way in and out. What depends on the kind of channel is
// in the field of that kind, and all other such fields are nil.
type ChannelConfig struct {
	// Name is the key of the channel.
	Name string

	// Type (`type`, required) is the kind of channel: mail or slack.
	Type string

	// Observe (`mode`, answer or observe, default answer). With observe the bot
	// writes to staff only, and shows there what it would have answered. Begin
	// with observe, and change to answer once you like what you read.
	Observe bool

	// FromNow and Start (`start`, now, all or a date, default now) say which
	// messages the bot answers, so that a full mailbox is not answered all at
	// once. Older ones are recorded only. now is the time when the channel runs
	// for the first time (FromNow; Start is zero); all leaves nothing out
	// (Start is zero); a date like 2026-11-01 begins at midnight in the
	// company's zone (Start).
	FromNow bool
	Start   time.Time

	// Within (`answer_within`, default no limit) is how old a message may be when
	// it comes in for the bot to answer it. Older ones, after a long outage, are
	// recorded and handed to people: an answer out of the blue helps nobody.
	Within time.Duration

	// Budget (`budget`) limits what the bot says without a person.
	Budget Budget

	// Mail is the rest of a channel of type mail.
	Mail *MailConfig

	// Slack is the rest of a channel of type slack.
	Slack *SlackConfig
}

// Budget is how many messages the bot writes at most without a person. What
// comes after that goes to staff without a word, which also ends a talk with
// another robot that does not say it is one. Keys that are not given have
// their defaults; the least is 1 (for silence there is `mode: observe`).
//
// In Slack people say in ten short messages what they write in one mail, and they
// have logged in: there the defaults are higher.
type Budget struct {
	Hour int // `hour`, default 3, in Slack 60: to one correspondent in an hour
	Day  int // `day`, default 10, in Slack 200: to one correspondent in a day
	Talk int // `talk`, default 5, in Slack 20: in one conversation
}

// MailConfig is a support mailbox.
type MailConfig struct {
	// Address (`address`, required) is where customers write, and what the bot
	// writes from. Its mails must arrive in the folder that `imap` names.
	Address string

	// Aliases (`aliases`, default none) are further addresses whose mail arrives
	// in the same folder. The bot never takes them for a customer's.
	Aliases []string

	// IMAP (`imap`, required) is where mail is read. Nothing there is changed:
	// no flag, no move, no delete.
	IMAP IMAPConfig

	// SMTP (`smtp`, required) is where mail is sent.
	SMTP SMTPConfig

	// Staff (`staff`, required) is where the bot sends what people must answer:
	// a list or group that reaches the agents, or one person's address. Never one
	// that leads back into this mailbox: the bot would be its own customer.
	//
	// Or it is the name of a channel of this file that is in Slack (StaffChannel;
	// Staff is then empty): people then answer this mailbox's customers in its
	// `agents`.
	Staff, StaffChannel string

	// Complaints (`complaints`, default the same as `staff`) is where complaints go.
	// With the name of a channel in Slack (ComplaintsChannel) it is that one's
	// `complaints`.
	Complaints, ComplaintsChannel string

	// AuthservID (`authserv_id`, default none) is the name by which your mail
	// server signs its Authentication-Results header (RFC 8601 2.5): open the
	// source of a mail that arrived in the mailbox; it is the first word after
	// `Authentication-Results:`. With it the bot knows which senders are proven.
	// Set it only if your server removes such headers when they come from outside.
	AuthservID string
}

// How a connection is secured.
const (
	tlsImplicit = "implicit" // TLS from the first byte
	tlsStart    = "starttls" // an upgrade that must succeed
	tlsNone     = "none"
)

// IMAPConfig is where mail is read.
type IMAPConfig struct {
	// Host (`host`, required) is the server's name, as in its certificate.
	Host string

	// Port (`port`) is 993 by default for implicit TLS, else 143.
	Port int

	// TLS (`tls`): implicit, starttls or none. Default: starttls on port 143,
	// else implicit. none is for a server on this machine.
	TLS string

	// Insecure (`insecure`, default false) allows `tls: none` to another
	// machine: password and mails can then be read on the way.
	Insecure bool

	// User (`user`, required) is the login, at many providers the full address.
	User string

	// Password (`password_env` or `password_file`, one of them required). At
	// providers with two-step login, create an app password for the bot.
	Password Secret

	// Folder (`folder`, default INBOX) is the one that is read.
	Folder string
}

// SMTPConfig is where mail is sent.
type SMTPConfig struct {
	// Host (`host`, required) is the server's name, as in its certificate.
	Host string

	// Port (`port`) is by default 465 for implicit TLS, 587 for starttls and 25
	// for none.
	Port int

	// TLS (`tls`): starttls, implicit or none. Default: implicit on port 465,
	// else starttls. none is for a server on this machine.
	TLS string

	// Insecure (`insecure`, default false) allows `tls: none` to another
	// machine, without a login.
	Insecure bool

	// User (`user`, default none) is the login, if the server wants one; it
	// must be allowed to send from the channel's address.
	User string

	// Password (`password_env` or `password_file`) is required with a user.
	Password Secret
}

// LoadConfig reads the configuration file at path. What is wrong in it comes
// back as a [*ConfigError], all at once. Secrets are not read yet; see
// [Config.Secrets].
func LoadConfig(path string) (*Config, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read the configuration: %w", err)
	}
	return ParseConfig(path, data, os.LookupEnv, os.ReadFile)
}

// ParseConfig reads a configuration from data. name is its path: the problems
// mention it, and relative paths begin in its folder. env and readFile are
// where [Config.Secrets] will look, as os.LookupEnv and os.ReadFile do;
// readFile is also asked for calendar files, and whether the folder of texts exists. An error is always
// a [*ConfigError], and then there is no Config.
func ParseConfig(name string, data []byte, env func(string) (string, bool), readFile func(string) ([]byte, error)) (*Config, error) {
	r := &configReader{file: name}
	c := &Config{File: name, readEnv: env, readFile: readFile}
	if top := r.parse(data); top != nil {
		r.config(top, c)
		r.checkAddresses()
		r.checkMailboxes()
		r.checkWorkspaces(c)
	}
	if err := r.err(); err != nil {
		return nil, err
	}
	c.secrets = r.secrets
	return c, nil
}
