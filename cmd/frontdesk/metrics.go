package main

import (
	"cmp"
	"context"
	"math"
	"runtime"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"frontdesk/bot"
	"frontdesk/channels"
	"frontdesk/store"
)

// metrics sums what happens in this process. Its methods may be called
// concurrently. Labels are names of channels, rules, kinds and outcomes: never a
// person's words or address.
type metrics struct {
	began time.Time

	mu       sync.Mutex
	received sums       // channel, disposition
	decided  sums       // rule
	sent     sums       // channel, outcome
	failed   sums       // failed commits
	receives histograms // channel
	sends    histograms // channel
	writes   histograms
}

var _ bot.Observer = (*metrics)(nil)

// sums are numbers by labels.
type sums map[[2]string]float64

// histograms are durations by label.
type histograms struct {
	bounds []float64 // seconds
	by     map[string]*histogram
}

type histogram struct {
	under []uint64 // parallel to bounds: not longer than that, and longer than the one before
	count uint64
	sum   float64
}

func newMetrics() *metrics {
	fast := []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5}
	slow := []float64{.05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60, 300}
	return &metrics{began: time.Now(), received: sums{}, decided: sums{}, sent: sums{}, failed: sums{},
		receives: histograms{fast, map[string]*histogram{}}, sends: histograms{slow, map[string]*histogram{}}, writes: histograms{fast, map[string]*histogram{}}}
}

func (h histograms) add(label string, took time.Duration) {
	x := h.by[label]
	if x == nil {
		x = &histogram{under: make([]uint64, len(h.bounds))}
		h.by[label] = x
	}
	s := took.Seconds()
	if i, _ := slices.BinarySearch(h.bounds, s); i < len(h.bounds) {
		x.under[i]++
	}
	x.count++
	x.sum += s
}

// Received implements [bot.Observer].
func (m *metrics) Received(channel, disposition string, took time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.received[[2]string{channel, disposition}]++
	m.receives.add(channel, took)
}

// Decided implements [bot.Observer].
func (m *metrics) Decided(rule string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.decided[[2]string{rule}]++
}

// Sent implements [bot.Observer].
func (m *metrics) Sent(channel, outcome string, took time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.sent[[2]string{channel, outcome}]++
	m.sends.add(channel, took)
}

// wrote is told of every commit.
func (m *metrics) wrote(took time.Duration, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err != nil {
		m.failed[[2]string{}]++
	}
	m.writes.add("", took)
}

// family is one metric with its values.
type family struct {
	name, help string
	kind       string   // counter, gauge, histogram
	labels     []string // names, in alphabetical order
	samples    []sample
	bounds     []float64 // of histograms
}

type sample struct {
	labels []string // values
	value  float64
	histogram
}

func (f family) with(value float64, labels ...string) family {
	f.samples = append(f.samples, sample{labels: labels, value: value})
	return f
}

func (f family) sums(all sums) family {
	for key, n := range all {
		f.samples = append(f.samples, sample{labels: key[:len(f.labels)], value: n})
	}
	return f.sorted()
}

func (f family) histograms(all histograms) family {
	f.bounds = all.bounds
	for label, h := range all.by {
		f.samples = append(f.samples, sample{labels: []string{label}[:len(f.labels)], histogram: histogram{slices.Clone(h.under), h.count, h.sum}})
	}
	return f.sorted()
}

func (f family) sorted() family {
	slices.SortFunc(f.samples, func(a, b sample) int { return slices.Compare(a.labels, b.labels) })
	return f
}

// counted returns what this process has counted since its start.
func (m *metrics) counted() []family {
	m.mu.Lock()
	defer m.mu.Unlock()
	version, revision := "unknown", "unknown"
	if b, ok := debug.ReadBuildInfo(); ok {
		version = cmp.Or(b.Main.Version, version)
		for _, s := range b.Settings {
			if s.Key == "vcs.revision" {
				revision = s.Value
			}
		}
	}
	return []family{
		{name: "frontdesk_build_info", help: "What is running; the value is 1.", kind: "gauge", labels: []string{"goversion", "revision", "version"},
			samples: []sample{{labels: []string{runtime.Version(), revision, version}, value: 1}}},
		{name: "frontdesk_start_time_seconds", help: "When this process began, in Unix time.", kind: "gauge",
			samples: []sample{{value: float64(m.began.UnixMilli()) / 1000}}},
		family{name: "frontdesk_received_total", help: "Messages that channels presented, by what became of them in the ledger; again: recorded before, refused: could not be recorded and will be presented again.",
			kind: "counter", labels: []string{"channel", "disposition"}}.sums(m.received),
		family{name: "frontdesk_receive_seconds", help: "From presenting a message to its commit.", kind: "histogram", labels: []string{"channel"}}.histograms(m.receives),
		family{name: "frontdesk_decisions_total", help: "Decisions on what customers wrote, by the rule that decided.", kind: "counter", labels: []string{"rule"}}.sums(m.decided),
		family{name: "frontdesk_deliveries_total", help: "Attempts to send, by outcome: sent, found, temporary, permanent, unknown.", kind: "counter", labels: []string{"channel", "outcome"}}.sums(m.sent),
		family{name: "frontdesk_send_seconds", help: "How long attempts to send took.", kind: "histogram", labels: []string{"channel"}}.histograms(m.sends),
		family{name: "frontdesk_store_write_seconds", help: "How long commits took, the wait for other processes included.", kind: "histogram"}.histograms(m.writes),
		{name: "frontdesk_store_write_errors_total", help: "Commits that failed.", kind: "counter", samples: []sample{{value: m.failed[[2]string{}]}}},
	}
}

// present returns how things are now. What the database cannot tell is left out.
func (m *monitor) present(ctx context.Context, now time.Time) []family {
	up := family{name: "frontdesk_channel_up", help: "1: the channel is connected and up to date.", kind: "gauge", labels: []string{"channel"}}
	silence := family{name: "frontdesk_channel_last_success_seconds", help: "Seconds since reading the channel last worked; +Inf: not yet since the start.", kind: "gauge", labels: []string{"channel"}}
	waiting := family{name: "frontdesk_outbox_waiting", help: "Messages that wait to be sent or are being sent.", kind: "gauge", labels: []string{"channel"}}
	oldest := family{name: "frontdesk_outbox_oldest_seconds", help: "Age of the oldest message that waits to be sent; 0: there is none.", kind: "gauge", labels: []string{"channel"}}
	cases := family{name: "frontdesk_cases_open", help: "Open cases.", kind: "gauge", labels: []string{"kind"}}
	promises := family{name: "frontdesk_promises", help: "Times told to customers, by what became of them; overdue: open and past.", kind: "gauge", labels: []string{"kind", "state"}}
	timers := family{name: "frontdesk_timers", help: "Things that time will do.", kind: "gauge", labels: []string{"kind"}}
	incidents := family{name: "frontdesk_incidents", help: "What the operators were told of and is not over; silent: a channel, outbox: its way out.", kind: "gauge", labels: []string{"channel", "what"}}
	ok := family{name: "frontdesk_store_readable", help: "1: the figures from the database are in this answer.", kind: "gauge"}
	entries := family{name: "frontdesk_faq_entries", help: "Entries of the FAQ in use.", kind: "gauge"}.with(float64(m.entries()))

	pulses, names := m.pulses()
	for _, name := range names {
		p := pulses[name]
		isUp := 0.0
		if p.State == channels.Up {
			isUp = 1
		}
		since := math.Inf(1)
		if !p.Success.IsZero() {
			since = max(0, now.Sub(p.Success).Seconds())
		}
		up, silence = up.with(isUp, name), silence.with(since, name)
	}
	err := m.db.Read(ctx, func(s *store.Snapshot) error {
		backlogs, err := s.Backlogs()
		if err != nil {
			return err
		}
		for _, name := range names {
			if !slices.ContainsFunc(backlogs, func(b store.Backlog) bool { return b.Channel == name }) {
				waiting, oldest = waiting.with(0, name), oldest.with(0, name)
			}
		}
		for _, b := range backlogs {
			waiting, oldest = waiting.with(float64(b.Count), b.Channel), oldest.with(max(0, now.Sub(b.Oldest).Seconds()), b.Channel)
		}
		open, err := s.CasesByKind()
		if err != nil {
			return err
		}
		for _, t := range open {
			cases = cases.with(float64(t.Count), t.Kind)
		}
		made, err := s.PromisesByState(now)
		if err != nil {
			return err
		}
		for _, t := range made {
			promises = promises.with(float64(t.Count), t.Kind, t.State)
		}
		set, err := s.TimersByKind()
		if err != nil {
			return err
		}
		for _, t := range set {
			timers = timers.with(float64(t.Count), t.Kind)
		}
		known, err := bot.Incidents(s)
		for _, i := range known {
			incidents = incidents.with(1, i.Channel, i.What)
		}
		return err
	})
	if err != nil {
		m.log.Warn("figures cannot be read", "err", err)
		return []family{up, silence, entries, ok.with(0)}
	}
	return []family{up, silence, waiting.sorted(), oldest.sorted(), cases, promises, timers, incidents.sorted(), entries, ok.with(1)}
}
