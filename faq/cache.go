package faq

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"math"
	"os"
	"slices"
)

// A Cache is a file that keeps what training made of an FAQ, so that the same
// FAQ need not be trained again at the next start: seconds for hundreds of
// entries. The zero value keeps nothing.
//
// The file holds one FAQ's weights, those trained last, below the hash of all
// that they follow from: it may be deleted at any time, and copied to another
// machine. One that is missing, damaged, or of another FAQ or program is as good
// as none; training replaces it. Nothing about it ever makes a load fail.
//
// One process should keep a file; others may read it meanwhile. Small FAQs, which
// train in less than about a tenth of a second, get none: there is nothing to save.
// Nor do examples of intents, which train in a fiftieth.
type Cache struct {
	// File is where; "" keeps nothing. File + ".new" is used while writing.
	File string
	// ReadOnly leaves the file as it is.
	ReadOnly bool
	// Warn, which may be nil, is told why a file that is there cannot be used, or
	// why none could be written.
	Warn func(error)
}

// trainingVersion stands for how training works: weights of another version are
// not used. TestTrainingVersion fails when it must change, and says to what.
const trainingVersion = "076294772278"

// worthKeeping is the products of one pass over the examples from which a
// training takes about a tenth of a second.
const worthKeeping = 3_000_000

// A training is all that weights follow from.
type training struct {
	kind string // of the weights
	*examples
	questions int // how many of the examples are questions; they come first
	features  int
	classes   int
	perEach   float64
}

func (t *training) key() (key [sha256.Size]byte) {
	h := sha256.New()
	fmt.Fprintln(h, trainingVersion, t.kind, t.questions, t.features, t.classes, t.perEach, t.len(), len(t.points))
	// A hash takes everything.
	_ = errors.Join(points.write(h, t.points), ints.write(h, t.start), ints.write(h, t.class), floats.write(h, t.weight))
	h.Sum(key[:0])
	return key
}

// dense is what train makes.
func (c Cache) dense(ctx context.Context, e *examples, features, classes int, perEach float64) *model {
	t := &training{"dense", e, e.len(), features, classes, perEach}
	m := &model{classes: classes}
	c.through(ctx, t, func() { m = train(ctx, e, features, classes, perEach) },
		func(w io.Writer) error { return floats.write(w, m.weights) },
		func(r io.Reader, size int) (err error) {
			if size != floats.size*features*classes {
				return errDamaged
			}
			m.weights, err = floats.read(r, features*classes)
			return err
		})
	return m
}

// sparse trains the machines of s.
func (c Cache) sparse(ctx context.Context, s *sparse, e *examples, questions, features int) {
	t := &training{"rows", e, questions, features, s.classes(), 0}
	c.through(ctx, t, func() { s.train(ctx, e, features) },
		func(w io.Writer) error {
			m := s.machines
			return errors.Join(ints.write(w, m.start), masks.write(w, m.bits), ints.write(w, m.listed), floats.write(w, m.value))
		},
		func(r io.Reader, size int) (err error) {
			s.machines, err = readRows(r, size, s.classes(), features)
			return err
		})
}

func readRows(r io.Reader, size, topics, features int) (*rows, error) {
	m := &rows{topics: topics}
	if size -= ints.size * (features + 1); size < 0 {
		return nil, errDamaged
	}
	var err error
	if m.start, err = ints.read(r, features+1); err != nil {
		return nil, err
	}
	for f := range features {
		if n := m.start[f+1] - m.start[f]; m.start[f] < 0 || n < 0 || int(n) > topics {
			return nil, errDamaged
		}
	}
	bits, listed := m.layout()
	n := int(m.start[features])
	if size != masks.size*bits+ints.size*listed+floats.size*n {
		return nil, errDamaged
	}
	if m.bits, err = masks.read(r, bits); err != nil {
		return nil, err
	}
	if m.listed, err = ints.read(r, listed); err != nil {
		return nil, err
	}
	if m.value, err = floats.read(r, n); err != nil {
		return nil, err
	}
	m.countBefore()
	return m, nil
}

// through restores what was kept of a training, or trains and keeps it. When
// restore has failed, train begins anew.
func (c Cache) through(ctx context.Context, t *training, train func(), keep func(io.Writer) error, restore func(r io.Reader, size int) error) {
	if c.File == "" {
		train()
		return
	}
	key := t.key()
	err := c.read(key, restore)
	if err == nil {
		return
	}
	if !errors.Is(err, errOther) {
		c.warn(fmt.Errorf("the FAQ is trained anew: %w", err))
	}
	train()
	if c.ReadOnly || ctx.Err() != nil { // then it is half trained
		return
	}
	if err := c.write(key, keep); err != nil {
		c.warn(fmt.Errorf("the FAQ will be trained again at the next start: %w", err))
	}
}

func (c Cache) warn(err error) {
	if c.Warn != nil {
		c.Warn(err)
	}
}

// The file: magic, key, weights, and the checksum of these.
const magic = "frontdesk faq 1\n"

var (
	errOther   = errors.New("no file of this FAQ")
	errDamaged = errors.New("the file is damaged")
	castagnoli = crc32.MakeTable(crc32.Castagnoli)
)

// read gives the weights of the key to restore, and then looks whether they were
// sound. The sizes must fit before anything is allocated; for the rest the
// checksum vouches.
func (c Cache) read(key [sha256.Size]byte, restore func(r io.Reader, size int) error) error {
	f, err := os.Open(c.File)
	if errors.Is(err, fs.ErrNotExist) {
		return errOther
	} else if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	size := int(info.Size()) - len(magic) - len(key) - crc32.Size
	if size < 0 {
		return fmt.Errorf("%s: %w", c.File, errDamaged)
	}
	sum := crc32.New(castagnoli)
	r := io.TeeReader(f, sum)
	head := append([]byte(magic), key[:]...)
	got := make([]byte, len(head))
	if _, err := io.ReadFull(r, got); err != nil {
		return fmt.Errorf("%s: %w", c.File, err)
	}
	if !bytes.Equal(got, head) {
		return errOther
	}
	if err := restore(io.LimitReader(r, int64(size)), size); err != nil {
		return fmt.Errorf("%s: %w", c.File, err)
	}
	var want [crc32.Size]byte
	if _, err := io.ReadFull(f, want[:]); err != nil {
		return fmt.Errorf("%s: %w", c.File, err)
	}
	if binary.LittleEndian.Uint32(want[:]) != sum.Sum32() {
		return fmt.Errorf("%s: %w", c.File, errDamaged)
	}
	return nil
}

// write puts the file in the place of the one before, as a whole: who reads that
// one goes on doing so. It is not forced to the disk, which would keep the database
// waiting: what a power cut leaves of it, the checksum refuses.
func (c Cache) write(key [sha256.Size]byte, keep func(io.Writer) error) (err error) {
	f, err := os.OpenFile(c.File+".new", os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(f.Name()))
		}
	}()
	sum := crc32.New(castagnoli)
	buffer := bufio.NewWriterSize(f, 1<<16)
	w := io.MultiWriter(buffer, sum)
	_, err = w.Write(append([]byte(magic), key[:]...))
	if err == nil {
		err = keep(w)
	}
	if err == nil {
		_, err = buffer.Write(binary.LittleEndian.AppendUint32(nil, sum.Sum32()))
	}
	if err = errors.Join(err, buffer.Flush(), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), c.File)
}

// numbers writes and reads slices, little-endian, a piece at a time: weights may
// be hundreds of megabytes.
type numbers[T any] struct {
	size int // of one, in bytes
	put  func([]byte, T)
	get  func([]byte) T
}

var (
	order = binary.LittleEndian

	ints = numbers[int32]{4, func(b []byte, v int32) { order.PutUint32(b, uint32(v)) }, func(b []byte) int32 { return int32(order.Uint32(b)) }}

	floats = numbers[float32]{4, func(b []byte, v float32) { order.PutUint32(b, math.Float32bits(v)) },
		func(b []byte) float32 { return math.Float32frombits(order.Uint32(b)) }}

	masks = numbers[uint64]{8, order.PutUint64, order.Uint64}

	points = numbers[point]{8, func(b []byte, p point) { ints.put(b, p.id); floats.put(b[4:], p.value) },
		func(b []byte) point { return point{ints.get(b), floats.get(b[4:])} }}
)

const piece = 1 << 13 // numbers

func (n numbers[T]) write(w io.Writer, all []T) error {
	b := make([]byte, n.size*min(len(all), piece))
	for some := range slices.Chunk(all, piece) {
		b = b[:n.size*len(some)]
		for i, v := range some {
			n.put(b[n.size*i:], v)
		}
		if _, err := w.Write(b); err != nil {
			return err
		}
	}
	return nil
}

func (n numbers[T]) read(r io.Reader, count int) ([]T, error) {
	all := make([]T, count)
	b := make([]byte, n.size*min(count, piece))
	for some := range slices.Chunk(all, piece) {
		b = b[:n.size*len(some)]
		if _, err := io.ReadFull(r, b); err != nil {
			return nil, err
		}
		for i := range some {
			some[i] = n.get(b[n.size*i:])
		}
	}
	return all, nil
}
