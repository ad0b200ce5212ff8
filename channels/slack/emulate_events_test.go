package slack

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"frontdesk/channels"
	"frontdesk/channels/channeltest"
)

// whispering is a recorder that answers one text to its author alone.
type whispering struct{ *channeltest.Recorder }

func (w whispering) Receive(ctx context.Context, in channels.Inbound) (channels.Reply, error) {
	reply, err := w.Recorder.Receive(ctx, in)
	if in.Text == "Psst" {
		reply.Notice = "Only you read this"
	}
	return reply, err
}

// run is begin, and returns when c is up.
func (e *emulator) run(t *testing.T, c *Channel, cursors map[string]string, rec *channeltest.Recorder) (end func()) {
	t.Helper()
	end = e.begin(t, c, cursors, rec)
	waiting, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := rec.WaitState(waiting, channels.Up); err != nil {
		t.Fatal(err)
	}
	e.hook.sendTo(c)
	return end
}

// begin runs c until the function that it returns is called, which waits for its end.
func (e *emulator) begin(t *testing.T, c *Channel, cursors map[string]string, rec *channeltest.Recorder) (end func()) {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- c.Run(ctx, cursors, whispering{rec}) }()
	end = func() {
		t.Helper()
		stop()
		if err := <-ended; err != nil && !errors.Is(err, context.Canceled) {
			t.Errorf("Run: %v", err)
		}
		ended <- nil
	}
	t.Cleanup(end)
	return end
}

// news is what was kept after the first n, without what the service tells.
func news(rec *channeltest.Recorder, n int) []channels.Inbound {
	return slices.DeleteFunc(rec.Kept()[n:], func(in channels.Inbound) bool { return in.Kind == channels.Service })
}

func TestEventsFromEmulator(t *testing.T) {
	t.Parallel()
	e := newEmulator(t)
	c := e.slack(t, emulatorToken, io.Discard)
	rec := &channeltest.Recorder{}
	help, lobby, ann, bob := e.Rooms["help"], e.Rooms["lobby"], Identity(e.Team, e.People["ann"]), Identity(e.Team, e.People["bob"])
	for _, room := range []string{help, lobby, e.Rooms["agents"]} {
		e.as(t, "ann", "conversations.invite", "channel", room, "users", e.Bot)
	}
	end := e.run(t, c, nil, rec)
	talk := e.talk(t, "ann")

	// one is the one thing that f made us record; what is not compared here is cleared.
	one := func(t *testing.T, f func()) (in channels.Inbound) {
		t.Helper()
		before := len(rec.Kept())
		f()
		got := news(rec, before)
		if len(got) != 1 {
			t.Fatalf("recorded %d times: %+v", len(got), got)
		}
		in = got[0]
		if !strings.HasPrefix(in.Keys[0], "slack:event:Ev") || time.Since(in.Arrived) > time.Minute || in.Channel != "slack" || in.Proof != channels.Proven {
			t.Errorf("keys %q, arrived %v, channel %s, proof %s", in.Keys, in.Arrived, in.Channel, in.Proof)
		}
		if again, err := c.Parse(t.Context(), in.Raw); err != nil || !slices.Equal(again.Keys, in.Keys) || again.Text != in.Text {
			t.Errorf("read again from the ledger: %+v, %v", again, err)
		}
		in.Keys, in.Raw, in.Cursor, in.Channel, in.Proof, in.Sent, in.Arrived = in.Keys[1:], channels.Blob{}, channels.Cursor{}, "", "", time.Time{}, time.Time{}
		return in
	}
	check := func(t *testing.T, got, want channels.Inbound) {
		t.Helper()
		want.From.Kind = Kind
		if !reflect.DeepEqual(got, want) {
			t.Errorf("\ngot  %+v\nwant %+v", got, want)
		}
	}
	var asked, root string // ts of messages

	t.Run("direct message", func(t *testing.T) {
		in := one(t, func() { asked = e.say(t, "ann", talk, "Where is &lt;my&gt; order &amp; when?") })
		ref := c.ref(talk, asked)
		check(t, in, channels.Inbound{Kind: channels.Message, Keys: []string{ref}, Ref: ref, From: channels.Person{Address: ann}, Place: "@" + ann,
			Text: "Where is <my> order & when?"})
	})

	t.Run("mention", func(t *testing.T) {
		var ts string
		in := one(t, func() { ts = e.say(t, "ann", lobby, "<@"+e.Bot+"> are you open?") })
		ref := c.ref(lobby, ts)
		check(t, in, channels.Inbound{Kind: channels.Message, Keys: []string{ref}, Ref: ref, From: channels.Person{Address: ann},
			Place: threadPlace(lobby, ts), Room: lobby, Public: true, Text: "are you open?"})
		// Slack tells of a mention twice. The emulator does not, so this is ours.
		twin := strings.NewReplacer(`"type":"message"`, `"type":"app_mention"`, `"event_id":"Ev`, `"event_id":"EvTwin`).Replace(e.hook.about(t, "are you open?").body)
		if status := e.hook.again(c, signedNow(twin)); status != http.StatusOK || rec.Duplicates() != 1 {
			t.Errorf("as app_mention: HTTP %d, %d duplicates", status, rec.Duplicates())
		}
	})

	t.Run("channel", func(t *testing.T) {
		in := one(t, func() { root = e.say(t, "ann", help, "It <https://acme.example|does not> work") })
		ref := c.ref(help, root)
		check(t, in, channels.Inbound{Kind: channels.Message, Keys: []string{ref}, Ref: ref, From: channels.Person{Address: ann},
			Place: threadPlace(help, root), Room: help, Public: true, Toward: channels.ToRoom, Text: "It does not (https://acme.example) work"})
		var ts string
		in = one(t, func() { ts = e.say(t, "bob", help, "Not here either", "thread_ts", root) })
		reply := c.ref(help, ts)
		check(t, in, channels.Inbound{Kind: channels.Message, Keys: []string{reply}, Ref: reply, Refs: []string{ref}, From: channels.Person{Address: bob},
			Place: threadPlace(help, root), Room: help, Public: true, Toward: channels.ToRoom, Text: "Not here either"})
		in = one(t, func() { e.as(t, "bob", "chat.delete", "channel", help, "ts", ts) })
		check(t, in, channels.Inbound{Kind: channels.Deletion, Keys: []string{reply + ":deleted"}, Ref: reply, Refs: []string{ref}, From: channels.Person{Address: bob},
			Place: threadPlace(help, root), Room: help, Public: true, Toward: channels.ToRoom})
		if in = one(t, func() { e.say(t, "bob", lobby, "Lunch?") }); in.Toward != channels.Aside {
			t.Errorf("said to others, it is toward %q", in.Toward)
		}
	})

	t.Run("edit", func(t *testing.T) {
		in := one(t, func() { e.as(t, "ann", "chat.update", "channel", talk, "ts", asked, "text", "Where is my parcel?") })
		ref := c.ref(talk, asked)
		if len(in.Keys) != 1 || !strings.HasPrefix(in.Keys[0], ref+":edited:") {
			t.Errorf("keys %q", in.Keys)
		}
		check(t, in, channels.Inbound{Kind: channels.Edit, Keys: in.Keys, Ref: ref, From: channels.Person{Address: ann}, Place: "@" + ann, Text: "Where is my parcel?"})
	})

	t.Run("our own, and a sign on it", func(t *testing.T) {
		before := len(rec.Kept())
		ref := e.send(t, c, e.out(e.direct("ann"), "On its way"))
		if own := news(rec, before); len(own) != 1 || own[0].Kind != channels.Own || own[0].Text != "" || !own[0].Raw.Zero() {
			t.Errorf("our own message came as %+v", own)
		}
		_, ts, _ := splitRef(ref)
		in := one(t, func() {
			e.as(t, "ann", "reactions.add", "channel", talk, "timestamp", ts, "name", "heart")
		})
		check(t, in, channels.Inbound{Kind: channels.Reaction, Keys: []string{}, Refs: []string{ref}, From: channels.Person{Address: ann}, Place: "@" + ann, Text: "heart"})
	})

	t.Run("file", func(t *testing.T) {
		const content = "a picture"
		var id string
		in := one(t, func() { id = e.upload(t, "ann", talk, "screen.png", content, "See this") })
		if in.Text != "See this" || len(in.Files) != 1 || in.Files[0].Ref != id || in.Files[0].Name != "screen.png" || in.Files[0].Type != "image/png" || in.Files[0].Data.Size != int64(len(content)) {
			t.Fatalf("the file came as %+v", in)
		}
		r, err := c.Fetch(t.Context(), &in.Files[0])
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		if got, err := io.ReadAll(r); string(got) != content || err != nil {
			t.Errorf("its bytes are %q, %v", got, err)
		}
	})

	t.Run("people", func(t *testing.T) {
		p, err := c.Profile(t.Context(), channels.Person{Kind: Kind, Address: ann})
		if want := (channels.Profile{Name: "ann", Mail: "ann@customers.example"}); p != want || err != nil {
			t.Errorf("Profile = %+v, %v", p, err)
		}
		all, err := c.Members(t.Context(), e.Rooms["agents"])
		want := []channels.Person{{Kind: Kind, Address: Identity(e.Team, e.People["admin"])}, {Kind: Kind, Address: ann}, {Kind: Kind, Address: bob}}
		if !slices.Equal(all, want) || err != nil {
			t.Errorf("Members = %+v, %v", all, err)
		}
	})

	t.Run("membership", func(t *testing.T) {
		want := channels.Inbound{Kind: channels.Membership, Keys: []string{}, From: channels.Person{Address: bob}, Room: lobby, Public: true, Toward: channels.Aside}
		for _, text := range []string{channels.Left, channels.Joined} {
			want.Text = text
			check(t, one(t, func() {
				e.as(t, "bob", map[string]string{channels.Left: "conversations.leave", channels.Joined: "conversations.join"}[text], "channel", lobby)
			}), want)
		}
	})

	t.Run("robot", func(t *testing.T) {
		before := len(rec.Kept())
		e.do(t, "ann", e.URL+"/services/"+e.Team+"/B000000001/X000000001", "application/json", `{"text":"Build failed","channel":"help"}`)
		if got := rec.Kept()[before:]; len(got) != 1 || got[0].Kind != channels.Service || got[0].Text != "" || !got[0].Raw.Zero() {
			t.Errorf("a robot's message came as %+v", got)
		}
	})

	t.Run("signatures", func(t *testing.T) {
		genuine := e.hook.about(t, "my&gt; order")
		before := len(rec.Kept())
		forged, stale := genuine, signedAt(genuine.body, time.Now().Add(-6*time.Minute))
		forged.body = strings.Replace(genuine.body, "my", "no", 1)
		bare := hookRequest{header: http.Header{"Content-Type": {"application/json"}}, body: genuine.body}
		for what, r := range map[string]hookRequest{"forged": forged, "stale": stale, "unsigned": bare} {
			if status := e.hook.again(c, r); status != http.StatusUnauthorized {
				t.Errorf("%s: HTTP %d", what, status)
			}
		}
		again := rec.Again()
		if status := e.hook.again(c, genuine); status != http.StatusOK || rec.Again() != again+1 {
			t.Errorf("sent once more: HTTP %d, known arrivals %d, then %d", status, again, rec.Again())
		}
		if n := len(rec.Kept()); n != before {
			t.Errorf("%d more are recorded", n-before)
		}
	})

	one(t, func() { e.say(t, "bob", help, "Psst") })
	end() // it waits for what is drawn
	if page := e.inspect(t, "tab=messages&channel="+help); !strings.Contains(page[strings.Index(page, "Ephemeral"):], "Only you read this") {
		t.Error("the reply for one person alone is not in the emulator")
	}

	t.Run("catching up", func(t *testing.T) {
		before, again := len(rec.Kept()), rec.Again()
		reply := c.ref(help, e.say(t, "ann", help, "Still nothing", "thread_ts", root))
		first := c.ref(e.talk(t, "bob"), e.say(t, "bob", e.talk(t, "bob"), "Hello?"))
		for _, said := range []string{"Still nothing", "Hello?"} {
			if status := e.hook.about(t, said).status; status != http.StatusServiceUnavailable {
				t.Errorf("while we do not run, the event gets HTTP %d", status)
			}
		}
		e.run(t, c, map[string]string{help: root}, rec)
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if err := rec.WaitKept(ctx, before+2); err != nil {
			t.Fatal(err)
		}
		var refs []string
		for _, in := range rec.Kept()[before:] {
			refs = append(refs, in.Ref)
		}
		if !slices.Equal(refs, []string{reply, first}) || rec.Again() == again {
			t.Errorf("found %q, want %q; known again: %d", refs, []string{reply, first}, rec.Again()-again)
		}
	})

	if sorry := rec.Complaints(); len(sorry) > 0 {
		t.Errorf("complaints: %q", sorry)
	}
}

// signedAt is an event that is signed at a time as Slack signs it
// (https://docs.slack.dev/authentication/verifying-requests-from-slack).
func signedAt(body string, at time.Time) hookRequest {
	ts := strconv.FormatInt(at.Unix(), 10)
	mac := hmac.New(sha256.New, []byte(emulatorSecret))
	io.WriteString(mac, "v0:"+ts+":"+body)
	return hookRequest{body: body, header: http.Header{"Content-Type": {"application/json"}, "X-Slack-Request-Timestamp": {ts},
		"X-Slack-Signature": {"v0=" + hex.EncodeToString(mac.Sum(nil))}}}
}

func signedNow(body string) hookRequest { return signedAt(body, time.Now()) }
