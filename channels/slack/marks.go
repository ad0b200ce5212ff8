package slack

import (
	"strings"
	"sync"
	"time"

	"frontdesk/channels"
)

// overlap is how far before a position catching up begins. Slack repeats an event
// that was not acknowledged at once, after one minute and after five
// (docs.slack.dev/apis/events-api): when a message is recorded, one that was said
// up to six minutes earlier may still be on its way, and nobody but Slack knows.
const overlap = 10 * time.Minute

// marks knows how far each Slack channel has been recorded, which is what cursors
// say. There is a stream for each channel, named by its id. A position is "TS",
// or "TS/FLOOR": all of this channel up to TS is recorded, and all of every
// channel up to FLOOR, which is TS if it isn't written. The floor is what a
// channel begins with that has no position of its own, such as the direct message
// of somebody who wrote for the first time while we were down.
//
// Three rules keep a position from moving past what is not recorded:
//
//   - While a gap is open (something may have been said that no event told us, or
//     an event could not be recorded) live messages carry no cursor; only what
//     catching up finds does, in order within each channel.
//   - A message carries no cursor while an earlier one of its channel is in hand.
//   - The floor is never later than the beginning of the gap, nor than any message
//     in hand anywhere.
//
// By HTTP nothing tells us that requests do not arrive. Then no live message carries a
// cursor at all, and a gap begins where the last look that found everything did.
//
// What none of them can see is covered by [overlap].
type marks struct {
	mu     sync.Mutex
	open   bool
	blind  bool                      // events come by HTTP
	sound  string                    // if blind: up to here catching up has found everything
	number int                       // of gaps so far
	floor  string                    // where the open gap begins
	flying map[string]map[string]int // channel, ts: how many are in hand
	given  map[string]string         // channel: the position given out last
	kept   map[string]string         // channel: the position committed last
}

// newMarks reads what was committed last. Nothing from before the first start is
// looked for.
func newMarks(cursors map[string]string, now time.Time, blind bool) *marks {
	m := &marks{blind: blind, open: true, number: 1, flying: map[string]map[string]int{}, given: map[string]string{}, kept: map[string]string{}}
	for stream, position := range cursors {
		if stream == channels.Begun {
			if t, err := time.Parse(time.RFC3339, position); err == nil {
				m.floor = laterTS(m.floor, tsOf(t.Add(overlap)))
			}
			continue
		}
		ts, floor, has := strings.Cut(position, "/")
		if stamp(ts).IsZero() {
			continue
		}
		m.given[stream], m.kept[stream] = ts, ts
		if !has {
			floor = ts
		}
		m.floor = laterTS(m.floor, floor)
	}
	if m.floor == "" {
		m.floor = tsOf(now.Add(overlap))
	}
	m.sound = m.floor
	return m
}

func (m *marks) begin(j *job) {
	if j.meta.ts == "" {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	of := m.flying[j.meta.channel]
	if of == nil {
		of = map[string]int{}
		m.flying[j.meta.channel] = of
	}
	of[j.meta.ts]++
}

func (m *marks) end(j *job, taken bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if j.live && !taken {
		m.gap()
	}
	if taken && j.cursor.Stream != "" {
		m.kept[j.cursor.Stream] = laterTS(m.kept[j.cursor.Stream], j.meta.ts)
	}
	of := m.flying[j.meta.channel]
	if j.meta.ts == "" || of == nil {
		return
	}
	if of[j.meta.ts]--; of[j.meta.ts] <= 0 {
		delete(of, j.meta.ts)
	}
	if len(of) == 0 {
		delete(m.flying, j.meta.channel)
	}
}

// cursor is what j may commit.
func (m *marks) cursor(j *job) channels.Cursor {
	channel, ts := j.meta.channel, j.meta.ts
	if ts == "" || channel == "" {
		return channels.Cursor{}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if j.early || j.live && (m.open || m.blind) || compareTS(ts, m.given[channel]) < 0 {
		return channels.Cursor{}
	}
	floor := ts
	if m.open {
		floor = earlierTS(floor, m.floor)
	}
	for of, all := range m.flying {
		for other := range all {
			if compareTS(other, ts) < 0 && of == channel {
				return channels.Cursor{}
			}
			floor = earlierTS(floor, other)
		}
	}
	m.given[channel] = ts
	position := ts
	if floor != ts {
		position += "/" + floor
	}
	return channels.Cursor{Stream: channel, Position: position}
}

// missed opens a gap: something may have been said that we were not told.
func (m *marks) missed() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.gap()
}

// restart is missed when nothing is in hand any more.
func (m *marks) restart() {
	m.mu.Lock()
	defer m.mu.Unlock()
	clear(m.flying)
	m.gap()
}

func (m *marks) gap() {
	m.number++
	if !m.open {
		m.open, m.floor = true, tsOf(time.Now())
		if m.blind {
			m.floor = m.sound
		}
	}
}

// gapNow returns the number of the open gap; ok is false if none is open.
func (m *marks) gapNow() (number int, ok bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.number, m.open
}

// close closes the gap if there was no further one since it had this number, and
// all was looked through since a time.
func (m *marks) close(number int, since time.Time) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.number == number {
		m.open, m.sound = false, tsOf(since)
	}
	return !m.open
}

// from is where catching up begins in a channel, and known the position there
// whose own message is recorded for certain.
func (m *marks) from(channel string) (oldest, known string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	known = m.kept[channel]
	return tsOf(stamp(laterTS(known, m.floor)).Add(-overlap)), known
}

// since is the floor as a time.
func (m *marks) since() time.Time {
	m.mu.Lock()
	defer m.mu.Unlock()
	return stamp(m.floor).Add(-overlap)
}
