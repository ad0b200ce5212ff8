package store

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"time"
)

// chunkSize is the size of a chunk, and of the largest blob that is written in
// the message's own transaction: one blob of 300 MB in one transaction would hold
// the writer for seconds.
const chunkSize = 256 << 10

// Upload is a blob whose larger part is written and durable but that nothing
// refers to yet.
type Upload struct {
	size   int64
	hash   [32]byte
	data   []byte     // up to chunkSize
	chunks [][32]byte // else
}

// Upload reads r to its end. Up to 256 KiB stay in memory; beyond, each chunk is
// written in a short transaction of its own. [Tx.PutBlob] then makes it a blob;
// chunks that never become one are swept by [Tx.Sweep].
func (db *DB) Upload(ctx context.Context, r io.Reader, now time.Time) (*Upload, error) {
	u := &Upload{}
	sum := sha256.New()
	lent, _ := db.buffers.Get().(*[]byte)
	if lent == nil {
		lent = new([]byte)
		*lent = make([]byte, chunkSize)
	}
	defer db.buffers.Put(lent)
	buf := *lent
	var first []byte
	put := func(p []byte) error {
		h := sha256.Sum256(p)
		u.chunks = append(u.chunks, h)
		return db.Write(ctx, func(tx *Tx) error {
			return tx.exec("INSERT INTO chunk (hash, data, added) VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET added = excluded.added", h[:], p, ms(now))
		})
	}
	for {
		// Not io.ReadFull, where a source that broke off looks like one that ended.
		n, end := 0, false
		for n < len(buf) && !end {
			k, err := r.Read(buf[n:])
			n += k
			if end = err == io.EOF; err != nil && !end {
				return nil, fmt.Errorf("upload: %w", err)
			}
		}
		sum.Write(buf[:n])
		u.size += int64(n)
		switch {
		case u.size == int64(n): // the first: perhaps the only one
			first = bytes.Clone(buf[:n])
		case n > 0:
			if first != nil {
				if err := put(first); err != nil {
					return nil, err
				}
				first = nil
			}
			if err := put(buf[:n]); err != nil {
				return nil, err
			}
		}
		if end {
			break
		}
	}
	u.data = first
	if u.size == 0 {
		u.data = []byte{}
	}
	u.hash = [32]byte(sum.Sum(nil))
	return u, nil
}

// PutBlob makes an upload a blob and returns its id. The same bytes are kept
// once.
func (tx *Tx) PutBlob(u *Upload) (int64, error) {
	id, err := one(&tx.Snapshot, scanned[int64], "SELECT id FROM blob WHERE hash = ?", u.hash[:])
	if err != ErrNotFound {
		return id, err
	}
	var data any // NULL: in chunks
	if u.chunks == nil {
		data = u.data
	}
	if id, err = tx.insert("INSERT INTO blob (hash, size, data) VALUES (?, ?, ?)", u.hash[:], u.size, data); err != nil {
		return 0, err
	}
	for i, h := range u.chunks {
		if err := tx.exec("INSERT INTO blob_chunk (blob, no, chunk) VALUES (?, ?, ?)", id, i, h[:]); err != nil {
			return 0, fmt.Errorf("chunk %d: %w", i, err)
		}
	}
	return id, nil
}

// OpenBlob returns a blob's size and a reader over it. Each chunk is read in a
// snapshot of its own, so that a slow reader holds nothing.
func (db *DB) OpenBlob(ctx context.Context, id int64) (int64, io.ReadCloser, error) {
	type row struct {
		size int64
		data []byte
	}
	var b row
	var chunks [][]byte
	err := db.Read(ctx, func(s *Snapshot) (err error) {
		if b, err = one(s, func(r scanner) (b row, err error) { return b, r.Scan(&b.size, &b.data) },
			"SELECT size, data FROM blob WHERE id = ?", id); err != nil || b.data != nil {
			return err
		}
		chunks, err = list(s, scanned[[]byte], "SELECT chunk FROM blob_chunk WHERE blob = ? ORDER BY no", id)
		return err
	})
	if err != nil {
		return 0, nil, fmt.Errorf("blob %d: %w", id, err)
	}
	if chunks == nil {
		return b.size, io.NopCloser(bytes.NewReader(b.data)), nil
	}
	return b.size, &chunkReader{ctx: ctx, db: db, rest: chunks}, nil
}

type chunkReader struct {
	ctx  context.Context
	db   *DB
	rest [][]byte
	now  []byte
}

func (r *chunkReader) Read(p []byte) (int, error) {
	for len(r.now) == 0 {
		if len(r.rest) == 0 {
			return 0, io.EOF
		}
		err := r.db.Read(r.ctx, func(s *Snapshot) (err error) {
			r.now, err = one(s, scanned[[]byte], "SELECT data FROM chunk WHERE hash = ?", r.rest[0])
			return err
		})
		if err != nil {
			return 0, err
		}
		r.rest = r.rest[1:]
	}
	n := copy(p, r.now)
	r.now = r.now[n:]
	return n, nil
}

func (r *chunkReader) Close() error { return nil }

// sweepSize is how many chunks one Sweep removes at most: overwriting 16 MB holds
// the writer for a fifth of a second.
const sweepSize = 64

// Sweep removes chunks that were added before the given time and that no blob
// refers to. It removes a few, so that other writers get their turn, and returns
// how many; 0 means that none are left.
func (tx *Tx) Sweep(before time.Time) (int64, error) {
	res, err := tx.c.exec(`DELETE FROM chunk WHERE hash IN (SELECT hash FROM chunk c WHERE added < ?
		AND NOT EXISTS (SELECT 1 FROM blob_chunk b WHERE b.chunk = c.hash) LIMIT ?)`, ms(before), sweepSize)
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}

// Size is the number of bytes uploaded.
func (u *Upload) Size() int64 { return u.size }
