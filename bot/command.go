package bot

import (
	"strings"
	"unicode"
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
	"resolve": actResolve, "解决": actResolve, "解決": actResolve,
	"bot": actBot, "转机器人": actBot, "轉機器人": actBot,
}

// parseCommand reads an agent's words. A first line of one word before a colon
// that is no command and no salutation is unknown: sending it to the customer
// might send what was meant for us. So is a first line that begins with a slash.
func parseCommand(text string) command {
	text = strings.TrimSpace(strings.ReplaceAll(text, "\r\n", "\n"))
	first, rest, _ := strings.Cut(text, "\n")
	first = strings.TrimSpace(first)
	if strings.HasPrefix(first, "/") {
		word := strings.TrimLeft(strings.Fields(first + " ")[0], "/")
		if name, ok := commands[strings.ToLower(strings.TrimRight(word, ":："))]; ok {
			return command{name: name, text: strings.TrimSpace(strings.TrimPrefix(first, "/"+word) + "\n" + rest)}
		}
		return command{unknown: first, text: text}
	}
	i := strings.IndexAny(first, ":：")
	if i < 0 {
		return command{text: text}
	}
	word := strings.ToLower(strings.TrimSpace(first[:i]))
	after := strings.TrimLeft(first[i:], ":： \t")
	if name, ok := commands[word]; ok {
		return command{name: name, text: strings.TrimSpace(after + "\n" + rest)}
	}
	if looksLikeCommand(word) {
		return command{unknown: first, text: text}
	}
	return command{text: text}
}

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
