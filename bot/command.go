package bot

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/width"
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

// parseCommand reads an agent's words. What looks like a command but is none is
// unknown, and goes back to the agent: sending it to the customer might send what
// was meant for us. So are a word before a colon that is no salutation, a first
// line that begins with a slash, and a command in any dress ("*note:*", 【备注】,
// "Internal note: …", 接手 without a colon, one below the salutation).
func parseCommand(text string) command {
	text = unquoted(strings.ReplaceAll(text, "\r\n", "\n"))
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
	if i := strings.IndexAny(first, ":："); i >= 0 {
		word := plainWord(first[:i])
		after := strings.TrimLeft(first[i:], ":： \t")
		if name, ok := commands[word]; ok {
			return command{name: name, text: strings.TrimSpace(after + "\n" + rest)}
		}
		if looksLikeCommand(word) {
			return command{unknown: first, text: text}
		}
	}
	lines := 0
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		if dressed(line) {
			return command{unknown: line, text: text}
		}
		if lines++; lines == 3 { // a salutation may stand above
			break
		}
	}
	return command{text: text}
}

// relayed reads what a member of staff wrote where talk is internal: whether it
// begins with one of the prefixes that send it to the customer, in half- or
// full-width form, and what remains. A sign (">") must stand on every line, as it
// does where a program makes quotes of it: a line without it may be a comment on a
// quote, and then mixed is true.
func (e *Engine) relayed(channel, text string) (words string, relays, mixed bool) {
	text = strings.TrimSpace(strings.ReplaceAll(text, "\r\n", "\n"))
	narrow := func(s string) string { return strings.ToLower(width.Narrow.String(s)) }
	for _, prefix := range e.cfg.Channels[channel].Prefixes {
		cut := func(line string) (string, bool) {
			rest := []rune(line)
			n := len([]rune(prefix))
			if len(rest) < n || narrow(string(rest[:n])) != narrow(prefix) {
				return line, false
			}
			after := string(rest[n:])
			if r, _ := utf8.DecodeRuneInString(after); isWord(prefix) && isWord(string(r)) {
				return line, false // "/replying" is no "/reply"
			}
			return strings.TrimLeft(after, " \t\u3000:："), true
		}
		lines := strings.Split(text, "\n")
		first, ok := cut(lines[0])
		if !ok {
			continue
		}
		lines[0] = first
		for i, line := range lines[1:] {
			rest, ok := cut(line)
			switch {
			case isWord(prefix):
			case ok:
				lines[i+1] = rest
			case strings.TrimSpace(line) != "":
				mixed = true
			}
		}
		return strings.TrimSpace(strings.Join(lines, "\n")), true, mixed
	}
	return text, false, false
}

// isWord reports whether a text ends with a Latin letter or a digit.
func isWord(s string) bool {
	r, _ := utf8.DecodeLastRuneInString(s)
	return r < 0x2e80 && (unicode.IsLetter(r) || unicode.IsDigit(r))
}

// prefix is how staff are told to begin what is for the customer.
func (e *Engine) prefix(channel string) string {
	if all := e.cfg.Channels[channel].Prefixes; len(all) > 0 {
		return all[0]
	}
	return string(e.staff("reply-word", textArgs{}))
}

// unquoted drops quoted and empty lines at the top: some write below the quote.
func unquoted(text string) string {
	trim := func(s string) string {
		return strings.TrimFunc(s, func(r rune) bool { return unicode.IsSpace(r) || invisible(r) })
	}
	whole := trim(text)
	for text = whole; strings.HasPrefix(text, ">"); {
		_, rest, more := strings.Cut(text, "\n")
		if !more {
			return whole // nothing but quotes
		}
		text = trim(rest)
	}
	return text
}

// dressed reports whether a line begins with the word of a command that
// something else than a plain colon marks as one.
func dressed(line string) bool {
	line = plainWord(line)
	bare := strings.TrimLeftFunc(line, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	end := strings.IndexFunc(bare, func(r rune) bool { return !unicode.IsLetter(r) })
	if end < 0 {
		end = len(bare)
	}
	word, after := bare[:end], strings.TrimSpace(bare[end:])
	if _, ok := commands[word]; ok {
		if first, _ := utf8.DecodeRuneInString(word); first > 0x2e80 {
			return true // 备注 内部, 接手: no sentence begins so
		}
		next, _ := utf8.DecodeRuneInString(after)
		return after == "" || !unicode.IsLetter(next) && !unicode.IsDigit(next) && next != '\'' && next != '’'
	}
	// "Internal note: …", "内部备注：…"
	head := line
	if i := strings.IndexFunc(line, colon); i >= 0 {
		head = line[:i]
	} else {
		return false
	}
	if strings.HasSuffix(head, "备注") || strings.HasSuffix(head, "備註") {
		return true
	}
	words := strings.FieldsFunc(head, func(r rune) bool { return !unicode.IsLetter(r) })
	return len(words) > 0 && len(words) <= 3 && words[0] != "please" && (words[len(words)-1] == "note" || words[0] == "internal")
}

// colon reports whether a rune is some kind of colon.
func colon(r rune) bool { return strings.ContainsRune(":：∶﹕︰꞉;；", r) }

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
	case "", "hi", "hello", "dear", "hey", "greetings", "http", "https", "yes", "no", "ok", "sorry", "thanks", "是", "是的", "不是", "好的", "答", "注意", "抱歉", "谢谢":
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
func commandFields(cmd command, names []string) map[string]string {
	fields := map[string]string{"text": cmd.text}
	switch cmd.name {
	case actGive:
		fields["to"], fields["text"] = leadingName(cmd.text, names)
	case actPromise:
		fields["due"], fields["text"] = leadingTime(cmd.text)
	}
	return fields
}

// leadingName cuts a colleague's name or address off the beginning of a text. If
// there is none, the whole first line is the name that nobody has.
func leadingName(text string, names []string) (name, rest string) {
	for _, n := range names {
		if len(n) <= len(name) || len(n) > len(text) || !strings.EqualFold(text[:len(n)], n) {
			continue
		}
		after, _ := utf8.DecodeRuneInString(text[len(n):])
		if len(n) == len(text) || !unicode.IsLetter(after) && !unicode.IsDigit(after) && !strings.ContainsRune("@-_", after) {
			name = text[:len(n)]
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
