package slack

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/santhosh-tekuri/jsonschema/v6"
	slackapi "github.com/slack-go/slack"
)

var manifests = []struct {
	name, command     string
	agentView, socket bool
	url               string
}{
	{"Frontdesk", "/support", false, true, ""},
	{"Frontdesk", "/support", true, true, ""},
	{"Acme: \"Support\" #1 前台", "/help-me", false, false, "https://support.acme.example/in/workspace"},
	{"Frontdesk", "/support", true, false, "https://support.acme.example/in/workspace?a=1&b={2}"},
}

// read is a manifest as slack-go reads one.
func readManifest(t *testing.T, i int) (m slackapi.Manifest, plain any) {
	t.Helper()
	x := manifests[i]
	text, err := Manifest(x.name, x.command, x.agentView, x.socket, x.url)
	if err != nil {
		t.Fatal(err)
	}
	j, err := yaml.YAMLToJSON(text)
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	if err := json.Unmarshal(j, &m); err != nil {
		t.Fatal(err)
	}
	if plain, err = jsonschema.UnmarshalJSON(bytes.NewReader(j)); err != nil {
		t.Fatal(err)
	}
	return m, plain
}

func TestManifest(t *testing.T) {
	for i, x := range manifests {
		m, _ := readManifest(t, i)
		if m.Display.Name != x.name || m.Features.BotUser.DisplayName != x.name {
			t.Errorf("%d: the names are %q and %q, want %q", i, m.Display.Name, m.Features.BotUser.DisplayName, x.name)
		}
		if !slices.Equal(m.OAuthConfig.Scopes.Bot, Scopes(x.agentView)) || len(m.OAuthConfig.Scopes.User) != 0 {
			t.Errorf("%d: the scopes are %v", i, m.OAuthConfig.Scopes)
		}
		if !slices.IsSorted(Scopes(x.agentView)) {
			t.Errorf("%v is not sorted", Scopes(x.agentView))
		}
		for _, s := range m.OAuthConfig.Scopes.Bot {
			if strings.HasPrefix(s, "admin") || strings.HasPrefix(s, "mpim:") || s == "chat:write.public" || s == "chat:write.customize" {
				t.Errorf("%d: nobody needs %s", i, s)
			}
		}
		if (m.Features.AgentView != nil) != x.agentView || m.Features.AssistantView != nil || slices.Contains(m.OAuthConfig.Scopes.Bot, "assistant:write") != x.agentView {
			t.Errorf("%d: agent view %+v", i, m.Features.AgentView)
		}
		s := m.Settings
		if s.SocketModeEnabled != x.socket || s.OrgDeployEnabled || s.TokenRotationEnabled || !s.Interactivity.IsEnabled || slices.Contains(s.EventSubscriptions.BotEvents, "app_home_opened") != x.agentView || !slices.Contains(s.EventSubscriptions.BotEvents, "message.im") {
			t.Errorf("%d: settings %+v", i, s)
		}
		if len(m.Features.SlashCommands) != 1 {
			t.Fatalf("%d: slash commands %+v", i, m.Features.SlashCommands)
		}
		c := m.Features.SlashCommands[0]
		if c.Command != x.command || c.Url != x.url || s.Interactivity.RequestUrl != x.url || s.EventSubscriptions.RequestUrl != x.url {
			t.Errorf("%d: %s: addresses %q %q %q, want %q", i, c.Command, c.Url, s.Interactivity.RequestUrl, s.EventSubscriptions.RequestUrl, x.url)
		}
		if h := m.Features.AppHome; !h.MessagesTabEnabled || h.MessagesTabReadOnlyEnabled {
			t.Errorf("%d: nobody could write to the bot: %+v", i, h)
		}
	}
}

// The schema is Slack's own.
func TestManifestSchema(t *testing.T) {
	dir := os.Getenv("FRONTDESK_TESTDATA")
	if dir == "" {
		t.Skip("FRONTDESK_TESTDATA names no folder with Slack's schemas")
	}
	c := jsonschema.NewCompiler()
	c.UseRegexpEngine(pattern)
	schema, err := c.Compile(filepath.Join(dir, "slack", "manifest.schema.2.0.0.json"))
	if err != nil {
		t.Fatal(err)
	}
	for i := range manifests {
		_, plain := readManifest(t, i)
		if err := schema.Validate(plain); err != nil {
			t.Errorf("%d: %v", i, err)
		}
		// That it would find something.
		plain.(map[string]any)["settings"].(map[string]any)["socket_mode"] = true
		if schema.Validate(plain) == nil {
			t.Error("the schema takes anything")
		}
	}
}

// pattern compiles what Go's regular expressions have. The schema's patterns with
// (?!…) are for the names of domains, of which a manifest of ours has none.
func pattern(s string) (jsonschema.Regexp, error) {
	if strings.Contains(s, "(?!") {
		s = "^$"
	}
	return regexp.Compile(s)
}

func TestManifestRefuses(t *testing.T) {
	for _, x := range []struct {
		name   string
		socket bool
		url    string
	}{{"", true, ""}, {strings.Repeat("台", 36), true, ""}, {"Frontdesk", true, "https://acme.example/in/workspace"}, {"Frontdesk", false, ""}, {"Frontdesk", false, "http://acme.example"}, {"Frontdesk", false, "acme.example"}} {
		if b, err := Manifest(x.name, "/support", false, x.socket, x.url); err == nil {
			t.Errorf("%+v: no error\n%s", x, b)
		}
	}
}
