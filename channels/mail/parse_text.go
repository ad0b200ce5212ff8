package mail

import (
	"io"
	"regexp"
	"strings"

	"frontdesk/channels/markup"
)

// read returns the new words of a text as far as marks in the HTML tell them,
// and all of it. Plain text is preferred, unless it is only a stand-in for the
// HTML.
func (b *bodyReader) read(t mailText) (text, full string) {
	var plain string
	if t.plain != nil {
		plain = b.plain(t.plain)
		if t.html == nil {
			return plain, plain
		}
	}
	var source string
	if t.html != nil && (strings.TrimSpace(plain) == "" || len(plain) < 500) {
		raw := b.bytes(t.html)
		source = plainText(charsetText(raw, htmlCharset(t.html, raw)))
	}
	if source == "" {
		return plain, plain
	}
	full, hidden := markup.HTMLToText(source)
	if strings.TrimSpace(plain) != "" && len(strings.Fields(full)) < 4*len(strings.Fields(plain))+20 {
		return plain, plain
	}
	if full == "" && hidden != "" {
		b.problem("all of the text is hidden from view")
	}
	return htmlNewWords(source, full), full
}

// htmlNewWords returns the text of HTML without what its program marked as
// quoted, or all of it, if that is nothing.
func htmlNewWords(source, full string) string {
	stripped, ok := StripReplyHTML(source)
	if !ok {
		return full
	}
	if text, _ := markup.HTMLToText(stripped); strings.TrimSpace(text) != "" {
		return text
	}
	return full
}

func (b *bodyReader) plain(p *mimePart) string {
	raw := b.bytes(p)
	if int64(len(raw)) == p.size { // a cut text keeps its places
		for i := len(p.uu) - 1; i >= 0; i-- {
			from, to := p.uu[i].offset-p.offset, min(p.uu[i].end-p.offset, int64(len(raw)))
			if from < to {
				raw = append(raw[:from:from], raw[to:]...)
			}
		}
	}
	text := plainText(charsetText(raw, p.charset()))
	if strings.EqualFold(p.params["format"], "flowed") {
		text = mailUnflow(text, strings.EqualFold(p.params["delsp"], "yes"))
	}
	return text
}

// bytes reads a part, as far as the limit allows.
func (b *bodyReader) bytes(p *mimePart) []byte {
	if p.encoding == "base64" && b.words(p) {
		p.encoding, p.size = "", p.length
	}
	out, err := b.head(p, min(b.left, p.size), p.encoding)
	if err != nil {
		b.problem("text: " + err.Error())
	}
	b.left -= int64(len(out))
	if int64(len(out)) < p.size && err == nil {
		b.problem("the text is too long to be read whole")
		b.file(p)
	}
	return out
}

// head reads the first n decoded bytes of a part.
func (b *bodyReader) head(p *mimePart, n int64, encoding string) ([]byte, error) {
	r, err := mimeOpener(b.raw, p.offset, p.length, p.size, encoding).Open()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return io.ReadAll(io.LimitReader(r, n))
}

// words reports whether a text that calls itself base64 is only words: they
// have blanks between them, which base64 never has.
func (b *bodyReader) words(p *mimePart) bool {
	sample, err := b.head(p, 2048, "")
	return err == nil && len(wordGap.FindAll(sample, -1))*50 > len(sample)
}

var wordGap = regexp.MustCompile(`[a-z,.] [A-Za-z]`)

var metaCharset = regexp.MustCompile(`(?i)<meta[^>]{1,200}charset=["']?([\w.:-]{2,40})`)

// htmlCharset is the charset declared by the mail, or else by the HTML itself.
func htmlCharset(p *mimePart, source []byte) string {
	if cs := p.charset(); cs != "" {
		return cs
	}
	if m := metaCharset.FindSubmatch(source[:min(len(source), 4096)]); m != nil {
		return string(m[1])
	}
	return ""
}

// mailUnflow puts the lines of format=flowed together again (RFC 3676 4).
func mailUnflow(s string, delSp bool) string {
	var out []string
	depth, open := 0, false
	for _, line := range strings.Split(s, "\n") {
		n := 0
		for n < len(line) && line[n] == '>' {
			n++
		}
		text := strings.TrimPrefix(line[n:], " ") // space-stuffing
		flows := strings.HasSuffix(text, " ") && text != "-- "
		if flows && delSp {
			text = text[:len(text)-1]
		}
		if open && n == depth && text != "-- " {
			out[len(out)-1] += text
		} else {
			if n > 0 {
				text = strings.Repeat(">", n) + " " + text
			}
			out = append(out, text)
		}
		depth, open = n, flows
	}
	return strings.Join(out, "\n")
}
