package slack

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"frontdesk/channels"
)

// Whatever the text: what is drawn keeps Slack's limits, and nobody is called by it.
func FuzzDraw(f *testing.F) {
	seeds, err := filepath.Glob("testdata/draw/*.txt")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range seeds {
		b, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(b))
	}
	f.Add(strings.Repeat("> - 1. `a` **b** [c](http://d.example)\n", 30))
	f.Add(strings.Repeat("好", 3_000))
	f.Add(strings.Repeat("🙂👩‍👩‍👧", 500))
	f.Add("\xff\x00[a](http://x.example/\u202e)")
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > 20_000 {
			t.Skip("length is another test's")
		}
		for _, format := range []channels.Format{channels.Markdown, channels.Plain} {
			out := channels.Outbound{Key: "k", Body: channels.Body{Format: format, Text: text}, Card: &channels.Card{Title: text,
				Fields: []channels.Field{{Label: "l", Value: text}}, Lines: []channels.Line{{Who: text, When: "09:00", Text: text}}, Footer: text}}
			for _, bare := range []bool{false, true} {
				if bare {
					out.Card = nil
				}
				parts, err := render(out, nil)
				if err != nil {
					if bare && strings.TrimSpace(clean(text)) == "" {
						continue
					}
					t.Fatal(err)
				}
				mustBeValid(t, parts)
				one, err := renderOne(out)
				if err != nil {
					t.Fatal(err)
				}
				mustBeValid(t, []part{one})
				for _, p := range parts {
					raw, err := json.Marshal(p.blocks)
					if err != nil {
						t.Fatal(err)
					}
					for _, bad := range []string{`"type":"user"`, `"type":"broadcast"`, `"type":"channel"`, `"type":"usergroup"`, `"type":"mrkdwn"`} {
						if strings.Contains(string(raw), bad) {
							t.Fatalf("somebody is called: %s", raw)
						}
					}
				}
			}
		}
	})
}

// Split text is all there, in order, and no character is cut in two.
func TestSplitLosesNothing(t *testing.T) {
	for name, text := range map[string]string{
		"paragraphs": strings.Repeat(strings.Repeat("Some words of a sentence. ", 20)+"\n\n", 40),
		"chinese":    strings.Repeat("这是一句很长的话，没有空格。", 1000),
		"no breaks":  strings.Repeat("x", 10_000),
		"emoji":      strings.Repeat("👩‍👩‍👧", 2_000),
		"accents":    strings.Repeat("e\u0301", 5_000),
	} {
		parts, err := render(channels.Outbound{Key: "k", Body: channels.Body{Format: channels.Plain, Text: text}}, nil)
		if err != nil {
			t.Fatal(err)
		}
		mustBeValid(t, parts)
		if len(parts) < 2 {
			t.Errorf("%s: %d parts", name, len(parts))
		}
		var got strings.Builder
		for _, p := range parts {
			words := strings.TrimSuffix(reads(decoded(t, p.blocks)), "\n\n")
			if r, _ := utf8.DecodeRuneInString(words); r == '\u0301' || r == '\u200d' {
				t.Errorf("%s: a part begins with half a character", name)
			}
			got.WriteString(words)
		}
		squeeze := func(s string) string { return strings.Join(strings.Fields(s), "") }
		if squeeze(got.String()) != squeeze(text) {
			t.Errorf("%s: the parts say something else than the whole", name)
		}
	}
}

func BenchmarkDrawAnswer(b *testing.B) {
	file, err := os.ReadFile("testdata/draw/answer.txt")
	if err != nil {
		b.Fatal(err)
	}
	text, _, _ := strings.Cut(string(file), "\n==========\n")
	out := channels.Outbound{Key: "k", Body: channels.Body{Format: channels.Markdown, Text: text}}
	benchmarkDraw(b, out)
}

func BenchmarkDrawCard(b *testing.B) {
	file, err := os.ReadFile("testdata/draw/card.txt")
	if err != nil {
		b.Fatal(err)
	}
	source, _, _ := strings.Cut(string(file), "\n==========\n")
	var out channels.Outbound
	if err := json.Unmarshal([]byte(source), &out); err != nil {
		b.Fatal(err)
	}
	for range 20 {
		out.Card.Lines = append(out.Card.Lines, out.Card.Lines[0])
	}
	benchmarkDraw(b, out)
}

func benchmarkDraw(b *testing.B, out channels.Outbound) {
	for b.Loop() {
		parts, err := render(out, nil)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := json.Marshal(parts[0].blocks); err != nil {
			b.Fatal(err)
		}
	}
}
