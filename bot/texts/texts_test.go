package texts

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"html"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"

	draw "frontdesk/channels/markup"
)

// builtIn returns the sentences of a file as they are written.
func builtIn(t *testing.T, file string) map[string]string {
	t.Helper()
	text, err := fs.ReadFile(builtin, file)
	if err != nil {
		t.Fatal(err)
	}
	var all map[string]string
	if err := yaml.Unmarshal(text, &all); err != nil {
		t.Fatal(err)
	}
	return all
}

func load(t *testing.T) *Set {
	t.Helper()
	s, err := Load("")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

var field = regexp.MustCompile(`\.([A-Z]\w*)`)

func fields(sentence string) []string {
	all := map[string]bool{}
	for _, m := range field.FindAllStringSubmatch(sentence, -1) {
		all[m[1]] = true
	}
	return slices.Sorted(maps.Keys(all))
}

func TestLanguagesSayTheSame(t *testing.T) {
	for _, file := range []string{"customer.yaml", "staff.yaml"} {
		zh, en := builtIn(t, "zh/"+file), builtIn(t, "en/"+file)
		for key := range zh {
			if _, ok := en[key]; !ok {
				t.Errorf("en/%s has no %s", file, key)
			}
		}
		for key := range en {
			if _, ok := zh[key]; !ok {
				t.Errorf("zh/%s has no %s", file, key)
				continue
			}
			if z, e := fields(zh[key]), fields(en[key]); !slices.Equal(z, e) {
				t.Errorf("%s: %s mentions %v in zh and %v in en", file, key, z, e)
			}
		}
	}
}

// What a customer reads mentions only what is escaped, or what we wrote ourselves.
func TestCustomersReadOnlyWhatIsEscaped(t *testing.T) {
	safe := []string{"Company", "Agent", "Quote", "Quotes", "Missing", "Stage", "Number", "Due", "Was"}
	for _, lang := range Languages() {
		for key, sentence := range builtIn(t, lang+"/customer.yaml") {
			for _, f := range fields(sentence) {
				if !slices.Contains(safe, f) {
					t.Errorf("%s %s mentions %s, which is not escaped", lang, key, f)
				}
			}
		}
	}
}

// source is every string in the code of the engine.
type source struct {
	customer, staff map[string]token.Position // names that are surely those of sentences
	words           map[string]bool           // every string
}

func engine(t *testing.T) source {
	t.Helper()
	s := source{map[string]token.Position{}, map[string]token.Position{}, map[string]bool{}}
	files, err := filepath.Glob("../*.go")
	if err != nil || len(files) == 0 {
		t.Fatalf("no code: %v", err)
	}
	set := token.NewFileSet()
	for _, file := range append(files, "../../store/cases.go") {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(set, file, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(f, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.BasicLit:
				if v, ok := literal(n); ok {
					s.words[strings.ReplaceAll(v, " ", "-")] = true
				}
			case *ast.CallExpr:
				s.call(n, set)
			case *ast.KeyValueExpr:
				if k, ok := n.Key.(*ast.Ident); ok && k.Name == "Key" {
					if v, ok := literal(n.Value); ok {
						s.customer[v] = set.Position(n.Pos())
					}
				}
			}
			return true
		})
	}
	return s
}

// name is what a sentence is called.
var name = regexp.MustCompile(`^[a-z]+(-[a-z]+)*$`)

func (s source) call(n *ast.CallExpr, set *token.FileSet) {
	called := ""
	switch f := n.Fun.(type) {
	case *ast.Ident:
		called = f.Name
	case *ast.SelectorExpr:
		called = f.Sel.Name
	}
	arg := func(i int) (string, bool) {
		if i >= len(n.Args) {
			return "", false
		}
		return literal(n.Args[i])
	}
	note := func(into map[string]token.Position, prefix string, i int) {
		if v, ok := arg(i); ok && name.MatchString(v) {
			into[prefix+v] = set.Position(n.Pos())
		}
	}
	switch called {
	case "say", "text":
		note(s.customer, "", 0)
	case "Customer", "Plain":
		note(s.customer, "", 1)
	case "staff", "refuse":
		note(s.staff, "", 0)
	case "Staff":
		note(s.staff, "", 1)
	case "toPerson":
		note(s.staff, "", 3)
	case "handOver":
		note(s.staff, "why-", 2)
	case "because":
		note(s.staff, "rule-", 0)
	}
}

func literal(e ast.Expr) (string, bool) {
	l, ok := e.(*ast.BasicLit)
	if !ok || l.Kind != token.STRING {
		return "", false
	}
	v, err := strconv.Unquote(l.Value)
	return v, err == nil
}

func TestEverySentenceIsThereAndUsed(t *testing.T) {
	code := engine(t)
	if len(code.customer) < 20 || len(code.staff) < 30 {
		t.Fatalf("found only %d and %d sentences in the code", len(code.customer), len(code.staff))
	}
	silent := []string{"rule-before-start", "rule-spam", "rule-paused", "rule-late"} // nothing is said, so nobody reads why
	for file, used := range map[string]map[string]token.Position{"customer.yaml": code.customer, "staff.yaml": code.staff} {
		there := builtIn(t, "en/"+file)
		for key, at := range used {
			if _, ok := there[key]; !ok && !slices.Contains(silent, key) {
				t.Errorf("%s: %s has no sentence %q", at, file, key)
			}
		}
		for key := range there {
			if !code.uses(key) {
				t.Errorf("%s: nobody says %q", file, key)
			}
		}
	}
}

// uses reports whether a name stands in the code, whole or in parts that are put
// together.
func (s source) uses(key string) bool {
	if s.words[key] {
		return true
	}
	for i := range key {
		if key[i] == '-' && (s.words[key[:i+1]] && s.uses(key[i+1:]) || i > 0 && s.words[key[:i]] && s.uses(key[i:])) {
			return true
		}
	}
	return false
}

func TestOperatorsReplaceSentences(t *testing.T) {
	dir := func(files map[string]string) string {
		dir := t.TempDir()
		for name, text := range files {
			if err := os.MkdirAll(filepath.Join(dir, filepath.Dir(name)), 0o700); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		return dir
	}
	s, err := Load(dir(map[string]string{"en/customer.yaml": `thanks: "Any time, says {{.Company}}."`, "zh/staff.yaml": `bot: "机器人"`}))
	if err != nil {
		t.Fatal(err)
	}
	if got := s.Customer("en", "thanks", Args{Company: "Acme"}); got != "Any time, says Acme." {
		t.Errorf("replaced: %q", got)
	}
	if got, want := s.Customer("en", "greeting", Args{}), load(t).Customer("en", "greeting", Args{}); got != want {
		t.Errorf("a sentence that was not replaced: %q, want %q", got, want)
	}
	if got, want := s.Customer("zh", "thanks", Args{}), load(t).Customer("zh", "thanks", Args{}); got != want {
		t.Errorf("another language: %q, want %q", got, want)
	}
	if got := s.Staff("zh", "bot", Args{}); got != "机器人" {
		t.Errorf("replaced for staff: %q", got)
	}
	if got := s.Customer("fr", "thanks", Args{}); got != s.Customer("en", "thanks", Args{}) {
		t.Errorf("a language that the bot does not speak: %q, want English", got)
	}
	for what, c := range map[string]struct {
		files map[string]string
		want  []string // in the error
	}{
		"a sentence that does not exist": {map[string]string{"en/customer.yaml": "thank: x"}, []string{"en/customer.yaml", "thank:", "greeting"}},
		"staff's among the customers'":   {map[string]string{"zh/customer.yaml": "done-note: x"}, []string{"zh/customer.yaml", "done-note"}},
		"a field that does not exist":    {map[string]string{"en/customer.yaml": `thanks: "{{.Compny}}"`}, []string{"en/customer.yaml", "thanks", "Compny"}},
		"a template that is none":        {map[string]string{"en/staff.yaml": `bot: "{{if}}"`}, []string{"en/staff.yaml", "bot"}},
		"no YAML":                        {map[string]string{"en/staff.yaml": "a: b: c"}, []string{"en/staff.yaml"}},
		"a list":                         {map[string]string{"en/staff.yaml": "[a, b]"}, []string{"en/staff.yaml"}},
		"several at once":                {map[string]string{"en/customer.yaml": "one: x\ntwo: y", "zh/staff.yaml": "three: z"}, []string{"one:", "two:", "three:"}},
	} {
		_, err := Load(dir(c.files))
		for _, w := range c.want {
			if err == nil || !strings.Contains(err.Error(), w) {
				t.Errorf("%s: %v, want %q in it", what, err, w)
			}
		}
	}
}

// nasty is what people write and what is markup to Markdown or HTML.
var nasty = []string{
	"*bold* _soft_ **very** __so__", "~~gone~~", "`code` ``more``", "[a link](http://evil.example)", "![a picture](http://evil.example/x.png)",
	"[ref][1]", "[x]: http://evil.example", "<script>alert(1)</script>", "<b>bold</b>", "<http://evil.example>", "<!-- hidden -->", "&lt;b&gt; &amp; &#42; &nbsp;",
	`back\slash \* \\`, `C:\new\_file`, "a | b | c", "|---|---|", "# heading", "## heading", "- item", "+ item", "* item", "> quote", "1. item", "2) item", "10. item",
	"---", "***", "===", "    indented", "```", "~~~", "http://plain.example/a_b_c*d", "user_name@x.example", "5 * 3 * 2", "snake_case_word", "a\\", "用户*名*：_下划线_", "“引号”！", "$1 {{.Company}} %s",
	"trailing  ", "#1001", "\ttab",
}

func TestWordsOfCustomersStayAsTheyAre(t *testing.T) {
	s := load(t)
	tags := regexp.MustCompile(`</?(\w+)[^>]*>`)
	check := func(what, md, want string) {
		t.Helper()
		want = strings.Join(strings.Fields(want), " ")
		if got := strings.Join(strings.Fields(draw.MarkdownToText(md)), " "); !strings.Contains(got, want) {
			t.Errorf("%s as text: %q became\n%q\nwhich does not show it", what, want, got)
		}
		page := draw.MarkdownToHTML(md)
		for _, m := range tags.FindAllStringSubmatch(page, -1) {
			if m[1] != "p" && m[1] != "br" {
				t.Errorf("%s as HTML: %q became a <%s>: %s", what, want, m[1], page)
			}
		}
		got := strings.Join(strings.Fields(html.UnescapeString(tags.ReplaceAllString(page, " "))), " ")
		if !strings.Contains(got, want) {
			t.Errorf("%s as HTML: %q became\n%s\nwhich does not show it", what, want, page)
		}
	}
	for _, words := range nasty {
		check("a quote", string(s.Customer("en", "complaint", Args{Quote: words, Number: 1001})), words)
		check("a quote", string(s.Customer("zh", "answer-to", Args{Quote: words})), words)
		check("one of several", string(s.Customer("en", "rest", Args{Quotes: []string{words, "x"}, Number: 1001})), words)
		check("our name", string(s.Customer("en", "intro", Args{Company: words})), words)
		check("a line", string(Escape(words)), words)
		check("a line below another", string(Escape("first\n"+words)), words)
	}
	two := string(s.Customer("en", "complaint", Args{Quote: "one\n\n# two\n- three", Number: 1}))
	if strings.Contains(two, "\n") {
		t.Errorf("a quote broke the sentence: %q", two)
	}
}

// The rules of how we speak, as far as a machine can see.
func TestHowWeSpeak(t *testing.T) {
	action := regexp.MustCompile(`{{[^}]*}}`)
	never := map[string][]string{
		"zh": {"马上", "立即", "立刻", "尽快", "你", "亲", "宝贝", "不归我们管", "按规定", "您必须", "应该可以", "请不要激动", "如有不便", "咱"},
		"en": {"immediately", "right away", "as soon as possible", "ASAP", "must", "calm down", "any inconvenience", "don't hesitate", "unfortunately"},
	}
	for lang, words := range never {
		for key, raw := range builtIn(t, lang+"/customer.yaml") {
			said := action.ReplaceAllString(raw, "")
			for _, w := range words {
				if strings.Contains(strings.ToLower(said), strings.ToLower(w)) {
					t.Errorf("%s %s says %q: %s", lang, key, w, raw)
				}
			}
			if strings.ContainsAny(said, "！!") && key != "close-answer" {
				t.Errorf("%s %s has an exclamation mark: %s", lang, key, raw)
			}
			for _, r := range said {
				if r >= 0x1f000 || r >= 0x2600 && r < 0x2800 {
					t.Errorf("%s %s has a picture: %s", lang, key, raw)
				}
			}
			if lang != "zh" {
				continue
			}
			if i := strings.IndexAny(said, `,;:!?()"'.`); i >= 0 {
				t.Errorf("zh %s has the half-width %q: %s", key, said[i], raw)
			}
			if strings.ContainsAny(said, "０１２３４５６７８９") {
				t.Errorf("zh %s has full-width digits: %s", key, raw)
			}
			if strings.Count(said, "“") != strings.Count(said, "”") || strings.Count(said, "（") != strings.Count(said, "）") {
				t.Errorf("zh %s opens and does not close: %s", key, raw)
			}
		}
	}
}

// Sentences are whole whatever is known, in every language.
func TestSentencesAreWhole(t *testing.T) {
	full := Args{Company: "Acme", Agent: "Ana", Quote: "a quote", Quotes: []string{"one", "two"}, Due: "11月25日(周三)15:00", Was: "11月24日(周二)15:00", Missing: "发生时间", Stage: "处理中",
		Kind: "投诉", Title: "a title", To: "tom", Why: "because", Score: "0.5", Who: "Ana", When: "now", Name: "Tom", Command: "x", Left: "a.zip", Number: 1001, Ledger: 7, Count: 2}
	ends := regexp.MustCompile(`[。：；！？”）.:;!?)"]$`)
	word := regexp.MustCompile(`^(field|stage|button)-|^ask-(title|question|complaint|request|suggestion|text)$|^form-(send|cancel|line)$|^(subject|letter-sign|person-sign|person-sign-talk|choice-none|letter-open|details-title|ask-kind)$`)
	twice := regexp.MustCompile(`[。，；：、]{2}|[.,;:]{2}|  | [.,;:!?]`)
	s := load(t)
	for _, lang := range Languages() {
		for _, file := range []string{"customer.yaml", "staff.yaml"} {
			for key, raw := range builtIn(t, lang+"/"+file) {
				less := full // without what the sentence can do without
				for name, clear := range map[string]func(){"Due": func() { less.Due = "" }, "Agent": func() { less.Agent = "" }, "Left": func() { less.Left = "" },
					"Why": func() { less.Why = "" }, "Stage": func() { less.Stage = "" }} {
					if strings.Contains(raw, "{{if ."+name+"}}") {
						clear()
					}
				}
				for _, a := range []Args{full, less} {
					say := func() string { return string(s.Staff(lang, key, a)) }
					if file == "customer.yaml" {
						say = func() string { return string(s.Customer(lang, key, a)) }
					}
					text := say()
					what := fmt.Sprintf("%s/%s %s", lang, file, key)
					switch {
					case strings.TrimSpace(text) == "":
						t.Errorf("%s is empty", what)
					case strings.Contains(text, "<no value>") || strings.Contains(text, "{{"):
						t.Errorf("%s has a gap: %s", what, text)
					case file == "staff.yaml":
					case !word.MatchString(key) && !ends.MatchString(text):
						t.Errorf("%s ends nowhere: %s", what, text)
					case twice.MatchString(text):
						t.Errorf("%s has %q: %s", what, twice.FindString(text), text)
					}
				}
			}
		}
		// An unquoted sentence would end at " #", where YAML begins a comment.
		for _, file := range []string{"customer.yaml", "staff.yaml"} {
			text, err := fs.ReadFile(builtin, lang+"/"+file)
			if err != nil {
				t.Fatal(err)
			}
			quoted := regexp.MustCompile(`^[a-z][a-z0-9-]*: ".+"$`)
			for i, line := range strings.Split(string(text), "\n") {
				if line != "" && !strings.HasPrefix(line, "#") && !quoted.MatchString(line) {
					t.Errorf("%s/%s:%d: not one quoted sentence: %s", lang, file, i+1, line)
				}
			}
		}
	}
}

func TestASentenceThatIsMissingPanics(t *testing.T) {
	defer func() {
		if v := fmt.Sprint(recover()); !strings.Contains(v, "frobnicate") {
			t.Errorf("recovered %s, want the name of the sentence", v)
		}
	}()
	load(t).Staff("en", "frobnicate", Args{})
}
