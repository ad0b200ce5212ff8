package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"testing"
	"testing/iotest"
	"time"
)

// noise returns n bytes that are the same for the same n and seed.
func noise(n int, seed byte) []byte {
	b := make([]byte, n)
	rand.NewChaCha8([32]byte{seed, byte(n), byte(n >> 8), byte(n >> 16)}).Read(b)
	return b
}

// put uploads b and makes it a blob.
func put(t testing.TB, db *DB, b []byte) (id int64) {
	t.Helper()
	u, err := db.Upload(t.Context(), bytes.NewReader(b), noon)
	if err != nil {
		t.Fatal(err)
	}
	write(t, db, func(tx *Tx) error {
		id, err = tx.PutBlob(u)
		return err
	})
	return id
}

func get(t testing.TB, db *DB, id int64) []byte {
	t.Helper()
	size, r, err := db.OpenBlob(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	b, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	if int64(len(b)) != size {
		t.Errorf("OpenBlob promised %d bytes and gave %d", size, len(b))
	}
	return b
}

func TestBlobs(t *testing.T) {
	db := newDB(t)
	for _, c := range []struct{ size, chunks int }{
		{0, 0}, {1, 0}, {chunkSize - 1, 0}, {chunkSize, 0}, {chunkSize + 1, 2}, {2 * chunkSize, 2}, {5_000_000, 20},
	} {
		t.Run(fmt.Sprint(c.size), func(t *testing.T) {
			want := noise(c.size, 1)
			id := put(t, db, want)
			if got := get(t, db, id); !bytes.Equal(got, want) {
				t.Errorf("%d bytes came back as %d others", len(want), len(got))
			}
			if n := ask[int](t, db, "SELECT count(*) FROM blob_chunk WHERE blob = ?", id); n != c.chunks {
				t.Errorf("%d chunks, want %d", n, c.chunks)
			}
			if again := put(t, db, want); again != id {
				t.Errorf("the same bytes are blob %d and blob %d", id, again)
			}
		})
	}
	if n := ask[int](t, db, "SELECT count(*) FROM blob"); n != 7 {
		t.Errorf("%d blobs, want 7", n)
	}
	if n := ask[int](t, db, "SELECT count(*) FROM chunk"); n != 24 {
		t.Errorf("%d chunks are stored, want 24", n)
	}
	sound(t, db)
}

// However the reader cuts its bytes, they are the same blob.
func TestUploadOfSlowReaders(t *testing.T) {
	db := newDB(t)
	b := noise(chunkSize+4321, 2)
	id := put(t, db, b)
	for name, r := range map[string]io.Reader{
		"half":             iotest.HalfReader(bytes.NewReader(b)),
		"end with data":    iotest.DataErrReader(bytes.NewReader(b)),
		"nothing at times": io.MultiReader(bytes.NewReader(b[:10]), iotest.DataErrReader(bytes.NewReader(nil)), bytes.NewReader(b[10:])),
	} {
		u, err := db.Upload(t.Context(), r, noon)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if u.Size() != int64(len(b)) {
			t.Errorf("%s: size %d, want %d", name, u.Size(), len(b))
		}
		write(t, db, func(tx *Tx) error {
			again, err := tx.PutBlob(u)
			if again != id {
				t.Errorf("%s: the same bytes became another blob", name)
			}
			return err
		})
	}
}

// Equal chunks within one blob, and of two blobs, are stored once.
func TestEqualChunks(t *testing.T) {
	db := newDB(t)
	zeros := make([]byte, 8*chunkSize)
	a, b := put(t, db, zeros), put(t, db, zeros[:3*chunkSize])
	if n := ask[int](t, db, "SELECT count(*) FROM chunk"); n != 1 {
		t.Errorf("%d chunks for nothing but zeros", n)
	}
	if !bytes.Equal(get(t, db, a), zeros) || !bytes.Equal(get(t, db, b), zeros[:3*chunkSize]) {
		t.Error("they came back as something else")
	}
}

func TestTwoUploadsOfTheSameInOneWrite(t *testing.T) {
	db := newDB(t)
	b := noise(3*chunkSize, 3)
	var us [2]*Upload
	for i := range us {
		var err error
		if us[i], err = db.Upload(t.Context(), bytes.NewReader(b), noon); err != nil {
			t.Fatal(err)
		}
	}
	write(t, db, func(tx *Tx) error {
		x, err := tx.PutBlob(us[0])
		y, err2 := tx.PutBlob(us[1])
		if x != y {
			t.Errorf("blobs %d and %d", x, y)
		}
		return errors.Join(err, err2)
	})
}

func TestUploadErrors(t *testing.T) {
	db := newDB(t)
	oops := errors.New("oops")
	for _, n := range []int{0, 100, chunkSize, chunkSize + 100, 3 * chunkSize} {
		r := io.MultiReader(bytes.NewReader(noise(n, 4)), iotest.ErrReader(oops))
		if u, err := db.Upload(t.Context(), r, noon); !errors.Is(err, oops) || u != nil {
			t.Errorf("reading fails after %d bytes: %v, %v", n, u, err)
		}
		// A source that breaks off is not the end of the file.
		r = io.MultiReader(bytes.NewReader(noise(n, 4)), iotest.ErrReader(io.ErrUnexpectedEOF))
		if _, err := db.Upload(t.Context(), r, noon); !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("the source breaks off after %d bytes: %v; half a file would be taken for all of it", n, err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := db.Upload(ctx, bytes.NewReader(noise(3*chunkSize, 4)), noon); !errors.Is(err, context.Canceled) {
		t.Errorf("the context has ended: %v", err)
	}
	if n := ask[int](t, db, "SELECT count(*) FROM blob"); n != 0 {
		t.Errorf("%d blobs", n)
	}
}

func TestSweep(t *testing.T) {
	db := newDB(t)
	upload := func(seed byte, at time.Time) *Upload {
		t.Helper()
		u, err := db.Upload(t.Context(), bytes.NewReader(noise(2*chunkSize, seed)), at)
		if err != nil {
			t.Fatal(err)
		}
		return u
	}
	kept := put(t, db, noise(2*chunkSize, 10)) // at noon, referred to
	old := upload(11, noon)
	again := upload(12, noon)
	upload(12, noon.Add(2*time.Hour)) // came again later
	upload(13, noon.Add(2*time.Hour))

	sweep := func(before time.Time) (n int64) {
		t.Helper()
		write(t, db, func(tx *Tx) (err error) {
			n, err = tx.Sweep(before)
			return err
		})
		return n
	}
	if n := sweep(noon); n != 0 {
		t.Errorf("%d chunks swept that are not old", n)
	}
	if n := sweep(noon.Add(time.Hour)); n != 2 {
		t.Errorf("%d chunks swept, want the 2 that are old and belong to nothing", n)
	}
	if got := get(t, db, kept); !bytes.Equal(got, noise(2*chunkSize, 10)) {
		t.Error("the blob has changed")
	}
	write(t, db, func(tx *Tx) error {
		_, err := tx.PutBlob(again)
		return err
	})
	// Too late is an error, not a blob with a hole.
	if err := db.Write(t.Context(), func(tx *Tx) error {
		_, err := tx.PutBlob(old)
		return err
	}); err == nil {
		t.Error("a blob was made of chunks that are gone")
	}
	if n := sweep(noon.Add(24 * time.Hour)); n != 2 {
		t.Errorf("at last %d chunks swept, want 2", n)
	}
	sound(t, db)
}

// Sweeping a lot must not keep others waiting.
func TestSweepTakesTurns(t *testing.T) {
	db := newDB(t)
	write(t, db, sqlText(`WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)
		INSERT INTO chunk (hash, data, added) SELECT randomblob(32), x'00', 0 FROM n`, 2*sweepSize+1))
	for _, want := range []int64{sweepSize, sweepSize, 1, 0} {
		write(t, db, func(tx *Tx) error {
			n, err := tx.Sweep(noon)
			if n != want {
				t.Errorf("%d chunks swept in one turn, want %d", n, want)
			}
			return err
		})
	}
}

func TestOpenBlobStreams(t *testing.T) {
	db := newDB(t)
	b := noise(4*chunkSize, 5)
	id := put(t, db, b)
	ctx, cancel := context.WithCancel(t.Context())
	size, r, err := db.OpenBlob(ctx, id)
	if err != nil || size != int64(len(b)) {
		t.Fatal(size, err)
	}
	got := make([]byte, chunkSize/2)
	if _, err := io.ReadFull(r, got); err != nil || !bytes.Equal(got, b[:len(got)]) {
		t.Fatalf("the beginning: %v", err)
	}
	if n := db.read.Stats().InUse; n != 0 {
		t.Errorf("a reader in the middle of a blob holds %d connections", n)
	}
	cancel()
	rest, err := io.ReadAll(r)
	if !errors.Is(err, context.Canceled) {
		t.Errorf("reading on after the context ended: %v; it was all in memory", err)
	}
	if len(rest) != chunkSize/2 {
		t.Errorf("%d bytes were in memory, want the rest of one chunk", len(rest))
	}
	if err := r.Close(); err != nil {
		t.Error(err)
	}
}

func TestOpenBlobThatIsNotThere(t *testing.T) {
	db := newDB(t)
	if _, _, err := db.OpenBlob(t.Context(), 7); !errors.Is(err, ErrNotFound) {
		t.Errorf("OpenBlob: %v", err)
	}
}
