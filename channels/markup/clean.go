package markup

import (
	"html"
	"strings"
	"sync"

	"github.com/microcosm-cc/bluemonday"
)

// CleanHTML returns HTML from outside fit to be shown within a page of ours:
// structure, tables, lists and links to http, https and mailto. Scripts,
// styles, forms, classes, ids and everything that would be loaded from
// elsewhere, pictures included, are gone. Links open elsewhere and send no
// referrer.
func CleanHTML(source string) string { return cleaner().Sanitize(source) }

// cleaner is built at first use; a bluemonday policy is safe for concurrent use
// once it is no longer changed.
var cleaner = sync.OnceValue(func() *bluemonday.Policy {
	p := bluemonday.NewPolicy()
	p.AllowElements("p", "br", "div", "span", "b", "i", "u", "s", "em", "strong", "small", "sub", "sup", "del", "ins",
		"h1", "h2", "h3", "h4", "h5", "h6", "hr", "blockquote", "pre", "code", "kbd", "samp",
		"ul", "ol", "li", "dl", "dt", "dd", "table", "caption", "thead", "tbody", "tfoot", "tr", "td", "th", "center")
	p.AllowAttrs("colspan", "rowspan").Matching(bluemonday.Integer).OnElements("td", "th")
	p.AllowAttrs("start").Matching(bluemonday.Integer).OnElements("ol")
	p.AllowAttrs("dir").Matching(bluemonday.Direction).Globally()
	p.AllowAttrs("href").OnElements("a")
	p.AllowURLSchemes("http", "https", "mailto")
	p.RequireParseableURLs(true)
	p.AllowRelativeURLs(false)
	p.RequireNoFollowOnLinks(true)
	p.RequireNoReferrerOnLinks(true)
	p.AddTargetBlankToFullyQualifiedLinks(true)
	return p
})

// PlainToHTML returns plain text as HTML that looks the same: nothing in it is
// markup, an empty line begins a paragraph, other line ends and leading blanks
// stay, and nothing becomes a link.
func PlainToHTML(text string) string {
	text = strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), "\r", "\n")
	var b strings.Builder
	for par := range strings.SplitSeq(text, "\n\n") {
		par = strings.Trim(par, "\n")
		if strings.TrimSpace(par) == "" {
			continue
		}
		b.WriteString("<p>")
		for i, line := range strings.Split(par, "\n") {
			if i > 0 {
				b.WriteString("<br>\n")
			}
			line = strings.ReplaceAll(line, "\t", "    ")
			words := strings.TrimLeft(line, " ")
			b.WriteString(strings.Repeat("&nbsp;", len(line)-len(words)))
			b.WriteString(html.EscapeString(dropInvisible(words)))
		}
		b.WriteString("</p>\n")
	}
	return b.String()
}
