package slack

import "testing"

// In the rooms of staff a message that begins with a certain sign goes to the
// customer. Only what its author typed may be in it: nothing that was forwarded,
// previewed or quoted by a block.
func TestOnlyTypedWordsOfStaff(t *testing.T) {
	const shared = `"attachments":[{"is_share":true,"is_msg_unfurl":true,"author_name":"Ana","text":"he never pays"}]`
	const preview = `"attachments":[{"is_msg_unfurl":true,"author_name":"Ana","text":"he never pays"}]`
	const link = `see <https://acme.slack.com/archives/C1/p1>`
	for name, test := range map[string]struct {
		fields, staff, customer, full string
	}{
		"an answer and a forward": {`"text":"&gt; Yes, we will.",` + shared, "> Yes, we will.", "> Yes, we will.", "> Yes, we will.\n\n> Ana: he never pays"},
		"an answer and a preview": {`"text":"&gt; ` + link + `",` + preview, "> see https://acme.slack.com/archives/C1/p1", "> see https://acme.slack.com/archives/C1/p1",
			"> see https://acme.slack.com/archives/C1/p1\n\n> Ana: he never pays"},
		"only a forward": {`"text":"",` + shared, "", "Ana: he never pays", "> Ana: he never pays"},
		"only a preview": {`"text":"",` + preview, "", "", "> Ana: he never pays"},
		"only a quoting block": {`"text":"","blocks":[{"type":"rich_text","elements":[{"type":"rich_text_quote","elements":[{"type":"text","text":"he never pays"}]}]}]`,
			"he never pays", "he never pays", ""},
		"only a linked file": {`"text":"","files":[{"id":"F4","mode":"external","title":"> Plan","url_private":"https://docs.example/1"}]`, "", "> Plan https://docs.example/1", ""},
		"a link that became a file": {`"text":"&gt; <https://docs.example/1>","files":[{"id":"F4","mode":"external","title":"Plan","url_private":"https://docs.example/1"}]`,
			"> https://docs.example/1", "> https://docs.example/1", ""},
	} {
		t.Run(name, func(t *testing.T) {
			c := testChannel(t)
			for channel, want := range map[string]string{"CAGENTS": test.staff, "CSUPPORT": test.customer} {
				in, _ := c.read([]byte(eventOf(`{"type":"message","user":"U1","ts":"1605853844.000800","thread_ts":"1605853800.000100","channel":"` + channel + `",` + test.fields + `}`)))
				if in.Text != want || in.Full != test.full {
					t.Errorf("in %s: text %q, want %q; full %q, want %q", channel, in.Text, want, in.Full, test.full)
				}
			}
		})
	}
}

// A preview that Slack adds to a message later does not change it.
func TestPreviewIsNoEdit(t *testing.T) {
	const m = `"type":"message","user":"U1","ts":"1605853844.000800"`
	for _, words := range []string{`"text":"see <https://x>"`,
		`"text":"","blocks":[{"type":"rich_text","elements":[{"type":"rich_text_section","elements":[{"type":"text","text":"see"}]}]}]`} {
		in, _ := testChannel(t).read([]byte(eventOf(`{"type":"message","subtype":"message_changed","channel":"CSUPPORT","ts":"1605853900.000100","message":{` + m + `,` + words +
			`,"attachments":[{"is_msg_unfurl":true,"text":"a message"}]},"previous_message":{` + m + `,` + words + `}}`)))
		if in.Kind != "service" {
			t.Errorf("%s became %s %q", words, in.Kind, in.Text)
		}
	}
}
