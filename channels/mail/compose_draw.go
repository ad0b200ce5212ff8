package mail

import (
	"html"
	"strings"

	"frontdesk/channels"
	"frontdesk/channels/markup"
)

// draw returns out's words as text and as an HTML page. The card's words are
// plain text and stay that; no word is added.
func draw(out channels.Outbound) (text, page string) {
	var t, h []string
	if out.Body.Text != "" {
		switch out.Body.Format {
		case channels.Markdown:
			t, h = append(t, markup.MarkdownToText(out.Body.Text)), append(h, markup.MarkdownToHTML(out.Body.Text))
		default:
			t, h = append(t, out.Body.Text), append(h, markup.PlainToHTML(out.Body.Text))
		}
	}
	if out.Card != nil {
		t, h = append(t, cardText(out.Card)), append(h, cardHTML(out.Card))
	}
	for i := range t {
		t[i] = strings.TrimRight(t[i], "\n")
	}
	lang := ""
	if out.Lang != "" {
		lang = ` lang="` + html.EscapeString(out.Lang) + `"`
	}
	return strings.Join(t, "\n\n") + "\n",
		"<!DOCTYPE html>\n<html" + lang + "><head><meta charset=\"utf-8\"></head>\n<body>\n" +
			strings.Join(h, "\n<hr>\n") + "\n</body></html>\n"
}

func cardText(c *channels.Card) string {
	var blocks []string
	if c.Title != "" {
		blocks = append(blocks, c.Title)
	}
	var fields []string
	for _, f := range c.Fields {
		fields = append(fields, f.Label+": "+indent(f.Value))
	}
	if len(fields) > 0 {
		blocks = append(blocks, strings.Join(fields, "\n"))
	}
	var lines []string
	for _, l := range c.Lines {
		lines = append(lines, strings.TrimSpace(l.When+" "+l.Who)+": "+indent(l.Text))
	}
	if len(lines) > 0 {
		blocks = append(blocks, strings.Join(lines, "\n"))
	}
	if c.Footer != "" {
		blocks = append(blocks, c.Footer)
	}
	return strings.Join(blocks, "\n\n")
}

// indent sets the further lines of a value off from the next label.
func indent(s string) string {
	return strings.ReplaceAll(strings.TrimRight(s, "\r\n"), "\n", "\n    ")
}

func cardHTML(c *channels.Card) string {
	var b strings.Builder
	if c.Title != "" {
		b.WriteString("<h3>" + html.EscapeString(c.Title) + "</h3>\n")
	}
	if len(c.Fields) > 0 {
		b.WriteString("<table cellpadding=\"4\">\n")
		for _, f := range c.Fields {
			b.WriteString("<tr><th align=\"left\" valign=\"top\">" + html.EscapeString(f.Label) + "</th><td>" + lines(f.Value) + "</td></tr>\n")
		}
		b.WriteString("</table>\n")
	}
	if len(c.Lines) > 0 {
		b.WriteString("<table cellpadding=\"4\">\n")
		for _, l := range c.Lines {
			text := lines(l.Text)
			if l.Note {
				text = "<i>" + text + "</i>"
			}
			b.WriteString("<tr><td valign=\"top\">" + html.EscapeString(l.When) + "</td><td valign=\"top\">" +
				html.EscapeString(l.Who) + "</td><td>" + text + "</td></tr>\n")
		}
		b.WriteString("</table>\n")
	}
	if c.Footer != "" {
		b.WriteString("<p>" + lines(c.Footer) + "</p>\n")
	}
	return b.String()
}

// lines escapes s and keeps its line ends.
func lines(s string) string {
	return strings.ReplaceAll(html.EscapeString(strings.TrimRight(s, "\r\n")), "\n", "<br>\n")
}
