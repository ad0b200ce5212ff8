package channels

import (
	"bytes"
	"fmt"
	"io"
	"os"
)

// SpoolAbove is the size in bytes above which adapters keep a blob in a
// temporary file and not in memory.
const SpoolAbove = 1 << 20

// Blob is a run of bytes that can be opened more than once. It is valid until
// the handler that was given it returns. The zero Blob holds nothing.
type Blob struct {
	Size int64
	Open func() (io.ReadCloser, error) `json:"-"`
}

// Zero reports whether there are no bytes to open.
func (b Blob) Zero() bool { return b.Open == nil }

// Bytes returns a blob of p. It does not copy p. What Open returns is also an
// io.ReaderAt and an io.Seeker.
func Bytes(p []byte) Blob {
	return Blob{Size: int64(len(p)), Open: func() (io.ReadCloser, error) {
		return struct {
			*bytes.Reader
			io.Closer
		}{bytes.NewReader(p), io.NopCloser(nil)}, nil
	}}
}

// ReadAll returns the bytes of b, at most limit of them; more is an error.
func (b Blob) ReadAll(limit int64) ([]byte, error) {
	if b.Zero() {
		return nil, nil
	}
	if b.Size > limit {
		return nil, fmt.Errorf("blob of %d bytes is over the limit of %d", b.Size, limit)
	}
	r, err := b.Open()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	p, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err == nil && int64(len(p)) > limit {
		err = fmt.Errorf("blob is over the limit of %d bytes", limit)
	}
	return p, err
}

// Spool reads r to its end and returns it as a blob: in memory up to
// [SpoolAbove] bytes, else in a temporary file that done removes. done is never
// nil and is called when the blob is no longer needed.
func Spool(r io.Reader) (b Blob, done func(), err error) {
	done = func() {}
	var head bytes.Buffer
	if _, err = io.CopyN(&head, r, SpoolAbove+1); err == io.EOF {
		return Bytes(head.Bytes()), done, nil
	} else if err != nil {
		return Blob{}, done, err
	}
	f, err := os.CreateTemp("", "frontdesk-spool-*")
	if err != nil {
		return Blob{}, done, err
	}
	done = func() { f.Close(); os.Remove(f.Name()) }
	size, err := io.Copy(f, io.MultiReader(&head, r))
	if err != nil {
		done()
		return Blob{}, func() {}, fmt.Errorf("spool: %w", err)
	}
	return Blob{Size: size, Open: func() (io.ReadCloser, error) { return os.Open(f.Name()) }}, done, nil
}

// File is an attachment. Data is zero for files that arrive by reference and
// are fetched later (see [Fetcher]).
type File struct {
	Name   string // as the author named it; never a path to write to
	Type   string // media type
	Ref    string // how a Fetcher names it
	CID    string // RFC 2392 Content-ID, for pictures inside an HTML text
	Inline bool
	Data   Blob
}
