package slack

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"sync"

	"frontdesk/channels"
)

var (
	_ channels.Directory = (*Channel)(nil)
	_ channels.Fetcher   = (*Channel)(nil)
)

// people remembers the names of teams: there are few, and they hardly change.
type people struct {
	mu    sync.Mutex
	teams map[string]string
}

// teamsMost bounds what is remembered.
const teamsMost = 1000

// user is what users.info tells.
type user struct {
	ID       str `json:"id"`
	Team     str `json:"team_id"`
	Name     str `json:"name"`
	RealName str `json:"real_name"`
	Bot      yes `json:"is_bot"`
	Locale   str `json:"locale"`
	Profile  maybe[struct {
		RealName    str `json:"real_name"`
		DisplayName str `json:"display_name"`
		Mail        str `json:"email"`
	}] `json:"profile"`
	Grid maybe[struct {
		ID str `json:"enterprise_id"`
	}] `json:"enterprise_user"`
}

// Profile asks Slack for a user. People of other teams have no locale, and an
// address only if their team shows it.
func (c *Channel) Profile(ctx context.Context, p channels.Person) (channels.Profile, error) {
	_, id, ok := splitIdentity(p.Address)
	if p.Kind != Kind || !ok {
		return channels.Profile{}, permanent(fmt.Errorf("%q is no slack user", p.Address))
	}
	u, err := c.user(ctx, id)
	if err != nil {
		return channels.Profile{}, err
	}
	out := channels.Profile{
		Mail:     strings.ToLower(string(u.Profile.V.Mail)),
		Lang:     string(u.Locale),
		Robot:    bool(u.Bot),
		External: c.external(u),
	}
	for _, name := range []str{u.Profile.V.RealName, u.RealName, u.Profile.V.DisplayName, u.Name} {
		if out.Name == "" {
			out.Name = strings.TrimSpace(string(name))
		}
	}
	if out.External {
		out.Org, err = c.teamName(ctx, string(u.Team))
	}
	return out, err
}

func (c *Channel) user(ctx context.Context, id string) (*user, error) {
	var a struct {
		User maybe[user] `json:"user"`
	}
	if err := c.once(ctx, "users.info", url.Values{"user": {id}, "include_locale": {"true"}}, &a); err != nil {
		return nil, err
	}
	if !a.User.OK {
		return nil, errors.New("users.info: an answer without a user")
	}
	return &a.User.V, nil
}

// external reports whether a user belongs to another organisation than we do.
func (c *Channel) external(u *user) bool {
	enterprise := ""
	if me := c.self.Load(); me != nil {
		enterprise = me.Enterprise
	}
	g := c.grid(enterprise)
	g.learn(string(u.Team), string(u.Grid.V.ID))
	return !g.has(string(u.Team), string(u.Grid.V.ID))
}

// teamName is what a team calls itself; empty if Slack does not tell us.
func (c *Channel) teamName(ctx context.Context, id string) (string, error) {
	p := &c.intake.people
	p.mu.Lock()
	name, ok := p.teams[id]
	p.mu.Unlock()
	if ok {
		return name, nil
	}
	var a struct {
		Team maybe[struct {
			Name str `json:"name"`
		}] `json:"team"`
	}
	err := c.once(ctx, "team.info", url.Values{"team": {id}}, &a)
	if sent := (*channels.SendError)(nil); errors.As(err, &sent) && sent.Permanent {
		err = nil // a profile without it is better than none
	}
	if err != nil {
		return "", err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.teams == nil || len(p.teams) >= teamsMost {
		p.teams = map[string]string{}
	}
	p.teams[id] = string(a.Team.V.Name)
	return p.teams[id], nil
}

// Members lists a channel. In one that is shared with other teams each member is
// looked up: ids alone do not tell whose they are, and a stranger must not be
// taken for one of us.
func (c *Channel) Members(ctx context.Context, room string) ([]channels.Person, error) {
	me, err := c.me(ctx)
	if err != nil {
		return nil, err
	}
	room = c.moves.id(room)
	var info struct {
		Channel maybe[struct {
			Shared yes `json:"is_ext_shared"`
		}] `json:"channel"`
	}
	if err := c.once(ctx, "conversations.info", url.Values{"channel": {room}}, &info); err != nil {
		return nil, err
	}
	var ids []string
	args := url.Values{"channel": {room}, "limit": {historyPage}}
	for {
		var page struct {
			Members many[str] `json:"members"`
			next
		}
		if err := c.once(ctx, "conversations.members", args, &page); err != nil {
			return nil, err
		}
		for _, id := range page.Members {
			if id != "" && string(id) != me.User {
				ids = append(ids, string(id))
			}
		}
		if !page.more(args) {
			break
		}
	}
	var out []channels.Person
	for _, id := range ids {
		p := channels.Person{Kind: Kind, Address: Identity(c.cfg.Team, id)}
		if info.Channel.V.Shared {
			u, err := c.user(ctx, id)
			if err != nil {
				return nil, err
			}
			if c.external(u) {
				p.Address, p.External = Identity(string(u.Team), id), true
			}
		}
		out = append(out, p)
	}
	return out, nil
}

// once makes one call for a durable job, and says by a SendError what is to
// become of it.
func (c *Channel) once(ctx context.Context, method string, args url.Values, out any) error {
	if err := c.turn(ctx, method); err != nil {
		return err
	}
	err := c.call(ctx, method, c.cfg.BotToken, args, out)
	var e *apiError
	if !errors.As(err, &e) {
		return err
	}
	return &channels.SendError{Permanent: e.Code != "" && hopeless[e.Code], RetryAfter: e.RetryAfter, Err: err}
}

// hopeless lists the refusals that concern what was asked for, and stay. A token or a
// scope may be mended, as in sending.
var hopeless = map[string]bool{
	"user_not_found": true, "user_not_visible": true, "users_not_found": true, "team_not_found": true,
	"channel_not_found": true, "not_in_channel": true, "method_not_supported_for_channel_type": true,
	"file_not_found": true, "file_deleted": true, "file_not_visible": true, "not_visible": true, "access_denied": true,
	"no_permission": true, "cannot_find_user": true, "invalid_team": true,
}
