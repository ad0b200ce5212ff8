package exchange

import (
	"bytes"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/html/charset"
	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/simplifiedchinese"
	xunicode "golang.org/x/text/encoding/unicode"
)

// decode returns a file's text with plain line ends, and as what it was read where
// that is not UTF-8. Spreadsheets save UTF-16, or GB18030 in China; pages say what
// they are.
func decode(data []byte, page bool) (text, how string) {
	clean := func(s string) string {
		s = strings.TrimPrefix(s, "\ufeff")
		s = strings.ReplaceAll(s, "\r\n", "\n")
		s = strings.ReplaceAll(s, "\r", "\n")
		return strings.ReplaceAll(s, "\x00", "")
	}
	with := func(e encoding.Encoding) string {
		b, err := e.NewDecoder().Bytes(data)
		if err != nil {
			return string(utf8.RuneError)
		}
		return clean(string(b))
	}
	if bytes.HasPrefix(data, []byte("\xff\xfe")) || bytes.HasPrefix(data, []byte("\xfe\xff")) {
		return with(xunicode.UTF16(xunicode.LittleEndian, xunicode.UseBOM)), "UTF-16"
	}
	if utf8.Valid(data) {
		return clean(string(data)), ""
	}
	if page {
		if e, name, _ := charset.DetermineEncoding(data, ""); name != "windows-1252" {
			return with(e), name
		}
	}
	if s := with(simplifiedchinese.GB18030); !strings.ContainsRune(s, utf8.RuneError) && strings.ContainsFunc(s, func(r rune) bool { return unicode.Is(unicode.Han, r) }) {
		return s, "GB18030"
	}
	return with(charmap.Windows1252), "Windows-1252"
}
