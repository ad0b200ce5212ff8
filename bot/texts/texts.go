// Package texts holds every sentence that the bot says, per language.
//
// What customers read ([Reply]) and what staff read ([Note]) are different
// types that come from different files, so that one cannot be taken for the
// other. A language is a folder with customer.yaml and staff.yaml; an operator
// replaces sentences with files of the same names that hold only those.
package texts

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"sort"
	"strings"
	"text/template"

	"github.com/goccy/go-yaml"
)

//go:embed zh/*.yaml en/*.yaml
var builtin embed.FS

// Languages that the bot speaks.
func Languages() []string { return []string{"zh", "en"} }

// Reply is text for a customer, in Markdown.
type Reply string

// Note is text for staff, plain.
type Note string

// Args are what a sentence may mention. They are words from outside and are
// escaped in replies, so that nothing in them is markup.
type Args struct {
	Company, Agent, Quote, Due, Missing, Stage   string
	Kind, Title, To, Why, Score, Who, When, Name string
	Command, Left, Was                           string
	Quotes                                       []string
	Number, Ledger                               int64
	Count                                        int
}

// Set is the sentences of all languages. It does not change and may be used
// concurrently.
type Set struct {
	customer, staff map[string]map[string]*template.Template
}

// Load returns the built-in sentences, with those found below dir in their
// place; dir "" replaces none. All problems come back in one error: a sentence
// that does not exist, one that mentions what there is not, a file that is not
// YAML.
func Load(dir string) (*Set, error) {
	s := &Set{customer: map[string]map[string]*template.Template{}, staff: map[string]map[string]*template.Template{}}
	var errs []error
	for _, lang := range Languages() {
		for name, into := range map[string]map[string]map[string]*template.Template{"customer.yaml": s.customer, "staff.yaml": s.staff} {
			text, err := fs.ReadFile(builtin, lang+"/"+name)
			if err != nil {
				return nil, err
			}
			if into[lang], err = parse(lang+"/"+name, text, nil); err != nil {
				errs = append(errs, err)
			}
			if dir == "" {
				continue
			}
			file := filepath.Join(dir, lang, name)
			text, err = os.ReadFile(file)
			if errors.Is(err, fs.ErrNotExist) {
				continue
			} else if err != nil {
				errs = append(errs, err)
				continue
			}
			own, err := parse(file, text, into[lang])
			errs = append(errs, err)
			for k, t := range own {
				into[lang][k] = t
			}
		}
	}
	if err := errors.Join(errs...); err != nil {
		return nil, fmt.Errorf("texts: %w", err)
	}
	return s, nil
}

// parse reads one file; known, if not nil, are the sentences there are.
func parse(file string, text []byte, known map[string]*template.Template) (map[string]*template.Template, error) {
	var raw map[string]string
	if err := yaml.Unmarshal(text, &raw); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	all := map[string]*template.Template{}
	var errs []error
	for _, key := range sorted(raw) {
		if known != nil && known[key] == nil {
			errs = append(errs, fmt.Errorf("%s: %s: there is no such sentence; those there are: %s", file, key, strings.Join(sorted(known), ", ")))
			continue
		}
		t, err := template.New(key).Parse(strings.TrimSpace(raw[key]))
		if err == nil {
			err = t.Execute(&strings.Builder{}, Args{})
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %s: %w", file, key, err))
			continue
		}
		all[key] = t
	}
	return all, errors.Join(errs...)
}

// Customer returns a sentence for a customer.
func (s *Set) Customer(lang, key string, a Args) Reply {
	a.Company, a.Agent, a.Quote, a.Missing, a.Stage = escape(a.Company), escape(a.Agent), escape(a.Quote), escape(a.Missing), escape(a.Stage)
	quotes := a.Quotes
	a.Quotes = nil
	for _, q := range quotes {
		a.Quotes = append(a.Quotes, escape(q))
	}
	return Reply(render(s.customer[speak(lang)], key, a))
}

// Plain returns a sentence for a customer where there is no markup: a subject,
// a signature below a person's words, the label of a button.
func (s *Set) Plain(lang, key string, a Args) string {
	return render(s.customer[speak(lang)], key, a)
}

// Staff returns a sentence for staff.
func (s *Set) Staff(lang, key string, a Args) Note {
	return Note(render(s.staff[speak(lang)], key, a))
}

// speak returns the language in which the bot answers one that it may not know.
func speak(lang string) string {
	for _, l := range Languages() {
		if l == lang {
			return l
		}
	}
	return "en"
}

// render panics on a key that does not exist or a template that fails: the keys
// are constants of the engine, Load has run every template, and the panic stays
// around the one message.
func render(all map[string]*template.Template, key string, a Args) string {
	t := all[key]
	if t == nil {
		panic(fmt.Sprintf("texts: no sentence %q", key))
	}
	var b strings.Builder
	if err := t.Execute(&b, a); err != nil {
		panic(fmt.Sprintf("texts: %s: %v", key, err))
	}
	return b.String()
}

var markup = strings.NewReplacer(`\`, `\\`, "`", "\\`", "*", `\*`, "_", `\_`, "[", `\[`, "]", `\]`, "<", `\<`, ">", `\>`, "#", `\#`, "|", `\|`, "~", `\~`, "&", `\&`,
	"\r", " ", "\n", " ")

// escape makes Markdown that shows s as it is, on one line.
func escape(s string) string { return markup.Replace(s) }

// Escape makes Markdown that shows each line of s as it is.
func Escape(s string) Reply {
	lines := strings.Split(s, "\n")
	for i, l := range lines {
		lines[i] = begin.ReplaceAllString(strings.TrimLeft(escape(l), " \t"), `$1\$2`)
	}
	return Reply(strings.Join(lines, "  \n"))
}

// begin is what makes a list or a heading at the beginning of a line.
var begin = regexp.MustCompile(`^([0-9]*)([-+=.)])`)

func sorted[V any](m map[string]V) []string {
	var keys []string
	for k := range m {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	return keys
}
