package slack

import (
	"cmp"
	"encoding/json"
	"strconv"
	"strings"
)

// block is a block or an element of Block Kit, with the fields that hold words.
// Kinds that we do not know are read by the same fields, so that new ones still
// say something.
type block struct {
	Type     str             `json:"type"`
	Text     json.RawMessage `json:"text"` // a string, or an object with a text
	Fields   json.RawMessage `json:"fields"`
	Elements json.RawMessage `json:"elements"`
	AltText  str             `json:"alt_text"`
	Title    json.RawMessage `json:"title"`
	Style    str             `json:"style"`
	Indent   str             `json:"indent"`

	User     str `json:"user_id"`
	Channel  str `json:"channel_id"`
	Group    str `json:"usergroup_id"`
	Range    str `json:"range"`
	URL      str `json:"url"`
	Name     str `json:"name"`
	Unicode  str `json:"unicode"`
	Fallback str `json:"fallback"`
}

// deepest is how far elements may stand in each other; Slack allows four.
const deepest = 12

// blocksIn reads a list of blocks, but not the lists in them: each is read when it
// is written, so that what nobody needs costs nothing, and what is nested without
// end stops at deepest.
func blocksIn(raw json.RawMessage) []block {
	var l many[block]
	if l.UnmarshalJSON(raw) != nil {
		return nil
	}
	return l
}

// blocksText is what blocks say, for messages whose text is empty. Quotations bear no
// mark: it would be ours, and at the beginning of what staff say it has a meaning.
func blocksText(blocks json.RawMessage, self string) (text string, mentioned bool) {
	w := blockWriter{self: self}
	for _, b := range blocksIn(blocks) {
		w.line()
		w.block(&b, 0)
	}
	return strings.TrimSpace(w.String()), w.mentioned
}

type blockWriter struct {
	strings.Builder
	self      string
	mentioned bool
}

// line begins a new line, unless it is at the beginning of one.
func (w *blockWriter) line() {
	if s := w.String(); s != "" && !strings.HasSuffix(s, "\n") {
		w.WriteByte('\n')
	}
}

func (w *blockWriter) block(b *block, depth int) {
	if depth > deepest {
		return
	}
	switch b.Type {
	case "rich_text_list":
		for i, e := range blocksIn(b.Elements) {
			w.line()
			w.WriteString(strings.Repeat("  ", min(int(count(b.Indent)), 8)))
			if b.Style == "ordered" {
				w.WriteString(strconv.Itoa(i+1) + ". ")
			} else {
				w.WriteString("- ")
			}
			w.block(&e, depth+1)
		}
		return
	case "user":
		if string(b.User) == w.self && w.self != "" {
			w.mentioned = true
			return
		}
		w.WriteString("@" + string(b.User))
		return
	case "usergroup":
		w.WriteString("@" + string(b.Group))
		return
	case "channel":
		w.WriteString("#" + string(b.Channel))
		return
	case "broadcast":
		w.WriteString("@" + string(b.Range))
		return
	case "emoji":
		w.WriteString(cmp.Or(runes(string(b.Unicode)), ":"+string(b.Name)+":"))
		return
	case "link":
		target, label := string(b.URL), w.raw(b.Text, false)
		w.WriteString(link(joined([]string{target, label}, "|")))
		return
	case "date":
		w.WriteString(string(b.Fallback))
		return
	case "text":
		w.WriteString(w.raw(b.Text, false)) // of rich text: not escaped
		return
	}
	if b.Type == "actions" || b.Type == "button" {
		return // labels are nobody's words
	}
	w.WriteString(w.raw(b.Title, true))
	w.WriteString(w.raw(b.Text, b.Type != "plain_text"))
	if b.Text == nil && b.Title == nil {
		w.WriteString(string(b.AltText))
	}
	for _, f := range blocksIn(b.Fields) {
		w.line()
		w.block(&f, depth+1)
	}
	w.all(b.Elements, depth)
}

// all writes elements: those that are text go on in the line.
func (w *blockWriter) all(elements json.RawMessage, depth int) {
	for _, e := range blocksIn(elements) {
		if strings.HasPrefix(string(e.Type), "rich_text") {
			w.line()
		}
		w.block(&e, depth+1)
	}
}

// raw is a text that is a string or an object with one.
func (w *blockWriter) raw(b json.RawMessage, markup bool) string {
	var s str
	var o maybe[struct {
		Type str `json:"type"`
		Text str `json:"text"`
	}]
	if len(b) > 0 && b[0] == '{' {
		if o.UnmarshalJSON(b) != nil {
			return ""
		}
		s, markup = o.V.Text, markup && o.V.Type != "plain_text"
	} else if len(b) > 0 && s.UnmarshalJSON(b) != nil {
		return ""
	}
	if !markup {
		return string(s)
	}
	text, mentioned := plain(string(s), w.self)
	w.mentioned = w.mentioned || mentioned
	return text
}

// runes turns "1f600-200d" into the characters.
func runes(hex string) string {
	var b strings.Builder
	for _, h := range strings.Split(hex, "-") {
		if n, err := strconv.ParseUint(h, 16, 32); err == nil && n > 0 {
			b.WriteRune(rune(n))
		}
	}
	return b.String()
}
