package mail

import (
	"strings"

	"frontdesk/channels"
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
