package slack

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"text/template"
	"unicode/utf8"
)

// scope is a permission of the bot's token, and what we do with it
// (https://docs.slack.dev/reference/scopes). The reason is also in the manifest, for
// the administrator who is asked to approve the app.
type scope struct{ Name, Why string }

// scopes are those of every app. What is not asked for: to write where the bot was
// not invited (chat:write.public), under other names (chat:write.customize), to read
// group messages (mpim:*), and anything of an administrator's.
var scopes = []scope{
	{"app_mentions:read", "event app_mention: somebody mentions the bot in a channel where it is a member"},
	{"channels:history", "events message.channels; conversations.history and conversations.replies, to catch up after an outage"},
	{"channels:read", "users.conversations, conversations.info and conversations.members: where the bot is, and who is there; events member_joined_channel, member_left_channel, channel_id_changed"},
	{"chat:write", "chat.postMessage, chat.update, chat.postEphemeral: answers, and work for staff"},
	{"commands", "the slash command"},
	{"files:read", "files.info and download: files that customers and agents attach"},
	{"files:write", "files.getUploadURLExternal, files.completeUploadExternal: files that are passed on"},
	{"groups:history", "the same as channels:history, in private channels such as that of the agents"},
	{"groups:read", "the same as channels:read, in private channels"},
	{"im:history", "events message.im; catching up in direct messages"},
	{"im:read", "users.conversations: the direct messages there are, to catch up"},
	{"im:write", "conversations.open: a direct message to a person"},
	{"reactions:read", "event reaction_added: a sign on a message"},
	{"reactions:write", "reactions.add: a sign on an agent's message that has reached the customer"},
	{"users:read", "users.info: name, language, and whether somebody is of another organisation or a robot; bots.info: that both tokens are of one app"},
	{"team:read", "team.info: the name of the organisation that somebody of another workspace belongs to"},
	{"users:read.email", "users.info: the address by which a member of staff is known"},
}

// agentScopes are further ones of an app with the agent view.
var agentScopes = []scope{
	{"assistant:write", "assistant.threads.setSuggestedPrompts: what the person may want to ask"},
}

// Scopes are the permissions that the bot's token needs, in the order of the
// alphabet.
func Scopes(agentView bool) []string {
	var names []string
	for _, s := range scopesFor(agentView) {
		names = append(names, s.Name)
	}
	return names
}

func scopesFor(agentView bool) []scope {
	all := slices.Clone(scopes)
	if agentView {
		all = append(all, agentScopes...)
	}
	slices.SortFunc(all, func(a, b scope) int { return bytes.Compare([]byte(a.Name), []byte(b.Name)) })
	return all
}

// AppScope is the one that the app-level token needs. It cannot be in a manifest.
const AppScope = "connections:write"

// subscription is an event that we subscribe to (https://docs.slack.dev/reference/events).
type subscription struct{ Name, Why string }

var agentSubscriptions = []subscription{
	{"app_home_opened", "somebody opens the talk with the bot: time to suggest questions"},
}

var subscriptions = []subscription{
	{"app_mention", "a mention; where the bot is not a member it cannot answer, and must be invited"},
	{"app_uninstalled", "nothing works any more, and the operator must hear of it"},
	{"channel_id_changed", "a channel that became shared has another id"},
	{"member_joined_channel", "into the agents' channel: one more agent"},
	{"member_left_channel", "out of it: one less"},
	{"message.channels", "what is said in public channels where the bot is a member, edits and deletions included"},
	{"message.groups", "the same in private channels"},
	{"message.im", "the same in direct messages to the bot"},
	{"reaction_added", "a sign on a message"},
	{"tokens_revoked", "as app_uninstalled"},
}

// Manifest is the description of the app that Slack creates it from, in YAML:
// api.slack.com/apps, Create New App, From a manifest
// (https://docs.slack.dev/reference/app-manifest). name is how people see the bot.
// With socket, events come by Socket Mode and requestURL is empty; else Slack calls
// requestURL. Token rotation is off, because nothing here renews tokens, and so is
// the deployment to a whole organisation.
func Manifest(name, command string, agentView, socket bool, requestURL string) ([]byte, error) {
	if n := utf8.RuneCountInString(name); n == 0 || n > 35 {
		return nil, fmt.Errorf("the name of an app of Slack has 1 to 35 characters, and %q has %d", name, n)
	}
	u, err := url.Parse(requestURL)
	switch {
	case socket && requestURL != "":
		return nil, errors.New("with Socket Mode Slack calls no address")
	case !socket && (err != nil || u.Scheme != "https" || u.Host == ""):
		return nil, fmt.Errorf("%q is no https address, and others Slack does not call", requestURL)
	}
	told := subscriptions
	if agentView {
		told = slices.Concat(agentSubscriptions, subscriptions)
	}
	var b bytes.Buffer
	err = manifest.Execute(&b, map[string]any{"Name": name, "Command": command, "AgentView": agentView, "Socket": socket, "URL": requestURL,
		"Scopes": scopesFor(agentView), "Events": told, "AppScope": AppScope})
	return b.Bytes(), err
}

// A JSON string is a YAML one too.
var manifest = template.Must(template.New("manifest").Funcs(template.FuncMap{"text": func(s string) (string, error) {
	b, err := json.Marshal(s)
	return string(b), err
}}).Parse(`# The app of Frontdesk in Slack. At https://api.slack.com/apps: Create New App,
# From a manifest, choose the workspace, paste this file. Then Install App.
_metadata:
  major_version: 2
display_information:
  name: {{text .Name}}
  description: Answers questions, and hands them to people. 解答问题，需要时转人工。
features:
  bot_user:
    display_name: {{text .Name}}
    always_online: true
  app_home:
    home_tab_enabled: false
    # Without these two nobody can write to the bot directly.
    messages_tab_enabled: true
    messages_tab_read_only_enabled: false
  slash_commands:
    - command: {{text .Command}}
{{- if not .Socket}}
      url: {{text .URL}}
{{- end}}
      description: Ask a question, seen by you alone. 提问，只有您能看到。
      usage_hint: your question / 您的问题
      should_escape: false
{{- if .AgentView}}
  # Slack shuts guests of the workspace out of apps with this.
  agent_view:
    agent_description: Answers questions, and hands them to people. 解答问题，需要时转人工。
{{- end}}
oauth_config:
  scopes:
    bot:
{{- range .Scopes}}
      # {{.Why}}
      - {{.Name}}
{{- end}}
settings:
  event_subscriptions:
{{- if not .Socket}}
    request_url: {{text .URL}}
{{- end}}
    bot_events:
{{- range .Events}}
      # {{.Why}}
      - {{.Name}}
{{- end}}
  # Buttons and forms.
  interactivity:
    is_enabled: true
{{- if not .Socket}}
    request_url: {{text .URL}}
{{- end}}
{{- if .Socket}}
  # It needs an app-level token: Basic Information, App-Level Tokens, with the scope
  # {{.AppScope}}.
{{- end}}
  socket_mode_enabled: {{.Socket}}
  org_deploy_enabled: false
  token_rotation_enabled: false
`))
