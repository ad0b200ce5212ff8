package slack

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"frontdesk/channels/slack/slacktest"
)

// probed is a world and what a probe of it needs.
func probed(t *testing.T, o slacktest.Options) (*slacktest.World, Config) {
	t.Helper()
	w, err := slacktest.New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	})
	agents := w.Channel("agents", slacktest.ChannelOptions{Private: true})
	ask := w.Channel("ask", slacktest.ChannelOptions{})
	w.Invite(agents, w.BotUser(), w.User("ana", slacktest.UserOptions{RealName: "Ana Lopez"}), w.User("gina", slacktest.UserOptions{Guest: true}))
	w.Invite(ask, w.BotUser())
	return w, Config{Team: w.TeamID(), BotToken: w.BotToken(), AppToken: w.AppToken(), Agents: agents.ID, Support: []string{ask.ID},
		APIURL: w.APIURL(), Dial: w.Dial}
}

// The stand-in for Slack that everything else is tested with shows what a probe
// looks for.
func TestProbe(t *testing.T) {
	w, cfg := probed(t, slacktest.Options{Scopes: Scopes(false)})
	r := Probe(t.Context(), cfg, 5*time.Second)
	if r.Bot == nil || r.Bot.Err != nil || r.Team != w.TeamID() || r.Name != "frontdesk" || r.App != w.AppID() || r.Date.IsZero() {
		t.Errorf("bot token: %+v %+v", r.Bot, r)
	}
	if r.Open == nil || r.Open.Err != nil || r.Socket == nil || r.Socket.Err != nil || r.SocketApp != w.AppID() || r.Sockets != 1 {
		t.Errorf("socket: %+v %+v %q %d", r.Open, r.Socket, r.SocketApp, r.Sockets)
	}
	if len(r.Granted) == 0 || r.Missing != nil || r.Superfluous != nil {
		t.Errorf("scopes: granted %v, missing %v, superfluous %v", r.Granted, r.Missing, r.Superfluous)
	}
	if len(r.Rooms) != 2 || r.Rooms[0].Name != "agents" || !r.Rooms[0].Private || !r.Rooms[0].Member || r.Rooms[1].Private || !r.Rooms[1].Member {
		t.Errorf("rooms: %+v", r.Rooms)
	}
	if r.Members == nil || r.Members.Err != nil || r.Crowd != 2 || len(r.People) != 2 {
		t.Fatalf("members: %+v %+v", r.Members, r.People)
	}
	ana := r.People[slices.IndexFunc(r.People, func(u User) bool { return u.ID == w.User("ana", slacktest.UserOptions{}).ID })]
	if ana.Name != "Ana Lopez" || ana.Mail != "ana@home.example" || ana.Team != w.TeamID() || ana.Guest || ana.Robot || ana.External {
		t.Errorf("Ana: %+v", ana)
	}
	if v := w.Violations(); len(v) > 0 {
		t.Errorf("Slack would not like this: %v", v)
	}
}

func TestProbeWithoutSecrets(t *testing.T) {
	w, cfg := probed(t, slacktest.Options{})
	cfg.BotToken, cfg.AppToken = "", ""
	if r := Probe(t.Context(), cfg, 5*time.Second); r.Bot != nil || r.Open != nil || r.Rooms != nil || r.Members != nil || len(w.Calls("auth.test")) != 0 {
		t.Errorf("%+v", r)
	}
}

func TestProbeRevoked(t *testing.T) {
	w, cfg := probed(t, slacktest.Options{})
	w.Uninstall()
	if r := Probe(t.Context(), cfg, 5*time.Second); r.Bot.Err == nil || r.Bot.Err.Cause != CauseRevoked && r.Bot.Err.Cause != CauseInvalid || r.Rooms != nil {
		t.Errorf("%+v", r.Bot)
	}
}

func TestSecretKind(t *testing.T) {
	for secret, kind := range map[string]string{
		"xoxb-17-42-abc": KindBot, "xoxp-17-abc": KindUser, "xapp-1-A0-17-abc": KindApp, "xoxe-1-abc": KindConfiguration, "xoxe.xoxp-1-abc": KindConfiguration,
		"8f742231b10e8888abcd99aaabbb85a5": KindSigning, "gIkuvaNzQIHg97ATvDxqgjtO": KindVerification, "1234567890.9876543210": KindClient,
		"": KindOther, "hunter2": KindOther, strings.Repeat("g", 32): KindOther,
	} {
		if got := SecretKind(secret); got != kind {
			t.Errorf("%q is %q, want %q", secret, got, kind)
		}
	}
}

// What is no answer of Slack's is said to be none.
func TestProbeAnswers(t *testing.T) {
	for body, cause := range map[string]Cause{
		`{"ok":true}`: "", `{"ok":false,"error":"channel_not_found"}`: CauseNoRoom, `{"ok":false,"error":"missing_scope","needed":"a:read, b:read"}`: CauseScope,
		`{"ok":false}`: CauseAnswer, `{}`: CauseNotSlack, ``: CauseNotSlack, `[]`: CauseNotSlack, `<html>`: CauseNotSlack, `{"ok":"yes"}`: CauseNotSlack,
		`{"ok":false,"error":"ratelimited"}`: CauseLimited, `{"ok":true,"team":5}`: CauseUnknown,
	} {
		e := answerError(StepBot, "slack.com", http.StatusOK, []byte(body), &struct{ Team string }{})
		switch {
		case cause == "" && e != nil, cause != "" && (e == nil || e.Cause != cause):
			t.Errorf("%s: %v, want %q", body, e, cause)
		case cause == CauseScope && !slices.Equal(e.Names, []string{"a:read", "b:read"}):
			t.Errorf("%s: %v", body, e.Names)
		}
	}
	if e := answerError(StepBot, "slack.com", http.StatusTooManyRequests, nil, nil); e == nil || e.Cause != CauseLimited {
		t.Errorf("status 429: %v", e)
	}
}

// FuzzProbeAnswer: whatever stands in between may answer in Slack's place.
func FuzzProbeAnswer(f *testing.F) {
	for _, s := range []string{`{"ok":true,"team_id":"T1"}`, `{"ok":false,"error":"missing_scope","needed":"a"}`, `<html>`, `{"ok":false,"error":"\u001b[31m"}`} {
		f.Add(200, []byte(s))
	}
	f.Fuzz(func(t *testing.T, status int, body []byte) {
		var a struct {
			Channel struct{ Name string }
		}
		e := answerError(StepRoom, "slack.com", status, body, &a)
		if e == nil {
			return
		}
		if e.Cause == "" || e.Error() == "" {
			t.Errorf("a failure that says nothing: %+v", e)
		}
		for _, s := range append(e.Names, e.Code) {
			if strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r > '~' }) {
				t.Errorf("%q would be shown to an operator", s)
			}
		}
	})
}
