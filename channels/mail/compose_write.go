package mail

import (
	"fmt"
	"io"
	"mime"
	"strings"
	"unicode/utf8"

	"github.com/emersion/go-message"

	"frontdesk/channels"
)

// write writes the whole mail with its files, which are read from their blobs
// on the way.
func (l *letter) write(w io.Writer) error {
	h := l.header.Copy()
	if len(l.files) == 0 {
		return l.writeText(func(alternative message.Header) (*message.Writer, error) {
			h.Set("Content-Type", alternative.Get("Content-Type"))
			return message.CreateWriter(w, h)
		})
	}
	h.SetContentType("multipart/mixed", nil)
	mw, err := message.CreateWriter(w, h)
	if err != nil {
		return err
	}
	if err := l.writeText(mw.CreatePart); err != nil {
		return err
	}
	for _, f := range l.files {
		if err := writeFile(mw, f); err != nil {
			return fmt.Errorf("file %q: %w", f.Name, err)
		}
	}
	return mw.Close()
}

// writeText writes the same words twice, the plainer first (RFC 2046 5.1.4).
func (l *letter) writeText(create func(message.Header) (*message.Writer, error)) error {
	var h message.Header
	h.SetContentType("multipart/alternative", nil)
	mw, err := create(h)
	if err != nil {
		return err
	}
	for _, part := range []struct{ mediaType, text string }{{"text/plain", l.text}, {"text/html", l.html}} {
		var h message.Header
		h.Set("Content-Transfer-Encoding", transferEncoding(part.text))
		h.SetContentType(part.mediaType, map[string]string{"charset": "utf-8"})
		pw, err := mw.CreatePart(h)
		if err != nil {
			return err
		}
		if _, err := io.WriteString(pw, crlf(part.text)); err != nil {
			return err
		}
		if err := pw.Close(); err != nil {
			return err
		}
	}
	return mw.Close()
}

// transferEncoding keeps mostly ASCII text readable and the rest short; both
// survive every relay (RFC 2045 6).
func transferEncoding(s string) string {
	high := 0
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			high++
		}
	}
	if high*5 > len(s) {
		return "base64"
	}
	return "quoted-printable"
}

func crlf(s string) string {
	s = strings.ReplaceAll(strings.ReplaceAll(s, "\r\n", "\n"), "\r", "\n")
	return strings.ReplaceAll(strings.TrimRight(s, "\n")+"\n", "\n", "\r\n")
}

func writeFile(mw *message.Writer, f channels.File) error {
	r, err := f.Data.Open()
	if err != nil {
		return err
	}
	defer r.Close()
	var h message.Header
	h.Set("Content-Transfer-Encoding", "base64")
	// mime.FormatMediaType encodes by RFC 2231; go-message would use encoded
	// words, which RFC 2047 5 forbids here.
	h.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": fileName(f.Name)}))
	h.Set("Content-Type", fileType(f.Type))
	pw, err := mw.CreatePart(h)
	if err != nil {
		return err
	}
	if _, err := io.Copy(pw, r); err != nil {
		return err
	}
	return pw.Close()
}

// fileName is never a path and never empty.
func fileName(name string) string {
	name = name[strings.LastIndexAny(name, `/\`)+1:]
	name = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return -1
		}
		return r
	}, name)
	if name == "" {
		return "file"
	}
	if len(name) > maxFileName { // the end says what it is
		name = strings.ToValidUTF8(name[len(name)-maxFileName:], "")
	}
	return name
}

// fileType is f's type where base64 and UTF-8 suit it: never multipart/* or
// message/* (RFC 2046 5.1, 5.2), and text only in UTF-8, because go-message
// writes no other.
func fileType(t string) string {
	media, params, err := mime.ParseMediaType(t)
	charset := strings.ToLower(params["charset"])
	if err != nil || !strings.Contains(media, "/") || strings.HasPrefix(media, "multipart/") || strings.HasPrefix(media, "message/") ||
		charset != "" && charset != "utf-8" && charset != "us-ascii" {
		return "application/octet-stream"
	}
	if charset == "" {
		return media
	}
	return mime.FormatMediaType(media, map[string]string{"charset": charset})
}
