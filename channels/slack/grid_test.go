package slack

import (
	"encoding/json"
	"testing"
)

// In an Enterprise Grid people of all its workspaces are ours, by whichever way we
// hear of them; those of others are not.
func TestWhoIsOurs(t *testing.T) {
	const (
		pair = `"team_id":"T0OTHER","enterprise_id":"E1"`
		bot  = `"authorizations":[{"enterprise_id":"E1","team_id":"T0123","user_id":"UBOT","is_bot":true}]`
	)
	c := testChannel(t)
	address := func(raw string) string {
		in, _ := c.read([]byte(raw))
		return in.From.Address
	}
	said := func(team string) string {
		return `{"type":"event_callback","event_id":"Ev1",` + team + `,` + bot + `,"event":{"type":"message","channel":"CAGENTS","user":"W1","text":"hi","ts":"1700000000.000100"`
	}
	for _, test := range []struct{ raw, want string }{
		{said(`"team_id":"T0123","enterprise_id":"E1"`) + `,"user_team":"T0OTHER"}}`, "T0OTHER:W1"}, // nothing says yet whose team that is
		{said(pair) + `}}`, "T0123:W1"},
		{said(`"team_id":"T0123","enterprise_id":"E1"`) + `,"user_team":"T0OTHER"}}`, "T0123:W1"}, // now we know
		{`{"type":"block_actions","user":{"id":"W1","team_id":"T0THIRD"},"team":{"id":"T0THIRD","enterprise_id":"E1"},"trigger_id":"1","container":{"channel_id":"CAGENTS","message_ts":"1.1"},"actions":[{"value":"{\"a\":\"take\"}"}]}`, "T0123:W1"},
		{`{"type":"block_actions","user":{"id":"U9","team_id":"T9"},"team":{"id":"T9","enterprise_id":"E9"},"enterprise":{"id":"E1"},"trigger_id":"1","container":{"channel_id":"CAGENTS","message_ts":"1.1"},"actions":[{"value":"{\"a\":\"take\"}"}]}`, "T9:U9"},
		{`{"type":"slash_commands","command":"/support","user_id":"W1","team_id":"T0FOURTH","enterprise_id":"E1","text":"x"}`, "T0123:W1"},
		{`{"type":"slash_commands","command":"/support","user_id":"U9","team_id":"T9","enterprise_id":"E9","text":"x"}`, "T9:U9"},
	} {
		if got := address(test.raw); got != test.want {
			t.Errorf("%s\nis of %s, want %s", test.raw, got, test.want)
		}
	}
	for raw, want := range map[string]bool{
		`{"id":"W1","team_id":"T0FIFTH","enterprise_user":{"enterprise_id":"E1"}}`: false,
		`{"id":"W1","team_id":"E1"}`:                                          false,
		`{"id":"W1","team_id":"T9","enterprise_user":{"enterprise_id":"E9"}}`: true,
		`{"id":"W1","team_id":"T9"}`:                                          true,
	} {
		var u user
		if err := json.Unmarshal([]byte(raw), &u); err != nil {
			t.Fatal(err)
		}
		if got := c.external(&u); got != want {
			t.Errorf("%s is external: %v", raw, got)
		}
	}
	if got := address(said(`"team_id":"T0123"`) + `,"user_team":"T0FIFTH"}}`); got != "T0123:W1" {
		t.Errorf("what users.info told is forgotten: %s", got)
	}
}

// A membership names the team of its user, whatever workspace it happened in.
func TestMembershipOfOurs(t *testing.T) {
	in, _ := testChannel(t).read([]byte(`{"type":"event_callback","team_id":"T_SOURCE","enterprise_id":"E_SOURCE","event_id":"Ev1","authorizations":[{"enterprise_id":"E1","team_id":"T0123","user_id":"UBOT","is_bot":true}],"event":{"type":"member_left_channel","user":"U0ANA","channel":"CAGENTS","team":"T0123"}}`))
	if in.From.Address != "T0123:U0ANA" || in.From.External {
		t.Errorf("%+v", in.From)
	}
}
