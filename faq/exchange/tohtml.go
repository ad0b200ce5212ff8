package exchange

import (
	"bufio"
	"encoding/json"
	"fmt"
	stdhtml "html"
	"io"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/extension"

	"frontdesk/faq"
)

func writeHTML(w io.Writer, entries []*faq.Entry, o Options) error {
	md := goldmark.New(goldmark.WithExtensions(extension.Table))
	b := bufio.NewWriter(w)
	fmt.Fprintf(b, "<!doctype html>\n<html lang=\"%s\">\n<meta charset=\"utf-8\">\n<title>FAQ</title>\n", o.languages()[0])
	for _, p := range partsOf(entries, o) {
		h := hidden{ID: p.id, Lists: map[string][]string{}, Dates: map[string]string{}}
		q := p.lists["questions"]
		if len(q) > 1 {
			h.Lists["questions"] = q[1:]
		}
		for _, key := range listKeys[1:] {
			if len(p.lists[key]) > 0 {
				h.Lists[key] = p.lists[key]
			}
		}
		for key, s := range p.dates {
			if s != "" {
				h.Dates[key] = s
			}
		}
		data, err := json.Marshal(h)
		if err != nil {
			return err
		}
		fmt.Fprintf(b, "\n<details lang=\"%s\" data-faq=\"%s\">\n<summary>%s</summary>\n", stdhtml.EscapeString(p.lang), stdhtml.EscapeString(string(data)), stdhtml.EscapeString(q[0]))
		if err := md.Convert([]byte(p.answer), b); err != nil {
			return err
		}
		fmt.Fprintln(b, "</details>")
	}
	fmt.Fprintln(b, "</html>")
	return b.Flush()
}
