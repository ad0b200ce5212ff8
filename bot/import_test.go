package bot

import (
	"io/fs"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// imports is who may import whom of ours: exactly these packages, and what stands
// in the same row. A package without a row of its own obeys its parent's. "all"
// stands for everything.
var imports = map[string][]string{
	"channels":       {},
	"faq":            {},
	"store":          {},
	"bot":            {"channels", "faq", "store"},
	"channels/mail":  {"channels", "channels/markup"},
	"channels/slack": {"channels", "channels/markup"},
	"channels/web":   {"channels", "channels/markup", "bot", "store"},
	"cmd/frontdesk":  {"all"},
}

// fake reports whether a package is a test's: channeltest, mailtest and their kin.
// Tests may import it, which this rule does not see, other fakes, and the demo.
func fake(pkg string) bool { return strings.HasSuffix(pkg, "test") }

// sqlPackages speak SQL.
var sqlPackages = []string{"database/sql", "github.com/mattn/go-sqlite3"}

func TestImports(t *testing.T) {
	tops := []string{"cmd", "bot", "channels", "faq", "store"}
	// Walking the tree also tells go test on what the result depends.
	err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		rel, _ := filepath.Rel("..", path)
		switch {
		case err != nil || !d.IsDir() || rel == ".":
			return err
		case strings.HasPrefix(d.Name(), "."):
			return fs.SkipDir
		case !strings.Contains(rel, string(filepath.Separator)) && !slices.Contains(tops, rel):
			t.Errorf("%s: top-level folders are %s, and no others", rel, strings.Join(tops, ", "))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("go", "list", "-f", `{{.ImportPath}} {{join .Imports " "}}`, "./...")
	cmd.Dir = ".."
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	packages := 0
	for line := range strings.Lines(string(out)) {
		f := strings.Fields(line)
		pkg, ok := strings.CutPrefix(f[0], "frontdesk/")
		if !ok {
			t.Errorf("%s is no package of frontdesk", f[0])
		}
		packages++
		for _, what := range importProblems(pkg, f[1:]) {
			t.Errorf("%s imports %s", pkg, what)
		}
	}
	if packages < 10 {
		t.Errorf("go list named %d packages:\n%s", packages, out)
	}
}

// importProblems returns what a package imports and must not, and why.
func importProblems(pkg string, imported []string) (problems []string) {
	row := rowOf(pkg)
	for _, of := range imported {
		if slices.Contains(sqlPackages, of) && row != "store" {
			problems = append(problems, of+": SQL is in store alone")
		}
		of, ours := strings.CutPrefix(of, "frontdesk/")
		switch {
		case !ours:
		case row == "":
			problems = append(problems, of+", and has no row in the table of imports")
		case fake(of):
			if !fake(pkg) && row != "cmd/frontdesk" {
				problems = append(problems, of+", which is for tests and the demo")
			}
		case slices.Contains(imports[row], "all") || rowOf(of) == row:
		case !slices.Contains(imports[row], of):
			problems = append(problems, of+"; "+row+" may import "+strings.Join(imports[row], ", "))
		}
	}
	return problems
}

// rowOf returns the row of the table that a package obeys.
func rowOf(pkg string) string {
	for ; pkg != "."; pkg = path.Dir(pkg) {
		if _, ok := imports[pkg]; ok {
			return pkg
		}
	}
	return ""
}

// TestImportsNotice shows that the rule notices what it is for.
func TestImportsNotice(t *testing.T) {
	for _, c := range []struct {
		pkg, of string
		bad     bool
	}{
		{"bot", "frontdesk/store", false},
		{"bot", "frontdesk/bot/texts", false},
		{"bot/report", "frontdesk/store", false},
		{"bot", "frontdesk/channels/mail", true},
		{"bot", "frontdesk/channels/markup", true},
		{"bot", "frontdesk/cmd/frontdesk", true},
		{"store", "frontdesk/faq", true},
		{"faq", "frontdesk/channels", true},
		{"channels", "frontdesk/store", true},
		{"channels", "frontdesk/channels/mail", true},
		{"channels/mail", "frontdesk/channels", false},
		{"channels/mail", "frontdesk/channels/markup", false},
		{"channels/mail", "frontdesk/bot", true},
		{"channels/mail", "frontdesk/channels/mail/mailtest", true},
		{"channels/mail", "frontdesk/channels/slack", true},
		{"channels/web", "frontdesk/store", false},
		{"channels/web", "frontdesk/faq", true},
		{"channels/channeltest", "frontdesk/channels", false},
		{"cmd/frontdesk", "frontdesk/channels/mail/mailtest", false},
		{"cmd/other", "frontdesk/bot", true},
		{"bot", "database/sql", true},
		{"cmd/frontdesk", "github.com/mattn/go-sqlite3", true},
		{"store", "database/sql", false},
	} {
		if got := importProblems(c.pkg, []string{c.of}); (len(got) > 0) != c.bad {
			t.Errorf("%s importing %s: %q", c.pkg, c.of, got)
		}
	}
}
