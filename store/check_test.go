package store

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

// Check tells what is wrong with a file and leaves it as it was.
func TestCheck(t *testing.T) {
	ctx := context.Background()
	db := newDB(t)
	if err := db.Write(ctx, func(tx *Tx) error {
		for _, name := range []string{"a", "b", "c"} {
			if err := tx.SetSetting(name, string(bytes.Repeat([]byte(name), 20_000))); err != nil {
				return err
			}
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	file := ask[string](t, db, "SELECT file FROM pragma_database_list WHERE name = 'main'")
	good, err := Check(ctx, file, true) // while it is open
	if err != nil || good.Schema == 0 || good.Schema != good.Known || good.Size == 0 {
		t.Errorf("a good one: %+v, %v", good, err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		bytes []byte
		right func(Checkup, error) bool
	}{
		"as it was": {whole, func(c Checkup, err error) bool { return err == nil && c.Schema == c.Known }},
		"empty":     {nil, func(c Checkup, err error) bool { return err == nil && c.Schema == 0 }},
		"another program's": {bytes.Replace(whole, []byte("FDsk"), []byte("Else"), 1), func(_ Checkup, err error) bool {
			return err != nil && !errors.As(err, new(*NewerError))
		}},
		"newer": {append(append(bytes.Clone(whole[:60]), 0, 0, 0x7f, 0), whole[64:]...), func(_ Checkup, err error) bool { return errors.As(err, new(*NewerError)) }},
		"no database": {[]byte("To be, or not to be, that is the question, and more of the same.\n"), func(_ Checkup, err error) bool {
			return err != nil && Unavailable(err)
		}},
		"damaged": {append(bytes.Clone(whole[:8192]), make([]byte, len(whole)-8192)...), func(_ Checkup, err error) bool {
			return errors.As(err, new(*DamagedError)) || err != nil && Unavailable(err)
		}},
	} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "frontdesk.db")
			if err := os.WriteFile(file, c.bytes, 0o600); err != nil {
				t.Fatal(err)
			}
			got, err := Check(ctx, file, true)
			if !c.right(got, err) {
				t.Errorf("%+v, %v", got, err)
			}
			if after, err := os.ReadFile(file); err != nil || !bytes.Equal(after, c.bytes) {
				t.Errorf("the file was changed: %d bytes instead of %d, %v", len(after), len(c.bytes), err)
			}
		})
	}
	nowhere := filepath.Join(t.TempDir(), "frontdesk.db")
	if _, err := Check(ctx, nowhere, true); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("where there is none: %v", err)
	}
	if _, err := os.Stat(nowhere); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("it was made: %v", err)
	}
}

// ReadSetting reads beside whoever has the file, of any version, and changes nothing.
func TestReadSetting(t *testing.T) {
	ctx := t.Context()
	file := filepath.Join(t.TempDir(), "frontdesk.db")
	if _, err := ReadSetting(ctx, file, "a"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("of no file: %v", err)
	}
	if _, err := os.Stat(file); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("it made the file: %v", err)
	}
	db := openDB(t, file)
	write(t, db, func(tx *Tx) error { return tx.SetSetting("a", "1") })
	for name, want := range map[string]string{"a": "1", "b": ""} {
		if got, err := ReadSetting(ctx, file, name); err != nil || got != want {
			t.Errorf("%s, while it is open: %q, %v", name, got, err)
		}
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	older := append(append(bytes.Clone(whole[:60]), 0, 0, 0, 1), whole[64:]...)
	for name, c := range map[string]struct {
		bytes []byte
		want  string
	}{
		"closed": {whole, "1"}, "older": {older, "1"}, "empty": {nil, ""}, "no database": {[]byte("To be, or not to be, that is the question, and more of the same.\n"), ""},
	} {
		file := filepath.Join(t.TempDir(), "frontdesk.db")
		if err := os.WriteFile(file, c.bytes, 0o600); err != nil {
			t.Fatal(err)
		}
		if got, err := ReadSetting(ctx, file, "a"); got != c.want || (err == nil) != (c.want != "") {
			t.Errorf("%s: %q, %v", name, got, err)
		}
		if after, err := os.ReadFile(file); err != nil || !bytes.Equal(after, c.bytes) {
			t.Errorf("%s: the file changed, %v", name, err)
		}
	}
}
