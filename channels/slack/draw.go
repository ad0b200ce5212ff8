package slack

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	slackapi "github.com/slack-go/slack"

	"frontdesk/channels"
)

// ackLimit is how large an acknowledgement may be: Slack drops one of 20 KB
// without a word.
const ackLimit = 20_000

// answer is the body that goes with the acknowledgement of a modal that was
// submitted: it shows errors, or the next form, or closes all. It is nil for
// everything else.
func (r *run) answer(j *job, reply channels.Reply) []byte {
	if j.meta.kind != "view_submission" {
		return nil
	}
	var next *channels.Form
	switch {
	case len(reply.Errors) > 0:
		return r.inForm(j, slackapi.NewErrorsViewSubmissionResponse(j.meta.known(reply.Errors)))
	case reply.Form != nil:
		next = reply.Form
	case reply.Refusal+reply.Notice != "" && !r.canWhisper(&j.meta): // then the modal says it
		next = &channels.Form{Title: j.meta.title, Text: joined([]string{reply.Refusal, reply.Notice}, "\n\n"), Cancel: j.meta.cancel}
	default:
		return bareJSON(slackapi.NewClearViewSubmissionResponse())
	}
	view, err := modal(*next, j.meta.origin())
	if err != nil {
		return r.undrawn(j, err)
	}
	return r.inForm(j, slackapi.NewPushViewSubmissionResponse(&view))
}

// inForm is an answer, if it is not too large.
func (r *run) inForm(j *job, resp *slackapi.ViewSubmissionResponse) []byte {
	b := bareJSON(resp)
	if len(b) >= ackLimit-200 {
		return r.undrawn(j, fmt.Errorf("%d bytes, and Slack takes %d", len(b), ackLimit))
	}
	return b
}

// undrawn is the answer to a modal when the right one cannot be drawn. What was
// filled in stays where it is, with the trouble below its first field; a modal
// without a field closes, and the one below it is seen again.
func (r *run) undrawn(j *job, err error) []byte {
	r.log.Error("the answer to a modal cannot be drawn", "key", j.in.Keys[0], "err", err)
	if j.meta.first == "" {
		return nil
	}
	return bareJSON(slackapi.NewErrorsViewSubmissionResponse(map[string]string{j.meta.first: cut(err.Error(), 500)}))
}

// known lays errors on fields that the view has: Slack refuses others.
func (m *meta) known(errors map[string]string) map[string]string {
	out := map[string]string{}
	for name, text := range errors {
		if !m.fields[name] && m.first != "" {
			name = m.first
		}
		out[name] = joined([]string{out[name], text}, " ")
	}
	return out
}

// origin is where a form was asked for, so that what is said after it can be said
// there: a response_url, else a channel, or a thread in it.
func (m *meta) origin() string {
	if m.respond != "" {
		return m.respond
	}
	if m.thread != "" {
		return threadPlace(m.channel, m.thread)
	}
	return m.channel
}

// setOrigin undoes origin.
func (m *meta) setOrigin(origin string) {
	if strings.Contains(origin, "://") {
		m.respond = origin
		return
	}
	m.channel, m.thread = splitPlace(origin)
}

// draw shows what a Reply says to the one who acted. It is done beside the work,
// and may be lost.
func (r *run) draw(j *job, reply channels.Reply) {
	m := &j.meta
	if reply.Form != nil && m.trigger != "" && m.kind != "view_submission" {
		r.later(func(ctx context.Context) error {
			view, err := modal(*reply.Form, m.origin())
			if err == nil {
				_, err = r.client().OpenViewContext(ctx, m.trigger, view)
			}
			if err != nil {
				return fmt.Errorf("form %s: %w", reply.Form.Action.Name, err)
			}
			return nil
		})
	}
	if m.kind == "view_submission" && !r.canWhisper(m) {
		return // it went with the acknowledgement
	}
	if said := joined([]string{reply.Refusal, reply.Notice}, "\n\n"); said != "" {
		r.later(func(ctx context.Context) error { return r.whisper(ctx, m, said) })
	}
}

// canWhisper reports whether there is a place to say something to one person.
func (r *run) canWhisper(m *meta) bool {
	return r.ownHook(m.respond) || m.channel != "" && m.user != ""
}

// whisper says something to the one who acted alone.
func (r *run) whisper(ctx context.Context, m *meta, text string) error {
	if r.ownHook(m.respond) {
		return r.respond(ctx, m.respond, text)
	}
	if m.channel == "" || m.user == "" {
		return errors.New("there is no place to say it")
	}
	opts := []slackapi.MsgOption{slackapi.MsgOptionText(escape.Replace(text), false)}
	if m.thread != "" {
		opts = append(opts, slackapi.MsgOptionTS(m.thread))
	}
	if _, err := r.client().PostEphemeralContext(ctx, m.channel, m.user, opts...); err != nil {
		return fmt.Errorf("ephemeral message: %w", err)
	}
	return nil
}

// escape is what keeps a text from being markup.
var escape = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")

// ownHook reports whether a response_url is Slack's.
func (r *run) ownHook(address string) bool {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" {
		return false
	}
	api, err := url.Parse(r.cfg.APIURL)
	return u.Scheme == "https" && (u.Host == "hooks.slack.com" || u.Host == "hooks.slack-gov.com") ||
		err == nil && u.Scheme == api.Scheme && u.Host == api.Host
}

// respond posts to a response_url: five times within thirty minutes.
func (r *run) respond(ctx context.Context, address, text string) error {
	body := mustJSON(map[string]any{"response_type": "ephemeral", "replace_original": false, "text": escape.Replace(text)})
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("response_url: %w", hideURL(err))
	}
	req.Header.Set("Content-Type", "application/json; charset=utf-8")
	resp, err := r.httpClient().Do(req)
	if err != nil {
		return fmt.Errorf("response_url: %w", hideURL(err))
	}
	defer resp.Body.Close()
	if _, err := io.Copy(io.Discard, io.LimitReader(resp.Body, 1<<20)); err != nil {
		return fmt.Errorf("response_url: %w", hideURL(err))
	}
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("response_url: HTTP status %d", resp.StatusCode)
	}
	return nil
}

// prompts offers what the person may want to say, at most four things.
func (r *run) prompts(ctx context.Context, j *job) error {
	view, err := r.h.Show(ctx, channels.Query{Channel: r.name, From: j.in.From, Name: "prompts"})
	if err != nil {
		return fmt.Errorf("prompts: %w", err)
	}
	if len(view.Choices) == 0 || j.meta.channel == "" {
		return nil
	}
	args := slackapi.AssistantThreadsSetSuggestedPromptsParameters{Title: view.Title, ChannelID: j.meta.channel, ThreadTS: j.meta.thread}
	for _, c := range view.Choices[:min(4, len(view.Choices))] {
		said := c.Action.Fields["text"]
		if said == "" {
			said = c.Label
		}
		args.AddPrompt(c.Label, said)
	}
	if err := r.client().SetAssistantThreadsSuggestedPromptsContext(ctx, args); err != nil {
		return fmt.Errorf("prompts: %w", err)
	}
	return nil
}
