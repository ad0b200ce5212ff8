package slack

import (
	slackapi "github.com/slack-go/slack"
)

// richText draws pieces that are neither head nor foot. Nothing in them is markup to
// Slack: rich_text has elements for that
// (https://docs.slack.dev/reference/block-kit/blocks/rich-text-block).
func richText(id string, pieces []piece) slackapi.Block {
	var elements []slackapi.RichTextElement
	for i := 0; i < len(pieces); {
		p := pieces[i]
		n := i + 1
		switch p.shape {
		case item:
			for n < len(pieces) && continues(pieces[n-1], pieces[n]) {
				n++
			}
			elements = append(elements, list(pieces[i:n]))
		case quote:
			for n < len(pieces) && pieces[n].shape == quote {
				n++
			}
			elements = append(elements, &slackapi.RichTextQuote{Type: slackapi.RTEQuote, Elements: inline(pieces[i:n])})
		case pre:
			elements = append(elements, &slackapi.RichTextPreformatted{Type: slackapi.RTEPreformatted, Elements: inline(pieces[i:n])})
		default:
			for n < len(pieces) && pieces[n].shape == para {
				n++
			}
			elements = append(elements, slackapi.NewRichTextSection(inline(pieces[i:n])...))
		}
		i = n
	}
	return slackapi.NewRichTextBlock(id, elements...)
}

// continues reports whether item b is the next of the list that a is in.
func continues(a, b piece) bool {
	return b.shape == item && a.ordered == b.ordered && a.indent == b.indent && (!a.ordered || b.number == a.number+1)
}

// richList is a list as Slack documents it. The library's leaves no field out, and
// an offset is not allowed everywhere.
type richList struct {
	Type     slackapi.RichTextElementType     `json:"type"`
	Style    slackapi.RichTextListElementType `json:"style"`
	Indent   int                              `json:"indent,omitempty"`
	Offset   int                              `json:"offset,omitempty"`
	Elements []slackapi.RichTextElement       `json:"elements"`
}

func (l *richList) RichTextElementType() slackapi.RichTextElementType { return l.Type }

func list(items []piece) *richList {
	l := &richList{Type: slackapi.RTEList, Style: slackapi.RTEListBullet, Indent: items[0].indent}
	if items[0].ordered {
		l.Style, l.Offset = slackapi.RTEListOrdered, max(0, items[0].number-1)
	}
	for i := range items {
		l.Elements = append(l.Elements, slackapi.NewRichTextSection(inline(items[i:i+1])...))
	}
	return l
}

// inline draws the words of pieces that share an element.
func inline(pieces []piece) []slackapi.RichTextSectionElement {
	var spans []span
	for i, p := range pieces {
		switch {
		case i == 0:
		case p.tight:
			spans = append(spans, span{text: "\n"})
		default:
			spans = append(spans, span{text: "\n\n"})
		}
		spans = append(spans, p.spans...)
	}
	var out []slackapi.RichTextSectionElement
	for _, s := range merge(spans) {
		var style *slackapi.RichTextSectionTextStyle
		if s.bold || s.italic || s.strike || s.code {
			style = &slackapi.RichTextSectionTextStyle{Bold: s.bold, Italic: s.italic, Strike: s.strike, Code: s.code}
		}
		switch {
		case s.user != "":
			out = append(out, slackapi.NewRichTextSectionUserElement(s.user, nil))
			continue
		case s.url != "":
			out = append(out, slackapi.NewRichTextSectionLinkElement(s.url, s.text, style))
		default:
			out = append(out, slackapi.NewRichTextSectionTextElement(s.text, style))
		}
	}
	return out
}

// merge joins neighbours of one style.
func merge(spans []span) []span {
	var out []span
	for _, s := range spans {
		if n := len(out); n > 0 {
			same := s
			same.text = out[n-1].text
			if same == out[n-1] {
				out[n-1].text += s.text
				continue
			}
		}
		out = append(out, s)
	}
	return out
}

// plainLine is text for a label: no markup, and no emoji made of ":words:".
func plainLine(s string, limit int) *slackapi.TextBlockObject {
	no := false
	return &slackapi.TextBlockObject{Type: slackapi.PlainTextType, Text: cut(s, limit), Emoji: &no}
}
