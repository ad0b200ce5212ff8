package markup

import (
	"bytes"
	"regexp"
	"strings"
	"sync"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/renderer"
	"github.com/yuin/goldmark/renderer/html"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"
	xhtml "golang.org/x/net/html"
)

// MarkdownToHTML returns CommonMark, with tables, as HTML that is safe to send
// and to show: HTML within it is left out, links lead to http, https or mailto
// only (others keep their text), and a picture is its description, so that
// nothing is loaded from elsewhere.
func MarkdownToHTML(md string) string { return render(forScreens(), md) }

// MarkdownToText returns CommonMark as text for programs that show no more than
// that: no asterisks, links as "text (url)", lists, quotes and code kept, lines
// broken where the source breaks them.
func MarkdownToText(md string) string {
	root, err := xhtml.Parse(strings.NewReader(render(forText(), md)))
	if err != nil { // nested deeper than anybody writes
		return strings.TrimSpace(md)
	}
	w := walker{link: func(text, url string) string {
		return " (" + strings.TrimPrefix(url, "mailto:") + ")"
	}}
	w.children(root, shown{})
	return w.String()
}

// The two converters are built at first use and safe for concurrent use.
var (
	forScreens = sync.OnceValue(func() goldmark.Markdown { return converter() })
	forText    = sync.OnceValue(func() goldmark.Markdown { return converter(html.WithHardWraps()) })
)

func converter(opts ...renderer.Option) goldmark.Markdown {
	return goldmark.New(
		goldmark.WithExtensions(extension.Table, extension.Strikethrough,
			extension.NewCJK(extension.WithEastAsianLineBreaks())),
		goldmark.WithParserOptions(parser.WithASTTransformers(util.Prioritized(onlyPlainLinks{}, 500))),
		goldmark.WithRendererOptions(opts...),
	)
}

func render(c goldmark.Markdown, md string) string {
	md = strings.ToValidUTF8(md, "\ufffd") // goldmark 1.8.7 panics on some broken UTF-8
	var b bytes.Buffer
	if err := c.Convert([]byte(easeEmphasis(md)), &b); err != nil {
		return PlainToHTML(md) // a bytes.Buffer does not fail; a renderer might
	}
	return b.String()
}

// onlyPlainLinks unwraps links that lead to other than http, https and mailto,
// and all pictures: what they enclose stays.
type onlyPlainLinks struct{}

func (onlyPlainLinks) Transform(doc *ast.Document, r text.Reader, _ parser.Context) {
	var drop []ast.Node
	_ = ast.Walk(doc, func(n ast.Node, entering bool) (ast.WalkStatus, error) { // the walker returns no error
		if !entering {
			return ast.WalkContinue, nil
		}
		switch n := n.(type) {
		case *ast.Image:
			drop = append(drop, n)
		case *ast.Link:
			if d := string(n.Destination); !linkable(d) || strings.HasPrefix(strings.ToLower(d), "tel:") {
				drop = append(drop, n)
			}
		}
		return ast.WalkContinue, nil
	})
	for _, n := range drop {
		parent := n.Parent()
		for c := n.FirstChild(); c != nil; {
			next := c.NextSibling()
			parent.InsertBefore(parent, n, c)
			c = next
		}
		parent.RemoveChild(parent, n)
	}
}

var (
	closeAfterMark = regexp.MustCompile(`\*\*([^*\n]+?)([，。！？：；、）】》」』”]+)\*\*(\p{Han}|\p{Hiragana}|\p{Katakana}|\p{Hangul})`)
	openBeforeMark = regexp.MustCompile(`(\p{Han}|\p{Hiragana}|\p{Katakana}|\p{Hangul})\*\*([（【《「『“]+)([^*\n]+?)\*\*`)
)

// easeEmphasis moves East Asian punctuation out of bold text that CommonMark
// would otherwise not take for bold: in "**注意：**请看" the rule for closing
// asterisks (CommonMark 0.31 6.2, right-flanking) wants a space after them,
// which nobody writes in Chinese. Code is left alone.
func easeEmphasis(md string) string {
	if !strings.Contains(md, "**") {
		return md
	}
	lines := strings.Split(md, "\n")
	fence := ""
	for i, l := range lines {
		t := strings.TrimSpace(l)
		switch {
		case fence != "":
			if strings.HasPrefix(t, fence) {
				fence = ""
			}
		case strings.HasPrefix(t, "```"), strings.HasPrefix(t, "~~~"):
			fence = t[:3]
		case strings.HasPrefix(l, "    "), strings.HasPrefix(l, "\t"), strings.Contains(l, "`"):
		default:
			l = closeAfterMark.ReplaceAllString(l, "**$1**$2$3")
			lines[i] = openBeforeMark.ReplaceAllString(l, "$1$2**$3**")
		}
	}
	return strings.Join(lines, "\n")
}
