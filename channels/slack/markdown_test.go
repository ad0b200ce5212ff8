package slack

import "testing"

func TestLinkable(t *testing.T) {
	for target, want := range map[string]string{
		"https://example.com/a?b=c&d=e#f": "https://example.com/a?b=c&d=e#f",
		"HTTP://Example.com":              "http://example.com",
		"https://例子.测试/路":                 "https://xn--fsqu00a.xn--0zwm56d/%E8%B7%AF",
		"http://[::1]:8080/x":             "", // nobody's
		"http://127.0.0.1:80/":            "http://127.0.0.1:80/",
		"mailto:ann@example.com":          "mailto:ann@example.com",
		"https://example.com/a b":         "https://example.com/a%20b",
		"javascript:alert(1)":             "",
		"file:///etc/passwd":              "",
		"slack://open":                    "",
		"tel:+1":                          "",
		"mailto:nobody":                   "",
		"https://":                        "",
		"https://user:pw@example.com/":    "",
		"//example.com":                   "",
		"https://exa|mple.com":            "",
		"https://example.com:port/":       "",
		"":                                "",
	} {
		if got := linkable(target); got != want {
			t.Errorf("linkable(%q) = %q, want %q", target, got, want)
		}
	}
}
