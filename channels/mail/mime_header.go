package mail

import (
	"bytes"
	"strings"
)

// mimeHeader is the fields of a header as they came: unfolded, not decoded.
type mimeHeader struct {
	fields []mimeField
	limit  int // of the bytes kept
	bytes  int
	lines  int
	cut    bool // more than limit came
}

type mimeField struct{ name, value string }

// get returns the first field of a name, in any case, or "".
func (h *mimeHeader) get(name string) string {
	for _, f := range h.fields {
		if strings.EqualFold(f.name, name) {
			return strings.TrimSpace(f.value)
		}
	}
	return ""
}

// all returns all fields of a name, topmost first.
func (h *mimeHeader) all(name string) []string {
	var vs []string
	for _, f := range h.fields {
		if strings.EqualFold(f.name, name) {
			vs = append(vs, strings.TrimSpace(f.value))
		}
	}
	return vs
}

// add takes the next line of a header, next being the beginning of the one
// after it. It returns false if the header is over: at an empty line, or, where
// that was forgotten, at a line that can't be of a header. A line without a
// colon amid fields is dropped, and so is the "From " line of an mbox.
func (h *mimeHeader) add(line, next []byte) bool {
	line = bytes.TrimRight(line, "\r\n")
	if len(line) == 0 {
		return false
	}
	first := h.lines == 0
	h.lines++
	if line[0] == ' ' || line[0] == '\t' {
		text := bytes.TrimSpace(line)
		if len(h.fields) == 0 {
			return len(text) > 0 && mimeFieldName(text) != "" && h.keep(text)
		}
		if len(text) == 0 {
			return mimeHeaderLike(next) // an empty line with blanks in it
		}
		if h.room(len(line)) {
			f := &h.fields[len(h.fields)-1]
			f.value += " " + string(text)
		}
		return true
	}
	if first && (bytes.HasPrefix(line, []byte("From ")) || bytes.HasPrefix(line, []byte(">From "))) {
		return true
	}
	if mimeFieldName(line) != "" {
		return h.keep(line)
	}
	return len(h.fields) > 0 && mimeHeaderLike(next)
}

func (h *mimeHeader) keep(line []byte) bool {
	if h.room(len(line)) {
		name := mimeFieldName(line)
		_, value, _ := bytes.Cut(line, []byte{':'})
		h.fields = append(h.fields, mimeField{name, string(value)})
	}
	return true
}

func (h *mimeHeader) room(n int) bool {
	h.bytes += n
	h.cut = h.cut || h.bytes > h.limit
	return !h.cut
}

// mimeFieldName returns the name of the field that line begins, or "".
func mimeFieldName(line []byte) string {
	i := bytes.IndexByte(line, ':')
	if i <= 0 || i > 100 {
		return ""
	}
	name := bytes.TrimRight(line[:i], " \t")
	for _, c := range name {
		if c <= ' ' || c >= 0x7f {
			return ""
		}
	}
	return string(name)
}

// mimeHeaderLike reports whether line continues a header.
func mimeHeaderLike(line []byte) bool {
	return len(line) > 0 && (mimeFieldName(line) != "" || ((line[0] == ' ' || line[0] == '\t') && len(bytes.TrimSpace(line)) > 0))
}
