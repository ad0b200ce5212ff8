package slacktest_test

import (
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"frontdesk/channels/slack/slacktest"
)

func read(t *testing.T, r io.Reader) []byte {
	t.Helper()
	b, err := io.ReadAll(r)
	if err != nil {
		t.Error(err)
	}
	return b
}

const form = `{"type":"modal","private_metadata":"M","title":{"type":"plain_text","text":"Complaint"},"submit":{"type":"plain_text","text":"Send"},
"blocks":[{"type":"input","block_id":"what","label":{"type":"plain_text","text":"What happened"},"element":{"type":"plain_text_input","action_id":"f"}},
{"type":"input","block_id":"kind","optional":true,"label":{"type":"plain_text","text":"Kind"},"element":{"type":"static_select","action_id":"f",
"options":[{"text":{"type":"plain_text","text":"Delivery"},"value":"d"}]}}]}`

// A button opens a form, and the form goes through everything that an app may
// answer to it.
func TestForms(t *testing.T) {
	bubble(t, slacktest.Options{}, func(t *testing.T, c *client) {
		w := c.w
		ann := w.User("ann", slacktest.UserOptions{})
		var answer any
		var last map[string]any
		c.answer = func(e map[string]any) any {
			if e["type"] != "interactive" {
				return nil
			}
			last = e["payload"].(map[string]any)
			return answer
		}
		c.connect()
		d := ann.Direct()
		ts := c.ok("chat.postMessage", "channel", d.ID, "text", "fallback", "blocks",
			`[{"type":"actions","elements":[{"type":"button","action_id":"a","value":"v","text":{"type":"plain_text","text":"Complain"}}]}]`)["ts"].(string)
		if err := ann.Press(d, ts, "No such button"); err == nil {
			t.Error("a button that is not there was pressed")
		}
		m, err := w.WaitFor(c.within(time.Second), d, "[Complain]")
		if err != nil {
			t.Fatal(err)
		}
		if err := ann.Click(m, "Complain"); err != nil {
			t.Fatal(err)
		}
		action := last["actions"].([]any)[0].(map[string]any)
		if action["value"] != "v" || last["container"].(map[string]any)["message_ts"] != ts || last["user"].(map[string]any)["team_id"] != w.TeamID() {
			t.Errorf("%v", last)
		}
		trigger := last["trigger_id"].(string)
		c.ok("views.open", "trigger_id", trigger, "view", form)
		c.refused("exchanged_trigger_id", "views.open", "trigger_id", trigger, "view", form)
		if _, err := ann.Submit(map[string]string{"Kind": "Delivery"}); err == nil {
			t.Error("a form without what it must have was submitted")
		}
		fields := map[string]string{"What happened": "it is broken", "Kind": "Delivery"}
		for _, step := range []struct {
			answer string
			ok     func(s slacktest.Submitted) bool
			open   int
		}{
			{`{"response_action":"errors","errors":{"what":"too short"}}`, func(s slacktest.Submitted) bool { return s.Errors["What happened"] == "too short" }, 1},
			{`{"response_action":"update","view":` + form + `}`, func(s slacktest.Submitted) bool { return s.Updated }, 1},
			{`{"response_action":"push","view":` + form + `}`, func(s slacktest.Submitted) bool { return s.Pushed }, 2},
			{`{"response_action":"clear"}`, func(s slacktest.Submitted) bool { return s.Closed }, 0},
		} {
			answer = json.RawMessage(step.answer)
			s, err := ann.Submit(fields)
			if err != nil || !step.ok(s) || len(ann.Views()) != step.open {
				t.Errorf("%s: %+v, %v, %d open", step.answer, s, err, len(ann.Views()))
			}
		}
		values, err := json.Marshal(last["view"].(map[string]any)["state"])
		if want := `{"values":{"kind":{"f":{"selected_option":{"text":{"text":"Delivery","type":"plain_text"},"value":"d"},"type":"static_select"}},` +
			`"what":{"f":{"type":"plain_text_input","value":"it is broken"}}}}`; err != nil || string(values) != want {
			t.Errorf("%s", values)
		}
		if err := ann.Press(d, ts, "Complain"); err != nil {
			t.Fatal(err)
		}
		time.Sleep(4 * time.Second)
		c.refused("expired_trigger_id", "views.open", "trigger_id", last["trigger_id"].(string), "view", form)
		if v := w.Violations(); len(v) > 0 {
			t.Error(v)
		}
		c.mutes(true)
		if err := ann.Press(d, ts, "Complain"); !errors.Is(err, slacktest.ErrNotAcked) {
			t.Errorf("nobody acknowledged, and the person sees %v", err)
		}
	})
}

func TestCommandsHooksAndHome(t *testing.T) {
	bubble(t, slacktest.Options{}, func(t *testing.T, c *client) {
		w := c.w
		ann, eve := w.User("ann", slacktest.UserOptions{}), w.User("eve", slacktest.UserOptions{Team: w.Team("Elsewhere")})
		room := w.Channel("shared", slacktest.ChannelOptions{External: true})
		w.Invite(room, ann, eve, w.BotUser())
		var hook string
		c.answer = func(e map[string]any) any {
			if e["type"] == "slash_commands" {
				hook = e["payload"].(map[string]any)["response_url"].(string)
			}
			return nil
		}
		c.connect()
		if err := eve.Slash(room, "/support", "x"); err == nil {
			t.Error("a stranger has our command")
		}
		if err := ann.Slash(room, "/support", "x"); err != nil {
			t.Fatal(err)
		}
		for i := range 6 {
			status, answer, err := c.post(hook, "application/json", `{"text":"for you alone"}`)
			if err != nil || (status == 200) != (i < 5) {
				t.Errorf("use %d: %d %q %v", i+1, status, answer, err)
			}
		}
		if n := len(ann.SeesEphemeral()); n != 5 || len(w.Messages(room)) != 0 {
			t.Errorf("%d ephemerals", n)
		}
		ann.OpenHome()
		settle()
		if len(c.events("app_home_opened")) != 1 {
			t.Error("no app_home_opened")
		}
		c.ok("views.publish", "user_id", ann.ID, "view", `{"type":"home","blocks":[{"type":"section","text":{"type":"mrkdwn","text":"*Your cases*"}}]}`)
		if ann.Home() != "Your cases" {
			t.Errorf("%q", ann.Home())
		}
		ts := eve.Mention(room, "hello @ann, see https://example.com/?a=1&b=2.")
		settle()
		e := c.events("message")[0]
		if e["user_team"] != eve.TeamID() || e["text"] != "<@"+w.BotUser().ID+"> hello <@"+ann.ID+">, see <https://example.com/?a=1&amp;b=2>." {
			t.Errorf("%v", e)
		}
		if m, ok := w.Message(room, ts); !ok || m.Readable != "@frontdesk hello @ann, see https://example.com/?a=1&b=2." {
			t.Errorf("%q", m.Readable)
		}
	})
}

func TestFiles(t *testing.T) {
	bubble(t, slacktest.Options{}, func(t *testing.T, c *client) {
		w := c.w
		ann, eve := w.User("ann", slacktest.UserOptions{}), w.User("eve", slacktest.UserOptions{Team: w.Team("Elsewhere")})
		room := w.Channel("shared", slacktest.ChannelOptions{External: true})
		w.Invite(room, ann, eve, w.BotUser())
		c.connect()
		ann.Upload(room, "", "bill.pdf", []byte("%PDF"), "my bill")
		eve.Upload(room, "", "photo.png", []byte("PNG"), "")
		settle()
		said := c.events("message")
		hers, strangers := said[0]["files"].([]any)[0].(map[string]any), said[1]["files"].([]any)[0].(map[string]any)
		if said[0]["subtype"] != "file_share" || hers["mimetype"] != "application/pdf" || strangers["url_private_download"] != nil ||
			strangers["file_access"] != "check_file_info" {
			t.Errorf("%v\n%v", hers, strangers)
		}
		info := c.ok("files.info", "file", strangers["id"].(string))["file"].(map[string]any)
		for token, want := range map[string]string{w.BotToken(): "PNG", "": "<!DOCTYPE html>"} {
			req := c.get(info["url_private_download"].(string), token)
			if !strings.HasPrefix(req, want) {
				t.Errorf("with token %q came %q", token, req)
			}
		}
		up := c.ok("files.getUploadURLExternal", "filename", "answer.txt", "length", "5")
		if status, _, err := c.post(up["upload_url"].(string), "application/octet-stream", "hello"); err != nil || status != 200 {
			t.Fatal(status, err)
		}
		id := up["file_id"].(string)
		w.Fault(slacktest.Fault{Kind: slacktest.LateShare, Method: "files.completeUploadExternal", Delay: time.Minute})
		c.ok("files.completeUploadExternal", "channel_id", room.ID, "initial_comment", "here", "files", `[{"id":"`+id+`","title":"Answer"}]`)
		if n := len(w.Messages(room)); n != 2 {
			t.Errorf("%d messages before the file is shared", n)
		}
		m, err := w.WaitFor(c.within(time.Hour), room, "here\n[file: Answer]")
		if err != nil || string(m.Files[0].Data) != "hello" {
			t.Errorf("%+v %v", m, err)
		}
		shares := c.ok("files.info", "file", id)["file"].(map[string]any)["shares"].(map[string]any)["public"].(map[string]any)
		if shares[room.ID].([]any)[0].(map[string]any)["ts"] != m.TS {
			t.Errorf("%v", shares)
		}
	})
}
