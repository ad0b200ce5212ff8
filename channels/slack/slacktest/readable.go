package slacktest

import (
	"fmt"
	"regexp"
	"strings"
)

// readMessage is what a person reads of a message: its blocks where there are some,
// else its text, and the names of its files.
func (w *World) readMessage(m *message) string {
	var lines []string
	if len(m.blocks) > 0 {
		lines = append(lines, w.readBlocks(m.blocks))
	} else if m.text != "" {
		lines = append(lines, w.mrkdwn(m.text))
	}
	for _, f := range m.files {
		lines = append(lines, "[file: "+f.title+"]")
	}
	return strings.TrimSpace(strings.Join(lines, "\n"))
}

func (w *World) readBlocks(blocks []any) string {
	var lines []string
	for _, b := range blocks {
		if o, ok := b.(object); ok {
			if s := w.readBlock(o); s != "" {
				lines = append(lines, s)
			}
		}
	}
	return strings.Join(lines, "\n")
}

func (w *World) readBlock(b object) string {
	switch b["type"] {
	case "divider":
		return "---"
	case "header":
		return textOf(b["text"])
	case "markdown":
		s, _ := b["text"].(string)
		return s
	case "rich_text":
		return strings.TrimRight(w.rich(b), "\n")
	case "image":
		s, _ := b["alt_text"].(string)
		return "[picture: " + s + "]"
	case "input":
		e, _ := b["element"].(object)
		return textOf(b["label"]) + ": " + w.readElement(e) + hintOf(b)
	}
	var lines []string
	if b["text"] != nil {
		lines = append(lines, w.readText(b["text"]))
	}
	for _, f := range list(b["fields"]) {
		lines = append(lines, w.readText(f))
	}
	var row []string
	for _, e := range append(list(b["elements"]), b["accessory"]) {
		if o, ok := e.(object); ok {
			row = append(row, w.readElement(o))
		}
	}
	if len(row) > 0 {
		lines = append(lines, strings.Join(row, " "))
	}
	return strings.Join(lines, "\n")
}

func hintOf(b object) string {
	if s := textOf(b["hint"]); s != "" {
		return " (" + s + ")"
	}
	return ""
}

func list(v any) []any {
	l, _ := v.([]any)
	return l[:len(l):len(l)]
}

// readText reads a text object.
func (w *World) readText(v any) string {
	if o, ok := v.(object); ok && o["type"] == "mrkdwn" {
		return w.mrkdwn(textOf(o))
	}
	return textOf(v)
}

func (w *World) readElement(e object) string {
	switch kind, _ := e["type"].(string); kind {
	case "mrkdwn", "plain_text":
		return w.readText(e)
	case "button":
		return "[" + textOf(e["text"]) + "]"
	case "image":
		s, _ := e["alt_text"].(string)
		return "[picture: " + s + "]"
	case "feedback_buttons":
		p, _ := e["positive_button"].(object)
		n, _ := e["negative_button"].(object)
		return "[" + textOf(p["text"]) + "] [" + textOf(n["text"]) + "]"
	case "plain_text_input", "email_text_input", "number_input", "url_text_input":
		s, _ := e["initial_value"].(string)
		return "<" + s + ">"
	default:
		var options []string
		for _, o := range list(e["options"]) {
			o, _ := o.(object)
			options = append(options, textOf(o["text"]))
		}
		return "<" + strings.Join(options, " | ") + ">"
	}
}

// rich reads rich text.
func (w *World) rich(b object) string {
	var out strings.Builder
	for _, e := range list(b["elements"]) {
		o, _ := e.(object)
		if kind, _ := o["type"].(string); strings.HasPrefix(kind, "rich_text_") && out.Len() > 0 && !strings.HasSuffix(out.String(), "\n") {
			out.WriteString("\n") // each of these is a paragraph
		}
		s := func(name string) string { s, _ := o[name].(string); return s }
		switch o["type"] {
		case "text":
			out.WriteString(s("text"))
		case "link":
			if t := s("text"); t != "" && t != s("url") {
				out.WriteString(t + " (" + s("url") + ")")
			} else {
				out.WriteString(s("url"))
			}
		case "user":
			out.WriteString(w.nameOf("@", s("user_id")))
		case "channel":
			out.WriteString(w.nameOf("#", s("channel_id")))
		case "broadcast":
			out.WriteString("@" + s("range"))
		case "emoji":
			out.WriteString(":" + s("name") + ":")
		case "rich_text_list":
			first, _ := o["offset"].(float64)
			indent, _ := o["indent"].(float64)
			for n, item := range list(o["elements"]) {
				mark := "• "
				if s("style") == "ordered" {
					mark = fmt.Sprintf("%d. ", n+1+int(first))
				}
				mark = strings.Repeat("  ", int(indent)) + mark
				item, _ := item.(object)
				out.WriteString(mark + strings.TrimRight(w.rich(item), "\n") + "\n")
			}
		case "rich_text_quote":
			out.WriteString("> " + strings.ReplaceAll(strings.TrimRight(w.rich(o), "\n"), "\n", "\n> ") + "\n")
		case "rich_text_section", "rich_text_preformatted":
			out.WriteString(w.rich(o))
		}
	}
	return out.String()
}

func (w *World) nameOf(mark, id string) string {
	if u := w.user(id); u != nil {
		return mark + u.Name
	}
	if c := w.channel(id); c != nil {
		return mark + c.Name
	}
	return mark + id
}

var (
	entity    = regexp.MustCompile(`<([^<>\n]+)>`)
	formatted = regexp.MustCompile(`(^|[\s(\[{"'.,;:!?。，！？：；（“])([*_~])([^\s*_~](?:[^*_~\n]*[^\s*_~])?)([*_~])($|[\s)\]}"'.,;:!?。，！？：；）”])`)
)

// mrkdwn reads Slack's own markup: entities become what they show, and the signs
// of bold, italic and struck text vanish, as they do for who reads it.
func (w *World) mrkdwn(s string) string {
	for {
		next := formatted.ReplaceAllStringFunc(s, func(m string) string {
			p := formatted.FindStringSubmatch(m)
			if p[2] != p[4] {
				return m
			}
			return p[1] + p[3] + p[5]
		})
		if next == s {
			break
		}
		s = next
	}
	s = entity.ReplaceAllStringFunc(s, func(m string) string {
		body, label, labelled := strings.Cut(m[1:len(m)-1], "|")
		switch {
		case strings.HasPrefix(body, "@"):
			return w.nameOf("@", body[1:])
		case strings.HasPrefix(body, "#"):
			return w.nameOf("#", body[1:])
		case strings.HasPrefix(body, "!"):
			if labelled {
				return label
			}
			return "@" + body[1:]
		case labelled && label != body:
			return label + " (" + body + ")"
		}
		return body
	})
	return unescape(s)
}
