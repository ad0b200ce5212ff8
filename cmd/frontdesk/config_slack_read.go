package main

import (
	"cmp"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// slackSnippet is a channel to paste.
const slackSnippet = "workspace: {type: slack, team: T0123ABCD, bot_token_env: SLACK_BOT_TOKEN, app_token_env: SLACK_APP_TOKEN, agents: C0123ABCD}"

// The secrets of an app of Slack.
var (
	botToken      = secretKind{"bot_token", "token", "SLACK_BOT_TOKEN"}
	appToken      = secretKind{"app_token", "token", "SLACK_APP_TOKEN"}
	signingSecret = secretKind{"signing_secret", "signing secret", "SLACK_SIGNING_SECRET"}
)

// The kinds of ids, with how each is found.
var (
	teamID = slackID{"workspace", regexp.MustCompile(`^T[A-Z0-9]{2,30}$`), "T0123ABCD",
		"open the workspace in a browser and take the part of its address app.slack.com/client/T… that begins with T"}
	roomID = slackID{"channel", regexp.MustCompile(`^[CG][A-Z0-9]{2,30}$`), "C0123ABCD",
		"in Slack, click the channel's name; the id is at the end of About, like C0123ABCD"}
	userID = slackID{"person", regexp.MustCompile(`^(T[A-Z0-9]{2,30}:)?[UW][A-Z0-9]{2,30}$`), "U0123ABCD",
		"in Slack, open the person's profile, then ⋮ and Copy member ID, like U0123ABCD"}
)

type slackID struct {
	of   string
	is   *regexp.Regexp
	like string
	find string
}

// id returns an id of Slack; "" if it is none.
func (v *configValue) id(kind slackID) string {
	s := v.text()
	switch {
	case s == "" || kind.is.MatchString(s):
		return s
	case isSlackToken(s):
		v.problem("this is a token, and no id of a "+kind.of, kind.find)
	case kind.is.MatchString(strings.ToUpper(s)) && strings.ContainsAny(s, "0123456789"):
		v.problem(fmt.Sprintf("%q is in small letters", s), "write "+strings.ToUpper(s))
	case strings.HasPrefix(s, "#"), strings.HasPrefix(s, "@"):
		v.problem(fmt.Sprintf("%q is a name, and no id", s), kind.find)
	case strings.Contains(s, "/"):
		v.problem(fmt.Sprintf("%q is more than an id", s), "write the part like "+kind.like+" alone")
	case kind.of == "channel" && strings.HasPrefix(s, "D") && roomID.is.MatchString("C"+s[1:]):
		v.problem(fmt.Sprintf("%q is a direct message, which one person reads", s), "write the id of a channel; "+kind.find)
	case kind.of == "workspace" && strings.HasPrefix(s, "E") && teamID.is.MatchString("T"+s[1:]):
		v.problem(fmt.Sprintf("%q is an organisation", s), "write the id of the workspace in it that the app is installed to; "+kind.find)
	default:
		v.problem(fmt.Sprintf("%q is no id of a %s", s, kind.of), kind.find)
	}
	return ""
}

var builtIn = strings.Fields("/archive /away /call /collapse /dnd /dm /expand /feed /feedback /huddle /invite /join /kick /leave /me /msg /mute " +
	"/open /remind /remove /rename /search /shrug /star /status /topic /who")

var commandName = regexp.MustCompile(`^/[a-z0-9_-]{1,31}$`)

// slack reads what belongs to a channel of type slack only.
func (r *configReader) slack(name string, b *configBlock) *SlackConfig {
	s := &SlackConfig{}
	w := workspace{name: name, slack: s, at: b.pos, path: b.path}
	w.team = b.need("team", "team: T0123ABCD")
	s.Team = w.team.id(teamID)
	s.BotToken = b.secret(botToken, true)
	if b.values["signing_secret_env"] != nil || b.values["signing_secret_file"] != nil || b.values["signing_secret"] != nil {
		w.http = cmp.Or(b.values["signing_secret_env"], b.values["signing_secret_file"])
		s.SigningSecret = b.secret(signingSecret, false)
		for _, key := range []string{"app_token_env", "app_token_file", "app_token"} {
			if v := b.take(key); v != nil {
				v.problem("Slack calls us (signing_secret), or we call Slack (app_token), and not both", "keep app_token_env for Socket Mode, or signing_secret_env for HTTP, and remove the other")
			}
		}
	} else {
		b.known = append(b.known, "signing_secret_env", "signing_secret_file")
		s.AppToken = b.secret(appToken, true)
	}

	room := func(v *configValue, use string) string {
		id := v.id(roomID)
		if id != "" {
			w.rooms = append(w.rooms, placedRoom{v, id, use})
		}
		return id
	}
	s.Agents = room(b.need("agents", "agents: C0123ABCD"), "agents")
	s.Complaints = room(b.take("complaints"), "complaints")
	for _, item := range b.take("support").list() {
		if id := room(item, "support"); id != "" {
			s.Support = append(s.Support, id)
		}
	}

	command := b.take("command")
	s.Command = cmp.Or(command.text(), "/support")
	if command != nil && !commandName.MatchString(s.Command) {
		command.problem(fmt.Sprintf("%q cannot be a slash command", s.Command), "write / and small letters, digits, - and _, at most 32, like /support")
	} else if slices.Contains(builtIn, s.Command) {
		command.problem(s.Command+" is one of Slack's own commands", "write another, like /support")
	}
	s.ReplyPrefix = b.take("reply_prefix").prefixes(s.Command)
	s.AgentView = b.take("agent_view").yes()
	s.Personal = b.take("personal").oneOf("direct", "here") != "here"
	s.Gather = b.take("gather").moment()
	s.APIURL = b.take("api_url").api()
	r.workspaces = append(r.workspaces, w)
	return s
}

// prefixes reads what marks a reply. A word could begin any note.
func (v *configValue) prefixes(command string) []string {
	if v == nil {
		return []string{">", "/reply"}
	}
	v.notEmpty(`reply_prefix: [">", "/reply"]`)
	var all []string
	for _, item := range v.list() {
		s := item.text()
		first, _ := utf8.DecodeRuneInString(s)
		switch {
		case s == "":
			continue
		case strings.ContainsFunc(s, unicode.IsSpace) || len(s) > 20:
			item.problem(fmt.Sprintf("%q is too long, or has a space in it", s), "write a sign or a short word with one, like > or /reply")
		case unicode.IsLetter(first) || unicode.IsDigit(first):
			item.problem(fmt.Sprintf("%q could begin a note, which would then go to the customer", s), "begin it with a sign, like /"+s)
		case strings.ContainsRune("<@#&*_~`", first):
			item.problem(fmt.Sprintf("Slack gives %q a meaning of its own", s), "begin it with another sign, like > or !")
		case s == command:
			item.problem(s+" is the slash command already", "write another, like /reply")
		case slices.Contains(all, s):
			item.problem(s+" is in the list twice", "remove one of the two")
		default:
			all = append(all, s)
		}
	}
	return all
}

// moment returns how long to wait for more of a person.
func (v *configValue) moment() time.Duration {
	const usual = 3 * time.Second
	if v == nil {
		return usual
	}
	s := v.text()
	d, err := time.ParseDuration(s)
	switch {
	case s == "": // reported
	case err != nil && !strings.ContainsFunc(s, func(c rune) bool { return !unicode.IsDigit(c) }):
		v.problem(fmt.Sprintf("%s has no unit", s), "write "+s+"s for seconds")
	case err != nil:
		v.problem(fmt.Sprintf("%q is no duration", s), "write it like 3s, or 0s for none")
	case d < 0 || d > time.Minute:
		v.problem(fmt.Sprintf("%s is too short or too long", s), "write one from 0s to 1m: a person is waiting")
	default:
		return d
	}
	return usual
}

// api returns the address of a Web API, with a slash at its end. Tokens go there with
// every call.
func (v *configValue) api() string {
	const usual = "https://slack.com/api/"
	s := v.text()
	if s == "" {
		return usual
	}
	const like = "write " + usual + ", or https://slack-gov.com/api/ for GovSlack"
	u, err := url.Parse(s)
	switch {
	case isSlackToken(s):
		v.problem("this is a token, and no address", like)
	case err != nil || u.Hostname() == "" || u.Scheme != "https" && u.Scheme != "http":
		v.problem(fmt.Sprintf("%q is no web address", s), like)
	case u.User != nil:
		v.problem("this address has a login in it", "write it without: the tokens are the login")
	case u.RawQuery != "" || u.Fragment != "":
		v.problem("this address goes on after its path", "leave out what begins with ? or #: the name of a method is put right behind the path")
	case u.Scheme == "http" && !loopback(u.Hostname()):
		v.problem("tokens and customers' words would be readable on the way to "+u.Hostname(), "write https://; only an address of this machine may begin with http://")
	case strings.Trim(u.Path, "/") == "":
		v.problem(fmt.Sprintf("%q is a host, and no API", s), "write it with its path, like "+usual)
	default:
		return strings.TrimRight(s, "/") + "/"
	}
	return usual
}
