package main

import (
	"cmp"
	"database/sql"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	_ "github.com/mattn/go-sqlite3"

	"frontdesk/channels"
	"frontdesk/channels/slack/slacktest"
	"frontdesk/store"
)

// TestSlackKill kills the program at random moments during 300 conversations, while
// sockets drop, events come twice and in the wrong order, and calls fail before and
// after they were done. In the end every message is recorded once and answered once,
// and what stands in each thread stands in the order in which it was put into the
// outbox. Unlike with mail, no message may be there twice: before it is sent again it
// is looked for.
func TestSlackKill(t *testing.T) {
	if testing.Short() {
		t.Skip("takes a while")
	}
	t.Parallel() // it waits for processes of its own
	const talks = 300
	kills := 20
	if os.Getenv("FRONTDESK_LONG") == "1" {
		kills = 200
	}
	const seed = 7
	random := rand.New(rand.NewPCG(seed, uint64(kills)))
	// Slack tries an event again for six minutes; here a life lasts less than a second.
	// What is given up all the same, catching up finds.
	retries := []time.Duration{0, 250 * time.Millisecond, 500 * time.Millisecond}
	for range 30 {
		retries = append(retries, time.Second)
	}
	c := newTown(t, slacktest.Options{Sockets: true, Unlimited: true, Retries: retries})
	s := newSlackSite(t, c)
	bin := binary(t)

	began := time.Now()
	upTo := func(n int) {
		for len(c.talks) < n {
			c.begin()
		}
	}
	ready, interrupted := 0, 0
	for n := range kills {
		c.ClearFaults()
		if n < kills/2 { // what has failed waits for up to a minute
			for range 3 {
				c.Fault(randomFault(random))
			}
		}
		c.Fault(slacktest.Fault{Kind: slacktest.Slow, Method: "chat.postMessage", Delay: 50 * time.Millisecond})
		c.SetIntake(slacktest.Intake{Duplicate: random.IntN(10), Reorder: n%2 == 0, CutEvery: []int{0, 60, 0, 25}[n%4]})
		if n%4 == 0 { // there is work at the start
			upTo(talks * (n + 1) / kills)
		}
		p := startProcess(t, bin, s)
		if n%2 == 1 { // else while it starts
			// None may open, for a call that fails.
			_ = c.WaitSockets(within(t, time.Second), 1)
		}
		upTo(talks * (n + 1) / kills)
		c.answerCards()
		switch n % 4 {
		case 0: // a moment of the start
			time.Sleep(time.Duration(random.Int64N(int64(300 * time.Millisecond))))
		case 2: // any moment
			time.Sleep(time.Duration(random.Int64N(int64(1000 * time.Millisecond))))
			if n%8 == 2 {
				c.CutSockets()
				time.Sleep(time.Duration(random.Int64N(int64(100 * time.Millisecond))))
			}
		default: // a moment near a delivery, if there is one
			c.waitPosts(1+talks/kills/3+random.IntN(2*talks/kills), 1500*time.Millisecond)
			time.Sleep(time.Duration(random.Int64N(int64(20*time.Millisecond))) * time.Duration(random.IntN(2)))
		}
		p.kill()
		said := p.log.String()
		if strings.Contains(said, "panic") || strings.Contains(said, "level=ERROR") {
			t.Fatalf("life %d:\n%s", n, said)
		}
		ready += strings.Count(said, logReady)
		interrupted += strings.Count(said, "deliveries were interrupted")
	}
	killed := time.Since(began)
	c.ClearFaults()
	c.SetIntake(slacktest.Intake{Duplicate: 20})
	p := startProcess(t, bin, s)
	defer p.kill()
	upTo(talks)
	ctx := within(t, 5*time.Minute)
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		c.answerCards()
		missing := len(c.said) - len(s.takenRefs(c))
		if missing == 0 && c.whole() {
			break
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatalf("%d messages are not taken, all cards are answered: %t\n%.4000s", missing, c.whole(), p.log)
		}
	}
	s.settled(ctx, 0)
	p.stop(t)
	if said := p.log.String(); strings.Contains(said, "panic") || strings.Contains(said, "level=ERROR") {
		t.Errorf("the last life:\n%s", said)
	}

	seen := map[store.Disposition]int{}
	byRef := map[string]int{}
	caughtUp := 0
	for _, e := range s.ledger() {
		seen[e.Disposition]++
		if e.Disposition == store.Taken && c.said[e.Ref] {
			byRef[e.Ref]++
			if strings.HasPrefix(e.Key, "slack:"+c.TeamID()) { // not by an event
				caughtUp++
			}
		}
		if e.Disposition == store.Failed || e.Disposition == store.Quarantined {
			t.Errorf("%s of %s counts as %s: %s", e.Ref, e.Sender, e.Disposition, e.Reason)
		}
	}
	lost := 0
	for ref := range c.said {
		if byRef[ref] == 0 {
			lost++
		}
		if byRef[ref] != 1 {
			t.Errorf("%s is %d times in the ledger as taken", ref, byRef[ref])
		}
	}
	messages := c.check()
	doubled := c.doubled()
	for _, key := range doubled {
		t.Errorf("posted twice: %s", key)
	}
	s.inOrder()
	for _, v := range c.Violations() {
		t.Errorf("what a correct client never does: %v", v)
	}

	t.Logf("%d kills in %v (%d of a program that was ready, %d starts found deliveries interrupted), seed %d; the rest took %v",
		kills, killed.Round(time.Millisecond), ready, interrupted, seed, (time.Since(began) - killed).Round(time.Millisecond))
	t.Logf("%d conversations, %d messages to the bot: %d lost; %d of the bot's: %d doubled", talks, len(c.said), lost, messages, len(doubled))
	t.Logf("ledger: %v; %d messages were found by catching up; attempts: %v", seen, caughtUp, s.attempts())
	st := c.Stats()
	t.Logf("Slack sent %d envelopes, %d again, %d were not acknowledged in time, %d events were given up", st.Sent, st.Retried, st.Unacked, st.Lost)
}

// randomFault makes one of the next calls fail in a way that does not last.
func randomFault(random *rand.Rand) slacktest.Fault {
	before := []slacktest.FaultKind{slacktest.TooMany, slacktest.RateLimited, slacktest.ServerError, slacktest.CutBefore, slacktest.HangBefore}
	after := []slacktest.FaultKind{slacktest.HangAfter, slacktest.CutAfter, slacktest.ErrorAfter, slacktest.Truncate, slacktest.Empty, slacktest.NotOK,
		slacktest.OddEcho, slacktest.NoMetadata, slacktest.NotJSON, slacktest.HangAfter}
	methods := []string{"chat.postMessage", "chat.postMessage", "chat.postMessage", "chat.postMessage", "chat.update", "reactions.add",
		"conversations.open", "conversations.history", "conversations.replies", "apps.connections.open", "users.info"}
	f := slacktest.Fault{Method: methods[random.IntN(len(methods))], Times: 1, Skip: random.IntN(6), RetryAfter: "1"}
	if kinds := append(before, after...); f.Method == "chat.postMessage" {
		f.Kind = kinds[random.IntN(len(kinds))]
	} else {
		f.Kind = before[random.IntN(len(before))]
	}
	return f
}

// waitPosts waits until n more messages were posted, or until it has taken too long.
func (c *town) waitPosts(n int, limit time.Duration) {
	until := len(c.Calls("chat.postMessage")) + n
	// Too long is no failure: there may be nothing to post.
	_ = c.Wait(within(c.t, limit), func() bool { return len(c.Calls("chat.postMessage")) >= until })
}

// takenRefs returns which of the messages to the bot are recorded.
func (s *site) takenRefs(c *town) map[string]bool {
	s.t.Helper()
	refs := map[string]bool{}
	for _, e := range s.ledger() {
		if e.Disposition == store.Taken && c.said[e.Ref] {
			refs[e.Ref] = true
		}
	}
	return refs
}

// doubled returns what was posted more than once: parts of deliveries, by key.
func (c *town) doubled() (twice []string) {
	times := map[string]int{}
	places := append(slices.Clone(c.rooms), c.agents)
	for _, k := range c.talks {
		if k.root == "" {
			places = append(places, k.in)
		}
	}
	for _, in := range places {
		for _, m := range c.Messages(in) {
			payload, ok := m.Metadata["event_payload"].(map[string]any)
			if !m.Ours || !ok { // without metadata: check counts it by its words
				continue
			}
			key := fmt.Sprint(payload["key"], "/", payload["part"])
			if times[key]++; times[key] == 2 {
				twice = append(twice, key+" "+m.Readable)
			}
		}
	}
	return twice
}

// inOrder checks that nothing is left in the outbox, and that what was posted in a
// thread stands there in the order of the outbox.
func (s *site) inOrder() {
	s.t.Helper()
	last := map[int64]store.Delivery{}
	for _, d := range s.outbox() {
		var out channels.Outbound
		if err := json.Unmarshal(d.Payload, &out); err != nil {
			s.t.Fatal(err)
		}
		if d.State != store.Sent && d.State != store.Replaced {
			s.t.Errorf("delivery %d is %s: %s", d.ID, d.State, d.Error)
		}
		if d.State != store.Sent || out.Op != channels.Post {
			continue
		}
		ts := func(ref string) string { return ref[strings.LastIndexByte(ref, '/')+1:] }
		if before := last[d.Thread]; before.ID != 0 && cmp.Compare(ts(before.Ref), ts(d.Ref)) >= 0 {
			s.t.Errorf("delivery %d stands at %s, before delivery %d at %s", d.ID, ts(d.Ref), before.ID, ts(before.Ref))
		}
		last[d.Thread] = d
	}
}

// attempts counts the attempts to deliver by what became of them.
func (s *site) attempts() map[string]int {
	s.t.Helper()
	db, err := sql.Open("sqlite3", "file:"+filepath.Join(s.dir, "frontdesk.db")+"?mode=ro")
	if err != nil {
		s.t.Fatal(err)
	}
	defer db.Close()
	rows, err := db.Query("SELECT coalesce(outcome, 'open'), count(*) FROM attempt GROUP BY 1")
	if err != nil {
		s.t.Fatal(err)
	}
	defer rows.Close()
	n := map[string]int{}
	for rows.Next() {
		var outcome string
		var count int
		if err := rows.Scan(&outcome, &count); err != nil {
			s.t.Fatal(err)
		}
		n[outcome] = count
	}
	if err := rows.Err(); err != nil {
		s.t.Fatal(err)
	}
	return n
}
