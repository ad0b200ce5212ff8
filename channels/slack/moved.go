package slack

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"sync"
)

// moves knows the channels whose id has changed, as happens when they are shared with
// another organisation (https://docs.slack.dev/reference/events/channel_id_changed).
// Outside of this package such a channel keeps the name that it had when the program
// was started, so that the configuration, threads and refs stay good until somebody
// changes the configuration.
type moves struct {
	mu    sync.RWMutex
	first map[string]string // present id: the name that it keeps
	now   map[string]string // and back
}

func (m *moves) add(from, to string) {
	if from == "" || to == "" || from == to {
		return
	}
	name := m.name(from)
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.first == nil {
		m.first, m.now = map[string]string{}, map[string]string{}
	}
	m.first[to], m.now[name] = name, to
}

// name is what a channel is called outside of this package.
func (m *moves) name(id string) string {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return cmp.Or(m.first[id], id)
}

// id is what Slack calls a channel of that name.
func (m *moves) id(name string) string {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return cmp.Or(m.now[cmp.Or(m.first[name], name)], name)
}

// news is what an operator must change; empty if nothing.
func (c *Channel) news() string {
	var all []string
	for _, name := range c.cfg.rooms() {
		if id := c.moves.id(name); id != name {
			all = append(all, fmt.Sprintf("the id of channel %s is now %s: write that into the configuration before the next start", name, id))
		}
	}
	return strings.Join(all, "; ")
}

// rooms are the present ids of the channels of the configuration.
func (c *Channel) rooms() []string {
	ids := c.cfg.rooms()
	for i, name := range ids {
		ids[i] = c.moves.id(name)
	}
	return slices.Compact(ids)
}
