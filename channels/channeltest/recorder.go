package channeltest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"frontdesk/channels"
)

// Recorder is a [channels.Handler] that keeps what it is given, as the engine
// would: an arrival that it knows leaves no second trace, and a cursor counts
// only once its message is kept. It is strict: what an engine could not use is
// listed in Complaints. The zero value is ready.
type Recorder struct {
	// Before, if set, is called first in every Receive, with no lock held; an
	// error from it is Receive's, and nothing is kept. It may block or panic.
	Before func(ctx context.Context, in channels.Inbound) error
	// Answer is what Receive replies.
	Answer channels.Reply

	mu         sync.Mutex
	kept       []channels.Inbound
	keys       map[string]bool
	cursors    map[string]string
	health     []channels.Health
	complaints []string
	again      int
	duplicates int
	failures   []error
	panics     int
	changed    chan struct{} // closed and replaced when anything changes
}

// FailNext makes the next Receives fail with errs, one each.
func (r *Recorder) FailNext(errs ...error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.failures = append(r.failures, errs...)
}

// PanicNext makes the next n Receives panic.
func (r *Recorder) PanicNext(n int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.panics += n
}

// Receive keeps in, with its raw bytes and files copied.
func (r *Recorder) Receive(ctx context.Context, in channels.Inbound) (channels.Reply, error) {
	if r.Before != nil {
		if err := r.Before(ctx, in); err != nil {
			return channels.Reply{}, err
		}
	}
	if err := ctx.Err(); err != nil {
		return channels.Reply{}, err
	}
	if err := r.planned(); err != nil {
		return channels.Reply{}, err
	}
	in, err := copied(in)
	if err != nil {
		return channels.Reply{}, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	defer r.change()
	r.check(in)
	r.keep(in)
	return r.Answer, nil
}

// planned returns the failure that the test asked for, if any.
func (r *Recorder) planned() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.panics > 0 {
		r.panics--
		panic("recorder: the test asked for a panic")
	}
	if len(r.failures) == 0 {
		return nil
	}
	err := r.failures[0]
	r.failures = r.failures[1:]
	return err
}

func (r *Recorder) keep(in channels.Inbound) {
	if r.keys == nil {
		r.keys, r.cursors = map[string]bool{}, map[string]string{}
	}
	if in.Cursor.Stream != "" {
		r.cursors[in.Cursor.Stream] = in.Cursor.Position
	}
	if len(in.Keys) > 0 && r.keys[in.Keys[0]] {
		r.again++
		return
	}
	if slices.ContainsFunc(in.Keys, func(k string) bool { return r.keys[k] }) {
		r.duplicates++
	} else {
		r.kept = append(r.kept, in)
	}
	for _, k := range in.Keys {
		r.keys[k] = true
	}
}

func (r *Recorder) check(in channels.Inbound) {
	complain := func(format string, args ...any) {
		r.complaints = append(r.complaints, fmt.Sprintf(format, args...)+fmt.Sprintf(" (keys %q)", in.Keys))
	}
	if in.Channel == "" {
		complain("no Channel")
	}
	if in.Kind == "" {
		complain("no Kind")
	}
	if len(in.Keys) == 0 || slices.Contains(in.Keys, "") {
		complain("no Keys, or an empty one")
	}
	if in.Arrived.IsZero() {
		complain("no Arrived")
	}
	if in.From.Zero() && in.Problem == "" && in.Kind == channels.Message {
		complain("a message from nobody, and no Problem")
	}
	if slices.Contains(in.Refs, "") {
		complain("an empty ref")
	}
}

// Show answers with nothing.
func (r *Recorder) Show(context.Context, channels.Query) (channels.View, error) {
	return channels.View{}, nil
}

// Report keeps h.
func (r *Recorder) Report(_ context.Context, h channels.Health) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.health = append(r.health, h)
	r.change()
}

// Kept returns the messages recorded so far, in order, without duplicates.
func (r *Recorder) Kept() []channels.Inbound {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.kept)
}

// Texts returns the texts of the messages kept.
func (r *Recorder) Texts() []string {
	var out []string
	for _, in := range r.Kept() {
		out = append(out, in.Text)
	}
	return out
}

// Cursors returns what was committed last, by stream, as a source gets it on
// the next start.
func (r *Recorder) Cursors() map[string]string {
	r.mu.Lock()
	defer r.mu.Unlock()
	out := map[string]string{}
	for k, v := range r.cursors {
		out[k] = v
	}
	return out
}

// Again counts arrivals that were presented once more after they were kept;
// Duplicates counts new arrivals of known content.
func (r *Recorder) Again() int      { r.mu.Lock(); defer r.mu.Unlock(); return r.again }
func (r *Recorder) Duplicates() int { r.mu.Lock(); defer r.mu.Unlock(); return r.duplicates }

// Health returns every report so far.
func (r *Recorder) Health() []channels.Health {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.health)
}

// State returns the last report; the zero Health before the first.
func (r *Recorder) State() channels.Health {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.health) == 0 {
		return channels.Health{}
	}
	return r.health[len(r.health)-1]
}

// Complaints lists what was wrong with the messages as messages.
func (r *Recorder) Complaints() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.complaints)
}

// Wait returns nil as soon as ok is true of r, which is asked after every
// change, and an error that shows r's state when ctx ends first.
func (r *Recorder) Wait(ctx context.Context, ok func(*Recorder) bool) error {
	for {
		r.mu.Lock()
		if r.changed == nil {
			r.changed = make(chan struct{})
		}
		changed := r.changed
		r.mu.Unlock()
		if ok(r) {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return fmt.Errorf("%w: kept %d, again %d, duplicates %d, health %v, last texts %.400q",
				context.Cause(ctx), len(r.Kept()), r.Again(), r.Duplicates(), r.State(), lastOf(r.Texts(), 5))
		}
	}
}

// WaitKept waits until n messages are kept.
func (r *Recorder) WaitKept(ctx context.Context, n int) error {
	return r.Wait(ctx, func(r *Recorder) bool {
		r.mu.Lock()
		defer r.mu.Unlock()
		return len(r.kept) >= n
	})
}

// WaitState waits until the last report is s.
func (r *Recorder) WaitState(ctx context.Context, s channels.State) error {
	return r.Wait(ctx, func(r *Recorder) bool { return r.State().State == s })
}

func (r *Recorder) change() {
	if r.changed != nil {
		close(r.changed)
		r.changed = nil
	}
}

// ErrBusy is what a busy or full database says.
var ErrBusy = errors.New("database is busy")

func lastOf[T any](s []T, n int) []T { return s[max(0, len(s)-n):] }

// copied returns in with blobs that stay valid after the handler returned.
func copied(in channels.Inbound) (channels.Inbound, error) {
	var err error
	if in.Raw, err = copyBlob(in.Raw); err != nil {
		return in, fmt.Errorf("raw: %w", err)
	}
	in.Files = slices.Clone(in.Files)
	for i := range in.Files {
		if in.Files[i].Data, err = copyBlob(in.Files[i].Data); err != nil {
			return in, fmt.Errorf("file %d: %w", i, err)
		}
	}
	return in, nil
}

func copyBlob(b channels.Blob) (channels.Blob, error) {
	if b.Zero() {
		return b, nil
	}
	p, err := b.ReadAll(1 << 30)
	if err == nil && int64(len(p)) != b.Size {
		err = fmt.Errorf("blob says %d bytes and has %d", b.Size, len(p))
	}
	return channels.Bytes(p), err
}

// backoff is how long a fake source waits after the n-th failure.
func backoff(n int) time.Duration { return min(time.Second, 5*time.Millisecond<<min(n, 10)) }
