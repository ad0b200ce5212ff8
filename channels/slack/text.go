package slack

import (
	"cmp"
	"encoding/json"
	"regexp"
	"strconv"
	"strings"
)

// unescaped undoes Slack's escaping, once: a customer's own "&amp;lt;" stays
// "&lt;" (docs.slack.dev/messaging/formatting-message-text).
var unescaped = strings.NewReplacer("&lt;", "<", "&gt;", ">", "&amp;", "&")

// token is what may stand between < and >: a mention, a channel, a special word, a
// link.
var token = regexp.MustCompile(`^([@#!]|[A-Za-z][A-Za-z0-9+.-]*:)[^<]*$`)

// plain turns the text of a message into what a person reads: <@U1|li> becomes
// @li, links "label (url)", and so on. Mentions of self are taken out; mentioned
// says that there was one. Asterisks and other marks stay: they may be meant.
func plain(text, self string) (out string, mentioned bool) {
	var b strings.Builder
	for text != "" {
		i := strings.IndexByte(text, '<')
		if i < 0 {
			break
		}
		j := strings.IndexByte(text[i:], '>')
		if j < 0 {
			break
		}
		b.WriteString(unescaped.Replace(text[:i]))
		inner := text[i+1 : i+j]
		if !token.MatchString(inner) { // Slack would have escaped it; a message by an odd client
			b.WriteByte('<')
			text = text[i+1:]
			continue
		}
		text = text[i+j+1:]
		if target, _, _ := strings.Cut(inner, "|"); self != "" && target == "@"+self {
			mentioned = true
			if b.Len() == 0 || strings.HasSuffix(b.String(), " ") || strings.HasSuffix(b.String(), "\n") {
				text = strings.TrimLeft(text, " \u00a0")
			}
			continue
		}
		b.WriteString(link(inner))
	}
	b.WriteString(unescaped.Replace(text))
	return strings.TrimSpace(b.String()), mentioned
}

// link is what stands between < and >.
func link(inner string) string {
	target, label, _ := strings.Cut(inner, "|")
	target, label = unescaped.Replace(target), unescaped.Replace(label)
	if target == "" {
		return label
	}
	switch target[0] {
	case '@':
		return "@" + strings.TrimPrefix(cmp.Or(label, target[1:]), "@")
	case '#':
		return "#" + strings.TrimPrefix(cmp.Or(label, target[1:]), "#")
	case '!':
		return special(target[1:], label)
	}
	shown := target
	for _, scheme := range []string{"mailto:", "tel:"} {
		shown = strings.TrimPrefix(shown, scheme)
	}
	bare := strings.TrimSuffix(strings.TrimPrefix(strings.TrimPrefix(shown, "https://"), "http://"), "/")
	if label == "" || label == shown || strings.TrimSuffix(label, "/") == bare {
		return shown
	}
	return label + " (" + shown + ")"
}

// special is <!here>, <!subteam^S1|@group>, <!date^…|fallback>.
func special(target, label string) string {
	name, _, _ := strings.Cut(target, "^")
	switch {
	case name == "date" && label != "":
		return label
	case label != "":
		return "@" + strings.TrimPrefix(label, "@")
	case name == "subteam":
		return "@" + strings.TrimPrefix(target, "subteam^")
	}
	return "@" + name
}

// words are what a message says. Text is what its author put there, and nothing
// else: in the rooms of staff it goes to a customer if it begins with a certain
// sign, so nobody else's words may be in it, nor a sign that the author did not
// type. Only elsewhere does a message without words of its own say what it
// forwards. full is text with everything that is quoted: forwarded messages, and
// the previews of messages linked to, which come later than the message.
func (m *message) words(self string, staff bool) (text, full string, mentioned bool) {
	text, mentioned = plain(string(m.Text), self)
	if text == "" {
		var said bool
		text, said = blocksText(m.Blocks, self)
		mentioned = mentioned || said
	}
	if text != "" || !staff {
		parts := []string{text}
		for _, f := range m.Files {
			if address := string(f.URL); f.elsewhere() && !f.gone() && (address == "" || !strings.Contains(text, address)) {
				parts = append(parts, strings.TrimSpace(string(cmp.Or(f.Title, f.Name))+" "+address))
			}
		}
		text = joined(parts, "\n\n")
	}
	var shared, quotes []string
	for _, a := range m.Attachments {
		if text != "" && !bool(a.Share) && !bool(a.Unfurl) {
			continue // the preview of a link, or decoration
		}
		said := a.words(self)
		if said == "" {
			continue
		}
		quotes = append(quotes, quoted(said))
		if bool(a.Share) || !bool(a.Unfurl) {
			shared = append(shared, said)
		}
	}
	if text == "" && !staff {
		return joined(shared, "\n\n"), joined(quotes, "\n\n"), mentioned
	}
	return text, joined(append([]string{text}, quotes...), "\n\n"), mentioned
}

// attachment is a part of a message in Slack's old form. What a person forwards
// comes as one.
type attachment struct {
	Share    yes `json:"is_share"`
	Unfurl   yes `json:"is_msg_unfurl"`
	Author   str `json:"author_name"`
	Pretext  str `json:"pretext"`
	Title    str `json:"title"`
	Text     str `json:"text"`
	Fallback str `json:"fallback"`
	Fields   many[struct {
		Title str `json:"title"`
		Value str `json:"value"`
	}] `json:"fields"`
	Blocks        json.RawMessage `json:"blocks"`
	MessageBlocks many[struct {
		Message maybe[struct {
			Blocks json.RawMessage `json:"blocks"`
		}] `json:"message"`
	}] `json:"message_blocks"`
}

func (a *attachment) words(self string) string {
	text, _ := plain(string(a.Text), self)
	if text == "" {
		text, _ = blocksText(a.Blocks, self)
		for _, m := range a.MessageBlocks {
			said, _ := blocksText(m.Message.V.Blocks, self)
			text = joined([]string{text, said}, "\n")
		}
	}
	title, _ := plain(string(a.Title), self)
	pretext, _ := plain(string(a.Pretext), self)
	parts := []string{pretext, title, text}
	for _, f := range a.Fields {
		name, _ := plain(string(f.Title), self)
		value, _ := plain(string(f.Value), self)
		parts = append(parts, joined([]string{name, value}, ": "))
	}
	said := joined(parts, "\n")
	if said == "" {
		said, _ = plain(string(a.Fallback), self)
	}
	if said != "" && a.Author != "" {
		said = string(a.Author) + ": " + said
	}
	return said
}

// quoted puts "> " before every line.
func quoted(s string) string { return "> " + strings.ReplaceAll(s, "\n", "\n> ") }

// joined joins the parts that are not empty.
func joined(parts []string, sep string) string {
	var out []string
	for _, p := range parts {
		if p != "" {
			out = append(out, p)
		}
	}
	return strings.Join(out, sep)
}

// count reads a number of bytes; 0 if it is none.
func count(w str) int64 {
	n, err := strconv.ParseInt(string(w), 10, 64)
	if err != nil || n < 0 {
		return 0
	}
	return n
}
