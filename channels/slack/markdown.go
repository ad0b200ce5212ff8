package slack

import (
	"bytes"
	"html"
	"net/url"
	"strconv"
	"strings"

	"github.com/yuin/goldmark/ast"
	extast "github.com/yuin/goldmark/extension/ast"
	htmlrender "github.com/yuin/goldmark/renderer/html"
	"github.com/yuin/goldmark/util"
	"golang.org/x/net/idna"

	"frontdesk/channels/markup"
)

// markdownPieces is CommonMark as pieces. Links lead to http, https and mailto only,
// others keep their text; a picture is a link to itself; HTML is shown as it is
// written; a table is lines with its cells; lines break where the source breaks
// them, as in the text part of a mail.
//
// They become rich_text and not mrkdwn: there a styled word needs blanks around it,
// which Chinese has not, and whether "*" is markup is for the client to guess.
func markdownPieces(md string) []piece {
	doc, source := markup.Parse(cut(clean(md), mostText))
	d := drawer{source: source}
	d.blocks(doc, surroundings{})
	return d.out
}

// plainPieces is text in which nothing is markup. It is one paragraph: its empty
// lines are its own.
func plainPieces(text string) []piece {
	text = strings.Trim(cut(clean(text), mostText), "\n")
	if strings.TrimSpace(text) == "" {
		return nil
	}
	return []piece{{spans: []span{{text: text}}}}
}

// drawer turns a tree into pieces.
type drawer struct {
	source []byte
	out    []piece
}

// surroundings is what a block stands in.
type surroundings struct {
	quoted bool
	depth  int    // of lists
	mark   *piece // the item whose first words are still to come
}

// add puts a piece out; in a quotation everything is a paragraph of it, because
// Slack's quotations hold words only.
func (d *drawer) add(p piece, in surroundings) {
	p.spans = tidy(p.spans)
	if len(p.spans) == 0 {
		return
	}
	if in.quoted {
		switch p.shape {
		case item:
			mark := "• "
			if p.ordered {
				mark = strconv.Itoa(p.number) + ". "
			}
			p.spans = append([]span{{text: strings.Repeat("  ", p.indent) + mark}}, p.spans...)
			p.tight = true
		case pre:
			for i := range p.spans {
				p.spans[i].code = true
			}
		}
		p.shape = quote
	}
	d.out = append(d.out, p)
}

func (d *drawer) blocks(parent ast.Node, in surroundings) {
	for n := parent.FirstChild(); n != nil; n = n.NextSibling() {
		d.block(n, in)
		in.mark = nil
	}
}

func (d *drawer) block(n ast.Node, in surroundings) {
	switch n := n.(type) {
	case *ast.Heading:
		d.words(n, in, span{bold: true})
	case *ast.Paragraph, *ast.TextBlock:
		d.words(n, in, span{})
	case *ast.Blockquote:
		d.flushMark(in)
		in.quoted, in.mark = true, nil
		d.blocks(n, in)
	case *ast.List:
		d.flushMark(in)
		d.list(n, in)
	case *ast.FencedCodeBlock, *ast.CodeBlock:
		d.flushMark(in)
		d.add(piece{shape: pre, spans: []span{{text: strings.TrimRight(d.lines(n), "\n")}}}, in)
	case *ast.HTMLBlock:
		d.flushMark(in)
		text := d.lines(n)
		if n.HasClosure() {
			text += string(n.ClosureLine.Value(d.source))
		}
		d.add(piece{spans: []span{{text: strings.TrimRight(text, "\n")}}}, in)
	case *ast.ThematicBreak:
		d.flushMark(in)
		d.add(piece{spans: []span{{text: "———"}}}, in)
	case *extast.Table:
		d.flushMark(in)
		d.table(n, in)
	default: // of an extension that is not in use
		d.blocks(n, in)
	}
}

// words puts out a block that holds inline nodes alone.
func (d *drawer) words(n ast.Node, in surroundings, style span) {
	p := piece{}
	if in.mark != nil {
		p = *in.mark
	}
	p.spans = d.inline(n, style)
	// A further paragraph of an item goes on in it, as long as nothing came between.
	if last := len(d.out) - 1; in.mark == nil && in.depth > 0 && !in.quoted && last >= 0 && n.PreviousSibling() != nil &&
		d.out[last].shape == item && isWords(n.PreviousSibling()) {
		d.out[last].spans = tidy(append(append(d.out[last].spans, span{text: "\n"}), p.spans...))
		return
	}
	d.add(p, in)
}

func isWords(n ast.Node) bool { return n.Kind() == ast.KindParagraph || n.Kind() == ast.KindTextBlock }

// flushMark puts out the mark of an item that begins with something else than words.
func (d *drawer) flushMark(in surroundings) {
	if in.mark != nil {
		p := *in.mark
		p.spans = []span{{text: "\u00a0"}} // Slack takes no empty element
		d.add(p, in)
	}
}

func (d *drawer) list(l *ast.List, in surroundings) {
	number := l.Start
	for n := l.FirstChild(); n != nil; n = n.NextSibling() {
		mark := &piece{shape: item, ordered: l.IsOrdered(), number: number, indent: min(in.depth, 8)}
		number++
		inside := surroundings{quoted: in.quoted, depth: in.depth + 1, mark: mark}
		if n.FirstChild() == nil {
			d.flushMark(inside)
			continue
		}
		d.blocks(n, inside)
	}
}

// table is a line for each row.
func (d *drawer) table(t *extast.Table, in surroundings) {
	var spans []span
	for row := t.FirstChild(); row != nil; row = row.NextSibling() {
		if len(spans) > 0 {
			spans = append(spans, span{text: "\n"})
		}
		style := span{bold: row.Kind() == extast.KindTableHeader}
		for cell := row.FirstChild(); cell != nil; cell = cell.NextSibling() {
			if cell != row.FirstChild() {
				spans = append(spans, span{text: " | "})
			}
			spans = append(spans, d.inline(cell, style)...)
		}
	}
	d.add(piece{spans: spans}, in)
}

func (d *drawer) lines(n ast.Node) string {
	var b strings.Builder
	for i := range n.Lines().Len() {
		line := n.Lines().At(i)
		b.Write(line.Value(d.source))
	}
	return b.String()
}

// inline is what stands in n, in a style that its parts add to.
func (d *drawer) inline(parent ast.Node, style span) []span {
	var out []span
	put := func(text string, style span) {
		style.text = text
		out = append(out, style)
	}
	for n := parent.FirstChild(); n != nil; n = n.NextSibling() {
		switch n := n.(type) {
		case *ast.Text:
			value := n.Segment.Value(d.source)
			if n.IsRaw() || style.code {
				put(string(value), style)
			} else {
				put(unescape(value), style)
			}
			if n.HardLineBreak() || n.SoftLineBreak() {
				if style.code {
					put(" ", style)
				} else {
					put("\n", style)
				}
			}
		case *ast.String:
			put(string(n.Value), style)
		case *ast.RawHTML:
			for i := range n.Segments.Len() {
				seg := n.Segments.At(i)
				put(string(seg.Value(d.source)), style)
			}
		case *ast.CodeSpan:
			inner := style
			inner.code = true
			out = append(out, d.inline(n, inner)...)
		case *ast.Emphasis:
			inner := style
			inner.bold = style.bold || n.Level == 2
			inner.italic = style.italic || n.Level == 1
			out = append(out, d.inline(n, inner)...)
		case *extast.Strikethrough:
			inner := style
			inner.strike = true
			out = append(out, d.inline(n, inner)...)
		case *ast.AutoLink:
			inner := style
			target := string(n.URL(d.source))
			if n.AutoLinkType == ast.AutoLinkEmail && !strings.HasPrefix(strings.ToLower(target), "mailto:") {
				target = "mailto:" + target
			}
			inner.url = linkable(target)
			put(string(n.Label(d.source)), inner)
		case *ast.Link:
			out = append(out, d.link(n, string(n.Destination), style)...)
		case *ast.Image:
			out = append(out, d.link(n, string(n.Destination), style)...)
		default:
			out = append(out, d.inline(n, style)...)
		}
	}
	return out
}

// link is a link around what stands in n. One within another (a picture in a link)
// leads where the outer does.
func (d *drawer) link(n ast.Node, destination string, style span) []span {
	if style.url == "" {
		style.url = linkable(destination)
	}
	spans := tidy(d.inline(n, style))
	if len(spans) == 0 {
		style.text = cut(destination, 300)
		spans = []span{style}
	}
	return spans
}

// linkable is target as it may stand in a link, or "" if it may not: Slack refuses a
// whole message for one address that is none.
func linkable(target string) string {
	u, err := url.Parse(string(util.URLEscape([]byte(strings.TrimSpace(target)), true)))
	if err != nil {
		return ""
	}
	switch strings.ToLower(u.Scheme) {
	case "http", "https":
		// Names outside ASCII travel as IDNA (RFC 5890).
		host, err := idna.Lookup.ToASCII(u.Hostname())
		if err != nil || host == "" || u.User != nil {
			return ""
		}
		if port := u.Port(); port != "" {
			host += ":" + port
		}
		u.Host = host
	case "mailto":
		if !strings.Contains(u.Opaque, "@") {
			return ""
		}
	default:
		return ""
	}
	link := u.String()
	if len(link) > urlLimit || strings.ContainsFunc(link, func(r rune) bool { return r <= ' ' || r > '~' || strings.ContainsRune(`<>|"`, r) }) {
		return ""
	}
	return link
}

// unescape is what a reader sees of a text in Markdown: what goldmark writes, read
// back.
func unescape(value []byte) string {
	var b bytes.Buffer
	w := htmlWriter{&b}
	htmlrender.DefaultWriter.Write(w, value)
	return html.UnescapeString(b.String())
}

// htmlWriter is a bytes.Buffer as goldmark wants it.
type htmlWriter struct{ *bytes.Buffer }

func (htmlWriter) Available() int { return 0 }
func (htmlWriter) Buffered() int  { return 0 }
func (htmlWriter) Flush() error   { return nil }

// tidy joins spans of one style, takes out empty ones, and the blanks at both ends.
func tidy(spans []span) []span {
	var out []span
	for _, s := range spans {
		if s.text = clean(s.text); s.text == "" {
			continue
		}
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
	for len(out) > 0 {
		if out[0].text = strings.TrimLeft(out[0].text, "\n"); out[0].text != "" {
			break
		}
		out = out[1:]
	}
	for n := len(out) - 1; n >= 0; n-- {
		if out[n].text = strings.TrimRight(out[n].text, " \n"); out[n].text != "" {
			break
		}
		out = out[:n]
	}
	return out
}
