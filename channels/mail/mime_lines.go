package mail

import (
	"bufio"
	"bytes"
	"io"
)

// mimeLines reads lines, long ones in fragments. Where a mail has no LF at all,
// CR ends a line.
type mimeLines struct {
	r          *bufio.Reader
	delim      byte
	line       []byte // with its end; valid until next
	start, end int64  // offsets of line
	continued  bool   // line goes on where the one before broke off
	broken     bool   // line has no end yet
	done       bool
	err        error
}

func (l *mimeLines) open(r io.Reader) {
	l.r = bufio.NewReaderSize(r, mimeLineFragment)
	l.delim = '\n'
	if head, _ := l.r.Peek(4096); bytes.IndexByte(head, '\n') < 0 && bytes.IndexByte(head, '\r') >= 0 { // an error comes again
		l.delim = '\r'
	}
}

func (l *mimeLines) next() bool {
	if l.done {
		return false
	}
	line, err := l.r.ReadSlice(l.delim)
	l.line = append(l.line[:0], line...) // peekLine may move what ReadSlice returned
	l.start = l.end
	l.end += int64(len(line))
	l.continued, l.broken = l.broken, err == bufio.ErrBufferFull
	if err != nil && !l.broken {
		l.done = true
		if err != io.EOF {
			l.err = err
		}
	}
	return len(line) > 0
}

// peekLine returns the beginning of the next line.
func (l *mimeLines) peekLine() []byte {
	b, _ := l.r.Peek(256) // fewer at the end
	if i := bytes.IndexByte(b, l.delim); i >= 0 {
		b = b[:i]
	}
	return b
}
