package mail

import "bytes"

// mimeDecoder undoes a Content-Transfer-Encoding (RFC 2045 6) piece by piece.
// What is not of the encoding is skipped or passed on, never an error: half a
// file is worth more than none.
type mimeDecoder interface {
	write(dst, src []byte) []byte // appends what src decodes to
	flush(dst []byte) []byte      // appends what is left at the end
}

func newMIMEDecoder(encoding string) mimeDecoder {
	switch encoding {
	case "base64":
		return &base64Decoder{}
	case "quoted-printable":
		return &qpDecoder{}
	case "x-uuencode", "uuencode", "x-uue", "uue":
		return &uuDecoder{}
	}
	return identity{}
}

type identity struct{}

func (identity) write(dst, src []byte) []byte { return append(dst, src...) }
func (identity) flush(dst []byte) []byte      { return dst }

// base64Decoder skips all that is no digit. Padding ends a run; another may
// follow.
type base64Decoder struct {
	bits uint32
	n    int
}

func (d *base64Decoder) write(dst, src []byte) []byte {
	for _, c := range src {
		var v byte
		switch {
		case c >= 'A' && c <= 'Z':
			v = c - 'A'
		case c >= 'a' && c <= 'z':
			v = c - 'a' + 26
		case c >= '0' && c <= '9':
			v = c - '0' + 52
		case c == '+' || c == '-':
			v = 62
		case c == '/' || c == '_':
			v = 63
		case c == '=':
			dst = d.flush(dst)
			continue
		default:
			continue
		}
		d.bits = d.bits<<6 | uint32(v)
		if d.n++; d.n == 4 {
			dst = append(dst, byte(d.bits>>16), byte(d.bits>>8), byte(d.bits))
			d.bits, d.n = 0, 0
		}
	}
	return dst
}

func (d *base64Decoder) flush(dst []byte) []byte {
	switch d.n {
	case 2:
		dst = append(dst, byte(d.bits>>4))
	case 3:
		dst = append(dst, byte(d.bits>>10), byte(d.bits>>2))
	}
	d.bits, d.n = 0, 0
	return dst
}

// qpDecoder decodes quoted-printable. "=" that begins no escape stays.
type qpDecoder struct {
	held   []byte // an unfinished escape: "=", "=4", "= \t", "=\r"
	blanks []byte // blanks that vanish if the line ends here (RFC 2045 6.7 (3))
}

func (d *qpDecoder) write(dst, src []byte) []byte {
	for _, c := range src {
		dst = d.byte(dst, c)
	}
	return dst
}

func (d *qpDecoder) byte(dst []byte, c byte) []byte {
	if len(d.held) > 0 {
		switch {
		case c == '\n':
			d.held = d.held[:0] // soft line break
			return dst
		case c == '\r' || ((c == ' ' || c == '\t') && (len(d.held) == 1 || !isHex(d.held[1])) && len(d.held) < 80):
			d.held = append(d.held, c)
			return dst
		case isHex(c) && len(d.held) == 1:
			d.held = append(d.held, c)
			return dst
		case isHex(c) && len(d.held) == 2 && isHex(d.held[1]):
			b := unhex(d.held[1])<<4 | unhex(c)
			d.held = d.held[:0]
			return append(dst, b)
		}
		dst = append(dst, d.held...)
		d.held = d.held[:0]
	}
	switch c {
	case '=':
		dst = append(dst, d.blanks...)
		d.blanks = d.blanks[:0]
		d.held = append(d.held, c)
	case ' ', '\t':
		if len(d.blanks) > 4096 {
			dst = append(dst, d.blanks...)
			d.blanks = d.blanks[:0]
		}
		d.blanks = append(d.blanks, c)
	case '\r', '\n':
		d.blanks = d.blanks[:0]
		dst = append(dst, c)
	default:
		dst = append(dst, d.blanks...)
		d.blanks = d.blanks[:0]
		dst = append(dst, c)
	}
	return dst
}

func (d *qpDecoder) flush(dst []byte) []byte {
	if len(d.held) > 1 && isHex(d.held[1]) {
		dst = append(dst, d.held...)
	}
	d.held, d.blanks = d.held[:0], d.blanks[:0]
	return dst
}

func isHex(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'A' && c <= 'F' || c >= 'a' && c <= 'f'
}

func unhex(c byte) byte {
	switch {
	case c <= '9':
		return c - '0'
	case c <= 'F':
		return c - 'A' + 10
	}
	return c - 'a' + 10
}

// uuDecoder decodes uuencoded lines; "begin", "end" and all that is no such
// line is left out.
type uuDecoder struct {
	line  []byte
	began bool
	ended bool
}

func (d *uuDecoder) write(dst, src []byte) []byte {
	for len(src) > 0 && !d.ended {
		i := bytes.IndexByte(src, '\n')
		if i < 0 {
			if len(d.line) < 1024 {
				d.line = append(d.line, src...)
			}
			return dst
		}
		d.line = append(d.line, src[:i]...)
		src = src[i+1:]
		dst = d.flush(dst)
	}
	return dst
}

func (d *uuDecoder) flush(dst []byte) []byte {
	line := bytes.TrimRight(d.line, "\r")
	d.line = d.line[:0]
	switch {
	case len(line) == 0 || d.ended:
	case !d.began && bytes.HasPrefix(line, []byte("begin ")):
		d.began = true
	case string(bytes.TrimSpace(line)) == "end":
		d.ended = true
	case uuLine(line):
		dst = uuDecodeLine(dst, line)
	}
	return dst
}

func uuDecodeLine(dst, line []byte) []byte {
	n := int(line[0]-' ') & 63
	at := func(i int) byte {
		if i < len(line) {
			return (line[i] - ' ') & 63
		}
		return 0
	}
	for i := 1; n > 0; i += 4 {
		a, b, c, e := at(i), at(i+1), at(i+2), at(i+3)
		three := [3]byte{a<<2 | b>>4, b<<4 | c>>2, c<<6 | e}
		dst = append(dst, three[:min(n, 3)]...)
		n -= 3
	}
	return dst
}

// uuLine reports whether line is one of uuencoded data: its first character
// says how long it is. Blanks at its end may be missing.
func uuLine(line []byte) bool {
	if len(line) == 0 || line[0] < ' ' || line[0] > '`' {
		return false
	}
	n := int(line[0]-' ') & 63
	chars := (n + 2) / 3 * 4
	if len(line)-1 > chars+1 || len(line)-1 < chars-4 {
		return false
	}
	for _, c := range line[1:] {
		if c < ' ' || c > '`' {
			return false
		}
	}
	return true
}
