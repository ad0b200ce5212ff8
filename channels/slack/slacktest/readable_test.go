package slacktest_test

import (
	"os"
	"strings"
	"testing"

	"frontdesk/channels/slack/slacktest"
)

// What a person reads of blocks, markup and fallback text.
func TestReadable(t *testing.T) {
	bubble(t, slacktest.Options{Unlimited: true}, func(t *testing.T, c *client) {
		ann, room := c.said()
		for _, test := range []struct{ text, blocks, want string }{
			{"*bold* _it_ a*b*c 2 * 3 &lt;b&gt; &amp;amp;", "", "bold it a*b*c 2 * 3 <b> &amp;"},
			{"<https://x.example/?a&amp;b|the page>, <https://y.example/>", "", "the page (https://x.example/?a&b), https://y.example/"},
			{"<@" + ann.ID + "> in <#" + room.ID + ">", "", "@ann in #room"},
			{"fallback", `[{"type":"header","text":{"type":"plain_text","text":"*Head*"}},{"type":"divider"},
				{"type":"section","text":{"type":"mrkdwn","text":"*words*"},"accessory":{"type":"button","text":{"type":"plain_text","text":"Go"}}},
				{"type":"context","elements":[{"type":"plain_text","text":"small"},{"type":"mrkdwn","text":"_print_"}]}]`,
				"*Head*\n---\nwords\n[Go]\nsmall print"},
			{"fallback", `[{"type":"rich_text","elements":[{"type":"rich_text_section","elements":[{"type":"text","text":"see "},
				{"type":"link","url":"https://x.example/","text":"this"},{"type":"user","user_id":"` + ann.ID + `"}]},
				{"type":"rich_text_list","style":"ordered","offset":2,"elements":[{"type":"rich_text_section","elements":[{"type":"text","text":"three"}]}]},
				{"type":"rich_text_quote","elements":[{"type":"text","text":"a\\nb"}]}]}]`,
				"see this (https://x.example/)@ann\n3. three\n> a\n> b"},
		} {
			args := []string{"channel", room.ID, "text", test.text}
			if test.blocks != "" {
				args = append(args, "blocks", strings.ReplaceAll(test.blocks, `\\n`, `\n`))
			}
			ts := c.ok("chat.postMessage", args...)["ts"].(string)
			if m, _ := c.w.Message(room, ts); m.Readable != test.want {
				t.Errorf("reads\n%q, want\n%q", m.Readable, test.want)
			}
		}
		if v := c.w.Violations(); len(v) > 0 {
			t.Error(v)
		}
	})
}

// A field that Slack does not know is refused, and the refusal names it.
func TestSchema(t *testing.T) {
	if os.Getenv("FRONTDESK_TESTDATA") == "" {
		t.Skip("FRONTDESK_TESTDATA is not set: there are no schemas")
	}
	bubble(t, slacktest.Options{}, func(t *testing.T, c *client) {
		_, room := c.said()
		reply := c.refused("invalid_blocks", "chat.postMessage", "channel", room.ID, "text", "x",
			"blocks", `[{"type":"divider"},{"type":"section","text":{"type":"plain_text","text":"x"},"colour":"red"}]`)
		if e := reply["errors"].([]any); !strings.Contains(e[0].(string), "/blocks/1: additional properties 'colour' not allowed") {
			t.Error(e)
		}
	})
}
