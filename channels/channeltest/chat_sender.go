package channeltest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"frontdesk/channels"
)

// Post is a message as it stands in a place.
type Post struct {
	Ref, Place string
	Who        string // who said it; "" is the bot
	Text       string // as it reads now
	History    []string
	Refs       []string
	At         time.Time

	Out       channels.Outbound // what the bot was asked to post, its files copied
	Card      *channels.Card
	Choices   []channels.Choice
	Reactions []string
}

// How an attempt to send can go wrong other than with an error of one's own.
// The second word says whether the message stands in the place afterwards.
var (
	// ErrLost: the message is accepted, and then the answer gets lost; Send
	// returns an Unknown SendError.
	ErrLost = errors.New("connection lost after the service accepted")
	// ErrVanished: the message is not accepted, but Send cannot know that.
	ErrVanished = errors.New("connection lost before the service accepted")
	// ErrHang: no answer until ctx ends; not accepted.
	ErrHang = errors.New("service does not answer")
	// ErrHangAccepted: accepted, and no answer until ctx ends.
	ErrHangAccepted = errors.New("service accepts and does not answer")
)

// Temporary and Permanent are the two plain refusals.
func Temporary(reason string) error { return &channels.SendError{Err: errors.New(reason)} }
func Permanent(reason string) error {
	return &channels.SendError{Permanent: true, Err: errors.New(reason)}
}

// RateLimited is a refusal with the service's wish how long to wait.
func RateLimited(wait time.Duration) error {
	return &channels.SendError{RetryAfter: wait, Err: errors.New("rate limited")}
}

// FailNext makes the next attempts go as errs say, one each; nil lets one
// through. An error other than the Err values of this package is returned as
// it is, and nothing is posted.
func (c *Chat) FailNext(errs ...error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.plans = append(c.plans, errs...)
}

// Send makes one attempt to post, amend or react. Posting twice under one key
// makes two posts, as in a real service: see [Chat.Twice].
func (c *Chat) Send(ctx context.Context, out channels.Outbound) (string, error) {
	if err := ctx.Err(); err != nil {
		return "", err
	}
	out, err := copiedOut(out)
	if err != nil {
		return "", err
	}
	c.mu.Lock()
	if err := c.refuse(out); err != nil {
		c.mu.Unlock()
		return "", &channels.SendError{Permanent: true, Err: fmt.Errorf("chat %s: %w", c.channel, err)}
	}
	var plan error
	if len(c.plans) > 0 {
		plan, c.plans = c.plans[0], c.plans[1:]
	}
	var ref string
	if plan == nil || errors.Is(plan, ErrLost) || errors.Is(plan, ErrHangAccepted) {
		ref = c.accept(out)
	}
	c.mu.Unlock()

	switch {
	case plan == nil:
		return ref, nil
	case errors.Is(plan, ErrLost), errors.Is(plan, ErrVanished):
		return "", &channels.SendError{Unknown: true, Err: plan}
	case errors.Is(plan, ErrHang), errors.Is(plan, ErrHangAccepted):
		<-ctx.Done()
		return "", &channels.SendError{Unknown: true, Err: errors.Join(plan, context.Cause(ctx))}
	}
	return "", plan
}

// refuse says what is wrong with out, as a real service would.
func (c *Chat) refuse(out channels.Outbound) error {
	switch {
	case out.Key == "":
		return errors.New("no key")
	case out.Channel != c.channel:
		return fmt.Errorf("this is for channel %q", out.Channel)
	case slices.Contains(out.Refs, ""):
		return errors.New("an empty ref")
	case out.Audience != channels.Customer && out.Audience != channels.Staff:
		return fmt.Errorf("unknown audience %q", out.Audience)
	}
	switch out.Op {
	case channels.Post:
		if !c.places[out.Place] && !strings.HasPrefix(out.Place, "dm:") {
			return fmt.Errorf("no such place: %q", out.Place)
		}
	case channels.Amend:
		if m := c.refs[out.Target]; m == nil || m.Who != "" {
			return fmt.Errorf("%q is no post of ours", out.Target)
		}
	case channels.React:
		if m := c.refs[out.Target]; m == nil || m.deleted {
			return fmt.Errorf("no such message: %q", out.Target)
		}
		if out.Sign != "ok" && out.Sign != "warning" {
			return fmt.Errorf("unknown sign %q", out.Sign)
		}
		return nil
	default:
		return fmt.Errorf("unknown op %q", out.Op)
	}
	if out.Body.Text == "" && out.Card == nil && len(out.Files) == 0 {
		return errors.New("nothing to say")
	}
	if out.Body.Text != "" && out.Body.Format != channels.Plain && out.Body.Format != channels.Markdown {
		return fmt.Errorf("unknown format %q", out.Body.Format)
	}
	return nil
}

func (c *Chat) accept(out channels.Outbound) (ref string) {
	defer c.change()
	switch out.Op {
	case channels.Amend:
		m := c.refs[out.Target]
		m.History = append(m.History, m.Text)
		m.Text, m.Card, m.Choices = out.Body.Text, out.Card, out.Choices
		return m.Ref
	case channels.React:
		m := c.refs[out.Target]
		m.Reactions = append(m.Reactions, out.Sign)
		c.signs = append(c.signs, Sign{m.Ref, out.Sign})
		return m.Ref
	}
	m := &message{Post: Post{Ref: c.newRef(out.Place), Place: out.Place, Text: out.Body.Text, Refs: out.Refs,
		At: time.Now(), Out: out, Card: out.Card, Choices: out.Choices}}
	c.refs[m.Ref] = m
	c.posts = append(c.posts, m)
	return m.Ref
}

// Direct is where p and the bot talk alone.
func (c *Chat) Direct(p channels.Person) string {
	if p.Kind != "chat" {
		return ""
	}
	return "dm:" + p.Address
}

// Find looks for the first post made under out's key.
func (c *Chat) Find(ctx context.Context, out channels.Outbound) (string, bool, error) {
	if err := ctx.Err(); err != nil {
		return "", false, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, m := range c.posts {
		if m.Out.Key == out.Key {
			return m.Ref, true, nil
		}
	}
	return "", false, nil
}

// Sign is a sign that the bot put on a message.
type Sign struct{ Ref, Sign string }

// Signs returns the signs that the bot put on messages, in order.
func (c *Chat) Signs() []Sign {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.signs)
}

// Posts returns what the bot posted in place, in order; "" is everywhere.
func (c *Chat) Posts(place string) []Post {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.postsIn(place)
}

func (c *Chat) postsIn(place string) []Post {
	var out []Post
	for _, m := range c.posts {
		if place == "" || m.Place == place {
			p := m.Post
			p.History, p.Reactions = slices.Clone(p.History), slices.Clone(p.Reactions)
			out = append(out, p)
		}
	}
	return out
}

// WaitPosts waits until the bot has made n posts in place and returns them all.
func (c *Chat) WaitPosts(ctx context.Context, place string, n int) ([]Post, error) {
	var posts []Post
	err := c.until(ctx, fmt.Sprintf("for %d posts in %q", n, place), func() bool {
		posts = c.postsIn(place)
		return len(posts) >= n
	})
	return posts, err
}

// Twice returns the keys under which more than one post was made.
func (c *Chat) Twice() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	seen, twice := map[string]int{}, []string(nil)
	for _, m := range c.posts {
		if seen[m.Out.Key]++; seen[m.Out.Key] == 2 {
			twice = append(twice, m.Out.Key)
		}
	}
	return twice
}

func copiedOut(out channels.Outbound) (channels.Outbound, error) {
	out.Files = slices.Clone(out.Files)
	for i := range out.Files {
		var err error
		if out.Files[i].Data, err = copyBlob(out.Files[i].Data); err != nil {
			return out, fmt.Errorf("file %d: %w", i, err)
		}
	}
	return out, nil
}
