package mail

import (
	"bufio"
	"encoding/json"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"frontdesk/channels"
)

// testData returns a path below the folder of real mail, or skips the test.
func testData(t testing.TB, elem ...string) string {
	t.Helper()
	dir := os.Getenv("FRONTDESK_TESTDATA")
	if dir == "" {
		t.Skip("FRONTDESK_TESTDATA is not set: no real mail to read")
	}
	return filepath.Join(append([]string{dir}, elem...)...)
}

// rawMails returns the mails below a folder of mail/raw, by path.
func rawMails(t testing.TB, under string) map[string][]byte {
	t.Helper()
	root := testData(t, "mail", "raw", under)
	mails := map[string][]byte{}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || d.Name() == "LICENSE" || strings.HasSuffix(path, ".md") {
			return err
		}
		b, err := os.ReadFile(path)
		rel, _ := filepath.Rel(root, path)
		mails[rel] = b
		return err
	})
	if err != nil || len(mails) == 0 {
		t.Fatalf("%d mails in %s: %v", len(mails), root, err)
	}
	return mails
}

func jsonLines[T any](t *testing.T, file string) []T {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var out []T
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 64<<20)
	for lines.Scan() {
		var v T
		if err := json.Unmarshal(lines.Bytes(), &v); err != nil {
			t.Fatalf("%s:%d: %v", file, len(out)+1, err)
		}
		out = append(out, v)
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	return out
}

// Every file there is becomes an Inbound with all its bytes, named, keyed, and
// with files that can be read and are as long as they say.
func TestReadRealMail(t *testing.T) {
	var r Reader
	problems := 0
	mails := rawMails(t, "")
	for path, b := range mails {
		in := r.Read(channels.Bytes(b))
		checkInbound(t, path, in)
		if raw, err := in.Raw.ReadAll(1 << 30); err != nil || string(raw) != string(b) {
			t.Errorf("%s: raw bytes not kept: %v", path, err)
		}
		if in.Problem != "" {
			problems++
		}
	}
	t.Logf("%d files read, %d with a problem", len(mails), problems)
}

// checkInbound checks what holds for every mail.
func checkInbound(t *testing.T, name string, in channels.Inbound) {
	t.Helper()
	if in.Ref == "" || len(in.Keys) != 1 || !strings.HasPrefix(in.Keys[0], "mail:") {
		t.Errorf("%s: ref %q, keys %q", name, in.Ref, in.Keys)
	}
	if (in.Kind == channels.Message) != (len(in.Signals) == 0) {
		t.Errorf("%s: kind %s with signals %q", name, in.Kind, in.Signals)
	}
	for what, s := range map[string]string{"subject": in.Subject, "ref": in.Ref, "name": in.From.Name, "address": in.From.Address} {
		if strings.ContainsAny(s, "\r\n\x00") {
			t.Errorf("%s: control characters in %s %q", name, what, s)
		}
	}
	if strings.ContainsAny(in.Text+in.Full, "\r\x00") {
		t.Errorf("%s: control characters in the text", name)
	}
	if in.Full == in.Text && in.Full != "" {
		t.Errorf("%s: Full repeats Text", name)
	}
	for i, f := range in.Files {
		r, err := f.Data.Open()
		if err != nil {
			t.Errorf("%s: file %d: %v", name, i, err)
			continue
		}
		n, err := io.Copy(io.Discard, r)
		if err != nil || n != f.Data.Size {
			t.Errorf("%s: file %d %q: %d bytes read, Size %d, err %v", name, i, f.Name, n, f.Data.Size, err)
		}
		r.Close()
	}
}

// The expectations of another parser's tests, for what it was asked.
func TestReadExpected(t *testing.T) {
	type expected struct {
		Path        string
		Subject     *string
		From        []string `json:"from_addr"`
		ID          *string  `json:"message_id"`
		Text        []string
		Attachments *int
	}
	mails := rawMails(t, "")
	fold := func(s string) string { return strings.Join(strings.Fields(s), "") }
	passed, cases := 0, jsonLines[expected](t, testData(t, "mail", "parse_dev.jsonl"))
	for _, want := range cases {
		in := Reader{}.Read(channels.Bytes(mails[filepath.FromSlash(want.Path)]))
		full := in.Full
		if full == "" {
			full = in.Text
		}
		ok := true
		miss := func(format string, args ...any) {
			ok = false
			t.Logf(want.Path+": "+format, args...)
		}
		if want.Subject != nil && *want.Subject != in.Subject {
			miss("subject %q, want %q", in.Subject, *want.Subject)
		}
		if len(want.From) > 0 && want.From[0] != in.From.Address {
			miss("from %q, want %q", in.From.Address, want.From)
		}
		if want.ID != nil && *want.ID != in.Ref {
			miss("ref %q, want %q", in.Ref, *want.ID)
		}
		for _, text := range want.Text {
			if !strings.Contains(fold(full), fold(text)) {
				miss("text %.300q, want %.300q", full, text)
			}
		}
		var names []string
		for _, f := range in.Files {
			if f.Type != "application/pgp-signature" { // that parser does not count it
				names = append(names, f.Type+" "+f.Name)
			}
		}
		if want.Attachments != nil && *want.Attachments != len(names) {
			miss("%d files %q, want %d", len(names), names, *want.Attachments)
		}
		if ok {
			passed++
		}
	}
	t.Logf("as expected: %d of %d (%.1f %%)", passed, len(cases), 100*float64(passed)/float64(len(cases)))
	if float64(passed) < 0.96*float64(len(cases)) {
		t.Errorf("only %d of %d as expected", passed, len(cases))
	}
}
