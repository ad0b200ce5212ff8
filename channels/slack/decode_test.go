package slack

import (
	"cmp"
	"fmt"
	"log/slog"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"frontdesk/channels"
)

// testChannel is one that knows who it is, and is connected to nothing.
func testChannel(t testing.TB, change ...func(*Config)) *Channel {
	t.Helper()
	cfg := Config{Team: "T0123", BotToken: "xoxb-1", AppToken: "xapp-1", Agents: "CAGENTS", Support: []string{"CSUPPORT"}, APIURL: "http://127.0.0.1:1/"}
	for _, f := range change {
		f(&cfg)
	}
	c, err := New("slack", cfg, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	c.self.Store(&self{User: "UBOT", Bot: "BBOT", Enterprise: "E1"})
	return c
}

// eventOf is a payload around an event.
func eventOf(event string) string {
	return `{"type":"event_callback","team_id":"T0123","api_app_id":"A1","event_id":"Ev1","event_time":1605853844,"event":` + event +
		`,"authorizations":[{"team_id":"T0123","user_id":"UBOT","is_bot":true}]}`
}

const ann = "T0123:U1"

// What each kind of payload becomes. Fields that are not named are not looked at;
// "-" stands for empty.
func TestRead(t *testing.T) {
	plainMessage := `"type":"message","user":"U1","ts":"1605853844.000800"`
	for name, test := range map[string]struct {
		raw  string
		view bool // AgentView
		want map[string]string
	}{
		"direct message": {eventOf(`{` + plainMessage + `,"channel":"D1","channel_type":"im","text":"hi &amp;lt;"}`), false,
			map[string]string{"kind": "message", "place": "@" + ann, "room": "-", "root": "-", "public": "false", "toward": "-", "text": "hi &lt;",
				"ref": "slack:T0123/D1/1605853844.000800", "refs": "-", "from": ann, "proof": "proven",
				"keys": "slack:event:Ev1 slack:T0123/D1/1605853844.000800", "arrived": "2020-11-20 06:30:44.0008"}},
		"direct message to an agent": {eventOf(`{` + plainMessage + `,"channel":"D1","channel_type":"im","text":"hi"}`), true,
			map[string]string{"place": "@" + ann, "root": "slack:T0123/D1/1605853844.000800", "refs": "-"}},
		"direct message in a thread": {eventOf(`{` + plainMessage + `,"channel":"D1","text":"hi","thread_ts":"1605853800.000100"}`), true,
			map[string]string{"place": "@" + ann, "root": "slack:T0123/D1/1605853800.000100", "refs": "slack:T0123/D1/1605853800.000100"}},
		"support channel": {eventOf(`{` + plainMessage + `,"channel":"CSUPPORT","text":"hi"}`), false,
			map[string]string{"place": "CSUPPORT/1605853844.000800", "room": "CSUPPORT", "public": "true", "toward": "room", "refs": "-", "root": "-"}},
		"thread in the support channel": {eventOf(`{` + plainMessage + `,"channel":"CSUPPORT","text":"hi","thread_ts":"1605853800.000100"}`), false,
			map[string]string{"place": "CSUPPORT/1605853800.000100", "toward": "room", "refs": "slack:T0123/CSUPPORT/1605853800.000100"}},
		"root of a thread": {eventOf(`{` + plainMessage + `,"channel":"CSUPPORT","text":"hi","thread_ts":"1605853844.000800"}`), false,
			map[string]string{"place": "CSUPPORT/1605853844.000800", "refs": "-"}},
		"mention": {eventOf(`{` + plainMessage + `,"channel":"C9","text":"hey <@UBOT>, where is &lt;it&gt;?"}`), false,
			map[string]string{"toward": "-", "text": "hey , where is <it>?", "place": "C9/1605853844.000800"}},
		"app_mention": {eventOf(`{"type":"app_mention","user":"U1","ts":"1605853844.000800","channel":"C9","text":"<@UBOT> hello"}`), false,
			map[string]string{"toward": "-", "text": "hello", "keys": "slack:event:Ev1 slack:T0123/C9/1605853844.000800"}},
		"mention in the support channel": {eventOf(`{` + plainMessage + `,"channel":"CSUPPORT","text":"<@UBOT> hi"}`), false, map[string]string{"toward": "-"}},
		"agents":                         {eventOf(`{` + plainMessage + `,"channel":"CAGENTS","text":"hi"}`), false, map[string]string{"toward": "room", "room": "CAGENTS"}},
		"elsewhere":                      {eventOf(`{` + plainMessage + `,"channel":"C9","text":"hi"}`), false, map[string]string{"toward": "aside", "raw": "kept"}},
		"broadcast": {eventOf(`{` + plainMessage + `,"subtype":"thread_broadcast","channel":"CSUPPORT","text":"hi","thread_ts":"1605853800.000100"}`), false,
			map[string]string{"kind": "message", "place": "CSUPPORT/1605853800.000100"}},
		"me": {eventOf(`{` + plainMessage + `,"subtype":"me_message","channel":"CSUPPORT","text":"waits"}`), false, map[string]string{"kind": "message"}},
		"joined notice": {eventOf(`{` + plainMessage + `,"subtype":"channel_join","channel":"CSUPPORT","text":"<@U1> has joined"}`), false,
			map[string]string{"kind": "service", "signals": "message: channel_join", "raw": "kept"}},
		"our own":            {eventOf(`{"type":"message","user":"UBOT","bot_id":"BBOT","ts":"1605853844.000800","channel":"C9","text":"hi","thread_ts":"1605853800.000100"}`), false, map[string]string{"kind": "own", "refs": "-", "text": "-", "raw": "-"}},
		"our own by the app": {eventOf(`{"type":"message","bot_id":"BOTHER","app_id":"A1","ts":"1605853844.000800","channel":"C9","text":"hi"}`), false, map[string]string{"kind": "own"}},
		"another bot":        {eventOf(`{"type":"message","user":"U7","bot_id":"B7","ts":"1605853844.000800","channel":"CSUPPORT","text":"hi <@UBOT>"}`), false, map[string]string{"kind": "service", "text": "-", "raw": "-", "signals": "message of a bot"}},
		"old bot":            {eventOf(`{"type":"message","subtype":"bot_message","bot_id":"B7","ts":"1605853844.000800","channel":"CSUPPORT","text":"hi"}`), false, map[string]string{"kind": "service", "raw": "-"}},
		"mention by a bot":   {eventOf(`{"type":"app_mention","bot_id":"B7","ts":"1605853844.000800","channel":"CSUPPORT","text":"<@UBOT> hi"}`), false, map[string]string{"kind": "service", "raw": "-"}},
		"stranger": {eventOf(`{` + plainMessage + `,"user_team":"T9","source_team":"T9","channel":"CSUPPORT","text":"hi"}`), false,
			map[string]string{"from": "T9:U1", "external": "true"}},
		"stranger by direct message": {eventOf(`{` + plainMessage + `,"user_team":"T9","channel":"D1","text":"hi"}`), false, map[string]string{"place": "@T9:U1"}},
		"of our grid":                {eventOf(`{` + plainMessage + `,"user_team":"E1","channel":"CSUPPORT","text":"hi"}`), false, map[string]string{"from": ann, "external": "false"}},
		"changed": {eventOf(`{"type":"message","subtype":"message_changed","channel":"CSUPPORT","ts":"1605853900.000100","message":{` + plainMessage + `,"text":"new","edited":{"user":"U1","ts":"1605853899.000000"}},"previous_message":{` + plainMessage + `,"text":"old"}}`), false,
			map[string]string{"kind": "edit", "ref": "slack:T0123/CSUPPORT/1605853844.000800", "text": "new", "keys": "slack:event:Ev1 slack:T0123/CSUPPORT/1605853844.000800:edited:1605853899.000000", "from": ann, "toward": "room"}},
		"changed, previous odd": {eventOf(`{"type":"message","subtype":"message_changed","channel":"CSUPPORT","ts":"1605853900.000100","message":{` + plainMessage + `,"text":"new","edited":{"ts":"1605853899.000000"}},"previous_message":[]}`), false, map[string]string{"kind": "edit"}},
		"a preview":             {eventOf(`{"type":"message","subtype":"message_changed","channel":"CSUPPORT","ts":"1605853900.000100","message":{` + plainMessage + `,"text":"x","attachments":[{"title":"page"}]},"previous_message":{` + plainMessage + `,"text":"x"}}`), false, map[string]string{"kind": "service"}},
		"ours changed":          {eventOf(`{"type":"message","subtype":"message_changed","channel":"CSUPPORT","ts":"1605853900.000100","message":{"bot_id":"BBOT","ts":"1605853844.000800","text":"x"},"previous_message":{"text":"y"}}`), false, map[string]string{"kind": "own"}},
		"deleted": {eventOf(`{"type":"message","subtype":"message_deleted","channel":"D1","ts":"1605853900.000100","deleted_ts":"1605853844.000800","previous_message":{` + plainMessage + `,"text":"x"}}`), false,
			map[string]string{"kind": "deletion", "ref": "slack:T0123/D1/1605853844.000800", "keys": "slack:event:Ev1 slack:T0123/D1/1605853844.000800:deleted", "from": ann, "text": "-", "place": "@" + ann}},
		"tombstone": {eventOf(`{"type":"message","subtype":"message_changed","channel":"CSUPPORT","event_ts":"1605853900.000100","message":{"subtype":"tombstone","user":"USLACKBOT","ts":"1605853844.000800","text":"This message was deleted."},"previous_message":[]}`), false,
			map[string]string{"kind": "deletion", "from": "-"}},
		"reaction": {eventOf(`{"type":"reaction_added","user":"U1","reaction":"white_check_mark","item":{"type":"message","channel":"CSUPPORT","ts":"1605853800.000100"},"item_user":"UBOT","event_ts":"1605853844.000800"}`), false,
			map[string]string{"kind": "reaction", "refs": "slack:T0123/CSUPPORT/1605853800.000100", "text": "white_check_mark", "from": ann, "room": "CSUPPORT"}},
		"our reaction":         {eventOf(`{"type":"reaction_added","user":"UBOT","reaction":"warning","item":{"type":"message","channel":"CSUPPORT","ts":"1605853800.000100"}}`), false, map[string]string{"kind": "own"}},
		"reaction gone":        {eventOf(`{"type":"reaction_removed","user":"U1","reaction":"x","item":{"type":"message","channel":"C1","ts":"1605853800.000100"}}`), false, map[string]string{"kind": "service"}},
		"joined":               {eventOf(`{"type":"member_joined_channel","user":"U1","channel":"CAGENTS","team":"T0123"}`), false, map[string]string{"kind": "membership", "text": "joined", "room": "CAGENTS", "from": ann}},
		"left":                 {eventOf(`{"type":"member_left_channel","user":"U1","channel":"CAGENTS"}`), false, map[string]string{"kind": "membership", "text": "left"}},
		"user object":          {eventOf(`{"type":"user_status_changed","user":{"id":"U1"}}`), false, map[string]string{"kind": "service", "signals": "user_status_changed", "from": "-"}},
		"another installation": {strings.Replace(eventOf(`{`+plainMessage+`,"channel":"C9","text":"hi"}`), `"authorizations":[{"team_id":"T0123"`, `"authorizations":[{"team_id":"T9"`, 1), false, map[string]string{"kind": "service"}},
		"odd everything": {eventOf(`{` + plainMessage + `,"channel":"D1","text":"hi","edited":[],"blocks":{},"files":"x","attachments":[7,{"ts":"","color":5}],"bot_id":null,"thread_ts":false,"reply_count":"7"}`), false,
			map[string]string{"kind": "message", "text": "hi", "problem": "-"}},
		"numbers":        {eventOf(`{"type":"message","user":"U1","ts":1605853844.000800,"channel":"D1","text":12}`), false, map[string]string{"text": "12", "ref": "slack:T0123/D1/1605853844.000800"}},
		"without a ts":   {eventOf(`{"type":"message","user":"U1","channel":"D1","text":"x"}`), false, map[string]string{"kind": "message", "problem": "a message without a ts", "raw": "kept", "text": "x"}},
		"only blocks":    {eventOf(`{` + plainMessage + `,"channel":"D1","text":"","blocks":[{"type":"rich_text","elements":[{"type":"rich_text_section","elements":[{"type":"text","text":"a < b "},{"type":"user","user_id":"U7"},{"type":"emoji","name":"wave","unicode":"1f44b"}]},{"type":"rich_text_list","style":"ordered","elements":[{"type":"rich_text_section","elements":[{"type":"text","text":"one"}]},{"type":"rich_text_section","elements":[{"type":"link","url":"https://x.example","text":"two"}]}]},{"type":"rich_text_quote","elements":[{"type":"text","text":"q"}]}]},{"type":"hologram","text":{"type":"mrkdwn","text":"&lt;3"}}]}`), false, map[string]string{"text": "a < b @U7👋\n1. one\n2. two (https://x.example)\nq\n<3"}},
		"forwarded":      {eventOf(`{` + plainMessage + `,"channel":"D1","text":"see","attachments":[{"is_share":true,"is_msg_unfurl":true,"author_name":"Bob","text":"my &amp; your\norder"},{"title":"preview","text":"of a page"}]}`), false, map[string]string{"text": "see", "full": "see\n\n> Bob: my & your\n> order"}},
		"only forwarded": {eventOf(`{` + plainMessage + `,"channel":"D1","text":"","attachments":[{"fallback":"[no preview]","message_blocks":[{"message":{"blocks":[{"type":"rich_text","elements":[{"type":"rich_text_section","elements":[{"type":"text","text":"inner"}]}]}]}}]}]}`), false, map[string]string{"text": "inner", "full": "> inner"}},
		"files": {eventOf(`{` + plainMessage + `,"subtype":"file_share","channel":"D1","text":"","files":[{"id":"F1","name":"a.png","mimetype":"image/png","size":92582},{"id":"F2","file_access":"check_file_info"},{"id":"F3","mode":"tombstone"},{"id":"F4","mode":"external","title":"Plan","url_private":"https://docs.example/1"}]}`), false,
			map[string]string{"files": "F1 a.png image/png 92582;F2   0", "text": "Plan https://docs.example/1"}},
		"button": {`{"type":"block_actions","trigger_id":"1.2","user":{"id":"U1","name":"ann","team_id":"T0123"},"container":{"type":"message","message_ts":"1605853844.000800","channel_id":"CSUPPORT","thread_ts":"1605853800.000100"},"actions":[{"type":"button","value":"{\"a\":\"take\",\"c\":7,\"v\":2}","action_ts":"1605853900.000100"}],"state":{"values":[]}}`, false,
			map[string]string{"kind": "message", "action": "take 7 2 map[]", "refs": "slack:T0123/CSUPPORT/1605853844.000800", "place": "CSUPPORT/1605853800.000100", "room": "CSUPPORT", "toward": "-", "keys": "slack:trigger:1.2", "from": ann, "text": "-"}},
		"button by a stranger": {`{"type":"block_actions","trigger_id":"1.2","user":{"id":"U1","team_id":"T9"},"container":{"message_ts":"1605853844.000800","channel_id":"D1"},"actions":[{"type":"button","value":"{\"a\":\"x\"}"}]}`, false,
			map[string]string{"from": "T9:U1", "external": "true", "place": "@T9:U1"}},
		"chosen": {`{"type":"block_actions","trigger_id":"1.2","user":{"id":"U1"},"channel":{"id":"D1"},"message":{"ts":"1605853844.000800"},"actions":[{"type":"static_select","selected_option":{"value":"{\"a\":\"x\"}"}}]}`, false, map[string]string{"action": "x 0 0 map[]", "refs": "slack:T0123/D1/1605853844.000800"}},
		"link":   {`{"type":"block_actions","trigger_id":"1.2","user":{"id":"U1"},"channel":{"id":"D1"},"actions":[{"type":"button","url":"https://x"}]}`, false, map[string]string{"kind": "service"}},
		"form": {`{"type":"view_submission","trigger_id":"1.2","user":{"id":"U1","team_id":"T0123"},"view":{"id":"V1","private_metadata":"{\"a\":\"reply\",\"c\":7,\"f\":{\"how\":\"x\"},\"o\":\"C1/1.2\"}","state":{"values":{"text":{"value":{"type":"plain_text_input","value":"hello"}},"kind":{"value":{"selected_option":{"value":"refund"}}},"empty":{"value":{"value":null}}}}}}`, false,
			map[string]string{"action": "reply 7 0 map[how:x kind:refund text:hello]", "place": "@" + ann, "refs": "-"}},
		"form with odd state": {`{"type":"view_submission","trigger_id":"1.2","user":{"id":"U1"},"view":{"id":"V1","private_metadata":"{\"a\":\"reply\"}","state":{"values":[]}}}`, false, map[string]string{"action": "reply 0 0 map[]"}},
		"unknown type":        {`{"type":"weather","team_id":"T0123"}`, false, map[string]string{"kind": "service", "signals": "weather", "raw": "kept"}},
		"broken":              {`{"type":"event_callback"`, false, map[string]string{"kind": "message", "raw": "kept"}},
		"no event":            {`{"type":"event_callback","event":[]}`, false, map[string]string{"kind": "message", "problem": "an event_callback without an event"}},
	} {
		t.Run(name, func(t *testing.T) {
			c := testChannel(t, func(cfg *Config) { cfg.AgentView = test.view })
			in, _ := c.read([]byte(test.raw))
			got := map[string]string{"kind": string(in.Kind), "place": in.Place, "room": in.Room, "root": in.Root, "public": fmt.Sprint(in.Public),
				"toward": string(in.Toward), "text": in.Text, "full": in.Full, "ref": in.Ref, "refs": strings.Join(in.Refs, " "), "from": in.From.Address,
				"external": fmt.Sprint(in.From.External), "proof": string(in.Proof), "keys": strings.Join(in.Keys, " "), "problem": in.Problem,
				"signals": strings.Join(in.Signals, "; "), "arrived": strings.TrimSuffix(in.Arrived.String(), " +0000 UTC"), "raw": "kept"}
			if in.Raw.Zero() {
				got["raw"] = ""
			}
			if a := in.Action; a != nil {
				got["action"] = fmt.Sprint(a.Name, " ", a.Case, " ", a.Version, " ", a.Fields)
			}
			var files []string
			for _, f := range in.Files {
				files = append(files, fmt.Sprintf("%s %s %s %d", f.Ref, f.Name, f.Type, f.Data.Size))
			}
			got["files"] = strings.Join(files, ";")
			for k, want := range test.want {
				if got[k] != strings.TrimPrefix(want, "-") {
					t.Errorf("%s is %q, want %q", k, got[k], want)
				}
			}
		})
	}
}

// Every field of the payloads may be of any type: nothing panics, nothing is lost.
func FuzzRead(f *testing.F) {
	for _, s := range []string{
		eventOf(`{"type":"message","user":"U1","ts":"1605853844.000800","channel":"D1","text":"hi <@UBOT|b> <https://x|y> &amp;","edited":[],"blocks":[{"type":"rich_text","elements":[{"type":"rich_text_section","elements":[{"type":"text","text":"a"}]}]}]}`),
		eventOf(`{"type":"message","subtype":"message_changed","channel":"C1","message":{"user":"U1","ts":"1.2","text":"a","edited":{"ts":"1.3"}},"previous_message":[]}`),
		eventOf(`{"type":"message","subtype":"message_deleted","channel":"C1","deleted_ts":"1.2","previous_message":{"user":"U1"}}`),
		eventOf(`{"type":"reaction_added","user":"U1","reaction":"x","item":{"type":"message","channel":"C1","ts":"1.2"}}`),
		eventOf(`{"type":"member_joined_channel","user":"U1","channel":"C1"}`),
		eventOf(`{"type":"assistant_thread_started","assistant_thread":{"user_id":"U1","channel_id":"D1","thread_ts":"1.2"}}`),
		eventOf(`{"type":"tokens_revoked","tokens":{"bot":["U1"]}}`),
		`{"type":"block_actions","trigger_id":"1.2","user":{"id":"U1"},"container":{"message_ts":"1.2","channel_id":"C1"},"actions":[{"value":"{\"a\":\"x\"}"}]}`,
		`{"type":"view_submission","user":{"id":"U1"},"view":{"id":"V1","private_metadata":"{\"a\":\"x\"}","state":{"values":{"b":{"value":{"value":"c"}}}}}}`,
		`{"command":"/support","text":"hi","user_id":"U1"}`, `{"type":"slash_commands","user_id":"U1"}`,
		`{"envelope_id":"e","type":"events_api","payload":{"type":"event_callback","event":{"type":"message"}}}`,
		`{"type":"app_rate_limited"}`, `{"event":{"blocks":[[[[]]]]}}`, `[]`, `null`, ``, "\xff",
	} {
		f.Add([]byte(s))
	}
	c := testChannel(f)
	f.Fuzz(func(t *testing.T, raw []byte) {
		in, _ := c.read(raw)
		if in.Kind == "" || len(in.Keys) == 0 || slices.Contains(in.Keys, "") || in.Arrived.IsZero() || slices.Contains(in.Refs, "") || in.Channel != "slack" {
			t.Fatalf("%+v", in)
		}
		if in.Kind == channels.Message && in.Problem == "" && in.From.Zero() {
			t.Fatalf("a message from nobody: %+v", in)
		}
		if in.Problem != "" && in.Raw.Zero() {
			t.Fatal("what cannot be read was not kept")
		}
		again, _ := c.read(raw)
		again.Raw, in.Raw = channels.Blob{}, channels.Blob{}
		if in.Arrived.After(time.Now().Add(-time.Minute)) {
			again.Arrived, again.Sent = in.Arrived, in.Sent
		}
		if !reflect.DeepEqual(in, again) {
			t.Fatalf("read twice it is\n%+v\n%+v", in, again)
		}
	})
}

func FuzzPlain(f *testing.F) {
	for _, s := range []string{"hi", "<@UBOT> hi", "<@UBOT|b> <#C1|x> <!here> <!subteam^S1|@g> <https://a|b> <mailto:a@b|a@b> &lt;&amp;gt;", "<", "<>", "<|>", "<!date^1^{date}|today>"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if out, _ := plain(s, "UBOT"); len(out) > 2*len(s)+2 {
			t.Errorf("%q became %q", s, out)
		}
	})
}

func TestPlain(t *testing.T) {
	for in, want := range map[string]string{
		"a &amp;lt; b &lt;3":                     "a &lt; b <3",
		"<@U1|ann> and <@U2>":                    "@ann and @U2",
		"<#C1|support> <#C2>":                    "#support #C2",
		"<!here> <!channel|channel> <!everyone>": "@here @channel @everyone",
		"<!subteam^S1|@sales> <!subteam^S2>":     "@sales @S2",
		"<!date^1^{date}|18 Feb>":                "18 Feb",
		"<https://x.example/a?b=1&amp;c=2>":      "https://x.example/a?b=1&c=2",
		"<https://x.example|here>":               "here (https://x.example)",
		"<http://x.example|x.example>":           "http://x.example",
		"<mailto:a@b.example|a@b.example>":       "a@b.example",
		"<tel:+123|+123>":                        "+123",
		"<@UBOT> hello":                          "hello",
		"hello <@UBOT>":                          "hello",
		"a <@UBOT> b":                            "a b",
		"2 < 3 and 5 > 4":                        "2 < 3 and 5 > 4",
		"*bold* `code`":                          "*bold* `code`",
	} {
		if got, _ := plain(in, "UBOT"); got != want {
			t.Errorf("%q became %q, want %q", in, got, want)
		}
	}
}

func TestCompareTS(t *testing.T) {
	order := []string{"", "9.9", "1605853844.000800", "1605853844.000801", "1605853845", "1605853845.1", "10605853844.0"}
	for i, a := range order {
		for j, b := range order {
			if got := compareTS(a, b); got != cmp.Compare(i, j) {
				t.Errorf("compareTS(%q, %q) = %d", a, b, got)
			}
		}
	}
}

func BenchmarkRead(b *testing.B) {
	raw := []byte(eventOf(`{"type":"message","user":"U1","ts":"1605853844.000800","channel":"CSUPPORT","channel_type":"channel","client_msg_id":"3fd13273-5a6a-4b5c-bd6f-109fd697038c","team":"T0123","text":"<@UBOT> where is my order #1042? See <https://x.example/1042|the page> &amp; tell me","blocks":[{"type":"rich_text","block_id":"FMAzp","elements":[{"type":"rich_text_section","elements":[{"type":"user","user_id":"UBOT"},{"type":"text","text":" where is my order #1042? See "},{"type":"link","url":"https://x.example/1042","text":"the page"},{"type":"text","text":" & tell me"}]}]}],"event_ts":"1605853844.000800"}`))
	c := testChannel(b)
	b.SetBytes(int64(len(raw)))
	b.ReportAllocs()
	for b.Loop() {
		if in, _ := c.read(raw); in.Problem != "" {
			b.Fatal(in.Problem)
		}
	}
}
