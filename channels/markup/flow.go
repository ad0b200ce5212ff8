package markup

import (
	"strings"
	"unicode"
)

// flow writes running text: it folds white space, makes breaks between blocks
// and puts a prefix (quote marks, list indent) before each line.
type flow struct {
	out    strings.Builder
	prefix string // before every line
	last   string // the prefix of the line before
	bullet string // instead of the end of prefix, before the next line only
	breaks int    // line ends owed before the next word
	space  bool   // a space owed before the next word
	inLine bool   // something stands on the current line
}

// block asks for at least n line ends before the next word; 2 is an empty
// line. Nothing is owed at the very beginning.
func (f *flow) block(n int) {
	f.space = false
	if f.out.Len() > 0 {
		f.breaks = max(f.breaks, n)
	}
}

// line ends the line, as <br> does. More than one empty line never comes out.
func (f *flow) line() {
	f.space = false
	if f.out.Len() > 0 {
		f.breaks = min(f.breaks+1, 2)
	}
}

// settle writes what is owed before a word.
func (f *flow) settle() {
	if f.breaks > 0 {
		f.out.WriteByte('\n')
		if f.breaks > 1 {
			f.out.WriteString(strings.TrimRight(common(f.last, f.prefix), " "))
			f.out.WriteByte('\n')
		}
		f.breaks, f.inLine, f.space = 0, false, false
	}
	if !f.inLine {
		p := f.prefix
		if f.bullet != "" {
			p = p[:max(0, len(p)-len(f.bullet))] + f.bullet
			f.bullet = ""
		}
		f.out.WriteString(p)
		f.last, f.inLine, f.space = f.prefix, true, false
	}
	if f.space {
		f.out.WriteByte(' ')
		f.space = false
	}
}

// words writes s with its white space folded.
func (f *flow) words(s string) {
	for s != "" {
		i := strings.IndexFunc(s, isSpace)
		if i < 0 {
			i = len(s)
		}
		if i > 0 {
			if w := dropInvisible(s[:i]); w != "" {
				f.settle()
				f.out.WriteString(w)
			}
			s = s[i:]
			continue
		}
		i = strings.IndexFunc(s, func(r rune) bool { return !isSpace(r) })
		if i < 0 {
			i = len(s)
		}
		f.space = f.space || (f.inLine && f.breaks == 0)
		s = s[i:]
	}
}

// verbatim writes s with its lines and blanks as they are.
func (f *flow) verbatim(s string) {
	for i, l := range strings.Split(s, "\n") {
		if i > 0 {
			if f.inLine || f.out.Len() > 0 {
				f.breaks = min(f.breaks+1, 3)
			}
		}
		l = dropInvisible(strings.TrimRightFunc(l, unicode.IsSpace))
		if l != "" {
			f.settle()
			f.out.WriteString(l)
		}
	}
}

// maxPrefix keeps deep nesting from growing a text beyond measure: quotes and
// lists deeper than that are shown at that depth.
const maxPrefix = 60

// under writes what fn writes with more in front of each line; bullet, of the
// same length, stands before the first.
func (f *flow) under(prefix, bullet string, fn func()) {
	old := f.prefix
	if len(old) > maxPrefix {
		prefix, bullet = "", ""
	}
	f.prefix, f.bullet = old+prefix, bullet
	fn()
	f.prefix, f.bullet = old, ""
}

// common returns what a and b begin with.
func common(a, b string) string {
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	return a[:n]
}

func (f *flow) String() string { return f.out.String() }

// isSpace reports white space that HTML folds, and the no-break spaces that
// mail programs write where they mean a space.
func isSpace(r rune) bool {
	switch r {
	case ' ', '\t', '\n', '\r', '\f', '\v', '\u0085', '\u00a0', '\u2007', '\u202f', '\u2028', '\u2029':
		return true
	}
	return false
}

// dropInvisible removes characters that take no place on the screen and that
// only serve to pad previews or to break up words, and control characters.
// U+200C and U+200D stay: Persian, Indic scripts and emoji need them.
func dropInvisible(s string) string {
	clean := true
	for _, r := range s {
		if invisible(r) {
			clean = false
			break
		}
	}
	if clean {
		return s
	}
	return strings.Map(func(r rune) rune {
		if invisible(r) {
			return -1
		}
		return r
	}, s)
}

func invisible(r rune) bool {
	switch r {
	case '\u200b', '\ufeff', '\u034f', '\u00ad', '\u2060':
		return true
	case '\t':
		return false
	}
	return unicode.Is(unicode.Cc, r)
}
