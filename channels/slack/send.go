package slack

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"

	slackapi "github.com/slack-go/slack"

	"frontdesk/channels"
)

var (
	_ channels.Sender = (*Channel)(nil)
	_ channels.Finder = (*Channel)(nil)
	_ channels.Pacer  = (*Channel)(nil)
	_ channels.Direct = (*Channel)(nil)
)

// deliveryEvent names the metadata that our posts carry
// (https://docs.slack.dev/messaging/message-metadata).
const deliveryEvent = "frontdesk_delivery"

// signs are the emoji for what React may put on a message.
var signs = map[string]string{"ok": "white_check_mark", "warning": "warning"}

// Send makes one attempt.
//
// A post becomes one message, or several if it is too long for one, and one for each
// file. They come in order: the further ones stand where the first does or, if that
// is at the top of a channel, below it. The ref is the first's. Before a post of several is
// sent again it is looked for, so that an attempt after one that ended half-way sends what
// is missing and nothing twice. A file over the limit, or one that Slack refuses, does not go; its name
// does, struck out.
//
// An amended message is one message: what does not fit into it ends with an ellipsis.
// Its files stay as they are.
//
// What Slack has refused in a way that nobody mends is permanent; a token or a scope
// may be mended, so that is tried again. A post whose answer is lost, broken or a
// failure of Slack's own is unknown; for amending and reacting, which do no harm
// twice, that is temporary.
func (c *Channel) Send(ctx context.Context, out channels.Outbound) (string, error) {
	switch {
	case out.Key == "":
		return "", permanent(errors.New("no key"))
	case out.Audience != channels.Customer && out.Audience != channels.Staff:
		return "", permanent(fmt.Errorf("unknown audience %q", out.Audience))
	}
	switch out.Op {
	case channels.Post:
		return c.post(ctx, out)
	case channels.Amend:
		return c.amend(ctx, out)
	case channels.React:
		return c.react(ctx, out)
	}
	return "", permanent(fmt.Errorf("unknown op %q", out.Op))
}

func (c *Channel) post(ctx context.Context, out channels.Outbound) (string, error) {
	files, left := c.fitting(out.Files)
	parts, err := render(out, left)
	if err != nil {
		return "", permanent(err)
	}
	w, err := c.where(ctx, out)
	if err != nil {
		return "", err
	}
	there := newStanding(len(parts), len(files))
	if len(parts)+len(files) > 1 && out.Attempt > 1 {
		if there, err = c.standing(ctx, w, out, parts, files); err != nil {
			return "", fmt.Errorf("looking for what is there already: %w", err)
		}
	}
	first := there.first()
	extra := false
	for i, p := range parts {
		if there.parts[i] != "" {
			continue
		}
		if err := c.pace.pass(ctx, "chat.postMessage", w.lane, postGap, extra); err != nil {
			return "", err
		}
		extra = true
		ts, err := c.postMessage(ctx, w.below(first), out.Key, i, p)
		if err != nil {
			return "", err
		}
		if first == "" {
			first = ts
		}
	}
	for i, f := range files {
		if there.files[i] != "" {
			continue
		}
		if err := c.pace.pass(ctx, "chat.postMessage", w.lane, postGap, extra); err != nil {
			return "", err
		}
		extra = true
		err := c.share(ctx, w.below(first), f)
		if se := (*channels.SendError)(nil); errors.As(err, &se) && se.Permanent {
			c.log.Warn("a file is refused, its name goes instead", "err", err)
			name := []piece{leftOut(f)}
			_, err = c.postMessage(ctx, w.below(first), out.Key, len(parts)+i, part{plainText(name, textLimit), blocks(out.Key, len(parts)+i, name)})
		}
		if err != nil {
			return "", inFile(f, err)
		}
	}
	return c.ref(w.channel, first), nil
}

// inFile says which file failed. The message is there by then.
func inFile(f channels.File, err error) error {
	var se *channels.SendError
	if !errors.As(err, &se) {
		return fmt.Errorf("the message is there, the file %q is not: %w", fileName(f), err)
	}
	e := *se
	e.Err = fmt.Errorf("the message is there, the file %q is not: %w", fileName(f), se.Err)
	return &e
}

// postMessage posts one part.
func (c *Channel) postMessage(ctx context.Context, w spot, key string, n int, p part) (ts string, err error) {
	options := []slackapi.MsgOption{
		slackapi.MsgOptionText(p.text, false), // escaped already
		slackapi.MsgOptionBlocks(p.blocks...),
		slackapi.MsgOptionMetadata(slackapi.SlackMetadata{EventType: deliveryEvent, EventPayload: map[string]any{"key": key, "part": n}}),
		slackapi.MsgOptionDisableLinkUnfurl(),
		slackapi.MsgOptionDisableMediaUnfurl(),
		slackapi.MsgOptionLinkNames(false),
		slackapi.MsgOptionParse(false),
	}
	if w.thread != "" {
		options = append(options, slackapi.MsgOptionTS(w.thread))
	}
	ctx, k := watched(ctx)
	_, _, err = c.client().PostMessageContext(ctx, w.channel, options...)
	return k.ts, k.posted(ctx, err)
}

func (c *Channel) amend(ctx context.Context, out channels.Outbound) (string, error) {
	channel, ts, ok := c.splitOwn(out.Target)
	if !ok {
		return "", permanent(fmt.Errorf("%q is no message of this workspace", out.Target))
	}
	p, err := renderOne(out)
	if err != nil {
		return "", permanent(err)
	}
	if err := c.pace.pass(ctx, "chat.update", "chat.update", tierGap, false); err != nil {
		return "", err
	}
	ctx, k := watched(ctx)
	// Without blocks the old ones would go. Without metadata the old ones stay: Find
	// still knows the message by the key that it was posted under.
	_, _, _, err = c.client().UpdateMessageContext(ctx, channel, ts,
		slackapi.MsgOptionText(p.text, false), slackapi.MsgOptionBlocks(p.blocks...), slackapi.MsgOptionLinkNames(false), slackapi.MsgOptionParse(false))
	if err := k.outcome(ctx, err, true); err != nil {
		return "", err
	}
	return out.Target, nil
}

func (c *Channel) react(ctx context.Context, out channels.Outbound) (string, error) {
	channel, ts, ok := c.splitOwn(out.Target)
	if !ok {
		return "", permanent(fmt.Errorf("%q is no message of this workspace", out.Target))
	}
	sign := signs[out.Sign]
	if sign == "" {
		return "", permanent(fmt.Errorf("unknown sign %q", out.Sign))
	}
	if err := c.pace.pass(ctx, "reactions.add", "reactions.add", tierGap, false); err != nil {
		return "", err
	}
	ctx, k := watched(ctx)
	err := c.client().AddReactionContext(ctx, sign, slackapi.NewRefToMessage(channel, ts))
	if err := k.outcome(ctx, err, true); err != nil && k.code != "already_reacted" {
		return "", err
	}
	return out.Target, nil
}

// spot is where a message goes.
type spot struct {
	lane    string // for the pacer
	channel string
	thread  string // ts of the message below which; empty at the top
	direct  bool
}

// below is where the further parts of a post go. At the top of a channel they would
// bury what others say there.
func (w spot) below(first string) spot {
	if w.thread == "" && !w.direct {
		w.thread = first
	}
	return w
}

// where finds the place of a post. A thread that is named by the place goes before
// out.Root: Slack has no threads in threads.
func (c *Channel) where(ctx context.Context, out channels.Outbound) (spot, error) {
	if out.Place == "" {
		return spot{}, permanent(errors.New("no place to post to"))
	}
	w := spot{}
	if address, ok := strings.CutPrefix(out.Place, "@"); ok {
		_, user, ok := splitIdentity(address)
		if !ok {
			return w, permanent(fmt.Errorf("%q names nobody", out.Place))
		}
		w.lane, w.direct = out.Place, true
		var err error
		if w.channel, err = c.open(ctx, user); err != nil {
			return w, err
		}
	} else {
		w.channel, w.thread = splitPlace(out.Place)
		w.channel = c.moves.id(w.channel)
		w.lane = w.channel
		if !channelID.MatchString(w.channel) {
			return w, permanent(fmt.Errorf("%q is no place in Slack", out.Place))
		}
	}
	if w.thread == "" && out.Root != "" {
		channel, ts, ok := c.splitOwn(out.Root)
		if !ok || channel != w.channel {
			return w, permanent(fmt.Errorf("%q is no message in %s", out.Root, w.channel))
		}
		w.thread = ts
	}
	return w, nil
}

// splitOwn is splitRef for refs of our own workspace.
func (c *Channel) splitOwn(ref string) (channel, ts string, ok bool) {
	channel, ts, ok = splitRef(ref)
	return c.moves.id(channel), ts, ok && ref == c.ref(channel, ts) && channelID.MatchString(channel)
}

// directs are the channels of our direct messages, by user. They do not change.
type directs struct {
	mu   sync.Mutex
	byID map[string]string
}

// directsMost bounds what is remembered; asking again costs one call.
const directsMost = 10_000

// open finds the channel of a direct message.
func (c *Channel) open(ctx context.Context, user string) (string, error) {
	if channel := c.dms.channel(user); channel != "" {
		return channel, nil
	}
	if err := c.sendTurn(ctx, "conversations.open"); err != nil {
		return "", err
	}
	ctx, k := watched(ctx)
	_, _, _, err := c.client().OpenConversationContext(ctx, &slackapi.OpenConversationParameters{Users: []string{user}, ReturnIM: true})
	if err := k.outcome(ctx, err, true); err != nil {
		return "", err
	}
	if k.channel == "" {
		return "", errors.New("conversations.open: an answer without a channel")
	}
	c.dms.learn(user, k.channel)
	return k.channel, nil
}

// channel is that of the direct message with a user; empty if it is not known.
func (d *directs) channel(user string) string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.byID[user]
}

// learn remembers the channel of a direct message.
func (d *directs) learn(user, channel string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.byID[user] == channel {
		return
	}
	if d.byID == nil || len(d.byID) >= directsMost {
		d.byID = map[string]string{}
	}
	d.byID[user] = channel
}
