package mail

import (
	"io"
	"regexp"
	"strings"

	"frontdesk/channels"
	"frontdesk/channels/markup"
)

// maxText is how much of a mail's text is read, over all parts. What is longer
// is kept as a file as well.
const maxText = 1 << 20

// mailBody is what a person reads in a mail, and what comes with it.
type mailBody struct {
	text    string // the author's new words
	full    string // all of the text
	files   []channels.File
	trouble []string
}

// mailText is one stretch of text, in up to two representations.
type mailText struct{ plain, html *mimePart }

// readBody chooses the parts that are the text. Every other one is a file, but
// for the other representations of a text chosen (RFC 2046 5.1.4).
func readBody(raw channels.Blob, root *mimePart) mailBody {
	b := bodyReader{raw: raw, left: maxText}
	b.part(root)
	var texts, fulls []string
	for _, t := range b.texts {
		text, full := b.read(t)
		if strings.TrimSpace(full) != "" {
			texts, fulls = append(texts, text), append(fulls, full)
		}
	}
	b.full = strings.TrimSpace(strings.Join(fulls, "\n\n"))
	b.text = strings.TrimSpace(StripReply(strings.Join(texts, "\n\n")))
	if strings.Contains(b.full, "-----BEGIN PGP MESSAGE-----") {
		b.problem("encrypted with PGP")
	}
	return b.mailBody
}

type bodyReader struct {
	mailBody
	raw   channels.Blob
	texts []mailText
	left  int64 // of maxText
}

func (b *bodyReader) problem(s string) { b.trouble = append(b.trouble, s) }

// part sorts a part and those within it into texts and files.
func (b *bodyReader) part(p *mimePart) {
	if len(p.children) == 0 {
		b.leaf(p)
		return
	}
	switch p.media {
	case "multipart/alternative":
		b.alternative(p)
	case "multipart/related":
		b.related(p)
	case "multipart/signed", "multipart/report": // the text first, then what is about it
		b.part(p.children[0])
		for _, c := range p.children[1:] {
			b.fileAll(c)
		}
	case "multipart/encrypted":
		b.problem("encrypted (" + p.params["protocol"] + ")")
		b.fileAll(p)
	default:
		for _, c := range p.children {
			b.part(c)
		}
	}
}

func (b *bodyReader) leaf(p *mimePart) {
	switch p.media {
	case "text/plain":
		if b.isText(p) {
			b.texts = append(b.texts, mailText{plain: p})
			b.uuFiles(p)
			return
		}
	case "text/html", "application/xhtml+xml":
		if b.isText(p) {
			b.texts = append(b.texts, mailText{html: p})
			return
		}
	case "application/pkcs7-mime", "application/x-pkcs7-mime":
		switch strings.ToLower(p.params["smime-type"]) {
		case "signed-data", "certs-only", "compressed-data":
			b.problem("S/MIME " + p.params["smime-type"] + " cannot be opened")
		default:
			b.problem("encrypted with S/MIME")
		}
	case "multipart/encrypted":
		b.problem("encrypted (" + p.params["protocol"] + ")")
	}
	if !p.empty() {
		b.file(p)
	}
}

// isText reports whether a text part is to be read and not to be opened: it is
// no attachment and has no name, or there is nothing else.
func (b *bodyReader) isText(p *mimePart) bool {
	if p.parent == nil {
		return p.name == "" || p.disposition != "attachment"
	}
	return p.disposition != "attachment" && (p.name == "" || (len(b.texts) == 0 && p.disposition == "inline" && p.parent.children[0] == p))
}

// alternative takes one text of each kind. The others that are text say the
// same again; what is no text (an invitation, say) is a file.
func (b *bodyReader) alternative(p *mimePart) {
	var t mailText
	for _, c := range p.children {
		switch {
		case len(c.children) > 0:
			inner := bodyReader{raw: b.raw}
			inner.part(c)
			b.files = append(b.files, inner.files...)
			b.trouble = append(b.trouble, inner.trouble...)
			for _, u := range inner.texts {
				if t.html == nil && u.html != nil {
					t.html = u.html
				} else if t.plain == nil && u.plain != nil {
					t.plain = u.plain
				} else {
					b.texts = append(b.texts, u)
				}
			}
		case c.media == "text/plain" && t.plain == nil && c.disposition != "attachment":
			t.plain = c
			b.uuFiles(c)
		case c.media == "text/html" && t.html == nil && c.disposition != "attachment":
			t.html = c
		case c.media == "text/enriched", c.media == "text/richtext", c.media == "text/x-amp-html", c.media == "text/watch-html":
			if c.name != "" {
				b.file(c)
			}
		case !c.empty():
			b.file(c)
		}
	}
	if t.plain != nil || t.html != nil {
		b.texts = append(b.texts, t)
	}
}

// related takes the root for the text (RFC 2387 3.2), the rest belongs to it.
func (b *bodyReader) related(p *mimePart) {
	root := p.children[0]
	if start := strings.Trim(p.params["start"], "<> "); start != "" {
		for _, c := range p.children {
			if c.cid == start {
				root = c
			}
		}
	}
	b.part(root)
	for _, c := range p.children {
		if c != root {
			b.fileAll(c)
		}
	}
}

// fileAll keeps all leaves of p as files.
func (b *bodyReader) fileAll(p *mimePart) {
	if len(p.children) == 0 && !p.empty() {
		b.file(p)
	}
	for _, c := range p.children {
		b.fileAll(c)
	}
}

func (b *bodyReader) file(p *mimePart) {
	b.files = append(b.files, channels.File{
		Name: p.name, Type: p.media, CID: p.cid,
		Inline: p.disposition == "inline" || (p.disposition == "" && p.cid != ""),
		Data:   mimeOpener(b.raw, p.offset, p.length, p.size, p.encoding),
	})
}

func (b *bodyReader) uuFiles(p *mimePart) {
	for _, u := range p.uu {
		b.files = append(b.files, channels.File{
			Name: u.name, Type: "application/octet-stream",
			Data: mimeOpener(b.raw, u.offset, u.end-u.offset, u.size, "x-uuencode"),
		})
	}
}

// empty reports whether a leaf holds nothing and is called nothing.
func (p *mimePart) empty() bool { return !p.written && p.name == "" }

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
