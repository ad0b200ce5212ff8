package slack

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	slackapi "github.com/slack-go/slack"

	"frontdesk/channels"
)

const (
	pageSize  = 200
	pagesMost = 20 // 4,000 messages; we write one a second
)

// Find looks for a post by its key, in the channel or thread where it would stand,
// from shortly before it was put into the outbox. It is found if all its messages
// are there, its files included. To amend and to react are not looked for: doing
// them again does no harm.
//
// A message of ours without any metadata (Slack drops them when they displease it)
// is taken for the one if it says the same words.
func (c *Channel) Find(ctx context.Context, out channels.Outbound) (ref string, found bool, err error) {
	if out.Op != channels.Post {
		return "", false, nil
	}
	files, left := c.fitting(out.Files)
	parts, err := render(out, left)
	if err != nil {
		return "", false, nil // it cannot have been sent
	}
	w, err := c.where(ctx, out)
	if err != nil {
		return "", false, err
	}
	there, err := c.standing(ctx, w, out, parts, files)
	if err != nil || !there.whole() {
		return "", false, err
	}
	return c.ref(w.channel, there.first()), true, nil
}

// standing is which messages of a post are there: their ts, or "".
type standing struct {
	parts, files []string
}

func newStanding(parts, files int) standing {
	return standing{make([]string, parts), make([]string, files)}
}

func (s standing) whole() bool {
	return !slices.Contains(s.parts, "") && !slices.Contains(s.files, "")
}

// first is the message that names the post.
func (s standing) first() string { return s.parts[0] }

// said is a message in a channel, as far as we look at it. What is odd in it is of
// no concern.
type said struct {
	TS       string
	User     string
	BotID    string `json:"bot_id"`
	Text     string
	Metadata *struct {
		EventType    string `json:"event_type"`
		EventPayload struct {
			Key  string
			Part json.Number
		} `json:"event_payload"`
	}
	Files []struct {
		Name string
		Size int64
	}
}

// standing looks for the messages of a post.
func (c *Channel) standing(ctx context.Context, w spot, out channels.Outbound, parts []part, files []channels.File) (standing, error) {
	s := newStanding(len(parts), len(files))
	me, err := c.me(ctx)
	if err != nil {
		return s, err
	}
	since := out.Since.Add(-time.Minute) // clocks differ
	if out.Since.IsZero() {
		since = time.Now().Add(-24 * time.Hour)
	}
	look := func(w spot) error {
		all, err := c.history(ctx, w, since)
		if err != nil {
			return err
		}
		for _, m := range all {
			if m.User == me.User || m.BotID != "" && m.BotID == me.Bot {
				s.note(m, out.Key, parts, files)
			}
		}
		return nil
	}
	if err := look(w); err != nil {
		return s, err
	}
	// At the top of a channel, the further messages are below the first.
	if below := w.below(s.first()); s.first() != "" && below.thread != w.thread && !s.whole() {
		if err := look(below); err != nil {
			return s, err
		}
	}
	return s, nil
}

// note enters m if it is a message of the post.
func (s standing) note(m said, key string, parts []part, files []channels.File) {
	if m.Metadata != nil && m.Metadata.EventType != "" {
		n, err := strconv.Atoi(m.Metadata.EventPayload.Part.String())
		if m.Metadata.EventType != deliveryEvent || m.Metadata.EventPayload.Key != key || err != nil || n < 0 {
			return
		}
		if n < len(parts) && s.parts[n] == "" {
			s.parts[n] = m.TS
		} else if n -= len(parts); n >= 0 && n < len(files) && s.files[n] == "" { // its name, as it was refused
			s.files[n] = m.TS
		}
		return
	}
	for _, f := range m.Files {
		for i, want := range files {
			if s.files[i] == "" && f.Name == fileName(want) && f.Size == want.Data.Size && s.parts[0] != "" && s.parts[0] < m.TS {
				s.files[i] = m.TS
				break
			}
		}
	}
	if len(m.Files) > 0 {
		return
	}
	for i, p := range parts {
		if s.parts[i] == "" && sameWords(p.text, m.Text) {
			s.parts[i] = m.TS
			return
		}
	}
}

// sameWords compares what we sent with what Slack tells of it, which may have marked
// addresses as links.
func sameWords(sent, told string) bool {
	words := func(s string) string { return strings.Join(strings.Fields(slackLink.ReplaceAllString(s, "$1")), " ") }
	return words(sent) != "" && words(sent) == words(told)
}

var slackLink = regexp.MustCompile(`<([^<>|]*)(?:\|[^<>]*)?>`)

// history reads a channel or a thread from a time on, the oldest first.
func (c *Channel) history(ctx context.Context, w spot, since time.Time) ([]said, error) {
	method := "conversations.history"
	if w.thread != "" {
		method = "conversations.replies"
	}
	oldest := tsOf(since)
	var all []said
	cursor := ""
	for range pagesMost {
		if err := c.sendTurn(ctx, method); err != nil {
			return nil, err
		}
		ctx, k := watched(ctx)
		var err error
		if w.thread != "" {
			_, _, _, err = c.client().GetConversationRepliesContext(ctx, &slackapi.GetConversationRepliesParameters{ChannelID: w.channel, Timestamp: w.thread,
				Oldest: oldest, Inclusive: true, Limit: pageSize, Cursor: cursor, IncludeAllMetadata: true})
		} else {
			_, err = c.client().GetConversationHistoryContext(ctx, &slackapi.GetConversationHistoryParameters{ChannelID: w.channel,
				Oldest: oldest, Inclusive: true, Limit: pageSize, Cursor: cursor, IncludeAllMetadata: true})
		}
		if err := k.outcome(ctx, err, true); err != nil {
			return nil, err
		}
		page, next, err := readPage(k.body)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", method, err)
		}
		all = append(all, page...)
		if cursor = next; cursor == "" {
			slices.SortStableFunc(all, func(a, b said) int { return compareTS(a.TS, b.TS) })
			return slices.DeleteFunc(all, func(m said) bool { return compareTS(m.TS, oldest) < 0 }), nil // a thread's root always comes along
		}
	}
	return nil, fmt.Errorf("%s: more than %d messages since %s", method, pagesMost*pageSize, since.Format(time.DateTime))
}

// readPage reads one page of messages. A message that cannot be read is none of ours.
func readPage(body []byte) (page []said, next string, err error) {
	var a struct {
		Messages []json.RawMessage
		Meta     struct {
			Cursor string `json:"next_cursor"`
		} `json:"response_metadata"`
	}
	if err := json.Unmarshal(body, &a); err != nil {
		return nil, "", err
	}
	for _, raw := range a.Messages {
		var m said
		if json.Unmarshal(raw, &m) == nil && m.TS != "" {
			page = append(page, m)
		}
	}
	return page, a.Meta.Cursor, nil
}

// me is who we are in the workspace.
func (c *Channel) me(ctx context.Context) (*self, error) {
	if me := c.self.Load(); me != nil {
		return me, nil
	}
	ctx, k := watched(ctx)
	r, err := c.client().AuthTestContext(ctx)
	if err := k.outcome(ctx, err, true); err != nil {
		return nil, err
	}
	if err != nil || r.UserID == "" {
		return nil, errors.Join(errors.New("auth.test: an answer without a user"), err)
	}
	me := &self{User: r.UserID, Bot: r.BotID, Enterprise: r.EnterpriseID, URL: r.URL}
	c.self.Store(me)
	return me, nil
}
