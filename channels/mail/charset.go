package mail

import (
	"bytes"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/wlynxg/chardet"
	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/encoding/ianaindex"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/simplifiedchinese"
	xunicode "golang.org/x/text/encoding/unicode"
)

// charsetText returns b, written in the declared charset, as valid UTF-8. The
// declaration is believed as far as the bytes allow; where they don't, or there
// is none, the order is: UTF-8 if valid, escape sequences of ISO-2022-JP and
// HZ, a detector, and last windows-1252, which takes everything.
func charsetText(b []byte, declared string) string {
	if s, ok := charsetBOM(b); ok {
		return s
	}
	name := charsetName(declared)
	ascii := isASCII(b)
	if ascii && bytes.IndexByte(b, 0x1b) >= 0 {
		if s, ok := charsetTry(japanese.ISO2022JP, b); ok {
			return s
		}
	}
	switch name {
	case "utf-7":
		if s, ok := charsetUTF7(b); ok {
			return s
		}
	case "hz-gb-2312":
		if s, ok := charsetTry(simplifiedchinese.HZGB2312, b); ok {
			return s
		}
	case "", "utf-8", "windows-1252":
	default:
		e := charsetEncoding(name)
		if _, single := e.(*charmap.Charmap); single && !ascii && utf8.Valid(b) {
			return string(b) // no words of a one-byte charset look like this
		}
		if e != nil {
			if s, ok := charsetTry(e, b); ok {
				return s
			}
		}
	}
	if utf8.Valid(b) {
		return string(b)
	}
	if name == "utf-8" && charsetNearlyUTF8(b) {
		return strings.ToValidUTF8(string(b), "\ufffd")
	}
	if name != "windows-1252" || bytes.ContainsAny(b, "\x81\x8d\x8f\x90\x9d") {
		if s, ok := charsetDetect(b); ok {
			return s
		}
	}
	s, err := charmap.Windows1252.NewDecoder().Bytes(b)
	if err != nil { // it takes everything
		return strings.ToValidUTF8(string(b), "\ufffd")
	}
	return string(s)
}

// charsetName returns the name of a charset as used here: lower case, with the
// names that mean more than they say replaced.
func charsetName(declared string) string {
	name := strings.ToLower(strings.Trim(strings.TrimSpace(declared), `"'<>;`))
	switch name {
	case "gb2312", "gb_2312-80", "gbk", "x-gbk", "cp936", "ms936", "windows-936", "gb18030", "csgb2312", "euc-cn", "x-euc-cn":
		return "gb18030" // senders write the smaller set's name for the larger
	case "us-ascii", "ascii", "ansi_x3.4-1968", "iso-8859-1", "latin1", "latin-1", "iso8859-1", "iso_8859-1", "8859_1", "cp1252",
		"windows-1252", "x-user-defined", "iso-8859-8859-1":
		return "windows-1252"
	case "utf8", "utf_8", "unicode-1-1-utf-8", "x-utf_8j", "utf-8":
		return "utf-8"
	case "unknown-8bit", "unknown", "x-unknown", "default", "default_charset", "8bit", "binary", "_iso-2022-jp$esc", "none":
		return ""
	case "ks_c_5601-1987", "ks_c_5601", "ksc5601", "cp949", "ms949", "uhc":
		return "euc-kr"
	case "big5-hkscs", "big5hkscs", "x-x-big5", "cp950", "ms950":
		return "big5"
	case "cp932", "ms932", "windows-31j", "sjis", "shift-jis", "x-sjis":
		return "shift_jis"
	case "unicode-1-1-utf-7", "x-unicode-2-0-utf-7":
		return "utf-7"
	case "hz", "hz-gb2312":
		return "hz-gb-2312"
	case "iso-8859-8-i", "iso-8859-8-e":
		return "iso-8859-8"
	}
	if strings.HasPrefix(name, "cp125") {
		return "windows-" + name[2:]
	}
	return name
}

// charsetEncoding finds an encoding by name, or nil.
func charsetEncoding(name string) encoding.Encoding {
	if name == "gb18030" {
		return simplifiedchinese.GB18030
	}
	if e, err := htmlindex.Get(name); err == nil && e != encoding.Replacement {
		return e
	}
	if e, err := ianaindex.MIME.Encoding(name); err == nil && e != nil {
		return e
	}
	if e, err := ianaindex.IANA.Encoding(name); err == nil && e != nil {
		return e
	}
	return nil
}

// charsetTry decodes b and reports whether all of it could be.
func charsetTry(e encoding.Encoding, b []byte) (string, bool) {
	s, err := e.NewDecoder().Bytes(b)
	if err != nil || bytes.Contains(s, []byte("\ufffd")) {
		// Bytes cut off in the middle of a character at the end do not make
		// the charset wrong.
		if err != nil || bytes.Count(s, []byte("\ufffd")) > 1 || !bytes.HasSuffix(s, []byte("\ufffd")) {
			return "", false
		}
		s = bytes.TrimSuffix(s, []byte("\ufffd"))
	}
	return string(s), true
}

func charsetBOM(b []byte) (string, bool) {
	switch {
	case bytes.HasPrefix(b, []byte("\xef\xbb\xbf")):
		return strings.ToValidUTF8(string(b[3:]), "\ufffd"), true
	case bytes.HasPrefix(b, []byte("\xff\xfe")), bytes.HasPrefix(b, []byte("\xfe\xff")):
		s, err := xunicode.UTF16(xunicode.LittleEndian, xunicode.ExpectBOM).NewDecoder().Bytes(b)
		return string(s), err == nil
	}
	return "", false
}

// charsetNearlyUTF8 reports whether b is UTF-8 but for a few broken places.
func charsetNearlyUTF8(b []byte) bool {
	good, bad := 0, 0
	for len(b) > 0 {
		r, n := utf8.DecodeRune(b)
		if r == utf8.RuneError && n == 1 {
			bad++
		} else if n > 1 {
			good++
		}
		b = b[n:]
	}
	return good > 5*bad
}

// charsetDetect asks the detector, with 64 KiB at most: it is slow.
func charsetDetect(b []byte) (string, bool) {
	if s, ok := charsetTry(japanese.ShiftJIS, b); ok && mostlyKana(s) {
		return s, true // which the detector (v1.0.5) does not know
	}
	r := chardet.Detect(b[:min(len(b), 64<<10)])
	if r.Confidence < 0.6 {
		return "", false
	}
	e := charsetEncoding(charsetName(r.Charset))
	if e == nil {
		return "", false
	}
	return charsetTry(e, b)
}

// mostlyKana reports whether a third of the letters beyond ASCII are full-width
// kana, as in Japanese and in nothing misread.
func mostlyKana(s string) bool {
	kana, other := 0, 0
	for _, r := range s {
		switch {
		case r >= 0x3041 && r <= 0x30ff:
			kana++
		case r >= 0x80:
			other++
		}
	}
	return kana > 2 && kana*2 >= other
}

func isASCII(b []byte) bool {
	for _, c := range b {
		if c >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// plainText makes decoded text fit to be kept: LF ends lines, and control
// characters, NUL among them, are gone.
func plainText(s string) string {
	s = strings.ReplaceAll(s, "\r\r\n", "\n") // some gateways write this
	s = strings.ReplaceAll(s, "\r\n", "\n")
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\r' || r == '\f' || r == '\v' || r == '\u0085' || r == '\u2028' || r == '\u2029':
			return '\n'
		case r == '\n' || r == '\t':
			return r
		case unicode.Is(unicode.Cc, r) || r == '\ufeff' || r == '\ufffe' || r == '\uffff':
			return -1
		}
		return r
	}, s)
}

// oneLine makes decoded text fit for a subject or a name: on one line, blanks
// folded, no control characters.
func oneLine(s string) string {
	return strings.Join(strings.Fields(plainText(s)), " ")
}

// cutRunes returns the first n runes of s.
func cutRunes(s string, n int) string {
	for i := range s {
		if n == 0 {
			return s[:i]
		}
		n--
	}
	return s
}
