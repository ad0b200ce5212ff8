package mail

import (
	"bytes"
	"crypto/sha256"
	"hash"
	"io"
	"strings"
)

// Limits of what is taken apart. Beyond them nothing is lost: it stays part of
// the file it stands in.
const (
	mimeMaxDepth     = 30
	mimeMaxParts     = 1000
	mimeMaxHeader    = 1 << 20 // of a message
	mimeMaxPartHead  = 64 << 10
	mimeLineFragment = 16 << 10
)

// mimePart is a node of the tree of parts (RFC 2045, 2046). A leaf knows where
// its bytes are, not what they are.
type mimePart struct {
	mimeType
	disposition string // "attachment", "inline" or ""
	name        string // file name, decoded
	cid         string // Content-ID without <>
	encoding    string // Content-Transfer-Encoding, lower case

	offset, length int64 // of the encoded body in the raw mail
	size           int64 // decoded
	until          int64 // where a multipart ends, if not with the mail
	written        bool  // the body is not only white space
	uu             []uuFile

	parent   *mimePart
	children []*mimePart
}

// mimeTree is a mail taken apart: the result of one pass over its bytes.
type mimeTree struct {
	head    mimeHeader
	root    *mimePart
	content []byte   // SHA-256 of the canonical content, see hashContent
	raw     []byte   // SHA-256 of all bytes, if there is no Message-ID
	trouble []string // what could not be read as it was meant
}

// scanMIME takes the mail in r apart in one pass, holding no more than a line
// of it. It forgives what mail programs get wrong: see the tests. err is that
// of r; the tree is then what came before.
func scanMIME(r io.Reader) (mimeTree, error) {
	s := mimeScanner{raw: sha256.New(), content: sha256.New(), root: &mimePart{}}
	s.lines.open(io.TeeReader(r, s.raw))
	s.begin(s.root, mimeMaxHeader)
	for s.lines.next() {
		s.line()
	}
	s.endHeader()
	s.end(s.lines.end, true)
	s.root.settle(s.lines.end)
	t := mimeTree{head: s.top, root: s.root, content: s.content.Sum(nil), trouble: s.trouble}
	if t.head.get("Message-ID") == "" {
		t.raw = s.raw.Sum(nil)
	}
	return t, s.lines.err
}

type mimeScanner struct {
	lines   mimeLines
	top     mimeHeader
	root    *mimePart
	open    []*mimePart // multiparts that a delimiter line can continue, innermost last
	cur     *mimePart   // what lines go to; nil in preambles and epilogues
	parts   int
	trouble []string

	head   mimeHeader // being read, while inHead
	inHead bool

	decode  mimeDecoder // counts the decoded bytes of cur
	scratch []byte
	ending  []byte // line end that belongs to cur only if another line follows
	endAt   int64  // where it begins
	uuBegin *uuFile

	raw, content hash.Hash
	blanks       int // blank lines owed to content
}

func (s *mimeScanner) begin(p *mimePart, limit int) {
	s.cur, s.inHead = p, true
	s.head = mimeHeader{limit: limit}
}

func (s *mimeScanner) line() {
	line := s.lines.line
	if p, closing := s.delimiter(line); p != nil {
		s.endHeader()
		s.end(s.lines.start, false)
		for s.open[len(s.open)-1] != p {
			s.open[len(s.open)-1].until = s.lines.start
			s.open = s.open[:len(s.open)-1]
		}
		s.cur = nil
		if !closing {
			child := &mimePart{parent: p}
			p.children = append(p.children, child)
			s.parts++
			s.begin(child, mimeMaxPartHead)
		}
		s.hashContent(line)
		return
	}
	if s.inHead {
		if s.lines.continued {
			return // the rest of a line longer than any header
		}
		if s.head.add(line, s.lines.peekLine()) {
			return
		}
		s.endHeader()
		if len(bytes.TrimRight(line, "\r\n")) == 0 {
			return
		}
		// No empty line came: this one belongs to the body already.
		s.moveStart(s.lines.start)
	}
	s.body(line)
	s.hashContent(line)
}

// endHeader makes a part of the header that was read. It is called when the
// header's last line is the one before s.lines, or the empty one in it.
func (s *mimeScanner) endHeader() {
	if !s.inHead {
		return
	}
	s.inHead = false
	p := s.cur
	if p == s.root {
		s.top = s.head
		s.hashHeader()
	}
	if s.head.cut {
		s.trouble = append(s.trouble, "header too long")
	}
	p.describe(&s.head)
	s.head = mimeHeader{}
	p.offset = s.lines.end
	if strings.HasPrefix(p.media, "multipart/") && len(s.open) < mimeMaxDepth {
		s.open = append(s.open, p)
		s.cur = nil
		return
	}
	s.decode = newMIMEDecoder(p.encoding)
}

// moveStart says that the body of the part whose header just ended begins at
// off.
func (s *mimeScanner) moveStart(off int64) {
	if p := s.cur; p != nil {
		p.offset = off
	} else {
		s.open[len(s.open)-1].offset = off
	}
}

// body takes a line of the body of cur.
func (s *mimeScanner) body(line []byte) {
	if s.cur == nil {
		return
	}
	p := s.cur
	s.count(s.ending)
	text := bytes.TrimRight(line, "\r\n")
	if !p.written && len(bytes.TrimSpace(text)) > 0 {
		p.written = true
	}
	s.count(text)
	s.ending = append(s.ending[:0], line[len(text):]...)
	s.endAt = s.lines.start + int64(len(text))
	s.findUU(p, text)
}

func (s *mimeScanner) count(b []byte) {
	if len(b) > 0 {
		s.scratch = s.decode.write(s.scratch[:0], b)
		s.cur.size += int64(len(s.scratch))
	}
}

// end closes the leaf that was being read, if any. The line end before a
// delimiter belongs to the delimiter (RFC 2046 5.1.1), which begins at at; the
// last line end of the mail belongs to the part.
func (s *mimeScanner) end(at int64, last bool) {
	p := s.cur
	if p == nil {
		return
	}
	if last {
		s.count(s.ending)
	} else if len(s.ending) > 0 {
		at = s.endAt
	}
	s.scratch = s.decode.flush(s.scratch[:0])
	p.size += int64(len(s.scratch))
	p.length = max(0, at-p.offset)
	s.ending = s.ending[:0]
	s.uuBegin = nil
	s.cur = nil
}

// delimiter says which open multipart the line continues or closes.
func (s *mimeScanner) delimiter(line []byte) (p *mimePart, closing bool) {
	if s.lines.continued || !bytes.HasPrefix(line, []byte("--")) || len(s.open) == 0 || s.parts >= mimeMaxParts {
		return nil, false
	}
	text := string(bytes.TrimRight(line[2:], " \t\r\n"))
	for i := len(s.open) - 1; i >= 0; i-- {
		p := s.open[i]
		if p.boundary == "" {
			continue
		}
		if text == p.boundary {
			return p, false
		}
		if strings.HasSuffix(text, "--") && text[:len(text)-2] == p.boundary {
			return p, true
		}
	}
	// A multipart that has not begun takes the first line that looks like a
	// delimiter and is followed by the header of a part for one: its boundary
	// was not declared, or wrongly.
	p = s.open[len(s.open)-1]
	if s.cur == nil && len(p.children) == 0 && text != "" && !strings.ContainsAny(text, " \t") {
		if next := s.lines.peekLine(); len(next) > 8 && bytes.EqualFold(next[:8], []byte("content-")) {
			p.boundary = text
			return p, false
		}
	}
	return nil, false
}

// settle makes a leaf of every multipart in which no part was found.
func (p *mimePart) settle(end int64) {
	if p.until > 0 {
		end = p.until
	}
	for _, c := range p.children {
		c.settle(end)
	}
	if !strings.HasPrefix(p.media, "multipart/") || len(p.children) > 0 || p.length > 0 {
		return
	}
	if p.media != "multipart/encrypted" {
		p.media, p.params = "text/plain", nil
	}
	p.broken = true
	p.encoding, p.disposition = "", ""
	p.length = max(0, end-p.offset)
	p.size, p.written = p.length, p.length > 0
}
