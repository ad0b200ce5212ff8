package markup

import (
	"strings"
	"testing"
)

// Each testdata/md/NAME.md has in NAME.txt its plain text and, below a line
// "=== html", its HTML.
func TestMarkdown(t *testing.T) {
	golden(t, "md/*.md", func(md string) string {
		return MarkdownToText(md) + "\n=== html\n" + strings.TrimSuffix(MarkdownToHTML(md), "\n")
	})
}

func TestMarkdownLinks(t *testing.T) {
	for _, c := range []struct{ md, html, text string }{
		{"[a](https://x.example/)", `<p><a href="https://x.example/">a</a></p>`, "a (https://x.example/)"},
		{"[a](HTTPS://x.example)", `<p><a href="HTTPS://x.example">a</a></p>`, "a (HTTPS://x.example)"},
		{"[write](mailto:a@x.example)", `<p><a href="mailto:a@x.example">write</a></p>`, "write (a@x.example)"},
		{"<https://x.example/a>", `<p><a href="https://x.example/a">https://x.example/a</a></p>`, "https://x.example/a"},
		{"[a](javascript:alert(1))", `<p>a</p>`, "a"},
		{"[**a**](data:text/html,x)", `<p><strong>a</strong></p>`, "a"},
		{"[a](/relative)", `<p>a</p>`, "a"},
		{"![logo](https://x.example/l.png)", `<p>logo</p>`, "logo"},
		{"a <b onclick=x>b</b>", "<p>a <!-- raw HTML omitted -->b<!-- raw HTML omitted --></p>", "a b"},
		{"**注意：**请带上单号。", "<p><strong>注意</strong>：请带上单号。</p>", "注意：请带上单号。"},
		{"点击**“退款”**即可", "<p>点击“<strong>退款</strong>”即可</p>", "点击“退款”即可"},
		{"`**a：**请`", "<p><code>**a：**请</code></p>", "**a：**请"},
	} {
		if got := strings.TrimSpace(MarkdownToHTML(c.md)); got != c.html {
			t.Errorf("MarkdownToHTML(%q) = %q, want %q", c.md, got, c.html)
		}
		if got := MarkdownToText(c.md); got != c.text {
			t.Errorf("MarkdownToText(%q) = %q, want %q", c.md, got, c.text)
		}
	}
}

func BenchmarkMarkdownToHTML(b *testing.B) {
	md := strings.Repeat("A **bold** line with a [link](https://example.com/).\n\n- one\n- two\n\n", 20)
	b.SetBytes(int64(len(md)))
	for b.Loop() {
		MarkdownToHTML(md)
	}
}
