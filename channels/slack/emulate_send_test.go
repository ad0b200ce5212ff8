package slack

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"frontdesk/channels"
	"frontdesk/channels/channeltest"
)

// out is a delivery to a place of the emulator's.
func (e *emulator) out(place, text string) channels.Outbound {
	return channels.Outbound{Key: fmt.Sprintf("key of %q in %s", text, place), Channel: "slack", Thread: place, Place: place, Op: channels.Post,
		Audience: channels.Customer, Since: time.Now(), Body: channels.Body{Format: channels.Markdown, Text: text}}
}

func (e *emulator) send(t *testing.T, c *Channel, out channels.Outbound) (ref string) {
	t.Helper()
	ref, err := c.Send(t.Context(), out)
	if err != nil {
		t.Fatalf("Send: %v", err)
	}
	return ref
}

// direct is the place of the direct message with a person.
func (e *emulator) direct(person string) string {
	return "@" + Identity(e.Team, e.People[person])
}

// read returns what stands in a channel, or below root, as a person reads it, the
// oldest first.
func (e *emulator) read(t *testing.T, person, channel, root string) []standingMessage {
	t.Helper()
	if root != "" {
		return e.as(t, person, "conversations.replies", "channel", channel, "ts", root).Messages
	}
	all := e.as(t, person, "conversations.history", "channel", channel).Messages
	slices.Reverse(all)
	return all
}

func TestSendToEmulator(t *testing.T) {
	t.Parallel()
	e := newEmulator(t)
	c := e.slack(t, emulatorToken, io.Discard)
	agents, help := e.Rooms["agents"], e.Rooms["help"]
	var dm string // ref of the post in the direct message

	t.Run("direct message", func(t *testing.T) {
		out := e.out(e.direct("ann"), "We are **open** & here <till> five.")
		out.Choices = []channels.Choice{{Label: "A person, please", Action: channels.Action{Name: "person"}}}
		if ref, found, err := c.Find(t.Context(), out); found || err != nil {
			t.Errorf("before it is sent, Find = %s, %v, %v", ref, found, err)
		}
		dm = e.send(t, c, out)
		talk := e.talk(t, "ann")
		all := e.read(t, "ann", talk, "")
		if len(all) != 1 || all[0].User != e.Bot || !strings.Contains(all[0].Text, "&amp; here &lt;till&gt;") || dm != c.ref(talk, all[0].TS) {
			t.Fatalf("%s is not the one message in %s: %v", dm, talk, all)
		}
		if ref, found, err := c.Find(t.Context(), out); ref != dm || !found || err != nil {
			t.Errorf("Find = %s, %v, %v; want %s", ref, found, err, dm)
		}
	})

	t.Run("private channel", func(t *testing.T) {
		out := e.out(agents, "A complaint of Ann's")
		out.Audience = channels.Staff
		out.Card = &channels.Card{Title: "#1042", Fields: []channels.Field{{Label: "who", Value: "Ann"}}, Lines: []channels.Line{{Who: "Ann", When: "09:00", Text: "It is broken"}}}
		if _, err := c.Send(t.Context(), out); !permanentError(err) || !strings.Contains(err.Error(), "not_in_channel") {
			t.Errorf("not invited yet: %v", err)
		}
		e.as(t, "ann", "conversations.invite", "channel", agents, "users", e.Bot)
		ref := e.send(t, c, out)
		if got, found, err := c.Find(t.Context(), out); got != ref || !found || err != nil {
			t.Errorf("Find = %s, %v, %v; want %s", got, found, err, ref)
		}
		_, root, _ := splitRef(ref)
		for i, place := range []string{agents, threadPlace(agents, root)} {
			reply := e.out(place, fmt.Sprintf("Reply %d", i))
			reply.Root = ref
			got := e.send(t, c, reply)
			if below := e.read(t, "ann", agents, root); len(below) != i+2 || c.ref(agents, below[i+1].TS) != got {
				t.Errorf("%s is not the last below %s: %v", got, root, below)
			}
		}
		if all := e.read(t, "ann", agents, ""); !slices.ContainsFunc(all, func(m standingMessage) bool { return m.TS == root }) || slices.ContainsFunc(all, func(m standingMessage) bool { return strings.HasPrefix(m.Text, "Reply") }) {
			t.Errorf("at the top of the channel: %v", all)
		}
	})

	t.Run("amend and react", func(t *testing.T) {
		out := e.out(e.direct("ann"), "We are closed.")
		out.Op, out.Target = channels.Amend, dm
		if ref := e.send(t, c, out); ref != dm {
			t.Errorf("Amend = %s, want %s", ref, dm)
		}
		talk, ts, _ := splitRef(dm)
		if all := e.read(t, "ann", talk, ""); len(all) != 1 || !strings.Contains(all[0].Text, "closed") || all[0].Metadata == nil {
			t.Errorf("after amending: %v", all)
		}
		react := out
		react.Op, react.Sign = channels.React, "ok"
		for range 2 { // the second time is already_reacted, which is as good
			e.send(t, c, react)
		}
		signs := e.as(t, "ann", "reactions.get", "channel", talk, "timestamp", ts).Message.Reactions
		if len(signs) != 1 || signs[0].Name != "white_check_mark" || !slices.Equal(signs[0].Users, []string{e.Bot}) {
			t.Errorf("signs: %+v", signs)
		}
	})

	t.Run("refused for good", func(t *testing.T) {
		ts := e.say(t, "bob", help, "Mine")
		amend, react, nowhere := e.out(help, "Ours"), e.out(help, ""), e.out("C0NOWHERE", "Anybody?")
		amend.Op, amend.Target = channels.Amend, c.ref(help, ts)
		react.Op, react.Target, react.Sign = channels.React, c.ref(help, "1.000000"), "ok"
		for code, out := range map[string]channels.Outbound{"cant_update_message": amend, "message_not_found": react, "channel_not_found": nowhere,
			"user_not_found": e.out("@"+Identity(e.Team, "U0NOBODY"), "You?")} {
			if _, err := c.Send(t.Context(), out); !permanentError(err) || !strings.Contains(err.Error(), code) {
				t.Errorf("%s: %v", code, err)
			}
		}
	})

	t.Run("several messages and a file", func(t *testing.T) {
		const content = "Date,Sum\n2026-11-27,100 €\n"
		out := e.out(help, long())
		out.Files = []channels.File{{Name: "Überweisung 1.csv", Type: "text/csv", Data: channels.Bytes([]byte(content))}}
		ref := e.send(t, c, out)
		for range 2 { // once more changes nothing: all of it is found
			if got, found, err := c.Find(t.Context(), out); got != ref || !found || err != nil {
				t.Errorf("Find = %s, %v, %v; want %s", got, found, err, ref)
			}
			out.Attempt = 2
			if got := e.send(t, c, out); got != ref {
				t.Errorf("sent again, it is %s, not %s", got, ref)
			}
		}
		_, root, _ := splitRef(ref)
		all := e.read(t, "ann", help, root)
		last := all[len(all)-1]
		if len(all) < 4 || len(last.Files) != 1 || last.Files[0].Name != "Überweisung 1.csv" || last.Files[0].Size != int64(len(content)) {
			t.Fatalf("not at least three messages and a file: %v", all)
		}
		var words strings.Builder
		for _, m := range all[:len(all)-1] {
			words.WriteString(m.Text + "\n")
		}
		if got, want := strings.Fields(words.String()), strings.Fields(long()); !slices.Equal(got, want) {
			t.Errorf("the messages say something else than the whole: %d words, not %d", len(got), len(want))
		}
		address := e.as(t, "ann", "files.info", "file", last.Files[0].ID).File.URL
		if got := string(e.do(t, "ann", address, "", "")); got != content {
			t.Errorf("the file is %q", got)
		}
	})

	t.Run("token of nobody", func(t *testing.T) {
		var se *channels.SendError
		_, err := e.slack(t, "xoxb-nobody", io.Discard).Send(t.Context(), e.out(help, "Hello"))
		if !errors.As(err, &se) || se.Permanent || se.Unknown || se.RetryAfter != mendTime {
			t.Errorf("Send: %#v", err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		// Slack says invalid_auth; to the emulator it is as if there were no token.
		if err := e.slack(t, "xoxb-nobody", io.Discard).Run(ctx, nil, &channeltest.Recorder{}); err == nil || !strings.Contains(err.Error(), "not_authed: no token arrived") {
			t.Errorf("Run: %v", err)
		}
	})
}

func permanentError(err error) bool {
	var se *channels.SendError
	return errors.As(err, &se) && se.Permanent && !se.Unknown
}
