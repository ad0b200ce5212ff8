package markup

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

var update = flag.Bool("update", false, "rewrite the .txt files in testdata")

// Each testdata/html/NAME.html has its words in NAME.txt, and below a line
// "=== hidden" those that nobody sees.
func TestHTMLToText(t *testing.T) {
	golden(t, "html/*.html", func(source string) string {
		text, hidden := HTMLToText(source)
		if hidden != "" {
			text += "\n=== hidden\n" + hidden
		}
		return text
	})
}

// golden runs fn over files and compares with the .txt beside each.
func golden(t *testing.T, pattern string, fn func(string) string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("testdata", pattern))
	if err != nil || len(files) == 0 {
		t.Fatalf("no files testdata/%s: %v", pattern, err)
	}
	for _, f := range files {
		t.Run(filepath.Base(f), func(t *testing.T) {
			in, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			got := fn(string(in)) + "\n"
			name := strings.TrimSuffix(f, filepath.Ext(f)) + ".txt"
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
				t.Errorf("%s\n--- got\n%s--- want\n%s", f, got, want)
			}
		})
	}
}

func TestHTMLToTextHidden(t *testing.T) {
	hiding := []string{
		`<div style="display:none">x</div>`,
		`<div style="DISPLAY : None !important">x</div>`,
		`<div style="visibility:hidden">x</div>`,
		`<span style="font-size:0px">x</span>`,
		`<span style="color:#fff">x</span>`,
		`<font color="#FFFFFF">x</font>`,
		`<span style="color:rgb(254, 254, 254)">x</span>`,
		`<div style="background-color:#222222"><p style="color:#222">x</p></div>`,
		`<div style="max-height:0;overflow:hidden">x</div>`,
		`<div style="opacity:0">x</div>`,
		`<div style="mso-hide:all">x</div>`,
		`<p hidden>x</p>`,
		`<table><tr><td style="display:none">x</td></tr></table>`,
		`<span style="color:transparent">x</span>`,
	}
	for _, h := range hiding {
		if text, hidden := HTMLToText(h); text != "" || hidden != "x" {
			t.Errorf("HTMLToText(%s) = %q, hidden %q; want all hidden", h, text, hidden)
		}
	}
	showing := []string{
		`<td style="font-size:0"><span style="font-size:14px">x</span></td>`,
		`<div style="background:#000"><span style="color:#fff">x</span></div>`,
		`<table bgcolor="#003366"><tr><td><font color="white">x</font></td></tr></table>`,
		`<div style="background:url(a.png) #fff"><span style="color:white">x</span></div>`,
		`<div style="height:0">x</div>`,
		`<span style="color:black">x</span>`,
	}
	for _, h := range showing {
		if text, hidden := HTMLToText(h); text != "x" || hidden != "" {
			t.Errorf("HTMLToText(%s) = %q, hidden %q; want it shown", h, text, hidden)
		}
	}
}

func TestHTMLToTextDeep(t *testing.T) {
	for _, tag := range []string{"div", "table><tr><td", "blockquote", "b", "ul><li"} {
		source := strings.Repeat("<"+tag+">", 20000) + "order A-17"
		if text, _ := HTMLToText(source); !strings.Contains(text, "order A-17") {
			t.Errorf("20000 open <%s>: words lost, got %.80q", tag, text)
		}
	}
}

// HTML made to cost much costs little more than its length.
func TestHTMLToTextCost(t *testing.T) {
	words := strings.Repeat("<br>a", 100_000)
	for name, source := range map[string]string{
		"quotes": strings.Repeat("<blockquote>", 400) + words,
		"lists":  strings.Repeat("<ul><li>", 200) + words,
		"tables": strings.Repeat("<table><tr><td>", 120) + words,
		"bold":   strings.Repeat("<b><p>", 10_000),
		"links":  strings.Repeat("<a href=http://x.example/>a", 20_000),
		"styles": strings.Repeat("<p style='"+strings.Repeat("a:b;", 200)+"'>x", 1000),
	} {
		start := time.Now()
		text, _ := HTMLToText(source)
		if took := time.Since(start); took > 5*time.Second || len(text) > 100*len(source) {
			t.Errorf("%s: %d bytes became %d in %v", name, len(source), len(text), took)
		} else {
			t.Logf("%s: %d bytes became %d in %v", name, len(source), len(text), took)
		}
	}
}

func FuzzHTMLToText(f *testing.F) {
	for _, s := range []string{
		"<p>a<br>b</p>", "<table><tr><td>a<td>b", "<ul><li>a<ul><li>b", "<pre>a\n b</pre>", "<a href=http://x>y</a>",
		"<blockquote>a<blockquote>b", "<div style='color:#fff;display:none'>", "<ol start=99999999999><li>", "\x00<\xff>",
		"<li><ul></ul></li><pre>\n\n\n</pre><select><option>a", "<svg><title>a</svg>", "<div style=color:#日>",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		text, hidden := HTMLToText(s)
		if utf8.ValidString(s) && (!utf8.ValidString(text) || !utf8.ValidString(hidden)) {
			t.Errorf("%q became invalid UTF-8: %q", s, text)
		}
		if strings.ContainsAny(text, "\x00\r") {
			t.Errorf("control characters in %q", text)
		}
		for _, out := range []string{CleanHTML(s), MarkdownToHTML(s), PlainToHTML(s)} {
			low := strings.ToLower(out)
			for _, bad := range []string{"<script", "<img", "<iframe", "<style", "<link", "href=\"javascript"} {
				if strings.Contains(low, bad) {
					t.Errorf("%q became %q", s, out)
				}
			}
		}
		MarkdownToText(s)
	})
}

func BenchmarkHTMLToText(b *testing.B) {
	row := `<tr><td>SKU-1</td><td style="color:#333">12</td></tr>`
	source := "<html><body><p>Hello <b>there</b>, <a href='https://example.com/x'>see</a></p><table>" +
		strings.Repeat(row, 200) + "</table><blockquote><p>old words</p></blockquote></body></html>"
	b.SetBytes(int64(len(source)))
	for b.Loop() {
		HTMLToText(source)
	}
}

func BenchmarkHTMLToTextDeep(b *testing.B) {
	source := strings.Repeat("<table><tr><td>", 20000)
	b.SetBytes(int64(len(source)))
	for b.Loop() {
		HTMLToText(source)
	}
}
