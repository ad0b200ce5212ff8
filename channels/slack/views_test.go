package slack

import (
	"encoding/json"
	"fmt"
	"maps"
	"strings"
	"testing"

	"frontdesk/channels"
)

func aForm() channels.Form {
	return channels.Form{
		Action: channels.Action{Name: "resolve", Case: 1042, Version: 7, Fields: map[string]string{"a": "b"}},
		Title:  "A title that is longer than Slack shows", Text: "What the customer would get:\n<!channel> **no markup**", Submit: "Send", Cancel: "Back",
		Fields: []channels.FormField{
			{Name: "words", Label: "Words", Value: "said\nbefore", Hint: "plain", Long: true, Required: true, Max: 5000},
			{Name: "short", Label: "Short", Max: 3, Value: "abcdef"},
			{Name: "kind", Label: "Kind", Value: "b", Options: []channels.FormOption{{Value: "a", Label: "A"}, {Value: "b", Label: strings.Repeat("B", 90)}}},
		},
	}
}

func TestModal(t *testing.T) {
	v, err := modal(aForm(), "origin")
	if err != nil {
		t.Fatal(err)
	}
	raw, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	var o map[string]any
	if err := json.Unmarshal(raw, &o); err != nil {
		t.Fatal(err)
	}
	if s := slackSchema(t, "slack-AnyView.schema.json"); s != nil {
		if err := s.Validate(o); err != nil {
			t.Errorf("%v\n%s", err, raw)
		}
	}
	if got := v.Title.Text; got != "A title that is longer…" {
		t.Errorf("title %q", got)
	}
	blocks := o["blocks"].([]any)
	if len(blocks) != 4 {
		t.Fatalf("%d blocks: %s", len(blocks), raw)
	}
	if got := strings.TrimSpace(reads(blocks[0])); got != "What the customer would get:\n<!channel> **no markup**" {
		t.Errorf("text %q", got)
	}
	for i, want := range []map[string]any{
		{"block_id": "words", "type": "plain_text_input", "action_id": "value", "multiline": true, "max_length": 3000.0, "initial_value": "said\nbefore", "optional": nil},
		{"block_id": "short", "type": "plain_text_input", "action_id": "value", "multiline": nil, "max_length": 3.0, "initial_value": "ab…", "optional": true},
		{"block_id": "kind", "type": "static_select", "action_id": "value", "optional": true},
	} {
		block := blocks[i+1].(map[string]any)
		got := maps.Clone(block["element"].(map[string]any))
		got["block_id"], got["optional"] = block["block_id"], block["optional"]
		for k, w := range want {
			if got[k] != w {
				t.Errorf("field %d: %s is %v, want %v", i, k, got[k], w)
			}
		}
	}
	action, origin, err := decodeForm(v.PrivateMetadata)
	if err != nil || origin != "origin" || action.Name != "resolve" || action.Case != 1042 || action.Version != 7 || action.Fields["a"] != "b" {
		t.Errorf("decodeForm = %+v, %q, %v", action, origin, err)
	}
}

func TestModalRefusesWhatSlackWould(t *testing.T) {
	for name, change := range map[string]func(*channels.Form){
		"no title":         func(f *channels.Form) { f.Title = " " },
		"no submit":        func(f *channels.Form) { f.Submit = "" },
		"too much to keep": func(f *channels.Form) { f.Action.Fields["a"] = strings.Repeat("x", 3000) },
		"two of one name":  func(f *channels.Form) { f.Fields[1].Name = "words" },
		"no label":         func(f *channels.Form) { f.Fields[0].Label = "" },
		"value too long":   func(f *channels.Form) { f.Fields[2].Options[0].Value = strings.Repeat("x", 151) },
	} {
		f := aForm()
		change(&f)
		if _, err := modal(f, ""); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// A form that cannot be drawn after another leaves what was filled in where it is:
// to close the modals would lose the words.
func TestUndrawableFormKeepsTheWords(t *testing.T) {
	r := &run{Channel: testChannel(t)}
	j := &job{in: channels.Inbound{Keys: []string{"k"}}, meta: meta{kind: "view_submission", first: "text", fields: map[string]bool{"text": true}}}
	next := func(carried string) channels.Reply {
		return channels.Reply{Form: &channels.Form{Title: "Preview", Submit: "Send", Action: channels.Action{Name: "reply", Fields: map[string]string{"text": carried}}}}
	}
	if got := string(r.answer(j, next(strings.Repeat("<", 2900)))); !strings.Contains(got, `"push"`) {
		t.Errorf("what fits is answered with %.200s", got)
	}
	if got := string(r.answer(j, next(strings.Repeat("x", 3100)))); !strings.Contains(got, `"response_action":"errors"`) || !strings.Contains(got, `"text":"the form`) {
		t.Errorf("what does not fit is answered with %.200s", got)
	}
	large := next("x")
	for i := range 20 {
		large.Form.Fields = append(large.Form.Fields, channels.FormField{Name: fmt.Sprint(i), Label: "Field", Value: strings.Repeat("x", 2000)})
	}
	if got := string(r.answer(j, large)); !strings.Contains(got, `"response_action":"errors"`) {
		t.Errorf("what is over 20 KB is answered with %.200s", got)
	}
	j.meta.first = "" // a modal that only shows something
	if got := r.answer(j, next(strings.Repeat("x", 3100))); got != nil {
		t.Errorf("a modal without a field is answered with %.200s", got)
	}
}
