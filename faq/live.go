package faq

import (
	"context"
	"crypto/sha256"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

// Live is an FAQ that follows its files, those that they include among them. Index gives the state in use; a
// changed file replaces it as a whole, or, if it has a problem, not at all.
type Live struct {
	paths    []string
	options  Options
	onReload func(*Index, error)
	index    atomic.Pointer[Index]

	mu   sync.Mutex // one load at a time; guards what follows
	seen seen
}

// seen is what was read last.
type seen struct {
	files  []string // paths and what they include
	stamps []stamp  // of files
	sum    [sha256.Size]byte
}

// stamp is what tells cheaply that a file has not changed.
type stamp struct {
	size  int64
	mtime time.Time
	ok    bool
}

// poll is how often Run looks, and settle how long after its last change a
// file is read again even if its stamp is the same: clocks of file systems are
// coarse, and two edits may share a time and a size.
const (
	poll   = 2 * time.Second
	settle = 10 * time.Second
)

// NewLive loads the files; an error is that of [Load]. onReload, which may be
// nil, is called after every later attempt, with the new index or with the
// error that kept the old one in use, never from two goroutines at once;
// it must not call Reload.
func NewLive(ctx context.Context, paths []string, o Options, onReload func(*Index, error)) (*Live, error) {
	l := &Live{paths: append([]string(nil), paths...), options: o, onReload: onReload}
	files := l.read()
	x, err := load(ctx, files, o)
	if err != nil {
		return nil, err
	}
	l.index.Store(x)
	return l, nil
}

// Index is the state in use, never nil. Take it once per message.
func (l *Live) Index() *Index { return l.index.Load() }

// Reload reads the files now, whether they changed or not. After nil the new
// index is in use; after an error the old one still is. When ctx ends before the
// files are learnt, its error is returned and nothing is told to onReload; Run will
// read them again.
func (l *Live) Reload(ctx context.Context) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	before := l.seen
	return l.use(ctx, l.read(), before)
}

// use learns what has just been read, before which another state was seen.
func (l *Live) use(ctx context.Context, files []source, before seen) error {
	x, err := load(ctx, files, l.options)
	if err != nil && ctx.Err() != nil {
		l.seen = before
		return ctx.Err()
	}
	if err == nil {
		l.index.Store(x)
	}
	if l.onReload != nil {
		l.onReload(x, err)
	}
	return err
}

// Use puts a tuning in use, also for what replaces the index. It waits for a load under
// way, the index serves meanwhile.
func (l *Live) Use(t Tuning) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.options.Tuning = t
	l.index.Store(l.Index().With(t))
}

// Run looks every two seconds whether a file has changed and reloads, until
// the context ends, soon also while it trains; it returns the context's error. A broken file is reported
// once per change, through onReload.
func (l *Live) Run(ctx context.Context) error {
	t := time.NewTicker(poll)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-t.C:
			l.look(ctx)
		}
	}
}

func (l *Live) look(ctx context.Context) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !changed(l.seen.stamps, l.stat()) {
		return
	}
	before := l.seen
	files := l.read()
	if l.seen.sum == before.sum {
		return
	}
	_ = l.use(ctx, files, before) // told to onReload
}

// changed: the stamps differ, or are too young to be trusted.
func changed(old, now []stamp) bool {
	for i, s := range now {
		if s != old[i] || s.ok && time.Since(s.mtime) < settle {
			return true
		}
	}
	return false
}

func (l *Live) stat() []stamp {
	out := make([]stamp, len(l.seen.files))
	for i, path := range l.seen.files {
		out[i] = stampOf(path)
	}
	return out
}

func stampOf(path string) stamp {
	info, err := os.Stat(path)
	if err != nil {
		return stamp{}
	}
	return stamp{info.Size(), info.ModTime(), true}
}

func (l *Live) read() []source {
	all := append(gather(l.paths), intentFiles(l.options)...)
	l.seen = seen{sum: sumOf(all)}
	for _, f := range all {
		l.seen.files, l.seen.stamps = append(l.seen.files, f.path), append(l.seen.stamps, f.stamp)
	}
	return all
}

func sumOf(files []source) (sum [sha256.Size]byte) {
	h := sha256.New()
	for _, f := range files {
		one := sha256.Sum256(f.data)
		h.Write(one[:])
		if f.err != nil {
			h.Write([]byte(f.err.Error()))
		}
	}
	h.Sum(sum[:0])
	return sum
}
