package slack

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"frontdesk/channels"
	"frontdesk/channels/channeltest"
	"frontdesk/channels/slack/slacktest"
)

// answering is a Recorder that replies by what came.
type answering struct {
	*channeltest.Recorder
	reply func(in channels.Inbound) channels.Reply
	view  channels.View
}

func (a *answering) Receive(ctx context.Context, in channels.Inbound) (channels.Reply, error) {
	if _, err := a.Recorder.Receive(ctx, in); err != nil {
		return channels.Reply{}, err
	}
	return a.reply(in), nil
}

func (a *answering) Show(context.Context, channels.Query) (channels.View, error) { return a.view, nil }

// A command opens a form; submitted, it shows an error in its field, and then what
// was done, where the command was typed. Both ways of taking events in.
func TestReplies(t *testing.T) {
	for _, way := range []string{"socket", "http"} {
		t.Run(way, func(t *testing.T) {
			inBubble(t, slacktest.Options{}, func(t *testing.T, h *house) {
				form := channels.Form{Action: channels.Action{Name: "complain", Case: 7, Fields: map[string]string{"how": "command"}},
					Title: "Complaint", Submit: "Send", Cancel: "Cancel",
					Fields: []channels.FormField{{Name: "order", Label: "Order", Required: true}}}
				rec := &answering{Recorder: &channeltest.Recorder{}, reply: func(in channels.Inbound) (r channels.Reply) {
					switch a := in.Action; {
					case a == nil:
						r.Refusal = "say it <here>"
					case a.Name == "ask":
						r.Form = &form
					case a.Fields["order"] == "no":
						r.Errors = map[string]string{"order": "that is no order", "other": "nor is this"}
					case a.Fields["order"] == "more":
						next := form
						next.Title = "More"
						r.Form = &next
					case a.Name == "complain":
						r.Notice = "recorded for " + a.Fields["how"]
					}
					return r
				}}
				c := h.channel()
				if way == "http" {
					c = h.channel(byHTTP(h))
					h.w.DeliverTo(c, "/in/slack")
				}
				r := start(t, c, nil, rec)
				if err := rec.WaitState(within(t, time.Minute), channels.Up); err != nil {
					t.Fatal(err)
				}
				if err := h.ann.Slash(h.support, "/support", "I complain"); err != nil {
					t.Fatal(err)
				}
				synctest.Wait()
				if v := h.ann.Views(); len(v) != 1 || v[0].Title != "Complaint" {
					t.Fatalf("views %+v", v)
				}
				if s, err := h.ann.Submit(map[string]string{"Order": "no"}); err != nil || s.Errors["Order"] == "" {
					t.Errorf("%+v, %v", s, err)
				}
				if s, err := h.ann.Submit(map[string]string{"Order": "more"}); err != nil || !s.Pushed {
					t.Errorf("%+v, %v", s, err)
				}
				if s, err := h.ann.Submit(map[string]string{"Order": "1042"}); err != nil || !s.Closed {
					t.Errorf("%+v, %v", s, err)
				}
				synctest.Wait()
				if e := h.ann.SeesEphemeral(); len(e) != 1 || e[0].Text != "recorded for command" {
					t.Errorf("whispers %+v", e)
				}
				h.ann.Say(h.support, "hello")
				synctest.Wait()
				if e := h.ann.SeesEphemeral(); len(e) != 2 || e[1].Readable != "say it <here>" {
					t.Errorf("whispers %+v", e)
				}
				if v := h.w.Violations(); len(v) > 0 {
					t.Error(v)
				}
				r.end()
			})
		})
	}
}

// An agent's prompts are offered when its messages are opened: four at most.
func TestPrompts(t *testing.T) {
	inBubble(t, slacktest.Options{}, func(t *testing.T, h *house) {
		rec := &answering{Recorder: &channeltest.Recorder{}, reply: func(channels.Inbound) channels.Reply { return channels.Reply{} }}
		for _, s := range []string{"one", "two", "three", "four", "five"} {
			rec.view.Choices = append(rec.view.Choices, channels.Choice{Label: s, Action: channels.Action{Name: "ask", Fields: map[string]string{"text": "say " + s}}})
		}
		r := start(t, h.channel(func(c *Config) { c.AgentView = true }), nil, rec)
		if err := rec.WaitState(within(t, time.Minute), channels.Up); err != nil {
			t.Fatal(err)
		}
		h.ann.OpenHome()
		synctest.Wait()
		if p := h.w.Prompts(h.ann.Direct(), ""); len(p) != 0 {
			t.Errorf("prompts on the home tab: %v", p)
		}
		h.ann.OpenMessages()
		synctest.Wait()
		if p := h.w.Prompts(h.ann.Direct(), ""); len(p) != 4 || p[0] != (slacktest.Prompt{Title: "one", Message: "say one"}) {
			t.Errorf("prompts %v", p)
		}
		r.end()
	})
}

func TestProfilesAndMembers(t *testing.T) {
	inBubble(t, slacktest.Options{}, func(t *testing.T, h *house) {
		c := h.channel()
		defer c.Close()
		other := h.w.Team("Customer Ltd")
		sue := h.w.User("sue", slacktest.UserOptions{Team: other, RealName: "Sue Storm", Email: "Sue@Customer.example"})
		shared := h.w.Channel("shared", slacktest.ChannelOptions{External: true})
		h.w.Invite(shared, h.w.BotUser(), h.ann, sue)
		p, err := c.Profile(t.Context(), channels.Person{Kind: Kind, Address: sue.Identity()})
		if err != nil || p.Name != "Sue Storm" || p.Mail != "sue@customer.example" || !p.External || p.Org != "Customer Ltd" {
			t.Errorf("%+v, %v", p, err)
		}
		p, err = c.Profile(t.Context(), channels.Person{Kind: Kind, Address: h.ann.Identity()})
		if err != nil || p.External || p.Lang != "en-US" || p.Robot || p.Org != "" {
			t.Errorf("%+v, %v", p, err)
		}
		_, err = c.Profile(t.Context(), channels.Person{Kind: Kind, Address: h.w.TeamID() + ":U0NOBODY"})
		if e := (*channels.SendError)(nil); !errors.As(err, &e) || !e.Permanent {
			t.Errorf("nobody: %v", err)
		}
		in, err := c.Members(t.Context(), h.support.ID)
		if err != nil || len(in) != 1 || in[0].Address != h.ann.Identity() {
			t.Errorf("%v, %v", in, err)
		}
		in, err = c.Members(t.Context(), shared.ID)
		if err != nil || len(in) != 2 || in[1].Address != sue.Identity() || !in[1].External || in[0].External {
			t.Errorf("%v, %v", in, err)
		}
		if _, err := c.Members(t.Context(), "C0NOWHERE"); err == nil {
			t.Error("members of a channel that is not there")
		}
		h.w.Fault(slacktest.Fault{Kind: slacktest.TooMany, Method: "users.info", Times: 1, RetryAfter: "7"})
		_, err = c.Profile(t.Context(), channels.Person{Kind: Kind, Address: h.ann.Identity()})
		if e := (*channels.SendError)(nil); !errors.As(err, &e) || e.Permanent || e.RetryAfter != 7*time.Second {
			t.Errorf("limited: %v", err)
		}
	})
}

func TestFetch(t *testing.T) {
	inBubble(t, slacktest.Options{}, func(t *testing.T, h *house) {
		rec := &channeltest.Recorder{}
		c := h.channel(func(c *Config) { c.FileLimit = 1000 })
		r := start(t, c, nil, rec)
		r.up()
		data := []byte(strings.Repeat("%PDF", 200))
		ts := h.ann.Upload(h.support, "", "order.pdf", data, "here it is")
		h.ann.Upload(h.support, "", "big.bin", make([]byte, 1001), "and a big one")
		var small, big channels.File
		for _, in := range r.kept(2) {
			if len(in.Files) != 1 {
				t.Fatalf("%+v", in)
			}
			if f := in.Files[0]; f.Name == "big.bin" {
				big = f
			} else {
				small = f
			}
		}
		if small.Name != "order.pdf" || small.Data.Size != 800 || !small.Data.Zero() {
			t.Errorf("%+v", small)
		}
		permanently := func(what string, err error) {
			t.Helper()
			if e := (*channels.SendError)(nil); !errors.As(err, &e) || !e.Permanent {
				t.Errorf("%s: %v", what, err)
			}
		}
		body, err := c.Fetch(t.Context(), &small)
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(body)
		if err != nil || string(got) != string(data) {
			t.Errorf("%d bytes, %v", len(got), err)
		}
		body.Close()
		_, err = c.Fetch(t.Context(), &big)
		permanently("too large", err)
		big.Data.Size = 0
		_, err = c.Fetch(t.Context(), &big)
		permanently("too large, as Slack says", err)
		h.ann.Delete(h.support, ts)
		_, err = c.Fetch(t.Context(), &small)
		permanently("deleted", err)
		_, err = c.Fetch(t.Context(), &channels.File{Ref: "F0NOTHING"})
		permanently("nothing", err)
		r.end()
	})
}

// The token goes to Slack alone, a page for logging in is no file, and what turns
// out too large ends.
func TestDownload(t *testing.T) {
	var asked []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		asked = append(asked, req.URL.Path)
		switch req.URL.Path {
		case "/login":
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			io.WriteString(w, "<html>log in</html>")
		case "/gone":
			http.Error(w, "gone", http.StatusGone)
		case "/busy":
			w.Header().Set("Retry-After", "9")
			http.Error(w, "busy", http.StatusServiceUnavailable)
		default:
			io.WriteString(w, strings.Repeat("a", 50))
		}
	}))
	defer server.Close()
	c := testChannel(t, func(cfg *Config) { cfg.APIURL = server.URL + "/api/" })
	defer c.Close()
	for path, permanentWanted := range map[string]bool{"/login": true, "/gone": true, "/busy": false} {
		_, err := c.download(t.Context(), server.URL+path, "application/pdf")
		var e *channels.SendError
		if !errors.As(err, &e) || e.Permanent != permanentWanted {
			t.Errorf("%s: %v", path, err)
		}
	}
	before := len(asked)
	for _, address := range []string{"http://files.slack.com/x", "https://slack.com.evil.example/x", "https://evil.example/slack.com", "file:///etc/passwd", "::"} {
		if _, err := c.download(t.Context(), address, ""); err == nil {
			t.Errorf("%s was asked", address)
		}
	}
	if len(asked) != before {
		t.Errorf("asked %v", asked[before:])
	}
	body, err := c.download(t.Context(), server.URL+"/file", "")
	if err != nil {
		t.Fatal(err)
	}
	defer body.Close()
	got, err := io.ReadAll(&limited{ReadCloser: body, left: 20, err: errors.New("too large")})
	if err == nil || len(got) != 20 {
		t.Errorf("%d bytes, %v", len(got), err)
	}
}
