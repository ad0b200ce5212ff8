package exchange

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/token"

	"frontdesk/faq"
)

// writeYAML writes a file as a person would: short lists on one line, questions
// each on its own, answers as blocks.
func writeYAML(w io.Writer, entries []*faq.Entry, o Options) error {
	b := bufio.NewWriter(w)
	fmt.Fprintln(b, "entries:")
	last := ""
	for _, p := range partsOf(entries, o) {
		if p.id != last {
			fmt.Fprintf(b, "  - id: %s\n", scalar(p.id))
			for _, key := range []string{"tags", "related", "channels"} {
				if list := p.lists[key]; len(list) > 0 {
					fmt.Fprintf(b, "    %s: [%s]\n", key, flow(list))
				}
			}
			for _, key := range dateKeys {
				if p.dates[key] != "" {
					fmt.Fprintf(b, "    %s: %s\n", key, p.dates[key])
				}
			}
		}
		last = p.id
		fmt.Fprintf(b, "    %s:\n", p.lang)
		for _, key := range []string{"questions", "not", "expect"} {
			if list := p.lists[key]; len(list) > 0 {
				fmt.Fprintf(b, "      %s:\n", key)
				for _, s := range list {
					fmt.Fprintf(b, "        - %s\n", scalar(s))
				}
			}
		}
		fmt.Fprintf(b, "      answer: %s\n", block(p.answer))
	}
	return b.Flush()
}

func flow(list []string) string {
	quoted := slices.Clone(list)
	for i, s := range quoted {
		quoted[i] = scalar(s)
		if quoted[i] == s && strings.ContainsAny(s, ",[]{}") {
			quoted[i] = quote(s)
		}
	}
	return strings.Join(quoted, ", ")
}

// plainText is what needs no quotes, whatever stands around it.
var plainText = regexp.MustCompile(`^[\pL\pN(（“][^\x00-\x1f\x7f\x{85}\x{a0}\x{2028}\x{2029}\x{feff}]*$`)

func scalar(s string) string {
	if !plainText.MatchString(s) || strings.Contains(s, ": ") || strings.HasSuffix(s, ":") || strings.Contains(s, " #") ||
		strings.TrimSpace(s) != s || token.IsNeedQuoted(s) && !strings.ContainsAny(s, " ") {
		return quote(s)
	}
	return s
}

func quote(s string) string {
	var b strings.Builder
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if enc.Encode(s) != nil { // a string can always be encoded
		return `""`
	}
	return strings.TrimSpace(b.String())
}

// block is an answer below its key, or beside it where lines would not keep it.
func block(s string) string {
	if strings.ContainsFunc(s, func(r rune) bool {
		return r < ' ' && r != '\n' || r == 0x7f || r == 0x85 || r == 0x2028 || r == 0x2029 || r == 0xfeff
	}) ||
		strings.TrimSpace(s) != s || s == "" {
		return quote(s)
	}
	lines := strings.Split(s, "\n")
	for i, l := range lines {
		if l != "" {
			lines[i] = "        " + l
		}
	}
	return "|\n" + strings.Join(lines, "\n")
}
