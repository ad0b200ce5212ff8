package slacktest

import (
	"regexp"
	"strings"
)

// Words that become more than text when a person types them.
var typedWord = regexp.MustCompile(`https?://[^\s<>]*[^\s<>.,;:!?)'"]|@[\p{L}\p{N}._-]*[\p{L}\p{N}]|#[\p{L}\p{N}_-]+|:[a-z0-9_+-]+:`)

// typed turns what a person types into a text and the rich text beside it. @name
// of somebody in the world becomes a mention, #name of a channel a link to it,
// @here and its kin a broadcast, http:// a link. The rest is escaped.
func (w *World) typed(s string) (text string, blocks []any) {
	var b strings.Builder
	var elements []any
	plain := func(s string) {
		if s != "" {
			b.WriteString(escape(s))
			elements = append(elements, object{"type": "text", "text": s})
		}
	}
	last := 0
	for _, at := range typedWord.FindAllStringIndex(s, -1) {
		word := s[at[0]:at[1]]
		if at[0] > 0 && !strings.ContainsRune(" \n\t([", rune(s[at[0]-1])) {
			continue // the middle of a word, such as an address of mail
		}
		markup, element := w.word(word)
		if element == nil {
			continue
		}
		plain(s[last:at[0]])
		b.WriteString(markup)
		elements = append(elements, element)
		last = at[1]
	}
	plain(s[last:])
	if len(elements) == 0 {
		return "", nil
	}
	return b.String(), []any{object{"type": "rich_text", "block_id": w.id("b"),
		"elements": []any{object{"type": "rich_text_section", "elements": elements}}}}
}

func (w *World) word(word string) (markup string, element object) {
	switch name := word[1:]; {
	case strings.HasPrefix(word, "http"):
		return "<" + escape(word) + ">", object{"type": "link", "url": word}
	case word[0] == ':':
		name = strings.Trim(word, ":")
		for _, e := range emoji {
			if e == name {
				return word, object{"type": "emoji", "name": name}
			}
		}
	case word == "@here" || word == "@channel" || word == "@everyone":
		return "<!" + name + ">", object{"type": "broadcast", "range": name}
	case word[0] == '@':
		for _, u := range w.users {
			if u.Name == name {
				return "<@" + u.ID + ">", object{"type": "user", "user_id": u.ID}
			}
		}
	case word[0] == '#':
		for _, c := range w.channels {
			if !c.im() && c.Name == name {
				return "<#" + c.ID + "|" + c.Name + ">", object{"type": "channel", "channel_id": c.ID}
			}
		}
	}
	return "", nil
}

var (
	escaper   = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")
	unescaper = strings.NewReplacer("&amp;", "&", "&lt;", "<", "&gt;", ">")
)

func escape(s string) string   { return escaper.Replace(s) }
func unescape(s string) string { return unescaper.Replace(s) }
