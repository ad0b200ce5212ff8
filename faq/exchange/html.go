package exchange

import (
	"cmp"
	"encoding/json"
	"fmt"
	stdhtml "html"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// A page that we wrote has a <details> for each entry and language, whose data-faq
// has what the page does not show. On other pages all of these are questions: the
// FAQPage of schema.org as JSON-LD, or as microdata; <details>; <dl>; and what the
// rest is as Markdown, with headings, Q: and A:, or bold questions. Entries stand in
// the order of the page. A question that two of them tell is taken from the first.

// page is a parsed page, with its source to tell places.
type page struct {
	*collector
	source string
	from   int // where the last place was found: pages are read in their order
	order  map[*html.Node]int
	at     int                 // order of the node that is read
	read   []*html.Node        // by the form at hand
	marks  map[*html.Node]bool // what stands where nodes were that have been read
}

// mark surrounds the order of a node that has been read. It is no character and
// stands in no page.
const mark = "\ufdd0"

var (
	marked   = regexp.MustCompile(mark + `(\d+)` + mark)
	listMark = regexp.MustCompile(`^[\s>*+-]*(?:\d+[.)])?\s*$`)
)

// hidden is what data-faq holds.
type hidden struct {
	ID    string              `json:"id"`
	Lists map[string][]string `json:"lists,omitempty"`
	Dates map[string]string   `json:"dates,omitempty"`
}

func (c *collector) html(text string) error {
	text = strings.ReplaceAll(text, mark, "")
	root, err := html.Parse(strings.NewReader(text))
	if err != nil {
		return fmt.Errorf("this cannot be read as HTML: %w", err)
	}
	p := &page{collector: c, source: text, order: map[*html.Node]int{}, marks: map[*html.Node]bool{}}
	each(root, func(n *html.Node) bool { p.order[n] = len(p.order) + 1; return true })
	for _, read := range []func(*html.Node){p.ours, p.linkedData, p.microdata, p.detailsElements, p.definitionLists, p.rest} {
		before := len(c.parts)
		p.from = 0
		read(root)
		p.takeOut()
		c.once(before)
	}
	slices.SortStableFunc(c.parts, func(a, b part) int { return cmp.Compare(a.at, b.at) })
	return nil
}

// reads begins to read a node, which no other form reads again.
func (p *page) reads(n *html.Node) {
	p.at = p.order[n]
	p.read = append(p.read, n)
}

func (p *page) add(one part) {
	one.at = p.at
	lines := strings.Split(one.answer, "\n")
	for i, l := range lines {
		lines[i] = unmarked(l)
	}
	one.answer = strings.Join(lines, "\n")
	for i, q := range one.lists["questions"] {
		one.lists["questions"][i] = marked.ReplaceAllString(q, "")
	}
	p.collector.add(one)
}

// unmarked is a line without marks, and without that of a list in which nothing is
// left.
func unmarked(line string) string {
	s := marked.ReplaceAllString(line, "")
	if s != line && listMark.MatchString(s) {
		return ""
	}
	return s
}

// takeOut leaves a mark in the place of every node that has been read.
func (p *page) takeOut() {
	for _, n := range p.read {
		m := &html.Node{Type: html.ElementNode, Data: "p", DataAtom: atom.P}
		m.AppendChild(&html.Node{Type: html.TextNode, Data: fmt.Sprint(mark, p.order[n], mark)})
		if n.DataAtom == atom.Script { // nobody sees it: what follows stands elsewhere
			p.source = strings.Replace(p.source, n.FirstChild.Data, strings.Repeat("\n", strings.Count(n.FirstChild.Data, "\n")), 1)
		} else {
			p.marks[m] = true
		}
		n.Parent.InsertBefore(m, n)
		n.Parent.RemoveChild(n)
	}
	p.read = nil
}

// rest reads, as Markdown, what no other form has read.
func (p *page) rest(root *html.Node) {
	lines := strings.Split(toMarkdown(root), "\n")
	behind := make([]int, len(lines)) // which node that has been read
	last := 0
	for i, l := range lines {
		if m := marked.FindAllStringSubmatch(l, -1); m != nil {
			last, _ = strconv.Atoi(m[len(m)-1][1])
			lines[i] = unmarked(l)
		}
		behind[i] = last
	}
	parts, notes := len(p.parts), len(p.notes)
	p.shown(mdLines(strings.Join(lines, "\n")), parts > 0)
	for i := range p.parts[parts:] {
		one := &p.parts[parts+i]
		one.at = behind[one.line-1]
		one.line = p.place(one.lists["questions"][0])
		one.lang = langOf(root)
	}
	for i := range p.notes[notes:] { // lines of the Markdown are not those of the page
		if n := &p.notes[notes+i]; n.Line > 0 {
			p.from = 0
			n.Line = p.place(question(strings.TrimLeft(lines[n.Line-1], "#>- ")))
		}
	}
}

// place is the line where words stand, as far as the source shows them in one piece.
func (p *page) place(words string) int {
	for _, s := range []string{words, stdhtml.EscapeString(words), strings.Join(strings.Fields(words)[:min(3, len(strings.Fields(words)))], " ")} {
		if i := strings.Index(p.source[p.from:], s); i >= 0 && s != "" {
			p.from += i
			return 1 + strings.Count(p.source[:p.from], "\n")
		}
	}
	return 0
}

func (p *page) take(n *html.Node, question, answer string) {
	p.add(part{line: p.place(question), lang: langOf(n), answer: answer, lists: map[string][]string{"questions": {question}}})
}

func (p *page) ours(root *html.Node) {
	each(root, func(d *html.Node) bool {
		var h hidden
		data := attr(d, "data-faq")
		if d.DataAtom != atom.Details || data == "" {
			return true
		}
		p.reads(d)
		if err := json.Unmarshal([]byte(data), &h); err != nil {
			p.note(p.place(data), "data-faq cannot be read (%v); the entry is taken as the page shows it", err)
		}
		q, a := summaryOf(d)
		one := part{line: p.place(attr(d, "data-faq")), id: h.ID, lang: langOf(d), answer: a, lists: map[string][]string{}, dates: h.Dates}
		for key, list := range h.Lists {
			if slices.Contains(listKeys, key) {
				one.lists[key] = list
			}
		}
		one.lists["questions"] = append([]string{q}, h.Lists["questions"]...)
		one.line = p.place(q)
		p.add(one)
		return false
	})
}

func (p *page) detailsElements(root *html.Node) {
	each(root, func(d *html.Node) bool {
		if d.DataAtom != atom.Details {
			return true
		}
		q, a := summaryOf(d)
		inner := false
		each(d, func(m *html.Node) bool {
			inner = inner || m != d && m.DataAtom == atom.Details || p.marks[m]
			return true
		})
		if inner { // a group of others, named by its summary
			for c := d.FirstChild; c != nil; c = c.NextSibling {
				if c.DataAtom == atom.Summary {
					p.reads(c)
				}
			}
			return true
		}
		p.reads(d)
		p.take(d, q, a)
		return false
	})
}

func summaryOf(d *html.Node) (question, answer string) {
	var rest []*html.Node
	for c := d.FirstChild; c != nil; c = c.NextSibling {
		if c.DataAtom == atom.Summary {
			question = textOf(c)
		} else {
			rest = append(rest, c)
		}
	}
	return question, toMarkdown(rest...)
}

func (p *page) definitionLists(root *html.Node) {
	each(root, func(d *html.Node) bool {
		if d.DataAtom != atom.Dl {
			return true
		}
		p.reads(d)
		var questions []string
		var answer []*html.Node
		end := func() {
			if len(questions) > 0 || len(answer) > 0 {
				line := 0
				if len(questions) > 0 {
					line = p.place(questions[0])
				}
				p.add(part{line: line, lang: langOf(d), answer: toMarkdown(answer...), lists: map[string][]string{"questions": questions}})
			}
			questions, answer = nil, nil
		}
		each(d, func(c *html.Node) bool {
			switch c.DataAtom {
			case atom.Dt:
				if len(answer) > 0 {
					end()
				}
				questions = append(questions, textOf(c))
				return false
			case atom.Dd:
				answer = append(answer, c)
				return false
			}
			return true
		})
		end()
		return false
	})
}

// linkedData reads https://schema.org/FAQPage from JSON-LD.
func (p *page) linkedData(root *html.Node) {
	each(root, func(s *html.Node) bool {
		if s.DataAtom != atom.Script || !strings.Contains(attr(s, "type"), "ld+json") || s.FirstChild == nil {
			return true
		}
		var v any
		if err := json.Unmarshal([]byte(s.FirstChild.Data), &v); err != nil {
			p.note(p.place("ld+json"), "JSON-LD cannot be read: %v", err)
			return true
		}
		p.reads(s)
		p.questionsIn(v, langOf(s))
		return true
	})
}

func (p *page) questionsIn(v any, lang string) {
	switch v := v.(type) {
	case []any:
		for _, item := range v {
			p.questionsIn(item, lang)
		}
	case map[string]any:
		if l, ok := v["inLanguage"].(string); ok {
			lang = l
		}
		if kind, _ := v["@type"].(string); kind != "Question" {
			for _, key := range []string{"@graph", "mainEntity", "mainEntityOfPage", "hasPart"} {
				p.questionsIn(v[key], lang)
			}
			return
		}
		q, _ := v["name"].(string)
		answer := v["acceptedAnswer"]
		if list, ok := answer.([]any); ok && len(list) > 0 {
			answer = list[0]
		}
		a, _ := answer.(map[string]any)
		text, _ := a["text"].(string)
		q = textOf(fragment(q))
		p.add(part{line: p.place(q), lang: lang, answer: toMarkdown(fragment(text)), lists: map[string][]string{"questions": {q}}})
	}
}

// microdata reads the same from attributes.
func (p *page) microdata(root *html.Node) {
	each(root, func(q *html.Node) bool {
		if !strings.HasSuffix(attr(q, "itemtype"), "schema.org/Question") {
			return true
		}
		name, answer := "", ""
		each(q, func(c *html.Node) bool {
			switch attr(c, "itemprop") {
			case "name":
				name = textOf(c)
			case "text":
				answer = toMarkdown(c)
			}
			return true
		})
		p.reads(q)
		p.take(q, name, answer)
		return false
	})
}

// fragment is HTML without a page around it.
func fragment(s string) *html.Node {
	parent := &html.Node{Type: html.ElementNode, Data: "div", DataAtom: atom.Div}
	nodes, err := html.ParseFragment(strings.NewReader(s), parent)
	if err != nil {
		nodes = []*html.Node{{Type: html.TextNode, Data: s}}
	}
	for _, n := range nodes {
		parent.AppendChild(n)
	}
	return parent
}

// each visits n and what is in it; do says whether to go on inside.
func each(n *html.Node, do func(*html.Node) bool) {
	if n.Type == html.ElementNode && !do(n) {
		return
	}
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		each(c, do)
	}
}

func attr(n *html.Node, key string) string {
	for _, a := range n.Attr {
		if a.Key == key {
			return a.Val
		}
	}
	return ""
}

// langOf is the language that a node says, or what it is in.
func langOf(n *html.Node) string {
	if n.Type == html.DocumentNode {
		for c := n.FirstChild; c != nil; c = c.NextSibling {
			if l := attr(c, "lang"); l != "" {
				return l
			}
		}
	}
	for ; n != nil; n = n.Parent {
		if l := attr(n, "lang"); l != "" {
			return l
		}
	}
	return ""
}
