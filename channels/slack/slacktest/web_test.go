package slacktest_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"frontdesk/channels/slack/slacktest"
)

// Each refusal once, in Slack's words.
func TestRefusals(t *testing.T) {
	bubble(t, slacktest.Options{Unlimited: true}, func(t *testing.T, c *client) {
		w := c.w
		ann, eve := w.User("ann", slacktest.UserOptions{}), w.User("eve", slacktest.UserOptions{Team: w.Team("Elsewhere")})
		room, private := w.Channel("room", slacktest.ChannelOptions{}), w.Channel("private", slacktest.ChannelOptions{Private: true})
		apart, old := w.Channel("apart", slacktest.ChannelOptions{}), w.Channel("old", slacktest.ChannelOptions{})
		w.Invite(room, w.BotUser(), ann)
		w.Invite(old, w.BotUser())
		w.Archive(old)
		hers := ann.Say(room, "hers")
		ours := c.ok("chat.postMessage", "channel", room.ID, "text", "ours")["ts"].(string)
		c.ok("reactions.add", "channel", room.ID, "timestamp", hers, "name", "eyes")
		for _, r := range []struct {
			want, method string
			args         []string
		}{
			{"unknown_method", "chat.postMassage", nil},
			{"not_authed", "auth.test", []string{"token", ""}},
			{"invalid_auth", "auth.test", []string{"token", "xoxb-stolen"}},
			{"not_allowed_token_type", "auth.test", []string{"token", w.AppToken()}},
			{"channel_not_found", "chat.postMessage", []string{"channel", "C404", "text", "x"}},
			{"channel_not_found", "chat.postMessage", []string{"channel", private.ID, "text", "x"}},
			{"not_in_channel", "chat.postMessage", []string{"channel", apart.ID, "text", "x"}},
			{"is_archived", "chat.postMessage", []string{"channel", old.ID, "text", "x"}},
			{"no_text", "chat.postMessage", []string{"channel", room.ID}},
			{"thread_not_found", "chat.postMessage", []string{"channel", room.ID, "text", "x", "thread_ts", "1.000001"}},
			{"invalid_blocks_format", "chat.postMessage", []string{"channel", room.ID, "text", "x", "blocks", "{"}},
			{"invalid_metadata_schema", "chat.postMessage", []string{"channel", room.ID, "text", "x", "metadata", `{"event_type":""}`}},
			{"missing_scope", "chat.postMessage", []string{"channel", room.ID, "text", "x", "username", "Ann"}},
			{"message_not_found", "chat.update", []string{"channel", room.ID, "ts", "1.000001", "text", "x"}},
			{"cant_update_message", "chat.update", []string{"channel", room.ID, "ts", hers, "text", "x"}},
			{"cant_delete_message", "chat.delete", []string{"channel", room.ID, "ts", hers}},
			{"user_not_in_channel", "chat.postEphemeral", []string{"channel", room.ID, "user", eve.ID, "text", "x"}},
			{"already_reacted", "reactions.add", []string{"channel", room.ID, "timestamp", hers, "name", "eyes"}},
			{"no_reaction", "reactions.remove", []string{"channel", room.ID, "timestamp", ours, "name", "eyes"}},
			{"invalid_name", "reactions.add", []string{"channel", room.ID, "timestamp", ours, "name", "no such sign"}},
			{"user_not_found", "conversations.open", []string{"users", eve.ID}},
			{"users_not_found", "users.lookupByEmail", []string{"email", "nobody@nowhere.example"}},
			{"user_not_visible", "users.info", []string{"user", eve.ID}},
			{"not_in_channel", "conversations.history", []string{"channel", apart.ID}},
			{"invalid_cursor", "conversations.history", []string{"channel", room.ID, "cursor", "x"}},
			{"invalid_ts_oldest", "conversations.history", []string{"channel", room.ID, "oldest", "yesterday"}},
			{"thread_not_found", "conversations.replies", []string{"channel", room.ID, "ts", "1.000001"}},
			{"channel_not_found", "conversations.join", []string{"channel", private.ID}},
			{"invalid_trigger_id", "views.open", []string{"trigger_id", "1.2.x", "view", modal("Title")}},
			{"invalid_arguments", "views.open", []string{"trigger_id", "1.2.x", "view", modal(strings.Repeat("x", 25))}},
			{"not_found", "views.update", []string{"view_id", "V404", "view", modal("Title")}},
			{"user_not_found", "views.publish", []string{"user_id", "U404", "view", `{"type":"home","blocks":[]}`}},
			{"file_not_found", "files.info", []string{"file", "F404"}},
			{"file_not_found", "files.completeUploadExternal", []string{"files", `[{"id":"F404"}]`}},
			{"bot_not_found", "bots.info", []string{"bot", "B404"}},
			{"invalid_arguments", "assistant.threads.setSuggestedPrompts", []string{"channel_id", ann.Direct().ID, "prompts", "[]"}},
		} {
			c.refused(r.want, r.method, r.args...)
		}
		if ms := w.Messages(room); len(ms) != 2 {
			t.Errorf("what was refused was done: %+v", ms)
		}
	})
}

func modal(title string) string {
	return `{"type":"modal","title":{"type":"plain_text","text":"` + title + `"},"blocks":[]}`
}

func TestScopes(t *testing.T) {
	bubble(t, slacktest.Options{Scopes: []string{"chat:write", "users:read"}}, func(t *testing.T, c *client) {
		ann := c.w.User("ann", slacktest.UserOptions{})
		reply := c.refused("missing_scope", "conversations.open", "users", ann.ID)
		if reply["needed"] != "im:write" || reply["provided"] != "chat:write,users:read" {
			t.Errorf("%v", reply)
		}
		user := c.ok("users.info", "user", ann.ID)["user"].(map[string]any)
		if profile := user["profile"].(map[string]any); profile["email"] != nil {
			t.Errorf("an address without users:read.email: %v", profile)
		}
		c.connect()
		ann.DM("unheard")
		settle()
		if e := c.events("message"); len(e) > 0 {
			t.Errorf("an event without im:history: %v", e)
		}
	})
}

// Every limit of blocks that is exceeded is refused, and noted.
func TestBlockLimits(t *testing.T) {
	text := func(n int) string { return fmt.Sprintf(`{"type":"plain_text","text":"%s"}`, strings.Repeat("x", n)) }
	repeat := func(s string, n int) string { return strings.TrimSuffix(strings.Repeat(s+",", n), ",") }
	button := func(more string) string { return `{"type":"button","text":` + text(5) + more + `}` }
	actions := func(s string) string { return `[{"type":"actions","elements":[` + s + `]}]` }
	bubble(t, slacktest.Options{Unlimited: true}, func(t *testing.T, c *client) {
		room := c.w.Channel("room", slacktest.ChannelOptions{})
		c.w.Invite(room, c.w.BotUser())
		noted := len(c.w.Violations())
		for what, blocks := range map[string]string{
			"51 blocks":              `[` + repeat(`{"type":"divider"}`, 51) + `]`,
			"section of 3001":        `[{"type":"section","text":` + text(3001) + `}]`,
			"empty section":          `[{"type":"section","text":` + text(0) + `}]`,
			"section without text":   `[{"type":"section"}]`,
			"11 fields":              `[{"type":"section","fields":[` + repeat(text(1), 11) + `]}]`,
			"field of 2001":          `[{"type":"section","fields":[` + text(2001) + `]}]`,
			"header of 151":          `[{"type":"header","text":` + text(151) + `}]`,
			"header in mrkdwn":       `[{"type":"header","text":{"type":"mrkdwn","text":"x"}}]`,
			"context of 11":          `[{"type":"context","elements":[` + repeat(text(1), 11) + `]}]`,
			"26 actions":             actions(repeat(button(""), 26)),
			"no actions":             actions(""),
			"label of 76":            actions(`{"type":"button","text":` + text(76) + `}`),
			"value of 2001":          actions(button(`,"value":"` + strings.Repeat("x", 2001) + `"`)),
			"action_id of 256":       actions(button(`,"action_id":"` + strings.Repeat("x", 256) + `"`)),
			"action_id twice":        actions(button(`,"action_id":"a"`) + "," + button(`,"action_id":"a"`)),
			"block_id twice":         `[` + repeat(`{"type":"divider","block_id":"b"}`, 2) + `]`,
			"unknown style":          actions(button(`,"style":"loud"`)),
			"alt_text of 2001":       `[{"type":"image","image_url":"https://x.example/","alt_text":"` + strings.Repeat("x", 2001) + `"}]`,
			"unknown block":          `[{"type":"hologram"}]`,
			"an input":               `[{"type":"input","label":` + text(1) + `,"element":{"type":"plain_text_input","action_id":"a"}}]`,
			"empty rich text":        `[{"type":"rich_text","elements":[{"type":"rich_text_section","elements":[{"type":"text","text":""}]}]}]`,
			"markdown of 12001":      `[{"type":"markdown","text":"` + strings.Repeat("x", 12001) + `"}]`,
			"plain text with emoji?": `[{"type":"section","text":{"type":"mrkdwn","text":"x","emoji":true}}]`,
		} {
			reply := c.refused("invalid_blocks", "chat.postMessage", "channel", room.ID, "text", what, "blocks", blocks)
			if reply["response_metadata"] == nil {
				t.Errorf("%s: refused without a reason: %v", what, reply)
			}
			if n := len(c.w.Violations()); n <= noted {
				t.Errorf("%s: not noted", what)
			} else {
				noted = n
			}
		}
		if ms := c.w.Messages(room); len(ms) != 0 {
			t.Errorf("what was refused was posted: %+v", ms)
		}
		// Taken by Slack, and noted all the same.
		for what, args := range map[string][]string{
			"everybody":   {"text", "<!channel> look"},
			"not escaped": {"text", "a <b> & c"},
			"no fallback": {"blocks", `[{"type":"divider"}]`},
			"long":        {"text", strings.Repeat("x", 4001)},
			"link_names":  {"text", "@ann", "link_names", "true"},
		} {
			c.ok("chat.postMessage", append([]string{"channel", room.ID}, args...)...)
			if n := len(c.w.Violations()); n <= noted {
				t.Errorf("%s: not noted", what)
			} else {
				noted = n
			}
		}
	})
}

func TestPages(t *testing.T) {
	bubble(t, slacktest.Options{Unlimited: true}, func(t *testing.T, c *client) {
		w := c.w
		ann, room := w.User("ann", slacktest.UserOptions{}), w.Channel("room", slacktest.ChannelOptions{})
		w.Invite(room, ann, w.BotUser())
		var ts []string
		for i := range 5 {
			ts = append(ts, ann.Say(room, fmt.Sprint("top ", i)))
			time.Sleep(time.Second)
		}
		var replies []string
		for i := range 3 {
			replies = append(replies, ann.Reply(room, ts[0], fmt.Sprint("reply ", i)))
		}
		both := ann.Broadcast(room, ts[0], "reply to all")
		list := func(method string, args ...string) (got []string, next string) {
			reply := c.ok(method, append([]string{"channel", room.ID}, args...)...)
			for _, m := range reply["messages"].([]any) {
				got = append(got, m.(map[string]any)["ts"].(string))
			}
			if m, ok := reply["response_metadata"].(map[string]any); ok {
				next = m["next_cursor"].(string)
			}
			if reply["has_more"] != (next != "") {
				t.Errorf("has_more %v with cursor %q", reply["has_more"], next)
			}
			return got, next
		}
		check := func(what string, got []string, want ...string) {
			t.Helper()
			if strings.Join(got, " ") != strings.Join(want, " ") {
				t.Errorf("%s: %v, want %v", what, got, want)
			}
		}
		got, next := list("conversations.history", "limit", "4")
		check("the newest first", got, both, ts[4], ts[3], ts[2])
		got, _ = list("conversations.history", "limit", "4", "cursor", next)
		check("second page", got, ts[1], ts[0])
		got, _ = list("conversations.history", "oldest", ts[1], "latest", ts[3])
		check("between", got, ts[2])
		got, _ = list("conversations.history", "oldest", ts[1], "latest", ts[3], "inclusive", "true")
		check("between, inclusive", got, ts[3], ts[2], ts[1])
		got, next = list("conversations.replies", "ts", ts[0], "limit", "2")
		check("thread", got, ts[0], replies[0], replies[1])
		got, _ = list("conversations.replies", "ts", ts[0], "limit", "2", "cursor", next)
		check("its second page has the root too", got, ts[0], replies[2], both)
		got, _ = list("conversations.replies", "ts", ts[0], "oldest", replies[1])
		check("thread since", got, ts[0], replies[2], both)

		// A post below a reply's ts is taken, and nobody sees it.
		before := len(w.Violations())
		c.ok("chat.postMessage", "channel", room.ID, "thread_ts", replies[0], "text", "into the void")
		if ms := w.Thread(room, ts[0]); len(ms) != 5 || len(w.Violations()) != before+1 {
			t.Errorf("%d messages and %v", len(ms), w.Violations())
		}
	})
}

func TestMetadataAndUpdates(t *testing.T) {
	bubble(t, slacktest.Options{Unlimited: true}, func(t *testing.T, c *client) {
		w := c.w
		room := w.Channel("room", slacktest.ChannelOptions{})
		c.connect()
		w.Invite(room, w.BotUser())
		const meta = `{"event_type":"delivery","event_payload":{"key":"K"}}`
		ts := c.ok("chat.postMessage", "channel", room.ID, "text", "one", "metadata", meta,
			"blocks", `[{"type":"section","text":{"type":"mrkdwn","text":"*one*"}}]`)["ts"].(string)
		for _, all := range []string{"true", "false"} {
			m := c.ok("conversations.history", "channel", room.ID, "include_all_metadata", all)["messages"].([]any)[0].(map[string]any)
			if (m["metadata"] != nil) != (all == "true") {
				t.Errorf("include_all_metadata=%s: %v", all, m)
			}
		}
		c.ok("chat.update", "channel", room.ID, "ts", ts, "text", "two", "blocks", "[]")
		m, ok := w.Message(room, ts)
		if !ok || m.Readable != "two" || !m.Edited || m.Past[0] != "one" || m.Metadata == nil || m.Blocks != nil {
			t.Errorf("%+v", m)
		}
		settle()
		changed := c.events("message")[1]
		inner, _ := changed["message"].(map[string]any)
		if changed["subtype"] != "message_changed" || inner["bot_id"] != w.BotID() || inner["edited"] == nil {
			t.Errorf("our own edit came as %v", changed)
		}
		c.ok("chat.delete", "channel", room.ID, "ts", ts)
		settle()
		if e := c.events("message")[2]; e["subtype"] != "message_deleted" || e["deleted_ts"] != ts {
			t.Errorf("%v", e)
		}
		if v := w.Violations(); len(v) > 0 {
			t.Error(v)
		}
	})
}
