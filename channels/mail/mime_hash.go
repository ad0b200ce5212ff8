package mail

import (
	"bytes"
	"io"
	"strings"
)

// hashContent adds a line of the body to the hash of the content: without its
// line end and trailing blanks, and without empty lines at the end of the mail,
// which change on the way (RFC 6376 3.4.4).
func (s *mimeScanner) hashContent(line []byte) {
	text := bytes.TrimRight(line, " \t\r\n")
	if len(text) == 0 {
		s.blanks++
		return
	}
	for ; s.blanks > 0; s.blanks-- {
		s.content.Write([]byte{'\n'})
	}
	s.content.Write(text)
	s.blanks++
}

// hashHeader adds what the author wrote into the header to the hash of the
// content. All else (Received, Delivered-To, Return-Path, X-…) may differ
// between two copies of one mail.
func (s *mimeScanner) hashHeader() {
	for _, name := range []string{"From", "To", "Cc", "Date", "Subject", "Message-ID", "In-Reply-To", "Content-Type"} {
		for _, v := range s.top.all(name) {
			io.WriteString(s.content, strings.ToLower(name)+":"+strings.Join(strings.Fields(v), " ")+"\n")
		}
	}
}
