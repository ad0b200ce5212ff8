package markup

import (
	"strings"
	"sync"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/text"
)

// Parse returns the tree of a CommonMark text with tables and struck-out text, for
// channels that draw it themselves, and the source that its segments point into.
// Unlike the other functions it finds addresses that are not marked as links, and it
// leaves everything in: HTML, pictures, links to anywhere.
func Parse(md string) (doc ast.Node, source []byte) {
	source = []byte(easeEmphasis(strings.ToValidUTF8(md, "\ufffd")))
	return forTrees().Parser().Parse(text.NewReader(source)), source
}

var forTrees = sync.OnceValue(func() goldmark.Markdown {
	return goldmark.New(goldmark.WithExtensions(extension.Table, extension.Strikethrough, extension.Linkify))
})
