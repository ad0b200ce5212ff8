package exchange

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"

	"frontdesk/faq"
)

// part is what a file says of one entry in one language.
type part struct {
	line   int
	at     int // orders the parts of a page of HTML
	id     string
	lang   string // "" is told by the letters
	answer string
	lists  map[string][]string // questions, not, expect, tags, related, channels
	dates  map[string]string   // from, until
}

// listKeys and dateKeys are what a part may have beside its answer, by the names of
// the YAML file.
var (
	listKeys = []string{"questions", "not", "expect", "tags", "related", "channels"}
	dateKeys = []string{"from", "until"}
)

// collector gathers parts and makes entries of them.
type collector struct {
	o     Options
	parts []part
	notes []Note
}

func (c *collector) note(line int, format string, args ...any) {
	c.notes = append(c.notes, Note{line, fmt.Sprintf(format, args...)})
}

// add takes a part that has a question and an answer; one that has not is told.
func (c *collector) add(p part) {
	p.answer = strings.TrimSpace(strings.ReplaceAll(p.answer, "\r\n", "\n"))
	for key, list := range p.lists {
		var kept []string
		for _, s := range list {
			if s = strings.Join(strings.Fields(s), " "); s != "" && !slices.Contains(kept, s) {
				kept = append(kept, s)
			}
		}
		p.lists[key] = kept
	}
	switch q := p.lists["questions"]; {
	case len(q) == 0 && p.answer == "":
	case len(q) == 0:
		c.note(p.line, "an answer without a question is left out: %s", short(p.answer))
	case p.answer == "":
		c.note(p.line, "%q has no answer and is left out", short(q[0]))
	default:
		c.parts = append(c.parts, p)
	}
}

// once leaves out, of the parts from one on, the questions that a part before it
// asks. What asks nothing else is the part before it, in a more fitting place.
func (c *collector) once(from int) {
	earlier := map[string]int{}
	for i, p := range c.parts[:from] {
		for _, q := range p.lists["questions"] {
			earlier[faq.QuestionKey(q)] = i
		}
	}
	moved := map[int]bool{}
	for i := from; i < len(c.parts); i++ {
		p := &c.parts[i]
		twin := -1
		p.lists["questions"] = slices.DeleteFunc(p.lists["questions"], func(q string) bool {
			k, ok := earlier[faq.QuestionKey(q)]
			if ok {
				twin = k
			}
			return ok
		})
		if len(p.lists["questions"]) > 0 {
			continue
		}
		at := p.at
		*p = c.parts[twin]
		p.at = at
		if moved[twin] {
			p.lists = nil
		}
		moved[twin] = true
	}
	kept := c.parts[:0]
	for i, p := range c.parts {
		if !moved[i] && p.lists != nil {
			kept = append(kept, p)
		}
	}
	c.parts = kept
}

// entries joins the parts: those with one id are one entry, and those without an id
// that have one answer.
func (c *collector) entries() []*faq.Entry {
	var out []*faq.Entry
	byID, byAnswer := map[string]*faq.Entry{}, map[string]*faq.Entry{}
	taken := map[string]bool{}
	for _, p := range c.parts {
		taken[p.id] = true
	}
	for _, p := range c.parts {
		lang, ok := c.language(p)
		if !ok {
			continue
		}
		e := byID[p.id]
		same := lang + "\n" + p.answer
		if p.id == "" {
			e = byAnswer[same]
		}
		if e == nil {
			e = &faq.Entry{ID: p.id, Line: p.line, Questions: map[string][]string{}, Written: map[string]string{}, Not: map[string][]string{}, Expect: map[string][]string{}}
			if p.id == "" {
				e.ID = name(p.lists["questions"][0], taken)
			} else if !entryID.MatchString(p.id) {
				e.ID = name(p.id, taken)
				c.note(p.line, "id %q is written %s", p.id, e.ID)
			}
			taken[e.ID] = true
			out = append(out, e)
			byID[e.ID] = e
			if p.id != "" {
				byID[p.id] = e
			}
		}
		byAnswer[same] = e
		if was, ok := e.Written[lang]; ok && was != p.answer {
			c.note(p.line, "entry %s has another answer in %s already; this one is left out: %s", e.ID, lang, short(p.answer))
			continue
		}
		e.Written[lang] = c.plain(p)
		for key, to := range map[string]*[]string{"tags": &e.Tags, "related": &e.Related, "channels": &e.Channels} {
			*to = union(*to, p.lists[key])
		}
		for key, to := range map[string]map[string][]string{"questions": e.Questions, "not": e.Not, "expect": e.Expect} {
			if len(p.lists[key]) > 0 {
				to[lang] = union(to[lang], p.lists[key])
			}
		}
		for key, to := range map[string]*time.Time{"from": &e.From, "until": &e.Until} {
			if s := p.dates[key]; s != "" {
				t, ok := parseDate(s, key == "until", c.o.location())
				if !ok {
					c.note(p.line, "%s: %q is no date; write it like 2026-10-01", key, s)
				}
				*to = t
			}
		}
	}
	return c.withoutDoubles(out)
}

// withoutDoubles leaves each question in the first entry that asks it, as a file
// that loads must, and removes links to what is not there.
func (c *collector) withoutDoubles(all []*faq.Entry) []*faq.Entry {
	ids, asked := map[string]bool{}, map[string]string{}
	var out []*faq.Entry
	for _, e := range all {
		for _, lang := range sortedKeys(e.Questions) {
			e.Questions[lang] = slices.DeleteFunc(e.Questions[lang], func(q string) bool {
				key := faq.QuestionKey(q)
				first, there := asked[key]
				if there && first != e.ID && len(e.Channels) == 0 && e.From.IsZero() && e.Until.IsZero() {
					c.note(e.Line, "%q is asked by entry %s already and left out of %s", short(q), first, e.ID)
					return true
				}
				if !there {
					asked[key] = e.ID
				}
				return false
			})
			if len(e.Questions[lang]) == 0 {
				c.note(e.Line, "entry %s has no question of its own in %s; its answer is left out: %s", e.ID, lang, short(e.Written[lang]))
				delete(e.Questions, lang)
				delete(e.Written, lang)
				delete(e.Not, lang)
				delete(e.Expect, lang)
			}
		}
		if len(e.Written) > 0 {
			out = append(out, e)
			ids[e.ID] = true
		}
	}
	for _, e := range out {
		e.Related = slices.DeleteFunc(e.Related, func(id string) bool {
			if !ids[id] {
				c.note(e.Line, "entry %s is related to %s, which is not there; the link is left out", e.ID, id)
			}
			return !ids[id]
		})
	}
	return out
}

var (
	variable = regexp.MustCompile(`\{\{\s*([^{}]*?)\s*\}\}`)
	entryID  = regexp.MustCompile(`^[\pL\pN][\pL\pN._-]*$`) // as package faq takes them
)

// plain is the answer, in which nothing looks like a variable but the variables
// that there are.
func (c *collector) plain(p part) string {
	return variable.ReplaceAllStringFunc(p.answer, func(v string) string {
		if slices.Contains(c.o.Vars, variable.FindStringSubmatch(v)[1]) {
			return v
		}
		c.note(p.line, "the answer of %q has %s in it, which is no variable of the configuration; it is written with its braces apart", short(p.lists["questions"][0]), v)
		return "{ {" + v[2:len(v)-2] + "} }"
	})
}

// language of a part: what it says, what was asked for, what its letters tell.
func (c *collector) language(p part) (string, bool) {
	lang := strings.ToLower(p.lang)
	known := c.o.languages()
	if !slices.Contains(known, lang) {
		lang, _, _ = strings.Cut(strings.ReplaceAll(lang, "_", "-"), "-") // zh-CN
	}
	if lang == "" {
		lang = c.o.Lang
	}
	if lang == "" {
		lang = "en"
		if strings.ContainsFunc(p.lists["questions"][0], func(r rune) bool { return unicode.Is(unicode.Han, r) }) {
			lang = "zh"
		}
		if !slices.Contains(known, lang) {
			lang = known[0]
		}
	}
	if !slices.Contains(known, lang) {
		c.note(p.line, "%q is in %s, which is not served (%s), and left out; --lang says otherwise", short(p.lists["questions"][0]), lang, strings.Join(known, ", "))
		return "", false
	}
	return lang, true
}

// name makes an id of a text that no other has.
func name(text string, taken map[string]bool) string {
	var b strings.Builder
	n := 0
	for _, r := range strings.ToLower(text) {
		switch {
		case unicode.IsLetter(r) || unicode.IsDigit(r) && r < 0x660:
			b.WriteRune(r)
			n++
		case b.Len() > 0 && !strings.HasSuffix(b.String(), "-") && !strings.ContainsRune("'’", r):
			if n > 24 {
				return unused(strings.Trim(b.String(), "-"), taken)
			}
			b.WriteByte('-')
		}
		if n >= 40 {
			break
		}
	}
	id := strings.Trim(b.String(), "-")
	if id == "" {
		id = "entry"
	}
	return unused(id, taken)
}

func unused(id string, taken map[string]bool) string {
	for n := 2; taken[id]; n++ {
		base := strings.TrimSuffix(id, fmt.Sprintf("-%d", n-1))
		id = fmt.Sprintf("%s-%d", base, n)
	}
	return id
}

func union(a, b []string) []string {
	for _, s := range b {
		if !slices.Contains(a, s) {
			a = append(a, s)
		}
	}
	return a
}

func sortedKeys[V any](m map[string]V) []string {
	var keys []string
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

func short(s string) string {
	s = strings.Join(strings.Fields(s), " ")
	if r := []rune(s); len(r) > 60 {
		return string(r[:59]) + "…"
	}
	return s
}

const (
	day    = "2006-01-02"
	minute = "2006-01-02 15:04"
)

// parseDate reads a day or a minute as the YAML file has it: the day of until is
// still part of it.
func parseDate(s string, until bool, zone *time.Location) (time.Time, bool) {
	if t, err := time.ParseInLocation(day, s, zone); err == nil {
		if until {
			t = t.AddDate(0, 0, 1)
		}
		return t, true
	}
	t, err := time.ParseInLocation(minute, s, zone)
	return t, err == nil
}

func formatDate(t time.Time, until bool, zone *time.Location) string {
	if t.IsZero() {
		return ""
	}
	t = t.In(zone)
	if t.Hour() != 0 || t.Minute() != 0 {
		return t.Format(minute)
	}
	if until {
		t = t.AddDate(0, 0, -1)
	}
	return t.Format(day)
}

// partsOf takes entries apart, the languages in their order.
func partsOf(entries []*faq.Entry, o Options) []part {
	var out []part
	for _, e := range entries {
		first := true
		langs := o.languages()
		for _, l := range sortedKeys(e.Written) {
			if !slices.Contains(langs, l) {
				langs = append(slices.Clip(langs), l)
			}
		}
		for _, lang := range langs {
			answer, ok := e.Written[lang]
			if !ok {
				continue
			}
			if o.Filled {
				answer = e.Answers[lang]
			}
			p := part{id: e.ID, lang: lang, answer: answer, dates: map[string]string{},
				lists: map[string][]string{"questions": e.Questions[lang], "not": e.Not[lang], "expect": e.Expect[lang]}}
			if first {
				p.lists["tags"], p.lists["related"], p.lists["channels"] = e.Tags, e.Related, e.Channels
				p.dates["from"], p.dates["until"] = formatDate(e.From, false, o.location()), formatDate(e.Until, true, o.location())
			}
			first = false
			out = append(out, p)
		}
	}
	return out
}
