package faq

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"
)

var (
	entryID      = regexp.MustCompile(`^[\pL\pN][\pL\pN._-]*$`)
	languageCode = regexp.MustCompile(`^[a-z]{2}(-[A-Za-z]{2,4})?$`)
	variable     = regexp.MustCompile(`\{\{\s*([^{}]*?)\s*\}\}`)
)

// entry reads one item of `entries`; nil if not even its id is usable.
func (r *reader) entry(n ast.Node) *Entry {
	fields := r.mapping(n, "an entry")
	if fields == nil {
		return nil
	}
	e := &Entry{Questions: map[string][]string{}, Answers: map[string]string{}, Written: map[string]string{},
		Not: map[string][]string{}, Expect: map[string][]string{}, places: map[string]int{}, File: r.file, Line: n.GetToken().Position.Line}
	e.Line = fields[0].Key.GetToken().Position.Line
	languages := r.options.languages()
	own := []string{"id", "tags", "related", "channels", "from", "until"}
	keys := append(own, languages...)
	broken := false
	for _, kv := range fields {
		key := keyText(kv)
		switch {
		case key == "id":
			e.ID, _ = r.text(kv.Value, "id")
			e.Line = kv.Key.GetToken().Position.Line
			if e.ID != "" && !entryID.MatchString(e.ID) {
				r.problem(kv.Value, fmt.Sprintf("id %q has characters that an id may not have", e.ID), "use letters, digits and hyphens, for example office-hours")
			}
		case key == "tags":
			e.Tags = r.texts(kv.Value, "tags")
		case key == "related":
			e.Related = r.texts(kv.Value, "related")
		case key == "channels":
			e.Channels = r.channels(kv.Value)
		case key == "from":
			e.From = r.date(kv.Value, key, false)
		case key == "until":
			e.Until = r.date(kv.Value, key, true)
		case key == "audience":
			r.problem(kv.Key, "unknown key audience in an entry", "write `channels: [support]`: which channels may give this answer")
			broken = true
		case slices.Contains(languages, key):
			r.language(e, key, kv)
		case languageCode.MatchString(key) && nearestName(key, own[:3]) == "":
			r.problem(kv.Key, fmt.Sprintf("language %s is not served (%s)", key, strings.Join(languages, ", ")), "add it to `languages` in the configuration or remove this part")
			broken = true
		default:
			r.problem(kv.Key, fmt.Sprintf("unknown key %s in an entry", key), didYouMean(key, keys, "an entry has "+strings.Join(keys, ", ")))
			broken = true
		}
	}
	if e.ID == "" {
		r.problem(n, "an entry has no id", "begin it with `- id: some-name`")
		return nil
	}
	if !e.From.IsZero() && !e.Until.IsZero() && !e.From.Before(e.Until) {
		r.problem(n, fmt.Sprintf("entry %s ends before it begins", e.ID), "write `from` before `until`; the day of `until` is still part of it")
	}
	for _, l := range languages {
		if _, ok := e.Answers[l]; ok {
			e.languages = append(e.languages, l)
		}
	}
	if len(e.languages) == 0 && !broken {
		r.problem(n, fmt.Sprintf("entry %s has no questions and answer", e.ID), fmt.Sprintf("add a part `%s:` with `questions` and `answer`", languages[0]))
	}
	return e
}

// language reads the part of an entry for one language.
func (r *reader) language(e *Entry, lang string, part *ast.MappingValueNode) {
	name := fmt.Sprintf("entry %s, %s", e.ID, lang)
	e.Answers[lang] = "" // there is such a part, whatever is wrong with it
	if _, empty := part.Value.(*ast.NullNode); empty {
		r.problem(part.Key, name+": empty", "write `questions` and `answer` below it or remove it")
		return
	}
	keys := []string{"questions", "answer", "not", "expect"}
	seen := map[string]bool{}
	for _, kv := range r.mapping(part.Value, name) {
		key := keyText(kv)
		seen[key] = true
		switch key {
		case "questions":
			e.Questions[lang] = r.placed(e, kv.Value, "questions")
			if len(e.Questions[lang]) == 0 {
				r.problem(kv.Key, name+": no questions", "write how customers ask this, one per line")
			}
		case "answer":
			answer, ok := r.text(kv.Value, "answer")
			if ok && answer == "" {
				r.problem(kv.Key, name+": the answer is empty", "write it, or remove the language")
			}
			e.Written[lang] = answer
			e.places[lang], _ = position(kv.Key)
			e.Answers[lang] = r.fill(answer, lang, name, kv.Value)
		case "not":
			e.Not[lang] = r.placed(e, kv.Value, "not")
		case "expect":
			e.Expect[lang] = r.placed(e, kv.Value, "expect")
		default:
			r.problem(kv.Key, fmt.Sprintf("%s: unknown key %s", name, key), didYouMean(key, keys, "here belong questions, answer, not and expect"))
		}
	}
	for _, key := range keys[:2] {
		if !seen[key] {
			r.problem(part.Key, fmt.Sprintf("%s: %s missing", name, key), "every language of an entry has questions and an answer")
		}
	}
}

// placed is texts of an entry, whose lines it notes.
func (r *reader) placed(e *Entry, n ast.Node, what string) []string {
	texts := r.texts(n, what)
	items, _ := n.(*ast.SequenceNode)
	if items == nil {
		return texts
	}
	for _, item := range items.Values {
		s := ""
		switch item := item.(type) {
		case *ast.StringNode:
			s = strings.TrimSpace(item.Value)
		case *ast.LiteralNode:
			s = strings.TrimSpace(item.Value.Value)
		}
		if s != "" {
			e.places[s], _ = position(item)
		}
	}
	return texts
}

// fill puts values in the place of {{name}}.
func (r *reader) fill(answer, lang, name string, at ast.Node) string {
	var names []string
	for _, vars := range r.options.Vars {
		for n := range vars {
			names = append(names, n)
		}
	}
	slices.Sort(names)
	names = slices.Compact(names)
	return variable.ReplaceAllStringFunc(answer, func(v string) string {
		key := variable.FindStringSubmatch(v)[1]
		value, known := r.options.value(lang, key)
		switch {
		case !known:
			otherwise := "no variables are configured"
			if len(names) > 0 {
				otherwise = "known are " + strings.Join(names, ", ")
			}
			r.problem(at, fmt.Sprintf("%s: unknown variable {{%s}}", name, key), didYouMean(key, names, otherwise))
		case strings.TrimSpace(value) == "":
			r.problem(at, fmt.Sprintf("%s: {{%s}} has no value in language %s", name, key, lang), "set it in the configuration or leave it out of the answer")
		}
		return value
	})
}
