package mail

import (
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// StripReplyHTML removes from an HTML mail what the author's program marked as
// quoted or as signature, and reports whether it removed anything. Quotes below
// or between which the author wrote stay, for [StripReply] to weigh. HTML that
// can't be parsed comes back as it is.
func StripReplyHTML(source string) (stripped string, ok bool) {
	root, err := html.Parse(strings.NewReader(source))
	if err != nil {
		return source, false
	}
	marks := htmlMarks(root, nil)
	for i := len(marks) - 1; i >= 0; i-- { // from the end, so that what is gone no longer counts as below
		m := marks[i]
		switch {
		case m.kind == markForward:
			return source, false
		case m.kind == markAllBelow:
			htmlRemoveBelow(m.node)
		case m.kind == markQuote && (htmlTextBelow(m.node) || htmlAnswered(m.node)):
			continue
		}
		if m.node.Parent != nil {
			m.node.Parent.RemoveChild(m.node)
		}
		ok = true
	}
	if !ok {
		return source, false
	}
	var b strings.Builder
	if err := html.Render(&b, root); err != nil {
		return source, false
	}
	return b.String(), true
}

type markKind int

const (
	noMark        markKind = iota
	markQuote              // the element is a quote
	markAllBelow           // the element and all that follows it
	markSignature          // the element is a signature
	markForward            // what follows is forwarded
)

type htmlMark struct {
	node *html.Node
	kind markKind
}

const maxMarks = 200 // deeper threads than that are quoted inside one another

// htmlMarks finds marks in document order.
func htmlMarks(n *html.Node, marks []htmlMark) []htmlMark {
	if n.Type == html.ElementNode && len(marks) < maxMarks {
		if k := htmlMarkOf(n); k != noMark {
			marks = append(marks, htmlMark{n, k})
		}
	}
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		marks = htmlMarks(c, marks)
	}
	return marks
}

func htmlMarkOf(n *html.Node) markKind {
	var id, class, style, kind, name string
	for _, a := range n.Attr {
		switch a.Key {
		case "id":
			id = strings.TrimPrefix(a.Val, "x_")
		case "class":
			class = a.Val
		case "style":
			style = strings.ToLower(strings.ReplaceAll(a.Val, " ", ""))
		case "type":
			kind = a.Val
		case "name":
			name = a.Val
		}
	}
	switch id {
	case "divRplyFwdMsg", "OLK_SRC_BODY_SECTION", "appendonsend", "stopSpelling": // Outlook
		return markAllBelow
	case "isReplyContent", "mail-editor-reference-message-container", "tutanota_quote": // NetEase, new Outlook
		return markQuote
	case "Signature", "AppleMailSignature", "ms-outlook-mobile-signature":
		return markSignature
	}
	for c := range strings.FieldsSeq(class) {
		switch strings.TrimPrefix(c, "x_") {
		case "gmail_attr":
			if forwardedMessage.MatchString(firstLine(htmlText(n, 300))) {
				return markForward
			}
		case "gmail_quote", "gmail_quote_container", "yahoo_quoted", "moz-cite-prefix", "protonmail_quote", "tutanota_quote",
			"zmail_extra", "ntes-mailmaster-quote", "qt", "mailru-blockquote":
			return markQuote
		case "moz-forward-container":
			return markForward
		case "gmail_signature", "moz-signature", "protonmail_signature_block":
			return markSignature
		}
	}
	switch n.DataAtom {
	case atom.Blockquote:
		if strings.EqualFold(kind, "cite") {
			return markQuote
		}
	case atom.Div:
		switch {
		case name == "messageReplySection":
			return markQuote
		case strings.Contains(style, "border-top:solid#e1e1e11.0pt"), strings.Contains(style, "border-top:solid#b5c4df1.0pt"):
			if htmlHeader(n) {
				return markAllBelow
			}
		case originalMessage.MatchString(strings.TrimSpace(htmlOwnText(n))):
			return markAllBelow
		}
	}
	if n.Data == "includetail" { // QQ and Foxmail
		return markQuote
	}
	return noMark
}

// htmlHeader reports whether the element is the header of an earlier mail.
func htmlHeader(n *html.Node) bool {
	lines := 0
	for l := range strings.SplitSeq(htmlText(n, 2000), "\n") {
		if isHeaderField(strings.TrimSpace(l)) {
			lines++
		}
	}
	return lines >= 2
}

// htmlAnswered reports whether the author wrote between quotes inside a box
// that his program made for the quote.
func htmlAnswered(box *html.Node) bool {
	if box.DataAtom == atom.Blockquote {
		return false
	}
	quoted, answered := false, false
	var walk func(n *html.Node)
	walk = func(n *html.Node) {
		if n.DataAtom == atom.Blockquote {
			quoted = true
			return
		}
		if n.Type == html.TextNode && quoted && strings.TrimSpace(n.Data) != "" {
			answered = true
		}
		for c := n.FirstChild; c != nil; c = c.NextSibling {
			walk(c)
		}
	}
	walk(box)
	return answered
}

// htmlTextBelow reports whether any words follow n in the document.
func htmlTextBelow(n *html.Node) bool {
	for ; n != nil; n = n.Parent {
		for s := n.NextSibling; s != nil; s = s.NextSibling {
			if strings.TrimSpace(htmlText(s, 1)) != "" {
				return true
			}
		}
	}
	return false
}

// htmlRemoveBelow removes all that follows n in the document.
func htmlRemoveBelow(n *html.Node) {
	for ; n != nil && n.DataAtom != atom.Body; n = n.Parent {
		for n.NextSibling != nil {
			n.Parent.RemoveChild(n.NextSibling)
		}
	}
}

// htmlText returns the first words in n, a line for each block, at least limit
// bytes of them if there are so many.
func htmlText(n *html.Node, limit int) string {
	var b strings.Builder
	var walk func(n *html.Node)
	walk = func(n *html.Node) {
		if b.Len() >= limit {
			return
		}
		switch n.DataAtom {
		case atom.Style, atom.Script, atom.Head:
			return
		case atom.Br, atom.P, atom.Div:
			if b.Len() > 0 {
				b.WriteByte('\n')
			}
		}
		if n.Type == html.TextNode && strings.TrimSpace(n.Data) != "" {
			b.WriteString(strings.Join(strings.Fields(n.Data), " ") + " ")
		}
		for c := n.FirstChild; c != nil; c = c.NextSibling {
			walk(c)
		}
	}
	walk(n)
	return b.String()
}

// htmlOwnText returns the text that stands directly in n.
func htmlOwnText(n *html.Node) string {
	var b strings.Builder
	for c := n.FirstChild; c != nil && b.Len() < 200; c = c.NextSibling {
		if c.Type == html.TextNode {
			b.WriteString(strings.ReplaceAll(c.Data, "\u00a0", " "))
		}
	}
	return b.String()
}

func firstLine(s string) string {
	s, _, _ = strings.Cut(strings.TrimSpace(s), "\n")
	return strings.TrimSpace(s)
}
