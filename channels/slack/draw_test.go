package slack

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"frontdesk/channels"
)

var update = flag.Bool("update", false, "rewrite the drawings in testdata")

// A drawing is a delivery and what becomes of it, for people to review: the text,
// or a delivery as JSON, and below the line the messages, block by block.
func TestDrawings(t *testing.T) {
	files, err := filepath.Glob("testdata/draw/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no drawings: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			b, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			const line = "\n==========\n"
			source, want, _ := strings.Cut(string(b), line)
			out := channels.Outbound{Key: "key", Body: channels.Body{Format: channels.Markdown, Text: source}}
			if strings.HasPrefix(source, "{") {
				out = channels.Outbound{Key: "key"}
				if err := json.Unmarshal([]byte(source), &out); err != nil {
					t.Fatal(err)
				}
			} else if strings.HasPrefix(filepath.Base(file), "plain") {
				out.Body.Format = channels.Plain
			}
			parts, err := render(out, nil)
			if err != nil {
				t.Fatal(err)
			}
			mustBeValid(t, parts)
			got := drawn(t, parts)
			if *update {
				if err := os.WriteFile(file, []byte(source+line+got), 0o644); err != nil {
					t.Fatal(err)
				}
			} else if got != want {
				t.Errorf("drawn as\n%s\nwant\n%s", got, want)
			}
		})
	}
}

// drawn describes messages for people.
func drawn(t testing.TB, parts []part) string {
	var b strings.Builder
	for i, p := range parts {
		if len(parts) > 1 {
			fmt.Fprintf(&b, "message %d\n", i+1)
		}
		for _, block := range decoded(t, p.blocks) {
			describe(&b, block, "")
		}
		b.WriteString("fallback\n")
		for l := range strings.SplitSeq(p.text, "\n") {
			b.WriteString("    " + strings.TrimRight(l, " ") + "\n")
		}
	}
	return strings.ReplaceAll(b.String(), " \n", "\n")
}

func decoded(t testing.TB, blocks any) []any {
	raw, err := json.Marshal(blocks)
	if err != nil {
		t.Fatal(err)
	}
	var out []any
	if err := json.Unmarshal(raw, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

// describe writes an object: its type, whatever else it has, and what is in it.
func describe(b *strings.Builder, v any, indent string) {
	o, ok := v.(map[string]any)
	if !ok {
		fmt.Fprintf(b, "%s%v\n", indent, v)
		return
	}
	fmt.Fprintf(b, "%s%v", indent, o["type"])
	for _, k := range slices.Sorted(maps.Keys(o)) {
		switch v := o[k].(type) {
		case []any, nil:
		case map[string]any:
			if k == "style" {
				fmt.Fprintf(b, " %s", strings.Join(slices.Sorted(maps.Keys(v)), "+"))
			} else if text, ok := v["text"].(string); ok {
				fmt.Fprintf(b, " %s=%q", k, text)
			}
		case string:
			if k != "type" && k != "block_id" {
				fmt.Fprintf(b, " %s=%q", k, v)
			}
		default:
			if k != "border" {
				fmt.Fprintf(b, " %s=%v", k, v)
			}
		}
	}
	b.WriteString("\n")
	if list, ok := o["elements"].([]any); ok {
		for _, e := range list {
			describe(b, e, indent+"    ")
		}
	}
}

// reads is what a person reads in blocks.
func reads(v any) string {
	switch v := v.(type) {
	case []any:
		var b strings.Builder
		for _, e := range v {
			b.WriteString(reads(e))
		}
		return b.String()
	case map[string]any:
		switch t := v["text"].(type) {
		case string:
			return t
		case map[string]any:
			return reads(t) + "\n"
		}
		return reads(v["elements"]) + "\n"
	}
	return ""
}

// mustBeValid checks messages against the limits and, where there are any, the
// schemas of Slack's own SDK.
func mustBeValid(t testing.TB, parts []part) {
	t.Helper()
	for _, p := range parts {
		if p.text == "" || units(p.text) > textLimit || strings.ContainsAny(p.text, "<>") {
			t.Errorf("the text has %d units: %.200q", units(p.text), p.text)
		}
		blocks := decoded(t, p.blocks)
		if n := len(blocks); n == 0 || n > blockLimit {
			t.Errorf("%d blocks", n)
		}
		total := 0
		ids := map[string]bool{}
		for _, b := range blocks {
			o := b.(map[string]any)
			id, _ := o["block_id"].(string)
			if id == "" || len(id) > 255 || ids[id] {
				t.Errorf("block_id %q is empty, too long or there twice", id)
			}
			ids[id] = true
			total += checkBlock(t, o)
		}
		if total > 10_000 {
			t.Errorf("%d characters in one message", total)
		}
		if s := slackSchema(t, "slack-Message.schema.json"); s != nil {
			if err := s.Validate(map[string]any{"text": p.text, "blocks": withoutOffsets(blocks)}); err != nil {
				t.Errorf("%v\n%s", err, drawn(t, []part{p}))
			}
		}
	}
}

// checkBlock looks at everything in a block and returns how many characters are in it.
func checkBlock(t testing.TB, o map[string]any) int {
	t.Helper()
	total := 0
	for k, v := range o {
		switch v := v.(type) {
		case string:
			limit := map[string]int{"url": 3000, "value": valueLimit, "action_id": 255, "accessibility_label": buttonLimit}[k]
			if limit > 0 && units(v) > limit || v == "" || !utf8.ValidString(v) {
				t.Errorf("%s of %v is empty, invalid or too long: %.100q", k, o["type"], v)
			}
			if k == "text" || k == "url" {
				total += units(v)
			}
		case map[string]any:
			if k == "text" {
				limit := map[any]int{"header": headerLimit, "button": buttonLimit}[o["type"]]
				if n := checkBlock(t, v); n > limit {
					t.Errorf("the text of a %v has %d characters", o["type"], n)
				}
			}
		case []any:
			if most := map[any]int{"actions": 25, "context": 10}[o["type"]]; len(v) == 0 || most > 0 && len(v) > most {
				t.Errorf("%s of %v has %d entries", k, o["type"], len(v))
			}
			for _, e := range v {
				total += checkBlock(t, e.(map[string]any))
			}
		}
	}
	return total
}

// withoutOffsets takes out the one field that Slack documents for lists and its
// schema does not have.
func withoutOffsets(v any) any {
	switch v := v.(type) {
	case []any:
		for _, e := range v {
			withoutOffsets(e)
		}
	case map[string]any:
		if v["type"] == "rich_text_list" {
			delete(v, "offset")
		}
		for _, e := range v {
			withoutOffsets(e)
		}
	}
	return v
}

// slackSchema is a schema of Slack's own, or nil without the data.
func slackSchema(t testing.TB, name string) *jsonschema.Schema {
	t.Helper()
	dir := os.Getenv("FRONTDESK_TESTDATA")
	if dir == "" {
		return nil
	}
	if s := schemas[name]; s != nil {
		return s
	}
	b, err := os.ReadFile(filepath.Join(dir, "slack", name))
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource(name, doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile(name)
	if err != nil {
		t.Fatal(err)
	}
	schemas[name] = s
	return s
}

// schemas are compiled once; tests of drawing do not run in parallel.
var schemas = map[string]*jsonschema.Schema{}

// The schemas are strict enough to be worth a look: they refuse what Slack refuses.
func TestSchemasAreStrict(t *testing.T) {
	message := slackSchema(t, "slack-Message.schema.json")
	if message == nil {
		t.Skip("FRONTDESK_TESTDATA is not set: there are no schemas of Slack's")
	}
	for _, bad := range []string{
		`{"blocks":[{"type":"rich_text","elements":[{"type":"rich_text_section","elements":[{"type":"text"}]}]}]}`,
		`{"blocks":[{"type":"actions","elements":[{"type":"hologram"}]}]}`,
		`{"text":"no blocks"}`,
	} {
		var v any
		if err := json.Unmarshal([]byte(bad), &v); err != nil {
			t.Fatal(err)
		}
		if message.Validate(v) == nil {
			t.Errorf("valid: %s", bad)
		}
	}
}
