package mail

import (
	"encoding/base64"
	"strings"
	"unicode/utf16"
)

// charsetUTF7 decodes UTF-7 (RFC 2152), which old programs still write. It
// fails on anything that is none.
func charsetUTF7(b []byte) (string, bool) {
	var out strings.Builder
	for i := 0; i < len(b); i++ {
		switch c := b[i]; {
		case c >= 0x80:
			return "", false
		case c != '+':
			out.WriteByte(c)
			continue
		}
		j := i + 1
		for j < len(b) && strings.IndexByte(utf7Digits, b[j]) >= 0 {
			j++
		}
		digits := string(b[i+1 : j])
		ended := j < len(b) && b[j] == '-'
		if digits == "" {
			if !ended {
				return "", false
			}
			out.WriteByte('+')
			i = j
			continue
		}
		raw, err := base64.RawStdEncoding.DecodeString(digits)
		if err != nil {
			return "", false
		}
		units := make([]uint16, 0, len(raw)/2)
		for k := 0; k+1 < len(raw); k += 2 {
			units = append(units, uint16(raw[k])<<8|uint16(raw[k+1]))
		}
		out.WriteString(string(utf16.Decode(units)))
		i = j - 1
		if ended {
			i = j
		}
	}
	return out.String(), true
}

const utf7Digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
