package mail

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"frontdesk/channels/channeltest"
	"frontdesk/channels/mail/mailtest"
)

func TestCompare(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, mailtest.Options{})
		w.Account("support", "secret")
		s := worldSource(t, w)
		look := func(cursors map[string]string, arrivals []string) Comparison {
			t.Helper()
			c, err := s.Compare(t.Context(), cursors, arrivals)
			if err != nil {
				t.Fatal(err)
			}
			return c
		}
		if c := look(nil, nil); c.Held != 0 || c.ToCome != 0 || len(c.Lost) != 0 || c.Renewed {
			t.Errorf("an empty folder that was never read: %+v", c)
		}
		deliver(t, w, "one", "two", "three")
		if c := look(nil, nil); c.Held != 3 || c.ToCome != 3 || len(c.Lost) != 0 || c.Renewed {
			t.Errorf("a folder that was never read: %+v", c)
		}
		rec := &channeltest.Recorder{}
		r := run1(t, s, nil, rec)
		if err := rec.WaitKept(within(t, time.Minute), 3); err != nil {
			t.Fatal(err)
		}
		r.end()
		var arrivals []string
		cursors := map[string]string{}
		for _, in := range rec.Kept() {
			arrivals = append(arrivals, in.Keys[0])
			cursors[in.Cursor.Stream] = in.Cursor.Position
		}
		if c := look(cursors, arrivals); c.Held != 3 || c.Known != 3 || c.ToCome != 0 || len(c.Lost) != 0 {
			t.Errorf("read to its end: %+v", c)
		}
		// The server may get another name: the mails stay the same.
		renamed := slices.Clone(arrivals)
		for i := range renamed {
			renamed[i] = strings.Replace(renamed[i], "127.0.0.1", "mail.acme.example", 1)
		}
		if c := look(cursors, renamed); c.Known != 3 || len(c.Lost) != 0 {
			t.Errorf("under another name of the server: %+v", c)
		}
		deliver(t, w, "four")
		if c := look(cursors, slices.Delete(slices.Clone(arrivals), 1, 2)); c.Known != 2 || c.ToCome != 1 || !slices.Equal(c.Lost, []uint32{2}) {
			t.Errorf("one row is missing: %+v, want UID 2 lost and one to come", c)
		}
		if err := w.NewUIDValidity("support", []byte(testMail("one"))); err != nil {
			t.Fatal(err)
		}
		if c := look(cursors, arrivals); !c.Renewed || c.Held != 1 || c.ToCome != 1 || len(c.Lost) != 0 {
			t.Errorf("another UIDVALIDITY: %+v, want all of it to come and nothing lost", c)
		}
		if _, err := s.Compare(t.Context(), map[string]string{s.Stream(): "nonsense"}, nil); err == nil {
			t.Error("a cursor that cannot be read was taken")
		}
	})
}
