package mail

import (
	"encoding/base64"
	"regexp"
	"strings"
)

// encodedWord is RFC 2047 2, tolerating blanks in the text and empty texts.
var encodedWord = regexp.MustCompile(`=\?([A-Za-z0-9_.:+-]+)(?:\*[A-Za-z0-9-]*)?\?([bBqQ])\?([^?]*)\?=`)

// headerText decodes a header field into one line of text: encoded words (RFC
// 2047), also where they stand within quotes or break a character in two, and
// bytes beyond ASCII that nobody declared.
func headerText(v string) string {
	if !isASCII([]byte(v)) || strings.Contains(v, "\x1b") {
		v = charsetText([]byte(v), "")
	}
	found := encodedWord.FindAllStringSubmatchIndex(v, -1)
	if found == nil {
		return oneLine(v)
	}
	var out strings.Builder
	var run []byte // of adjacent words in one charset
	charset, at := "", 0
	flush := func() {
		out.WriteString(charsetText(run, charset))
		run = run[:0]
	}
	for _, m := range found {
		between := v[at:m[0]]
		word := headerWord(v[m[4]:m[5]], v[m[6]:m[7]])
		name := strings.ToLower(v[m[2]:m[3]])
		blank := strings.TrimSpace(between) == ""
		if at == 0 || !blank || name != charset {
			flush()
			if at == 0 || !blank { // white space between encoded words is no text
				out.WriteString(between)
			}
		}
		charset = name
		run = append(run, word...)
		at = m[1]
	}
	flush()
	out.WriteString(v[at:])
	return oneLine(out.String())
}

// headerWord undoes the B or Q encoding of an encoded word.
func headerWord(encoding, text string) []byte {
	if strings.EqualFold(encoding, "b") {
		text = strings.TrimRight(strings.ReplaceAll(text, " ", ""), "=")
		b, err := base64.RawStdEncoding.DecodeString(text)
		if err != nil {
			d := base64Decoder{}
			b = d.flush(d.write(nil, []byte(text)))
		}
		return b
	}
	var b []byte
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '_':
			b = append(b, ' ')
		case c == '=' && i+2 < len(text) && isHex(text[i+1]) && isHex(text[i+2]):
			b = append(b, unhex(text[i+1])<<4|unhex(text[i+2]))
			i += 2
		default:
			b = append(b, c)
		}
	}
	return b
}
