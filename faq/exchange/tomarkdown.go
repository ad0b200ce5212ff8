package exchange

import (
	"fmt"
	"regexp"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// toMarkdown writes what a page shows as Markdown: paragraphs, lists, headings,
// links, emphasis, quotes, code, tables. A picture is its description. What belongs
// to the page and not to its text (scripts, forms, navigation) is left out.
func toMarkdown(nodes ...*html.Node) string {
	w := &mdWriter{}
	for _, n := range nodes {
		w.node(n)
	}
	s := regexp.MustCompile(`[ \t]+\n`).ReplaceAllString(w.b.String(), "\n")
	s = regexp.MustCompile(`\n{3,}`).ReplaceAllString(s, "\n\n")
	return strings.TrimSpace(strings.ReplaceAll(s, hardBreak, "\\\n"))
}

// hardBreak stands for a <br> until spaces at line ends are gone.
const hardBreak = "\x01\n"

// textOf is the text of a node on one line.
func textOf(n *html.Node) string {
	var b strings.Builder
	var walk func(*html.Node)
	walk = func(n *html.Node) {
		switch {
		case n.Type == html.TextNode:
			b.WriteString(n.Data)
		case skipped(n):
			return
		case n.DataAtom == atom.Br:
			b.WriteByte(' ')
		}
		for c := n.FirstChild; c != nil; c = c.NextSibling {
			walk(c)
		}
	}
	walk(n)
	return strings.Join(strings.Fields(b.String()), " ")
}

func skipped(n *html.Node) bool {
	switch n.DataAtom {
	case atom.Script, atom.Style, atom.Head, atom.Nav, atom.Footer, atom.Form, atom.Button, atom.Noscript, atom.Template, atom.Svg, atom.Iframe:
		return true
	}
	return n.Type == html.CommentNode || n.Type == html.DoctypeNode
}

type mdWriter struct {
	b      strings.Builder
	prefix string // of every line: quotes and lists
	pre    bool
}

var (
	special   = regexp.MustCompile("[\\\\*_\\[\\]<>`]")
	lineStart = regexp.MustCompile(`^(#{1,6}\s|[-+]\s|\d+[.)]\s|>)`)
)

func (w *mdWriter) atLineStart() bool {
	s := strings.TrimSuffix(w.b.String(), w.prefix)
	return s == "" || strings.HasSuffix(s, "\n")
}

// gap begins a new line after an empty one.
func (w *mdWriter) gap() {
	if strings.TrimSpace(w.b.String()) == "" {
		return
	}
	if !w.atLineStart() {
		w.b.WriteString("\n" + w.prefix)
	}
	w.b.WriteString("\n" + w.prefix)
}

func (w *mdWriter) text(s string) {
	if w.pre {
		w.b.WriteString(strings.ReplaceAll(s, "\n", "\n"+w.prefix))
		return
	}
	lead := strings.TrimLeft(s, " \t\n") != s
	trail := strings.TrimRight(s, " \t\n") != s
	s = strings.Join(strings.Fields(s), " ")
	start := w.atLineStart() || strings.HasSuffix(w.b.String(), hardBreak+w.prefix)
	if lead && !start && !strings.HasSuffix(w.b.String(), " ") {
		w.b.WriteByte(' ')
	}
	if s == "" {
		return
	}
	s = special.ReplaceAllString(s, `\$0`)
	if start && lineStart.MatchString(s) {
		s = regexp.MustCompile(`^(\d*)(.)`).ReplaceAllString(s, `$1\$2`)
	}
	w.b.WriteString(s)
	if trail {
		w.b.WriteByte(' ')
	}
}

func (w *mdWriter) children(n *html.Node) {
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		w.node(c)
	}
}

// around writes the children between marks, which stand at words and not at spaces.
func (w *mdWriter) around(n *html.Node, mark string) {
	inner := &mdWriter{prefix: w.prefix}
	inner.b.WriteString("\x02") // not at the start of a line
	inner.children(n)
	s := strings.TrimPrefix(inner.b.String(), "\x02")
	body := strings.TrimSpace(s)
	if body == "" || strings.Contains(body, "\n\n") {
		w.b.WriteString(s)
		return
	}
	if s[0] == ' ' && !w.atLineStart() {
		w.b.WriteByte(' ')
	}
	w.b.WriteString(mark + body + mark)
	if s[len(s)-1] == ' ' {
		w.b.WriteByte(' ')
	}
}

func (w *mdWriter) node(n *html.Node) {
	if n.Type == html.TextNode {
		w.text(n.Data)
		return
	}
	if skipped(n) {
		return
	}
	switch n.DataAtom {
	case atom.Br:
		w.b.WriteString(hardBreak + w.prefix)
	case atom.Strong, atom.B:
		w.around(n, "**")
	case atom.Em, atom.I:
		w.around(n, "*")
	case atom.Code, atom.Kbd, atom.Tt:
		if w.pre {
			w.children(n)
			return
		}
		fmt.Fprintf(&w.b, "`%s`", strings.ReplaceAll(textOf(n), "`", "'"))
	case atom.A:
		inner := textOf(n)
		href := attr(n, "href")
		switch {
		case inner == "":
		case strings.HasPrefix(href, "http") || strings.HasPrefix(href, "mailto:") || strings.HasPrefix(href, "tel:"):
			if s := w.b.String(); n.PrevSibling != nil && s != "" && n.PrevSibling.Type == html.TextNode && strings.HasSuffix(n.PrevSibling.Data, " ") && !strings.HasSuffix(s, " ") {
				w.b.WriteByte(' ')
			}
			if inner == href {
				w.b.WriteString("<" + href + ">")
			} else {
				fmt.Fprintf(&w.b, "[%s](%s)", special.ReplaceAllString(inner, `\$0`), strings.NewReplacer(" ", "%20", "(", "%28", ")", "%29").Replace(href))
			}
		default:
			w.children(n)
		}
	case atom.Img:
		w.text(attr(n, "alt"))
	case atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6:
		w.gap()
		fmt.Fprintf(&w.b, "%s %s", strings.Repeat("#", int(n.Data[1]-'0')), special.ReplaceAllString(textOf(n), `\$0`))
		w.gap()
	case atom.Pre:
		w.gap()
		w.b.WriteString("```\n" + w.prefix)
		w.pre = true
		w.children(n)
		w.pre = false
		if !strings.HasSuffix(w.b.String(), "\n"+w.prefix) {
			w.b.WriteString("\n" + w.prefix)
		}
		w.b.WriteString("```")
		w.gap()
	case atom.Blockquote:
		w.indented("> ", "> ", n)
	case atom.Ul, atom.Ol:
		w.list(n)
	case atom.Table:
		w.table(n)
	case atom.Hr:
		w.gap()
		w.b.WriteString("---")
		w.gap()
	case atom.P, atom.Div, atom.Section, atom.Article, atom.Main, atom.Dl, atom.Dd, atom.Dt, atom.Details, atom.Summary, atom.Header, atom.Body, atom.Figure, atom.Address:
		w.gap()
		w.children(n)
		w.gap()
	default:
		w.children(n)
	}
}

// indented writes a block whose first line has one mark and whose others another.
func (w *mdWriter) indented(first, rest string, n *html.Node) {
	w.gap()
	w.b.WriteString(first)
	w.b.WriteString(indent(blockOf(n), w.prefix+rest))
	w.gap()
}

func blockOf(n *html.Node) string {
	inner := &mdWriter{}
	inner.children(n)
	s := regexp.MustCompile(`\n{3,}`).ReplaceAllString(inner.b.String(), "\n\n")
	return strings.TrimSpace(s)
}

func indent(s, prefix string) string { return strings.ReplaceAll(s, "\n", "\n"+prefix) }

func (w *mdWriter) list(n *html.Node) {
	w.gap()
	number := 1
	loose := false
	var items []string
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		if c.DataAtom == atom.Li {
			s := blockOf(c)
			loose = loose || strings.Contains(s, "\n\n") && c.FirstChild != nil && hasParagraph(c)
			items = append(items, s)
		}
	}
	for i, s := range items {
		mark := "- "
		if n.DataAtom == atom.Ol {
			mark = fmt.Sprintf("%d. ", number)
			number++
		}
		if !loose {
			s = regexp.MustCompile(`\n\n+`).ReplaceAllString(s, "\n")
		}
		w.b.WriteString(mark + indent(s, w.prefix+strings.Repeat(" ", len(mark))))
		if i < len(items)-1 {
			w.b.WriteString("\n" + w.prefix)
			if loose {
				w.b.WriteString("\n" + w.prefix)
			}
		}
	}
	w.gap()
}

func hasParagraph(n *html.Node) bool {
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		if c.DataAtom == atom.P {
			return true
		}
	}
	return false
}

func (w *mdWriter) table(n *html.Node) {
	w.gap()
	rows := 0
	each(n, func(r *html.Node) bool {
		if r.DataAtom != atom.Tr {
			return true
		}
		var cells []string
		for c := r.FirstChild; c != nil; c = c.NextSibling {
			if c.DataAtom == atom.Td || c.DataAtom == atom.Th {
				cells = append(cells, strings.ReplaceAll(special.ReplaceAllString(textOf(c), `\$0`), "|", `\|`))
			}
		}
		w.b.WriteString("| " + strings.Join(cells, " | ") + " |\n" + w.prefix)
		if rows++; rows == 1 {
			w.b.WriteString("|" + strings.Repeat(" --- |", len(cells)) + "\n" + w.prefix)
		}
		return false
	})
	w.gap()
}
