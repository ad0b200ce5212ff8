package markup

import (
	"strings"
	"testing"
)

func TestCleanHTML(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{`<p onclick="x()">a<script>b</script></p>`, `<p>a</p>`},
		{`<img src="https://track.example/p.gif"><b>a</b>`, `<b>a</b>`},
		{`<a href="javascript:x">a</a>`, `a`},
		{`<a href="/relative">a</a>`, `a`},
		{`<a href="https://x.example/">a</a>`, `<a href="https://x.example/" rel="nofollow noreferrer noopener" target="_blank">a</a>`},
		{`<div style="background:url(https://track.example/)">a</div>`, `<div>a</div>`},
		{`<table><tr><td colspan="2" background="https://t.example/">a</td></tr></table>`, `<table><tr><td colspan="2">a</td></tr></table>`},
		{`<form action="https://x.example"><input name=a>b</form>`, `b`},
		{`<style>p{}</style><svg onload=x><p>a`, `<p>a`},
		{`<base href="https://x.example"><link rel=stylesheet href=x><meta http-equiv=refresh content=0>a`, `a`},
	} {
		if got := CleanHTML(c.in); got != c.want {
			t.Errorf("CleanHTML(%s)\n got %s\nwant %s", c.in, got, c.want)
		}
	}
}

func TestPlainToHTML(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"", ""},
		{"a <b> & \"c\"", "<p>a &lt;b&gt; &amp; &#34;c&#34;</p>\n"},
		{"a\r\nb\n\nc", "<p>a<br>\nb</p>\n<p>c</p>\n"},
		{"a\n  - b", "<p>a<br>\n&nbsp;&nbsp;- b</p>\n"},
		{"see https://x.example/", "<p>see https://x.example/</p>\n"},
		{"a\n\n\n\nb\x00", "<p>a</p>\n<p>b</p>\n"},
	} {
		if got := PlainToHTML(c.in); got != c.want {
			t.Errorf("PlainToHTML(%q) = %q, want %q", c.in, got, c.want)
		}
	}
}

func BenchmarkCleanHTML(b *testing.B) {
	source := strings.Repeat(`<p style="x">a <b>b</b> <a href="https://x.example/">c</a><img src=x></p>`, 100)
	b.SetBytes(int64(len(source)))
	for b.Loop() {
		CleanHTML(source)
	}
}
