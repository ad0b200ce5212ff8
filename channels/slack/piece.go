package slack

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// span is a run of text in one style. Nothing in text is markup.
type span struct {
	text                       string
	url                        string // what it leads to; checked
	user                       string // id of somebody who is mentioned; text is how a notification says it
	bold, italic, strike, code bool
}

// shape is what a piece looks like.
type shape int

const (
	para  shape = iota // a paragraph
	item               // an item of a list
	quote              // a paragraph of a quotation
	pre                // lines as they are
	head               // a title
	foot               // small print
)

// piece is a paragraph of some shape. A message is a row of pieces, whatever it was
// made of: they are what can be counted, and split between messages.
type piece struct {
	shape shape
	spans []span
	tight bool // stands right below the piece before, without an empty line

	ordered bool // of an item
	number  int
	indent  int // 0 to 8
}

// units is the length of s as Slack's clients count it (UTF-16): never less than the
// number of characters, so that a limit kept in units is kept in both.
func units(s string) int {
	n := 0
	for _, r := range s {
		n += max(1, utf16.RuneLen(r))
	}
	return n
}

// size is what p takes of a message. Addresses and changes of style count: Slack's
// own limit on the sum (msg_blocks_too_long, seen at 13,200 characters) is not
// documented.
func (p piece) size() int {
	n := 4
	for _, s := range p.spans {
		n += units(s.text) + units(s.url) + 4
	}
	return n
}

func (p piece) plain() string {
	var b strings.Builder
	for _, s := range p.spans {
		b.WriteString(s.text)
	}
	return b.String()
}

// split cuts p into pieces of at most limit. What follows the first piece of an item
// is a paragraph: it has no number.
func (p piece) split(limit int) []piece {
	if p.size() <= limit {
		return []piece{p}
	}
	var out []piece
	next := p
	next.spans = nil
	flush := func() {
		if len(next.spans) == 0 {
			return
		}
		out = append(out, next)
		next.spans, next.tight = nil, true
		if next.shape == item {
			next.shape = para
		}
	}
	for _, s := range p.spans {
		for {
			room := limit - next.size() - 4 - units(s.url)
			if units(s.text) <= room {
				next.spans = append(next.spans, s)
				break
			}
			if room < limit/4 && len(next.spans) > 0 {
				flush()
				continue
			}
			first, rest := breakText(s.text, max(room, 16))
			part := s
			part.text, s.text = first, rest
			next.spans = append(next.spans, part)
			flush()
		}
	}
	flush()
	return out
}

// breakText cuts s after at most limit units, if it can at the end of a paragraph,
// a line, a sentence or a word in the second half. Neither part is empty, and nothing
// is lost but line ends between them.
func breakText(s string, limit int) (first, rest string) {
	end, n := 0, 0
	for i, r := range s {
		if n += max(1, utf16.RuneLen(r)); n > limit && i > 0 {
			break
		}
		end = i + utf8.RuneLen(r)
	}
	if end >= len(s) {
		_, last := utf8.DecodeLastRuneInString(s)
		end = len(s) - last
	}
	window := s[:end]
	for _, mark := range []string{"\n\n", "\n", "。", "！", "？", ". ", "! ", "? ", "；", "，", " "} {
		if i := strings.LastIndex(window, mark); i >= len(window)/2 {
			first, rest = s[:i+len(mark)], s[i+len(mark):]
			if t := strings.TrimRight(first, "\n"); strings.HasSuffix(first, "\n") && t != "" {
				first = t
			}
			if rest != "" {
				return first, rest
			}
		}
	}
	// Not between a character and what modifies it.
	for i := end; i > end/2 && i > 0; {
		r, _ := utf8.DecodeRuneInString(s[i:])
		before, width := utf8.DecodeLastRuneInString(s[:i])
		if !unicode.In(r, unicode.Mn, unicode.Me, unicode.Sk) && r != '\u200d' && before != '\u200d' {
			return s[:i], s[i:]
		}
		i -= width
	}
	return s[:end], s[end:]
}

// cut shortens s to at most limit units, with an ellipsis if anything went.
func cut(s string, limit int) string {
	if units(s) <= limit {
		return s
	}
	n, end := 1, 0 // the ellipsis
	for i, r := range s {
		if n += max(1, utf16.RuneLen(r)); n > limit {
			break
		}
		end = i + utf8.RuneLen(r)
	}
	return strings.TrimRight(s[:end], " \n") + "…"
}

// clean makes s text that any client can show: valid, with plain line ends, and no
// control characters but tabs.
func clean(s string) string {
	s = strings.ReplaceAll(strings.ToValidUTF8(s, "\ufffd"), "\r\n", "\n")
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\r':
			return '\n'
		case r == '\n' || r == '\t':
			return r
		case unicode.IsControl(r):
			return -1
		}
		return r
	}, s)
}

// oneLine is clean for where there is room for one line.
func oneLine(s string) string { return strings.Join(strings.Fields(clean(s)), " ") }

// plainText is what a row of pieces says: for notifications, for screen readers, and
// to know a message of ours again. At most limit units, entities escaped
// (https://docs.slack.dev/messaging/formatting-message-text#escaping), so that it can
// hold no mention and no link.
func plainText(pieces []piece, limit int) string {
	var b strings.Builder
	for i, p := range pieces {
		if i > 0 {
			b.WriteString("\n")
		}
		if p.shape == item {
			b.WriteString(strings.Repeat("  ", p.indent))
			if p.ordered {
				b.WriteString(strconv.Itoa(p.number) + ". ")
			} else {
				b.WriteString("• ")
			}
		}
		for j, s := range p.spans {
			b.WriteString(s.text)
			last := j+1 == len(p.spans) || p.spans[j+1].url != s.url
			if to := strings.TrimPrefix(s.url, "mailto:"); last && to != "" && to != s.text {
				b.WriteString(" (" + to + ")")
			}
		}
	}
	return escapeCut(b.String(), limit)
}

// escapeCut escapes s; the result has at most limit units, and no broken entity.
func escapeCut(s string, limit int) string {
	var b strings.Builder
	n := 0
	for i, r := range s {
		e := string(r)
		switch r {
		case '&':
			e = "&amp;"
		case '<':
			e = "&lt;"
		case '>':
			e = "&gt;"
		}
		if n += units(e); n > limit-1 && (i+utf8.RuneLen(r) < len(s) || n > limit) {
			return b.String() + "…"
		}
		b.WriteString(e)
	}
	return b.String()
}
