package mail

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"
)

var update = flag.Bool("update", false, "rewrite what is expected in testdata")

// Each testdata/reply/NAME.txt is a mail's text; NAME.want is the reply in it.
func TestStripReply(t *testing.T) {
	goldenFiles(t, "testdata/reply/*.txt", func(in string) string { return StripReply(in) + "\n" })
}

// Each testdata/html/NAME.html is a mail's HTML; NAME.want what is left of it,
// as text.
func TestStripReplyHTML(t *testing.T) {
	goldenFiles(t, "testdata/html/*.html", func(in string) string {
		full := readHTML(in)
		return full + "\n"
	})
}

// readHTML returns the new words of an HTML mail, as Read finds them.
func readHTML(source string) string {
	return Reader{}.Read(mailOf("From: a@example.com\nContent-Type: text/html; charset=utf-8\n\n" + source)).Text
}

func goldenFiles(t *testing.T, pattern string, fn func(string) string) {
	t.Helper()
	files, err := filepath.Glob(pattern)
	if err != nil || len(files) == 0 {
		t.Fatalf("no files %s: %v", pattern, err)
	}
	for _, f := range files {
		t.Run(filepath.Base(f), func(t *testing.T) {
			in, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			got := fn(string(in))
			name := strings.TrimSuffix(f, filepath.Ext(f)) + ".want"
			if *update {
				if err := os.WriteFile(name, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			if got != string(want) {
				t.Errorf("--- got\n%s--- want\n%s", got, want)
			}
		})
	}
}

func FuzzStripReply(f *testing.F) {
	files, err := filepath.Glob("testdata/reply/*.txt")
	if err != nil {
		f.Fatal(err)
	}
	for _, name := range files {
		b, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(b))
	}
	f.Add("> a\n>:\n-- \n")
	f.Add("From:\nTo:\nSubject: a@b\n\n>")
	f.Fuzz(func(t *testing.T, s string) {
		got := StripReply(s)
		if utf8.ValidString(s) && !utf8.ValidString(got) {
			t.Errorf("invalid UTF-8 from %q: %q", s, got)
		}
		for line := range strings.SplitSeq(got, "\n") {
			if !strings.Contains(s, line) {
				t.Errorf("%q is not in %q", line, s)
			}
		}
		if got == "" && strings.TrimSpace(strings.Trim(s, ">\u200b\ufeff")) != "" && !strings.Contains(s, ">") && !strings.Contains(s, ":") && !strings.ContainsAny(s, "\u00a0\u3000&") && !strings.Contains(s, "-") {
			t.Errorf("nothing is left of %q", s)
		}
	})
}

func BenchmarkStripReply(b *testing.B) {
	text := strings.Repeat("This is a line of an ordinary mail that somebody wrote.\n", 30) +
		"\nOn Mon, Nov 2, 2026 at 10:00 AM Support <support@acme.example> wrote:\n" + strings.Repeat("> quoted words of an earlier mail\n", 60)
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		StripReply(text)
	}
}
