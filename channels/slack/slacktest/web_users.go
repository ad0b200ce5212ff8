package slacktest

import (
	"slices"
	"strings"
)

func (w *World) authTest(*call) (object, error) {
	o := object{"url": "https://" + w.home.Domain + ".slack.com/", "team": w.home.Name, "user": w.bot.Name, "team_id": w.home.ID,
		"user_id": w.bot.ID, "bot_id": w.app.botID, "is_enterprise_install": false}
	if w.home.Enterprise != "" {
		o["enterprise_id"] = w.home.Enterprise
	}
	return o, nil
}

func (w *World) teamInfo(c *call) (object, error) {
	id := c.str("team")
	i := slices.IndexFunc(w.teams, func(t *Team) bool { return t.ID == id || id == "" && t == w.home })
	if i < 0 {
		return nil, fail("team_not_found")
	}
	t := w.teams[i]
	o := object{"id": t.ID, "name": t.Name, "domain": t.Domain, "email_domain": t.Domain + ".example", "icon": object{}}
	if t.Enterprise != "" {
		o["enterprise_id"] = t.Enterprise
	}
	return object{"team": o}, nil
}

func (w *World) botsInfo(c *call) (object, error) {
	id := c.str("bot")
	i := slices.IndexFunc(w.users, func(u *User) bool { return u.isBot() && u.botID == id })
	if i < 0 {
		return nil, fail("bot_not_found")
	}
	u := w.users[i]
	return object{"bot": object{"id": u.botID, "app_id": u.appID, "user_id": u.ID, "name": u.Name, "deleted": false, "updated": 1700000000,
		"icons": object{}}}, nil
}

func (w *World) usersInfo(c *call) (object, error) {
	u := w.user(c.str("user"))
	if u == nil {
		return nil, fail("user_not_found")
	}
	if !w.knows(u) {
		return nil, fail("user_not_visible")
	}
	o := w.profile(u)
	if c.flag("include_locale") && !u.external() { // Slack tells nothing of strangers' languages
		o["locale"] = u.opts.Locale
	}
	return object{"user": o}, nil
}

func (w *World) usersLookup(c *call) (object, error) {
	email := strings.ToLower(c.str("email"))
	i := slices.IndexFunc(w.users, func(u *User) bool {
		return !u.external() && !u.isBot() && !u.opts.Deleted && strings.ToLower(u.opts.Email) == email
	})
	if i < 0 {
		return nil, fail("users_not_found")
	}
	return object{"user": w.profile(w.users[i])}, nil
}

// Prompt is a suggestion of what to say to an agent.
type Prompt struct {
	Title   string `json:"title"`
	Message string `json:"message"`
}

// Prompts returns what the app suggested last in a direct message; thread is
// empty for all of it.
func (w *World) Prompts(c *Channel, thread string) []Prompt {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.prompts[c.ID+"/"+thread])
}

// Status returns what the app says that it is doing in a thread.
func (w *World) Status(c *Channel, thread string) string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.statuses[c.ID+"/"+thread]
}

// Title returns the title that the app gave to a thread.
func (w *World) Title(c *Channel, thread string) string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.titles[c.ID+"/"+thread]
}

// agentThread is the direct message and the thread that a call is about.
func (w *World) agentThread(c *call, needed bool) (key string, err error) {
	ch := w.channel(c.str("channel_id"))
	thread := c.str("thread_ts")
	switch {
	case ch == nil || !ch.members[w.bot]:
		return "", fail("channel_not_found")
	case needed && thread == "", thread != "" && ch.find(thread) == nil:
		return "", fail("invalid_thread_ts")
	}
	return ch.ID + "/" + thread, nil
}

func (w *World) assistantPrompts(c *call) (object, error) {
	key, err := w.agentThread(c, false)
	if err != nil {
		return nil, err
	}
	var prompts []Prompt
	if _, err := c.decoded("prompts", &prompts); err != nil || len(prompts) == 0 || len(prompts) > 4 {
		w.violate(c.method, "%d prompts; from 1 to 4 are allowed", len(prompts))
		return nil, fail("invalid_arguments")
	}
	for _, p := range prompts {
		if p.Title == "" || p.Message == "" {
			w.violate(c.method, "a prompt without title or message")
			return nil, fail("invalid_arguments")
		}
	}
	w.prompts[key] = prompts
	return nil, nil
}

func (w *World) assistantStatus(c *call) (object, error) {
	key, err := w.agentThread(c, true)
	if err != nil {
		return nil, err
	}
	w.statuses[key] = c.str("status")
	return nil, nil
}

func (w *World) assistantTitle(c *call) (object, error) {
	key, err := w.agentThread(c, true)
	if err != nil {
		return nil, err
	}
	w.titles[key] = c.str("title")
	return nil, nil
}
