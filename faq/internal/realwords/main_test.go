package main

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"slices"
	"strings"
	"testing"
)

var debian = sources{"/usr/share/dict", "/usr/lib/python3/dist-packages/jieba/dict.txt"}

// The files are what the command makes of Debian's lists. Where the packages are not
// installed, or are of another release, nobody can tell.
func TestFilesAreCurrent(t *testing.T) {
	for _, c := range []struct {
		name, packages string
		make           func() ([]byte, error)
	}{
		{"real_en.txt", "wamerican wamerican-small wbritish-small", debian.makeEnglish},
		{"real_zh.txt", "python3-jieba", debian.makeChinese},
	} {
		t.Run(c.name, func(t *testing.T) {
			want, err := c.make()
			if errors.Is(err, fs.ErrNotExist) {
				t.Skipf("%v: install Debian's %s", err, c.packages)
			}
			if err != nil {
				t.Fatal(err)
			}
			got, err := os.ReadFile("../../words/" + c.name)
			if err != nil {
				t.Fatal(err)
			}
			if hashIn(t, got) != hashIn(t, want) {
				t.Skipf("words/%s was made from another release of Debian's %s", c.name, c.packages)
			}
			if !bytes.Equal(got, want) {
				t.Errorf("words/%s is not what the command makes of the same lists: run `go generate -run realwords ./faq`", c.name)
			}
		})
	}
}

func hashIn(t *testing.T, file []byte) string {
	for line := range strings.Lines(string(file)) {
		if hash, ok := strings.CutPrefix(line, inputs); ok {
			return hash
		}
	}
	t.Fatal("there is no hash of the inputs in the file's head")
	return ""
}

func TestStemsOf(t *testing.T) {
	got := stemsOf("refund\nrefunds\nrefund's\nox\nParis\ncafé\n", "colour\ncolours\n", "aardwolf\nDelhi\nkHz\nAsunción\n")
	if want := []string{"colour", "delhi", "khz", "paris", "refund"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestPairsOf(t *testing.T) {
	got, err := pairsOf("退款 100 v\n一 9999 m\n银行 1200 n\n银行卡 500 n\n推宽 99 n\n")
	if want := []string{"退款", "银行"}; err != nil || !slices.Equal(got, want) {
		t.Errorf("got %q, %v; want %q", got, err, want)
	}
	for _, bad := range []string{"退款\n", "退款 viele n\n"} {
		if _, err := pairsOf(bad); err == nil {
			t.Errorf("%q is read", bad)
		}
	}
}
