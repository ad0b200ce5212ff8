package exchange

import (
	"bufio"
	"cmp"
	"fmt"
	"html"
	"io"
	"regexp"
	"slices"
	"strings"

	"frontdesk/faq"
)

// A page that we wrote has a heading for each entry and language, and below it a
// comment that begins with "faq", with what the page does not show. On other pages
// these are questions: <details>; lines that begin with "Q:" and "A:"; headings with
// text below them, of which those without text are tags; and where there is none of
// these, lines that are bold as a whole. Beside another form a heading or a bold line
// has to look like a question, and is told if it does not.

var (
	heading   = regexp.MustCompile(`^ {0,3}(#{1,6})\s+(.*?)\s*#*\s*$`)
	underline = regexp.MustCompile(`^ {0,3}(=+|-+)\s*$`)
	fence     = regexp.MustCompile("^ {0,3}(```|~~~)")
	asks      = regexp.MustCompile(`^(?:#+\s*)?(?:[-*]\s+)?(?:\*\*|__)?(?:Q|q|Question|问题|问|問)\s*\d*\s*[:：.、]\s*(?:\*\*|__)?\s*(.*)$`)
	answers   = regexp.MustCompile(`^(?:[-*]\s+)?(?:\*\*|__)?(?:A|a|Answer|答案|答|回答)\s*\d*\s*[:：.、]\s*(?:\*\*|__)?\s*(.*)$`)
	bold      = regexp.MustCompile(`^\s*(?:\d+[.)、]\s*)?(?:\*\*|__)(.+?)(?:\*\*|__)\s*$`)
	details   = regexp.MustCompile(`(?is)<details[^>]*>\s*<summary[^>]*>(.*?)</summary>(.*?)</details>`)
	tag       = regexp.MustCompile(`<[^>]*>`)
	comment   = regexp.MustCompile(`(?s)<!--.*?-->`)
)

// mdLine is a line of a page; code is not looked into.
type mdLine struct {
	text  string
	level int    // of a heading
	title string // of it
	code  bool
	under bool // it underlines the heading before it
}

func mdLines(text string) []mdLine {
	var out []mdLine
	open := ""
	for _, s := range strings.Split(text, "\n") {
		l := mdLine{text: s, code: open != ""}
		if m := fence.FindStringSubmatch(s); m != nil && (open == "" || open == m[1]) {
			if open == "" {
				open = m[1]
			} else {
				open = ""
			}
			l.code = true
		}
		if m := heading.FindStringSubmatch(s); m != nil && !l.code {
			l.level, l.title = len(m[1]), m[2]
		}
		if n := len(out); n > 0 && !l.code && underline.MatchString(s) && strings.TrimSpace(out[n-1].text) != "" && out[n-1].level == 0 && !out[n-1].code &&
			(n < 2 || strings.TrimSpace(out[n-2].text) == "") && (strings.Contains(s, "=") || len(strings.TrimSpace(s)) > 2) {
			out[n-1].title, out[n-1].level = strings.TrimSpace(out[n-1].text), 2
			if strings.Contains(s, "=") {
				out[n-1].level = 1
			}
			l.under = true
		}
		out = append(out, l)
	}
	return out
}

func (c *collector) markdown(text string) {
	before := len(c.parts)
	if strings.Contains(text, "<!-- faq\n") {
		c.ourMarkdown(mdLines(text))
	} else {
		text = c.detailsIn(text)
		found := len(c.parts)
		c.shown(mdLines(text), found > before)
		c.once(found)
	}
	slices.SortStableFunc(c.parts[before:], func(a, b part) int { return cmp.Compare(a.line, b.line) })
}

// shown reads the lines of a page; beside says that other questions stand on it.
func (c *collector) shown(lines []mdLine, beside bool) {
	is := func(re *regexp.Regexp) bool {
		return slices.ContainsFunc(lines, func(l mdLine) bool { return !l.code && re.MatchString(l.text) })
	}
	switch {
	case is(asks) && is(answers):
		c.questionsAndAnswers(lines)
	case slices.ContainsFunc(lines, func(l mdLine) bool { return l.level > 0 }):
		c.headings(lines, beside)
	case slices.ContainsFunc(lines, func(l mdLine) bool { return boldQuestion(l, beside) != "" }):
		c.boldLines(lines, beside)
	case beside:
		if text := body(lines); text != "" {
			c.note(firstText(lines), "text outside of the questions is left out: %s", short(text))
		}
	default:
		c.note(0, "there are no headings, no lines that begin with “Q:” and “A:”, and no bold questions in it")
	}
}

// firstText is the line in which something stands.
func firstText(lines []mdLine) int {
	return 1 + slices.IndexFunc(lines, func(l mdLine) bool { return strings.TrimSpace(l.text) != "" })
}

// question is a heading as a customer would say it: without marks of Markdown, and
// without a number before it.
func question(s string) string {
	s = tag.ReplaceAllString(s, "")
	s = regexp.MustCompile(`!?\[([^\]]*)\]\([^)]*\)`).ReplaceAllString(s, "$1")
	s = regexp.MustCompile(`\s*\{#[^}]*\}$`).ReplaceAllString(s, "")
	s = strings.NewReplacer("**", "", "__", "", "`", "").Replace(s)
	s = regexp.MustCompile(`\\([\\*_\[\]<>#.!-])`).ReplaceAllString(s, "$1")
	return strings.TrimSpace(regexp.MustCompile(`^(?:\d+(?:\.\d+)*[.)、：:]?\s+|\d+[、.)]|[(（]\d+[)）]\s*)`).ReplaceAllString(strings.TrimSpace(s), ""))
}

func ask(s string) map[string][]string { return map[string][]string{"questions": {question(s)}} }

// headings takes every heading with text below it for a question, and those that
// stand above others for tags. Beside other questions it has to look like one.
func (c *collector) headings(lines []mdLine, beside bool) {
	first := slices.IndexFunc(lines, func(l mdLine) bool { return l.level > 0 })
	if lead := body(lines[:first]); lead != "" {
		c.note(firstText(lines), "text before the first heading is left out: %s", short(lead))
	}
	var above [7]string
	for i := first; i < len(lines); {
		h := lines[i]
		j := i + 1
		for j < len(lines) && lines[j].level == 0 {
			j++
		}
		text := body(lines[i+1 : j])
		holds := j < len(lines) && lines[j].level > h.level // headings stand below it
		title := question(h.title)
		clear(above[h.level:])
		switch {
		case beside && text == "" && !looksAsked(title): // it names what stands below it
			above[h.level] = title
		case text == "" && !holds:
			c.note(i+1, "heading %q has no text below it and is left out", short(title))
		case holds && !looksAsked(title):
			if text != "" {
				c.note(i+1, "text below %q is taken for an introduction and left out: %s", short(title), short(text))
			}
			above[h.level] = title
		case beside && !looksAsked(title):
			c.noQuestion(i+1, title, text)
		case text == "": // a question whose answer has headings
			k := j
			for k < len(lines) && (lines[k].level == 0 || lines[k].level > h.level) {
				k++
			}
			text, j = body(lines[i+1:k]), k
			fallthrough
		default:
			p := part{line: i + 1, answer: text, lists: ask(h.title)}
			for level := 2; level < h.level; level++ { // the first is the page's
				if above[level] != "" {
					p.lists["tags"] = append(p.lists["tags"], above[level])
				}
			}
			c.add(p)
		}
		i = j
	}
}

func (c *collector) noQuestion(line int, title, text string) {
	c.note(line, "heading %q does not look like a question, as others on the page do, and is left out with what stands below it: %s", short(title), short(text))
}

func looksAsked(s string) bool {
	lower := strings.ToLower(s)
	if strings.ContainsAny(s, "?？") || strings.HasSuffix(s, "吗") || strings.HasSuffix(s, "呢") {
		return true
	}
	for _, w := range []string{"how ", "what ", "when ", "where ", "why ", "who ", "which ", "can ", "do ", "does ", "is ", "are ", "如何", "怎么", "怎样", "什么"} {
		if strings.HasPrefix(lower, w) {
			return true
		}
	}
	return false
}

func (c *collector) questionsAndAnswers(lines []mdLine) {
	var p part
	var text []mdLine
	answering := false
	under := ""
	end := func() {
		p.answer = body(text)
		if len(p.lists["questions"]) > 0 || p.answer != "" {
			if under != "" {
				p.lists["tags"] = []string{under}
			}
			c.add(p)
		}
		p, text, answering = part{}, nil, false
	}
	for i := 0; i < len(lines); i++ {
		l := lines[i]
		if m := asks.FindStringSubmatch(l.text); m != nil && !l.code {
			if answering || len(text) > 0 {
				end()
			}
			if p.lists == nil {
				p = part{line: i + 1, lists: map[string][]string{}}
			}
			p.lists["questions"] = append(p.lists["questions"], question(m[1]))
			continue
		}
		if l.level > 0 {
			end()
			under = question(l.title)
			j := i + 1
			for j < len(lines) && lines[j].level == 0 && (lines[j].code || !asks.MatchString(lines[j].text)) {
				j++
			}
			text := body(lines[i+1 : j])
			switch {
			case text == "" || j < len(lines) && lines[j].level == 0: // questions stand below it
				continue
			case looksAsked(under):
				c.add(part{line: i + 1, answer: text, lists: ask(l.title)})
			default:
				c.noQuestion(i+1, under, text)
			}
			i = j - 1
			continue
		}
		if p.lists == nil {
			if strings.TrimSpace(l.text) != "" {
				c.note(i+1, "this belongs to no question and is left out: %s", short(l.text))
			}
			continue
		}
		if m := answers.FindStringSubmatch(l.text); m != nil && !l.code && !answering {
			answering = true
			l.text = m[1]
		}
		if strings.TrimSpace(l.text) != "" || len(text) > 0 {
			text = append(text, l)
		}
	}
	end()
}

// boldQuestion is what a line asks that is bold as a whole.
func boldQuestion(l mdLine, beside bool) string {
	if m := bold.FindStringSubmatch(l.text); m != nil && !l.code && (!beside || looksAsked(question(m[1]))) {
		return m[1]
	}
	return ""
}

func (c *collector) boldLines(lines []mdLine, beside bool) {
	last, asked := -1, ""
	end := func(to int) {
		if last >= 0 {
			c.add(part{line: last + 1, answer: body(lines[last+1 : to]), lists: ask(asked)})
		} else if lead := body(lines[:to]); lead != "" {
			c.note(firstText(lines), "text before the first question is left out: %s", short(lead))
		}
		last = to
	}
	for i, l := range lines {
		if q := boldQuestion(l, beside); q != "" {
			end(i)
			asked = q
		}
	}
	end(len(lines))
}

// detailsIn reads every <details>, and gives the text with empty lines in their place.
func (c *collector) detailsIn(text string) string {
	var rest strings.Builder
	end := 0
	for _, m := range details.FindAllStringSubmatchIndex(text, -1) {
		c.add(part{line: 1 + strings.Count(text[:m[0]], "\n"), answer: body(mdLines(text[m[4]:m[5]])), lists: ask(text[m[2]:m[3]])})
		rest.WriteString(text[end:m[0]] + strings.Repeat("\n", strings.Count(text[m[0]:m[1]], "\n")))
		end = m[1]
	}
	return rest.String() + text[end:]
}

// body is an answer: the lines without comments, and without empty ones around them.
func body(lines []mdLine) string {
	var b strings.Builder
	for _, l := range lines {
		if !l.under {
			b.WriteString(l.text)
			b.WriteByte('\n')
		}
	}
	s := comment.ReplaceAllString(b.String(), "")
	return strings.TrimRight(strings.TrimLeft(s, "\n"), " \n\t")
}

// ourMarkdown reads what writeMarkdown wrote: headings that a comment follows.
func (c *collector) ourMarkdown(lines []mdLine) {
	starts := func(i int) bool {
		return lines[i].level > 0 && i+1 < len(lines) && lines[i+1].text == "<!-- faq"
	}
	first := slices.IndexFunc(lines, func(l mdLine) bool { return l.text == "<!-- faq" }) - 1
	if first > 0 {
		c.shown(lines[:first], true)
	}
	for i := max(first, 0); i < len(lines); i++ {
		if !starts(i) {
			continue
		}
		p := part{line: i + 1, lists: map[string][]string{"questions": {html.UnescapeString(lines[i].title)}}, dates: map[string]string{}}
		j := i + 2
		for ; j < len(lines) && lines[j].text != "-->"; j++ {
			key, value, _ := strings.Cut(lines[j].text, ": ")
			value = strings.ReplaceAll(value, "--&gt;", "-->")
			switch {
			case key == "id":
				p.id = value
			case key == "lang":
				p.lang = value
			case key == "also":
				p.lists["questions"] = append(p.lists["questions"], value)
			case slices.Contains(dateKeys, key):
				p.dates[key] = value
			case slices.Contains(listKeys, key):
				p.lists[key] = append(p.lists[key], value)
			default:
				c.note(j+1, "%q is not known here", short(lines[j].text))
			}
		}
		k := min(j+1, len(lines)) // the comment may have no end
		for k < len(lines) && !starts(k) {
			k++
		}
		var b strings.Builder
		for _, l := range lines[min(j+1, k):k] {
			b.WriteString(l.text + "\n")
		}
		p.answer = b.String()
		c.add(p)
		i = k - 1
	}
}

// escape keeps a question from being markup in a heading.
func escape(s string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", "#", "&#35;").Replace(s)
}

func writeMarkdown(w io.Writer, entries []*faq.Entry, o Options) error {
	b := bufio.NewWriter(w)
	for i, p := range partsOf(entries, o) {
		if i > 0 {
			fmt.Fprintln(b)
		}
		q := p.lists["questions"]
		fmt.Fprintf(b, "## %s\n<!-- faq\nid: %s\nlang: %s\n", escape(q[0]), p.id, p.lang)
		put := func(key, value string) { fmt.Fprintf(b, "%s: %s\n", key, strings.ReplaceAll(value, "-->", "--&gt;")) }
		for _, s := range q[1:] {
			put("also", s)
		}
		for _, key := range listKeys[1:] {
			for _, s := range p.lists[key] {
				put(key, s)
			}
		}
		for _, key := range dateKeys {
			if p.dates[key] != "" {
				put(key, p.dates[key])
			}
		}
		fmt.Fprintf(b, "-->\n\n%s\n", p.answer)
	}
	return b.Flush()
}
