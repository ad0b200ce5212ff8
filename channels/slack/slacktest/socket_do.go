package slacktest

import (
	"context"
	"slices"
	"time"
)

// Sockets is how many sockets are open.
func (w *World) Sockets() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.sockets)
}

// WaitSockets returns when at least n sockets have got their hello.
func (w *World) WaitSockets(ctx context.Context, n int) error {
	return w.Wait(ctx, func() bool {
		w.mu.Lock()
		defer w.mu.Unlock()
		ready := 0
		for _, s := range w.sockets {
			if s.ready {
				ready++
			}
		}
		return ready >= n
	})
}

// Disconnect tells every open socket to go, for a reason: "warning" gives it ten
// seconds more, "refresh_requested" and "link_disabled" none.
func (w *World) Disconnect(reason string) {
	w.each(func(s *socket) { s.disconnect(reason) })
}

// CutSockets cuts every open socket without a word.
func (w *World) CutSockets() { w.each((*socket).cut) }

// HangSockets makes every open socket fall silent: it stays open, takes
// envelopes and delivers none, and pings no more.
func (w *World) HangSockets() {
	w.each(func(s *socket) {
		s.hung = true
		// The deadline of a read that is under way falls too; of a connection that
		// is gone there is nothing to say.
		_ = s.conn.NetConn().SetReadDeadline(time.Time{})
	})
}

// SendRaw sends bytes to one of the open sockets as they are: broken JSON,
// unknown types of envelopes. It reports whether one was open.
func (w *World) SendRaw(raw []byte) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	s := w.pickSocket()
	if s != nil {
		s.send(raw)
	}
	return s != nil
}

// SendEnvelope sends an envelope of any type, with an id that may be
// acknowledged, and returns the id.
func (w *World) SendEnvelope(kind string, payload map[string]any) string {
	w.mu.Lock()
	defer w.mu.Unlock()
	d := w.newDelivery(kind, payload)
	d.send()
	return d.id
}

func (w *World) each(f func(*socket)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, s := range slices.Clone(w.sockets) {
		f(s)
	}
	w.change()
}
