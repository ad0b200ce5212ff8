package markup

import (
	"strconv"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// HTMLToText returns the words of an HTML text as a person sees them, and those
// that the author hid from view (display:none, font-size:0, the colour of the
// background …), which are in text no longer. Rules in style sheets are not
// evaluated, only those on the elements.
//
// Blocks stand on lines of their own, list items after "- " or a number, quoted
// text after "> ", the cells of a row between " | ", preformatted text as it
// is. A link is "text <url>", or only its text if that says the same.
//
// HTML that is nested deeper than the parser's limit of 512 open elements loses
// its tags and nothing else; nothing in it counts as hidden.
func HTMLToText(source string) (text, hidden string) {
	root, err := html.Parse(strings.NewReader(source))
	if err != nil {
		return tagless(source), ""
	}
	w := walker{link: func(text, url string) string { return " <" + url + ">" }}
	w.children(root, shown{})
	return w.String(), strings.TrimSpace(w.hidden.String())
}

// walker writes a tree of HTML as text.
type walker struct {
	flow
	hidden flow
	link   func(text, url string) string // what follows the text of a link
	pre    int                           // open <pre>
}

func (w *walker) children(n *html.Node, s shown) {
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		w.node(c, s)
	}
}

func (w *walker) node(n *html.Node, s shown) {
	switch n.Type {
	case html.TextNode:
		switch {
		case s.hides():
			w.hidden.words(n.Data)
			w.hidden.words(" ")
		case w.pre > 0:
			w.verbatim(strings.ReplaceAll(n.Data, "\r", ""))
		default:
			w.words(n.Data)
		}
	case html.ElementNode:
		w.element(n, s.within(n))
	case html.DocumentNode:
		w.children(n, s)
	}
}

func (w *walker) element(n *html.Node, s shown) {
	switch n.DataAtom {
	case atom.Head, atom.Script, atom.Style, atom.Title, atom.Template, atom.Object, atom.Noscript,
		atom.Select, atom.Textarea, atom.Iframe, atom.Svg, atom.Math, atom.Video, atom.Audio:
		return
	case atom.Br:
		if !s.hides() {
			w.line()
		}
	case atom.Hr:
		w.block(1)
		if !s.hides() {
			w.words("----------")
		}
		w.block(1)
	case atom.P, atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6, atom.Dl, atom.Fieldset, atom.Figure:
		w.around(2, n, s)
	case atom.Pre, atom.Listing, atom.Xmp:
		w.pre++
		w.around(2, n, s)
		w.pre--
	case atom.Blockquote:
		w.block(1)
		w.under("> ", "", func() { w.children(n, s) })
		w.block(1)
	case atom.Ul, atom.Ol, atom.Menu, atom.Dir:
		w.list(n, s)
	case atom.Li: // outside a list
		w.block(1)
		w.under("  ", "- ", func() { w.children(n, s) })
		w.block(1)
	case atom.Tr:
		w.row(n, s)
	case atom.Td, atom.Th, atom.Div, atom.Section, atom.Article, atom.Header, atom.Footer, atom.Main, atom.Nav,
		atom.Aside, atom.Address, atom.Center, atom.Form, atom.Table, atom.Caption, atom.Tbody, atom.Thead,
		atom.Tfoot, atom.Dt, atom.Dd, atom.Figcaption, atom.Body, atom.Html, atom.Details, atom.Summary:
		w.around(1, n, s)
	case atom.A:
		w.anchor(n, s)
	case atom.Img:
		if alt := strings.TrimSpace(attr(n, "alt")); alt != "" && !s.hides() {
			w.words("[" + alt + "]")
		}
	default:
		w.children(n, s)
	}
}

func (w *walker) around(breaks int, n *html.Node, s shown) {
	w.block(breaks)
	w.children(n, s)
	w.block(breaks)
}

// list writes <ul> and <ol>. A list inside an item follows without an empty
// line.
func (w *walker) list(n *html.Node, s shown) {
	breaks := 2
	if w.prefix != "" {
		breaks = 1
	}
	number, _ := strconv.Atoi(attr(n, "start")) // 0, and so 1 below, if it is none
	number = max(number, 1)
	w.block(breaks)
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		if c.Type != html.ElementNode || c.DataAtom != atom.Li {
			w.node(c, s)
			continue
		}
		bullet := "- "
		if n.DataAtom == atom.Ol {
			bullet = strconv.Itoa(number) + ". "
			number++
		}
		w.block(1)
		w.under(strings.Repeat(" ", len(bullet)), bullet, func() { w.children(c, s.within(c)) })
	}
	w.block(breaks)
}

// row writes the cells of a table row: side by side if each is one line, as in
// a table of data, else below each other, as in a table that only arranges.
func (w *walker) row(n *html.Node, s shown) {
	if arranges(n) {
		w.around(1, n, s)
		return
	}
	var cells []string
	onOneLine := true
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		cell := walker{link: w.link, pre: w.pre}
		cell.node(c, s)
		w.hidden.words(cell.hidden.String() + " ")
		if text := cell.String(); strings.TrimSpace(text) != "" {
			cells = append(cells, text)
			onOneLine = onOneLine && !strings.Contains(text, "\n")
		}
	}
	separator := "\n"
	if onOneLine {
		separator = " | "
	}
	w.block(1)
	w.verbatim(strings.Join(cells, separator))
	w.block(1)
}

// arranges reports whether something within a row takes more than a line.
func arranges(n *html.Node) bool {
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		switch c.DataAtom {
		case atom.Table, atom.Ul, atom.Ol, atom.Hr, atom.Br, atom.Pre, atom.Blockquote:
			return true
		}
		if arranges(c) {
			return true
		}
	}
	return false
}

// anchor writes a link, with its address unless the text says the same.
func (w *walker) anchor(n *html.Node, s shown) {
	before := w.out.Len()
	w.children(n, s)
	text := strings.TrimSpace(w.out.String()[before:])
	href := strings.TrimSpace(attr(n, "href"))
	if s.hides() || text == "" || !linkable(href) || sameAddress(text, href) {
		return
	}
	w.out.WriteString(w.link(text, dropInvisible(strings.ReplaceAll(href, " ", "%20"))))
}

// linkable reports whether a link leads somewhere for a reader.
func linkable(href string) bool {
	scheme, _, ok := strings.Cut(href, ":")
	if !ok {
		return false
	}
	switch strings.ToLower(scheme) {
	case "http", "https", "mailto", "tel":
		return true
	}
	return false
}

// sameAddress reports whether the text of a link tells its address.
func sameAddress(text, href string) bool {
	bare := func(s string) string {
		s = strings.ToLower(strings.TrimSpace(s))
		for _, p := range []string{"https://", "http://", "mailto:", "tel:"} {
			s = strings.TrimPrefix(s, p)
		}
		return strings.TrimSuffix(strings.TrimPrefix(s, "www."), "/")
	}
	return bare(text) == bare(href)
}

func attr(n *html.Node, key string) string {
	for _, a := range n.Attr {
		if a.Namespace == "" && a.Key == key {
			return a.Val
		}
	}
	return ""
}

// tagless drops the tags from HTML that is too deep to be parsed into a tree.
func tagless(source string) string {
	var f flow
	z := html.NewTokenizer(strings.NewReader(source))
	skip := 0
	for {
		switch t := z.Next(); t {
		case html.ErrorToken:
			return f.String()
		case html.TextToken:
			if skip == 0 {
				f.words(string(z.Text()))
			}
		case html.StartTagToken, html.EndTagToken, html.SelfClosingTagToken:
			name, _ := z.TagName()
			switch atom.Lookup(name) {
			case atom.Script, atom.Style, atom.Title:
				if t == html.StartTagToken {
					skip++
				} else if t == html.EndTagToken {
					skip = max(0, skip-1)
				}
			case atom.B, atom.I, atom.U, atom.A, atom.Em, atom.Strong, atom.Span, atom.Font, atom.Img:
			default:
				f.block(1)
			}
		}
	}
}
