package bot

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"testing"

	"frontdesk/channels"
	"frontdesk/store"
)

// letters are mails of one stream, each with its cursor.
func (h *house) letters(n int) []channels.Inbound {
	var ins []channels.Inbound
	for i := range n {
		ins = append(ins, h.letter(fmt.Sprintf("c%d@customers.example", i), "What are your opening hours?", func(in *channels.Inbound) {
			in.Cursor = channels.Cursor{Stream: "imap:INBOX", Position: fmt.Sprint(i + 1)}
		}))
	}
	return ins
}

func (h *house) position() string {
	return look(h, func(s *store.Snapshot) (string, error) {
		all, err := s.Cursors("support")
		return all["imap:INBOX"], err
	})
}

func TestReceiveAllTakesEverythingInOrder(t *testing.T) {
	bubble(t, func(t *testing.T, h *house) {
		ins := h.letters(3*together + 5)
		n, err := h.engine.ReceiveAll(context.Background(), ins)
		if n != len(ins) || err != nil {
			t.Fatalf("%d of %d taken, %v", n, len(ins), err)
		}
		entries := h.ledger()
		slices.SortFunc(entries, func(a, b store.Entry) int { return int(a.ID - b.ID) })
		for i, e := range entries {
			if e.Key != ins[i].Keys[0] {
				t.Fatalf("row %d is %s, want %s", i, e.Key, ins[i].Keys[0])
			}
		}
		if got := h.position(); got != fmt.Sprint(len(ins)) || len(h.told()) != len(ins) {
			t.Errorf("position %s, %d answers; want %d of both", got, len(h.told()), len(ins))
		}
		if n, err := h.engine.ReceiveAll(context.Background(), ins); n != len(ins) || err != nil || len(h.ledger()) != len(ins) || len(h.told()) != len(ins) {
			t.Errorf("again: %d taken, %v, %d rows, %d answers", n, err, len(h.ledger()), len(h.told()))
		}
	})
}

func TestReceiveAllStopsBeforeAGap(t *testing.T) {
	bubble(t, func(t *testing.T, h *house) {
		ins := h.letters(together + 10)
		bad := together + 4
		ins[bad].Raw = channels.Blob{Size: 1, Open: func() (io.ReadCloser, error) { return nil, errors.New("the disk does not read") }}
		n, err := h.engine.ReceiveAll(context.Background(), ins)
		if n != bad || err == nil {
			t.Fatalf("%d taken, %v; want %d and why", n, err, bad)
		}
		if got := h.position(); got != fmt.Sprint(bad) || len(h.ledger()) != bad {
			t.Errorf("position %s, %d rows; want %d of both: the cursor must not pass what is not recorded", got, len(h.ledger()), bad)
		}
	})
}

func TestReceiveAllRecordsNothingWhereTheCommitFails(t *testing.T) {
	bubble(t, func(t *testing.T, h *house) {
		ins := h.letters(5)
		h.spoil()
		if n, err := h.engine.ReceiveAll(context.Background(), ins); n != 0 || err == nil {
			t.Errorf("%d taken, %v; want none, and why", n, err)
		}
		h.heal()
		if n, err := h.engine.ReceiveAll(context.Background(), ins); n != len(ins) || err != nil || len(h.ledger()) != len(ins) {
			t.Errorf("later: %d taken, %v, %d rows", n, err, len(h.ledger()))
		}
	})
}
