package store

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
)

// workers write at once in the process that is killed, so that one commit holds
// several writes.
const workers = 4

// What Write returned nil for is there after kill -9, whole, and in order. (Power
// loss cannot be had here; against it stands synchronous=FULL, which
// TestOptionsHoldOnEveryConnection sees in force.)
func TestKilledProcess(t *testing.T) {
	rounds := 10
	if os.Getenv("FRONTDESK_LONG") != "" {
		rounds = 100
	} else if testing.Short() {
		rounds = 3
	}
	file := filepath.Join(t.TempDir(), "frontdesk.db")
	var have [workers]int
	total := 0
	for round := range rounds {
		c := child(t, "write", file)
		var stderr bytes.Buffer
		c.Stderr = &stderr
		out, err := c.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		after := 0 // in the first round it may be still opening
		if round > 0 {
			after = 1 + rand.N(200)
		}
		var printed [workers]int
		lines := bufio.NewReader(out)
		for n := 0; ; n++ {
			if n == after {
				if err := c.Process.Kill(); err != nil {
					t.Fatalf("round %d: %v; stderr: %s", round, err, &stderr)
				}
			}
			line, err := lines.ReadString('\n')
			if err == io.EOF {
				if n < after {
					t.Fatalf("round %d: the child ended by itself: %s", round, &stderr)
				}
				break
			}
			var w, no int
			if _, serr := fmt.Sscanf(line, "%d %d\n", &w, &no); err != nil || serr != nil {
				t.Fatalf("round %d: line %q: %v %v", round, line, err, serr)
			}
			printed[w] = no
			total++
		}
		_ = c.Wait() // killed

		db := openDB(t, file)
		sound(t, db)
		for w := range workers {
			rows := ask[int](t, db, "SELECT count(*) FROM ledger WHERE channel = ?", strconv.Itoa(w))
			last := ask[int](t, db, "SELECT coalesce(max(CAST(ref AS INTEGER)), 0) FROM ledger WHERE channel = ?", strconv.Itoa(w))
			keys := ask[int](t, db, "SELECT count(*) FROM key JOIN ledger ON ledger.id = key.ledger WHERE channel = ?", strconv.Itoa(w))
			cursor := read(t, db, func(s *Snapshot) (map[string]string, error) { return s.Cursors(strconv.Itoa(w)) })["numbers"]
			told := max(printed[w], have[w])
			switch {
			case rows != last || keys != last || last > 0 && cursor != strconv.Itoa(last):
				t.Errorf("round %d, worker %d: half a write: %d rows, %d keys, last %d, cursor %s", round, w, rows, keys, last, cursor)
			case last < told:
				t.Errorf("round %d, worker %d: %d was acknowledged, %d is the last there", round, w, told, last)
			case last > told+1:
				t.Errorf("round %d, worker %d: %d is there, though only %d was acknowledged and one may be under way", round, w, last, told)
			}
			have[w] = last
		}
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("%d rounds, %d acknowledged writes", rounds, total)
	if total == 0 {
		t.Error("nothing was ever acknowledged")
	}
}

// childWrite writes numbers until it is killed, and prints each after Write
// returned.
func childWrite(file string) error {
	db, err := Open(context.Background(), file)
	if err != nil {
		return err
	}
	errs := make(chan error, workers)
	var out sync.Mutex
	for w := range workers {
		go func() {
			channel := strconv.Itoa(w)
			var no int
			for {
				err := db.Write(context.Background(), func(tx *Tx) error {
					last, err := tx.Cursors(channel)
					if err != nil {
						return err
					}
					no, _ = strconv.Atoi(last["numbers"])
					no++
					n := strconv.Itoa(no)
					key := channel + "/" + n
					if _, err := tx.AddEntry(Entry{Channel: channel, Key: key, Kind: "human", Disposition: Taken, Ref: n, Arrived: noon, Recorded: noon}, []string{key}); err != nil {
						return err
					}
					return tx.SetCursor(channel, "numbers", n, noon)
				})
				if err != nil {
					errs <- err
					return
				}
				out.Lock()
				fmt.Printf("%d %d\n", w, no)
				out.Unlock()
			}
		}()
	}
	return <-errs
}
