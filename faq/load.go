package faq

import (
	"fmt"
	"os"
	"strings"
)

// Options say what the files may contain. The zero value allows the languages
// "zh" and "en" and no variables.
type Options struct {
	// Languages that the company serves, for example "zh", "en"; the first is
	// the default. None means zh and en.
	Languages []string
	// Vars holds, per language, the values of {{name}} in answers, such as
	// hours, phone, website, email, company. Those under "" hold for every
	// language that has none of its own. A variable without a value is a
	// problem of the answer that uses it: customers never see a gap.
	Vars map[string]map[string]string
	// Precision is the share of the answers given that should be right, from
	// MinPrecision to MaxPrecision; 0 means DefaultPrecision. A question whose
	// answer is less sure than that is offered as a choice or handed over.
	Precision float64
}

func (o Options) languages() []string {
	if len(o.Languages) == 0 {
		return []string{"zh", "en"}
	}
	return o.Languages
}

// value finds a variable; known says that the name exists for any language.
func (o Options) value(lang, name string) (value string, known bool) {
	for _, l := range []string{lang, ""} {
		if v, ok := o.Vars[l][name]; ok {
			return v, true
		}
	}
	for _, vars := range o.Vars {
		if _, ok := vars[name]; ok {
			return "", true
		}
	}
	return "", false
}

// Load reads FAQ files and returns an index over all their entries. It is all
// or nothing: when any file has a problem, the error is an *[Error] with every
// problem of every file, and there is no index.
func Load(paths []string, o Options) (*Index, error) {
	files := make([]source, len(paths))
	for i, path := range paths {
		data, err := os.ReadFile(path)
		files[i] = source{path, data, err}
	}
	return load(files, o)
}

// source is a file as it was read.
type source struct {
	path string
	data []byte
	err  error
}

func load(files []source, o Options) (*Index, error) {
	var problems []Problem
	var entries []*Entry
	for _, f := range files {
		r := reader{file: f.path, options: o}
		if f.err != nil {
			r.problem(nil, fmt.Sprintf("cannot be read: %v", f.err), "check the path under `faq:` in the configuration")
		} else {
			entries = append(entries, r.read(f.data)...)
		}
		problems = append(problems, r.problems...)
	}
	problems = append(problems, contradictions(entries)...)
	if len(problems) == 0 && len(entries) == 0 {
		names := make([]string, len(files))
		for i, f := range files {
			names[i] = f.path
		}
		problems = append(problems, Problem{File: strings.Join(names, ", "), Message: "no entries", Remedy: "write at least one under `entries:`"})
	}
	if len(problems) > 0 {
		sortProblems(problems)
		return nil, &Error{problems}
	}
	return newIndex(entries, o)
}

// contradictions finds what only shows when all entries are seen together.
func contradictions(entries []*Entry) []Problem {
	var out []Problem
	at := func(e *Entry, message, remedy string) {
		out = append(out, Problem{File: e.File, Line: e.Line, Column: 1, Message: message, Remedy: remedy})
	}
	first := map[string]*Entry{}
	var ids []string
	for _, e := range entries {
		if old := first[e.ID]; old != nil {
			at(e, fmt.Sprintf("entry %s exists already at %s:%d", e.ID, old.File, old.Line), "rename or merge one of the two")
			continue
		}
		first[e.ID] = e
		ids = append(ids, e.ID)
	}
	asked := map[string]*Entry{}
	for _, e := range entries {
		for _, id := range e.Related {
			if first[id] == nil {
				at(e, fmt.Sprintf("entry %s is related to %s, which does not exist", e.ID, id), didYouMean(id, ids, "remove it or write that entry"))
			}
		}
		for _, lang := range e.languages {
			for _, q := range e.Questions[lang] {
				key := strings.ToLower(strings.Join(strings.Fields(strings.Trim(q, " ?？!！.。")), " "))
				old := asked[key]
				if old == nil {
					asked[key] = e
				} else if old.ID != e.ID {
					at(e, fmt.Sprintf("entry %s asks %q, and so does %s (%s:%d)", e.ID, q, old.ID, old.File, old.Line), "leave the question in the entry whose answer fits it")
				}
			}
		}
	}
	return out
}

func didYouMean(name string, names []string, otherwise string) string {
	if n := nearestName(name, names); n != "" && n != name {
		return fmt.Sprintf("did you mean %s?", n)
	}
	return otherwise
}
