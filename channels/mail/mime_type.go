package mail

import (
	"net/url"
	"path"
	"strings"
)

// mimeType is what Content-Type says (RFC 2045 5).
type mimeType struct {
	media    string            // "text/plain", lower case
	params   map[string]string // names in lower case
	boundary string
	broken   bool // the field can't be understood; media is then a guess
}

// describe fills p from the header of the part.
func (p *mimePart) describe(h *mimeHeader) {
	p.mimeType = mimeParseType(h.get("Content-Type"))
	if h.get("Content-Type") == "" && p.parent != nil && p.parent.media == "multipart/digest" {
		p.media = "message/rfc822" // RFC 2046 5.1.5
	}
	if p.broken {
		// Evidence, unless it is all there is.
		p.media = "application/octet-stream"
		if p.parent == nil {
			p.media = "text/plain"
		}
	}
	p.encoding = strings.ToLower(strings.Trim(mimeToken(h.get("Content-Transfer-Encoding")), `"`))
	p.cid = strings.Trim(strings.TrimSpace(h.get("Content-ID")), "<>")
	disposition, params := mimeParams(h.get("Content-Disposition"))
	switch disposition = strings.ToLower(disposition); disposition {
	case "attachment", "inline", "":
		p.disposition = disposition
	default:
		p.disposition = "attachment" // RFC 2183 2.8
	}
	name := params["filename"]
	if name == "" {
		name = p.params["name"]
	}
	p.name = mimeFileName(name)
}

// charset returns the declared charset, or "".
func (t mimeType) charset() string { return t.params["charset"] }

// mimeParseType reads a Content-Type. Without one a part is plain text.
func mimeParseType(v string) mimeType {
	if v == "" {
		return mimeType{media: "text/plain"}
	}
	media, params := mimeParams(v)
	t := mimeType{media: strings.ToLower(media), params: params}
	switch t.media {
	case "text": // RFC 934 and 1049 programs
		t.media = "text/plain"
	}
	major, minor, ok := strings.Cut(t.media, "/")
	if !ok || major == "" || minor == "" || strings.ContainsAny(t.media, "()<>@,:\\\"[]? \t") || strings.Contains(minor, "/") {
		t.broken = true
		return t
	}
	if major == "multipart" {
		t.boundary = strings.TrimRight(t.params["boundary"], " \t")
	}
	return t
}

// mimeToken returns v up to the first blank, semicolon or comment.
func mimeToken(v string) string {
	v = strings.TrimSpace(v)
	if i := strings.IndexAny(v, "; \t("); i >= 0 {
		v = v[:i]
	}
	return v
}

// mimeParams splits a field like Content-Type into its value and parameters,
// with comments left out, the charsets and pieces of RFC 2231 put together, and
// forgiving quotes that are not closed, blanks around "=" and missing
// semicolons.
func mimeParams(v string) (value string, params map[string]string) {
	v = mimeUncomment(v)
	value, rest, _ := strings.Cut(v, ";")
	value = strings.TrimSpace(value)
	if i := strings.IndexAny(value, " \t"); i > 0 && strings.Contains(value[i:], "=") {
		value, rest = value[:i], value[i:]+";"+rest // the semicolon was forgotten
	}
	params = map[string]string{}
	extended := map[string]bool{}
	pieces := map[string]int{}
	for {
		rest = strings.TrimLeft(rest, "; \t")
		if rest == "" || len(params) > 100 {
			break
		}
		i := strings.IndexAny(rest, "=;")
		if i < 0 {
			break
		}
		if rest[i] == ';' {
			rest = rest[i:]
			continue
		}
		name := strings.ToLower(strings.TrimSpace(rest[:i]))
		var val string
		val, rest = mimeParamValue(strings.TrimLeft(rest[i+1:], " \t"))
		base, star, isStar := strings.Cut(name, "*")
		if !isStar {
			if _, dup := params[name]; !dup {
				params[name] = val
			}
			continue
		}
		// RFC 2231: name*=charset'lang'text, name*0=…, name*1*=…
		if strings.HasSuffix(name, "*") {
			extended[base] = true
		} else if extended[base] || star != "" {
			val = url.PathEscape(val) // so that all pieces are escaped alike
		}
		if star == "" || star == "0" || star == "0*" {
			params[base+"*"] = val
			pieces[base] = 1
		} else if pieces[base] > 0 {
			params[base+"*"] += val
		}
	}
	for base := range pieces {
		val := params[base+"*"]
		delete(params, base+"*")
		charset := ""
		if extended[base] {
			if cs, text, ok := strings.Cut(val, "'"); ok {
				if _, after, ok := strings.Cut(text, "'"); ok {
					charset, val = cs, after
				}
			}
		}
		if plain, err := url.PathUnescape(val); err == nil {
			val = plain
		}
		params[base] = charsetText([]byte(val), charset)
	}
	return value, params
}

// mimeParamValue reads a value, quoted or not, and returns what follows it.
func mimeParamValue(s string) (val, rest string) {
	if !strings.HasPrefix(s, `"`) {
		i := strings.IndexByte(s, ';')
		if i < 0 {
			i = len(s)
		}
		return strings.TrimSpace(s[:i]), s[i:]
	}
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		switch {
		case s[i] == '\\' && i+1 < len(s) && (s[i+1] == '"' || s[i+1] == '\\'):
			i++
			b.WriteByte(s[i])
		case s[i] == '"':
			return b.String(), s[i+1:]
		default:
			b.WriteByte(s[i])
		}
	}
	return b.String(), ""
}

// mimeUncomment leaves comments out (RFC 5322 3.2.2). A parenthesis that is
// never closed is no comment.
func mimeUncomment(s string) string {
	if !strings.Contains(s, "(") {
		return s
	}
	var b strings.Builder
	depth, quoted, opened := 0, false, 0
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case c == '\\' && (quoted || depth > 0) && i+1 < len(s):
			if depth == 0 {
				b.WriteByte(c)
				b.WriteByte(s[i+1])
			}
			i++
			continue
		case c == '"' && depth == 0:
			quoted = !quoted
		case c == '(' && !quoted:
			if depth == 0 {
				opened = i
			}
			depth++
			continue
		case c == ')' && !quoted && depth > 0:
			depth--
			continue
		}
		if depth == 0 {
			b.WriteByte(c)
		}
	}
	if depth > 0 {
		return b.String() + s[opened:]
	}
	return b.String()
}

// mimeFileName makes a name as an author gave it fit for showing: decoded, one
// line, without folders, at most 200 runes.
func mimeFileName(name string) string {
	name = headerText(name)
	name = path.Base(strings.ReplaceAll(name, `\`, "/"))
	if name == "." || name == "/" || name == ".." {
		return ""
	}
	return cutRunes(name, 200)
}
