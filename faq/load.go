package faq

import (
	"context"
	"fmt"
	"os"
	"strings"
	"time"
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
	// Channels are the names that entries may mention; none means any.
	Channels []string
	// Location is the zone that `from` and `until` are in; nil means UTC.
	Location *time.Location
	// Intents are files with more examples of what messages want, in the words
	// of the company's own customers; see reader.intents for their form.
	Intents []string
	// Precision is the share of the answers given that should be right, from
	// MinPrecision to MaxPrecision; 0 means DefaultPrecision. A question whose
	// answer is less sure than that is offered as a choice or handed over.
	Precision float64
	// Tuning is what [Index.Tune] found at an earlier time; the zero value is none.
	Tuning Tuning
	// Cache keeps what training made from one start to the next.
	Cache Cache
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

// Load reads FAQ files, with those that they include, and returns an index over all their entries. It is all
// or nothing: when any file has a problem, the error is an *[Error] with every
// problem of every file, and there is no index. When ctx ends before, the error is
// that of ctx.
func Load(ctx context.Context, paths []string, o Options) (*Index, error) {
	return load(ctx, append(gather(paths), intentFiles(o)...), o)
}

// intentFiles reads the files of examples.
func intentFiles(o Options) []source {
	var out []source
	for _, path := range o.Intents {
		stamp := stampOf(path)
		data, err := os.ReadFile(path)
		out = append(out, source{path: path, stamp: stamp, data: data, err: err, intents: true})
	}
	return out
}

func load(ctx context.Context, files []source, o Options) (*Index, error) {
	var problems []Problem
	var entries []*Entry
	var examples []exampleGroup
	for _, f := range files {
		r := reader{file: f.path, options: o, problems: f.problems}
		if f.err != nil && f.named {
			continue // told where it is included
		}
		if f.intents && f.err == nil {
			examples = append(examples, r.intents(f.data)...)
		} else if f.intents {
			r.problem(nil, fmt.Sprintf("cannot be read: %v", f.err), "check the path under `intents:` in the configuration")
		} else if f.err != nil {
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
	return newIndex(ctx, entries, o, examples...)
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
	asked := map[string][]*Entry{}
	for _, e := range entries {
		for _, id := range e.Related {
			if first[id] == nil {
				at(e, fmt.Sprintf("entry %s is related to %s, which does not exist", e.ID, id), didYouMean(id, ids, "remove it or write that entry"))
			}
		}
		own := map[string]bool{}
		for _, lang := range e.languages {
			for _, q := range e.Questions[lang] {
				key := QuestionKey(q)
				own[key] = true
				for _, old := range asked[key] {
					if old.ID != e.ID && old.meets(e) {
						at(e, fmt.Sprintf("entry %s asks %q, and so does %s (%s:%d)", e.ID, q, old.ID, old.File, old.Line),
							"leave the question in the entry whose answer fits it")
					}
				}
				asked[key] = append(asked[key], e)
			}
		}
		for _, lang := range e.languages {
			for _, q := range e.Not[lang] {
				if own[QuestionKey(q)] {
					at(e, fmt.Sprintf("entry %s has %q under questions and under not", e.ID, q), "remove one of the two")
				}
			}
		}
	}
	return out
}

// QuestionKey is equal for questions that differ in nothing but capitals, space and
// marks at the ends. Of what is nothing but marks it is the whole.
func QuestionKey(q string) string {
	if s := strings.Trim(q, " ?？!！.。"); s != "" {
		q = s
	}
	return strings.ToLower(strings.Join(strings.Fields(q), " "))
}

func didYouMean(name string, names []string, otherwise string) string {
	if n := nearestName(name, names); n != "" && n != name {
		return fmt.Sprintf("did you mean %s?", n)
	}
	return otherwise
}
