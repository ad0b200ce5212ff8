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

	mu     sync.Mutex // one load at a time; guards what follows
	files  []string   // that were read: paths and what they include
	stamps []stamp    // of files
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
func NewLive(paths []string, o Options, onReload func(*Index, error)) (*Live, error) {
	l := &Live{paths: append([]string(nil), paths...), options: o, onReload: onReload}
	files := l.read()
	x, err := load(files, o)
	if err != nil {
		return nil, err
	}
	l.sum = sumOf(files)
	l.index.Store(x)
	return l, nil
}

// Index is the state in use, never nil. Take it once per message.
func (l *Live) Index() *Index { return l.index.Load() }

// Reload reads the files now, whether they changed or not. After nil the new
// index is in use; after an error the old one still is.
func (l *Live) Reload() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	files := l.read()
	l.sum = sumOf(files)
	return l.use(files)
}

func (l *Live) use(files []source) error {
	x, err := load(files, l.options)
	if err == nil {
		l.index.Store(x)
	}
	if l.onReload != nil {
		l.onReload(x, err)
	}
	return err
}

// Run looks every two seconds whether a file has changed and reloads, until
// the context ends; it returns the context's error. A broken file is reported
// once per change, through onReload.
func (l *Live) Run(ctx context.Context) error {
	t := time.NewTicker(poll)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-t.C:
			l.look()
		}
	}
}

func (l *Live) look() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !changed(l.stamps, l.stat()) {
		return
	}
	files := l.read()
	sum := sumOf(files)
	if sum == l.sum {
		return
	}
	l.sum = sum
	_ = l.use(files) // told to onReload
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
	out := make([]stamp, len(l.files))
	for i, path := range l.files {
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
	l.files, l.stamps = nil, nil
	for _, f := range all {
		l.files, l.stamps = append(l.files, f.path), append(l.stamps, f.stamp)
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
