package exchange

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/unicode"

	"frontdesk/faq"
)

var east = time.FixedZone("east", 8*3600)

func options() Options {
	return Options{Languages: []string{"zh", "en"}, Location: east, Vars: []string{"hours", "phone", "website", "email", "company"}}
}

func load(t testing.TB, text string) []*faq.Entry {
	t.Helper()
	path := filepath.Join(t.TempDir(), "faq.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	vars := map[string]string{}
	for _, v := range options().Vars {
		vars[v] = "value of " + v
	}
	x, err := faq.Load(t.Context(), []string{path}, faq.Options{Location: east, Vars: map[string]map[string]string{"": vars}})
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	return x.Entries()
}

// bare is what the file says of an entry, and nothing of where and how it was read.
type bare struct {
	ID                     string
	Questions, Not, Expect map[string][]string
	Written                map[string]string
	Tags, Related, Chans   []string
	From, Until            string
}

func bareOf(entries []*faq.Entry) []bare {
	var out []bare
	for _, e := range entries {
		b := bare{ID: e.ID, Questions: e.Questions, Not: e.Not, Expect: e.Expect, Written: e.Written, Tags: e.Tags, Related: e.Related, Chans: e.Channels}
		b.From, b.Until = formatDate(e.From, false, east), formatDate(e.Until, true, east)
		out = append(out, b)
	}
	return out
}

const odd = `entries:
  - id: Odd.1
    tags: [a, "b, c"]
    channels: [support, chat]
    from: 2026-10-01
    until: 2026-10-07
    en:
      questions: ["What: is this?", "# C# or <b>F#</b> & co?", "*Why*?", "yes", "- no", "Is it 10:30 'or' \"later\"?", "a --> b?"]
      not: ["Not: this"]
      expect: ["Is it <this>?"]
      answer: "First: line\n\n## A heading\n\n| a | b |\n| --- | --- |\n| 1 | 2 |\n\n- one\n  - two\n\n    indented\n\n---\n\nQ: no question\n\n> quote # 1 {{hours}}"
  - id: 二
    related: [Odd.1]
    from: 2026-10-01 09:30
    until: 2026-10-01 10:00
    zh:
      questions: [这是什么, 有“引号”吗？, "多少钱：5 元?"]
      answer: "第一行：\n第二行\ttab"
    en:
      questions: ["true", "~", "1.5", "null"]
      answer: "- only\n- a list"
`

// What is written is read back: everything from YAML, CSV and Markdown.
func TestRoundTrip(t *testing.T) {
	sample, err := os.ReadFile("../../cmd/frontdesk/init/faq.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"sample": string(sample), "odd": odd} {
		entries := load(t, text)
		for _, format := range []string{YAML, CSV, Markdown, HTML} {
			var b bytes.Buffer
			if err := Write(&b, format, entries, options()); err != nil {
				t.Fatal(err)
			}
			var got []*faq.Entry
			if format == YAML {
				got = load(t, b.String())
			} else {
				var notes []Note
				if got, notes, err = Read(format, b.Bytes(), options()); err != nil || len(notes) > 0 {
					t.Errorf("%s, %s: %v, notes %v", name, format, err, notes)
				}
			}
			want, have := bareOf(entries), bareOf(got)
			if len(want) != len(have) {
				t.Errorf("%s, %s: %d entries, want %d\n%s", name, format, len(have), len(want), b.String())
				continue
			}
			for i := range want {
				if format == HTML { // of an answer, only what a page shows
					for _, l := range []string{"zh", "en"} {
						if a, ok := have[i].Written[l]; ok && name == "sample" {
							have[i].Written[l] = strings.NewReplacer(`\`, "", "<", "", ">", "").Replace(a)
						} else if ok {
							have[i].Written[l] = want[i].Written[l]
						}
					}
				}
				if !reflect.DeepEqual(want[i], have[i]) {
					t.Errorf("%s, %s: entry\n%+v\nwant\n%+v", name, format, have[i], want[i])
				}
			}
		}
	}
}

// HTML that is read is YAML that loads, and written again it is the same page.
func TestHTMLIsStable(t *testing.T) {
	entries := load(t, odd)
	var pages []string
	for range 3 {
		var b bytes.Buffer
		if err := Write(&b, HTML, entries, options()); err != nil {
			t.Fatal(err)
		}
		pages = append(pages, b.String())
		var err error
		if entries, _, err = Read(HTML, b.Bytes(), options()); err != nil {
			t.Fatal(err)
		}
		b.Reset()
		if err := Write(&b, YAML, entries, options()); err != nil {
			t.Fatal(err)
		}
		load(t, b.String())
	}
	if pages[1] != pages[2] {
		t.Errorf("the page changes with every round:\n%s\n%s", pages[1], pages[2])
	}
}

func TestEncodings(t *testing.T) {
	const table = "问题,答案\n怎么退款,十四天内。\n"
	gb, err := simplifiedchinese.GB18030.NewEncoder().String(table)
	if err != nil {
		t.Fatal(err)
	}
	wide, err := unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewEncoder().String(strings.ReplaceAll(table, ",", "\t"))
	if err != nil {
		t.Fatal(err)
	}
	page, err := simplifiedchinese.GB18030.NewEncoder().String("<meta charset=gbk><dl><dt>怎么退款<dd>十四天内。</dl>")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ format, data, note string }{
		{CSV, table, ""}, {CSV, "\ufeff" + strings.ReplaceAll(table, "\n", "\r\n"), ""}, {CSV, gb, "GB18030"}, {CSV, wide, "UTF-16"}, {HTML, page, "gbk"},
	} {
		entries, notes, err := Read(c.format, []byte(c.data), options())
		if err != nil || len(entries) != 1 || entries[0].Questions["zh"][0] != "怎么退款" || entries[0].Written["zh"] != "十四天内。" {
			t.Errorf("%q: %v %+v", c.data, err, entries)
		}
		if c.note != "" && (len(notes) != 1 || !strings.Contains(notes[0].Message, c.note)) {
			t.Errorf("%q: notes %v", c.data, notes)
		}
	}
}

// Every form on a page is read, in the order of the page, and a question of two of
// them once; what does not look like a question beside them is told with its line.
func TestAllFormsOfAPage(t *testing.T) {
	linked := `<script type="application/ld+json">{"@type":"FAQPage","mainEntity":[{"@type":"Question","name":"Do you ship abroad?","acceptedAnswer":{"text":"<p>To the EU."}}]}</script>`
	for name, c := range map[string]struct{ format, page, want, notes string }{
		"headings beside details": {HTML, `<h1>Help</h1>
<h3>How long does delivery take?</h3><p>3 days.</p>
<h3>Do you ship abroad?</h3><p>Yes.</p>
<details><summary>Legal notice</summary>Acme Ltd.</details>
<h3>Who brings it?</h3><p>The post.</p>
<h3>About us</h3><p>We are old.</p>`,
			"How long does delivery take? 3 days. | Do you ship abroad? Yes. | Legal notice Acme Ltd. | Who brings it? The post.",
			`line 6: heading "About us" does not look like a question, as others on the page do, and is left out with what stands below it: We are old.`},
		"all of them": {HTML, linked + `
<details><summary>Can I pay by card?</summary>Yes.</details>
<ul><li><details><summary>And in cash?</summary>No.</details></li></ul>
<h3>Do you ship abroad?</h3><p>To the European Union.</p>
<dl><dt>Where are you?<dd>In Graz.</dl>
<div itemscope itemtype="https://schema.org/Question"><b itemprop="name">Is it safe?</b><div itemprop="text">It is.</div></div>
<h3>Who are you?</h3><p>Acme.</p>`,
			"Can I pay by card? Yes. | And in cash? No. | Do you ship abroad? To the EU. | Where are you? In Graz. | Is it safe? It is. | Who are you? Acme.", ""},
		"one in another": {HTML, `<details><summary>Shipping</summary><details><summary>How long?</summary>3 days.` + linked + `</details></details>
<dl><dt>Which sizes? <details><summary>Why so many?</summary>For you.</details><dd>All: <ul><li><details><summary>What is XL?</summary>Large.</details></ul></dl>`,
			"How long? 3 days. | Do you ship abroad? To the EU. | Which sizes? All: | Why so many? For you. | What is XL? Large.", ""},
		"words around": {HTML, `<p>Read this first.</p><dl><dt>Where are you?<dd>In Graz.</dl>`,
			"Where are you? In Graz.", "line 1: text outside of the questions is left out: Read this first."},
		"bold beside details": {HTML, `<details><summary>Legal</summary>Acme.</details><p><b>Do you ship?</b></p><p>Yes.</p><p><b>Important</b></p><p>Always.</p>`,
			"Legal Acme. | Do you ship? Yes.\n\n**Important**\n\nAlways.", ""},
		"Q beside headings": {Markdown, "# Help\n## How do I pay?\nBy card.\n## Delivery\nQ: How long?\nA: 3 days.\n## About us\nWe are old.\n",
			"How do I pay? By card. | How long? 3 days. [Delivery]",
			`line 7: heading "About us" does not look like a question, as others on the page do, and is left out with what stands below it: We are old.`},
		"headings beside details, Markdown": {Markdown, "# Help\n## How do I pay?\nBy card.\n\n<details><summary>How long?</summary>\n3 days.\n</details>\n\n## how long\nLong.\n",
			"How do I pay? By card. | How long? 3 days.", ""},
		"words around, Markdown": {Markdown, "\n<details><summary>How long?</summary>\n3 days.\n</details>\n\nThat is all.\n",
			"How long? 3 days.", "line 6: text outside of the questions is left out: That is all."},
		"above what was exported": {Markdown, "Q: Old?\nA: Yes.\n\n## New?\n<!-- faq\nid: new\nlang: en\n-->\n\nNo.\n",
			"Old? Yes. | New? No.", ""},
	} {
		entries, notes, err := Read(c.format, []byte(c.page), options())
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		var got, told []string
		for _, e := range entries {
			s := strings.Join(e.Questions["en"], " / ") + " " + e.Written["en"]
			if len(e.Tags) > 0 {
				s += fmt.Sprint(" ", e.Tags)
			}
			got = append(got, s)
		}
		for _, n := range notes {
			told = append(told, n.String())
		}
		if s := strings.Join(got, " | "); s != c.want {
			t.Errorf("%s: got\n%s\nwant\n%s", name, s, c.want)
		}
		if s := strings.Join(told, "\n"); s != c.notes {
			t.Errorf("%s: notes\n%s\nwant\n%s", name, s, c.notes)
		}
	}
}

func FuzzRead(f *testing.F) {
	for _, s := range []string{"q,a\n", "# a\n\nb\n", "Q: a\nA: b\n", "<dl><dt>a<dd>b</dl>", "**a?**\nb", "<details><summary>a</summary>b</details>", "## a\n<!-- faq\nid: a", "a\n<!-- faq\n-->\nb",
		`<script type="application/ld+json">{"@type":"Question","name":"a","acceptedAnswer":{"text":"<p>b"}}</script>`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if len(s) > 2000 {
			return
		}
		for _, format := range []string{CSV, Markdown, HTML} {
			entries, _, err := Read(format, []byte(s), options())
			if err != nil {
				continue
			}
			var b bytes.Buffer
			if err := Write(&b, YAML, entries, options()); err != nil {
				t.Fatal(err)
			}
			load(t, b.String())
		}
	})
}
