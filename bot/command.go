package bot

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// command is the first line of an agent's mail, if it is one.
type command struct {
	name    string // an act; "" = no command
	text    string // what follows it
	unknown string // looks like a command but is none
}

// commands are the words that an agent may begin with, before a half- or
// full-width colon.
var commands = map[string]string{
	"note": actNote, "备注": actNote, "備註": actNote,
	"reply": actReply, "回复": actReply, "回覆": actReply, "答复": actReply,
	"take": actTake, "接手": actTake,
	"give": actGive, "转给": actGive, "轉給": actGive,
	"promise": actPromise, "承诺": actPromise, "承諾": actPromise,
	"resolve": actResolve, "解决": actResolve, "解決": actResolve,
	"reopen": actReopen, "重开": actReopen, "重開": actReopen,
	"bot": actBot, "转机器人": actBot, "轉機器人": actBot,
}

// parseCommand reads an agent's words. A first line of one word before a colon
// that is no command and no salutation is unknown: sending it to the customer
// might send what was meant for us. So is a first line that begins with a slash.
func parseCommand(text string) command {
	text = strings.ReplaceAll(text, "\r\n", "\n")
	text = strings.TrimFunc(text, func(r rune) bool { return unicode.IsSpace(r) || invisible(r) })
	first, rest, _ := strings.Cut(text, "\n")
	first = strings.TrimSpace(first)
	if strings.HasPrefix(first, "/") {
		body := strings.TrimLeft(first, "/")
		word, after := body, ""
		if i := strings.IndexFunc(body, func(r rune) bool { return unicode.IsSpace(r) || r == ':' || r == '：' }); i >= 0 {
			word, after = body[:i], body[i:]
		}
		if name, ok := commands[plainWord(word)]; ok {
			return command{name: name, text: strings.TrimSpace(strings.TrimLeft(after, ":： \t") + "\n" + rest)}
		}
		return command{unknown: first, text: text}
	}
	i := strings.IndexAny(first, ":：")
	if i < 0 {
		return command{text: text}
	}
	word := plainWord(first[:i])
	after := strings.TrimLeft(first[i:], ":： \t")
	if name, ok := commands[word]; ok {
		return command{name: name, text: strings.TrimSpace(after + "\n" + rest)}
	}
	if looksLikeCommand(word) {
		return command{unknown: first, text: text}
	}
	return command{text: text}
}

// plainWord is a word as it is compared: what does not show is no part of it.
func plainWord(s string) string {
	return strings.ToLower(strings.TrimSpace(strings.Map(func(r rune) rune {
		if invisible(r) {
			return -1
		}
		return r
	}, s)))
}

// invisible reports whether a rune does not show: a byte order mark, a zero-width
// space, a direction.
func invisible(r rune) bool { return unicode.Is(unicode.Cf, r) }

// looksLikeCommand reports whether the word before a colon might be meant for
// us. Salutations (您好：, 王女士：, Hello:, Dear Ms Li:) and clock times are not.
func looksLikeCommand(word string) bool {
	for _, s := range []string{"您好", "你好", "女士", "先生", "小姐", "老师", "经理", "客户", "朋友", "总", "们"} {
		if strings.HasSuffix(word, s) {
			return false
		}
	}
	switch word {
	case "", "hi", "hello", "dear", "hey", "greetings", "http", "https":
		return false
	}
	runes := []rune(word)
	for _, r := range runes {
		if !unicode.IsLetter(r) && r != '-' && r != '_' {
			return false // several words, a number
		}
	}
	if runes[0] > 0x2e80 {
		return len(runes) <= 4
	}
	return len(runes) <= 12
}

// commandFields cuts what follows a command into its fields: the colleague of
// give, the time of promise.
func (e *Engine) commandFields(cmd command) map[string]string {
	fields := map[string]string{"text": cmd.text}
	switch cmd.name {
	case actGive:
		fields["to"], fields["text"] = e.cfg.leadingName(cmd.text)
	case actPromise:
		fields["due"], fields["text"] = leadingTime(cmd.text)
	}
	return fields
}

// leadingName cuts a colleague's name or address off the beginning of a text. If
// there is none, the whole first line is the name that nobody has.
func (c *Config) leadingName(text string) (name, rest string) {
	for _, a := range c.Staff {
		names := []string{a.Name}
		for _, id := range a.Identities {
			names = append(names, id.Address)
		}
		for _, n := range names {
			if len(n) <= len(name) || len(n) > len(text) || !strings.EqualFold(text[:len(n)], n) {
				continue
			}
			after, _ := utf8.DecodeRuneInString(text[len(n):])
			if len(n) == len(text) || !unicode.IsLetter(after) && !unicode.IsDigit(after) && !strings.ContainsRune("@-_", after) {
				name = text[:len(n)]
			}
		}
	}
	if name == "" {
		first, rest, _ := strings.Cut(text, "\n")
		return strings.TrimSpace(first), strings.TrimSpace(rest)
	}
	return name, behind(text[len(name):])
}

// leadingTime cuts a date and a time of day off the beginning of a text. If there
// is none, the whole first line is what could not be read.
func leadingTime(text string) (due, rest string) {
	if m := leadingDue.FindString(text); m != "" {
		return m, behind(text[len(m):])
	}
	first, rest, _ := strings.Cut(text, "\n")
	return strings.TrimSpace(first), strings.TrimSpace(rest)
}

// leadingDue is a time as an agent writes it, 2026-11-30 15:00.
var leadingDue = regexp.MustCompile(`^\d{4}-\d{1,2}-\d{1,2}[ \tT　]+\d{1,2}[:：]\d{2}`)

// behind is what remains of a first line and the lines below it.
func behind(text string) string {
	return strings.TrimSpace(strings.TrimLeft(text, " \t\n,，.。;；:：、-—"))
}
