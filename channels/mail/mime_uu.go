package mail

import (
	"bytes"
	"strings"
)

// uuFile is a uuencoded file amid the lines of a text, as programs sent them
// before MIME, and some still do.
type uuFile struct {
	name        string
	offset, end int64 // in the raw mail, from "begin" to behind "end"
	size        int64
}

// findUU looks for uuencoded files in the text lines of p.
func (s *mimeScanner) findUU(p *mimePart, line []byte) {
	if p.media != "text/plain" || s.lines.continued {
		return
	}
	if _, ok := s.decode.(identity); !ok {
		return
	}
	switch f := s.uuBegin; {
	case f == nil:
		if bytes.HasPrefix(line, []byte("begin ")) && uuLine(bytes.TrimRight(s.lines.peekLine(), "\r")) {
			mode, name, ok := strings.Cut(string(line[len("begin "):]), " ")
			if ok && len(mode) >= 3 && len(mode) <= 4 && strings.Trim(mode, "01234567") == "" {
				s.uuBegin = &uuFile{name: mimeFileName(name), offset: s.lines.start}
			}
		}
	case string(bytes.TrimSpace(line)) == "end":
		f.end = s.lines.end
		p.uu = append(p.uu, *f)
		s.uuBegin = nil
	case uuLine(line):
		f.size += int64(line[0]-' ') & 63
	case len(bytes.TrimSpace(line)) > 0:
		s.uuBegin = nil // it was only words
	}
}
