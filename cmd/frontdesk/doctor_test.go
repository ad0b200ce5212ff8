package main

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"flag"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"frontdesk/channels/mail"
	"frontdesk/channels/mail/mailtest"
	"frontdesk/store"
)

var updateDoctor = flag.Bool("update-doctor", false, "rewrite what doctor says in testdata/doctor")

// clinic is an installation as `init` writes it and an operator has changed it,
// beside a mail server in this process.
type clinic struct {
	t     *testing.T
	dir   string
	world *mailtest.World
	env   map[string]string // what in its output is different each time, and what stands for it
	*doctor
	out, errs bytes.Buffer
}

const ownConfig = `
company: {name: Northwind, timezone: Asia/Shanghai, languages: [zh, en], phone: 021-555-0100, website: https://northwind.example}
hours: {days: {mon-sat: ["08:30-18:00"]}}
promises: {complaint: {urgent: 2h, normal: 8h}, request: {urgent: 4h, normal: 16h}}
staff:
  - {name: Li Wei, mail: li@northwind.example, role: supervisor}
  - {name: Ana, mail: ana@northwind.example}
channels:
  support:
    type: mail
    address: support@acme.example
    imap: {host: 127.0.0.1, port: IMAPPORT, tls: starttls, user: support, password_file: imap.password}
    smtp: {host: 127.0.0.1, port: SMTPPORT, tls: starttls, user: support, password_file: imap.password}
    staff: escalations@northwind.example
    complaints: complaints@northwind.example
    mode: observe
`

func newClinic(t *testing.T) *clinic {
	t.Helper()
	w, err := mailtest.New("acme.example", mailtest.Options{Sockets: true, TLS: true, Auth: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.Close() })
	w.Account("support", "secret")
	c := &clinic{t: t, dir: t.TempDir(), world: w, env: map[string]string{}}
	c.doctor = newDoctor(&app{in: strings.NewReader(""), out: &c.out, err: &c.errs, config: filepath.Join(c.dir, "frontdesk.yaml")})
	c.patience, c.arrival = 3*time.Second, 10*time.Second
	c.free = func(string) (uint64, error) { return 50 << 30, nil }
	c.imap = func(i *mail.IMAPConfig) { i.TLSConfig = w.ClientTLS() }
	c.smtp = func(s *mail.SMTPConfig) { s.TLSConfig = w.ClientTLS() }
	if err := (&app{out: &bytes.Buffer{}}).writeStarters(c.dir); err != nil {
		t.Fatal(err)
	}
	_, ip := w.IMAP()
	_, sp := w.SMTP()
	c.env[strconv.Itoa(ip)], c.env[strconv.Itoa(sp)], c.env[c.dir] = "IMAPPORT", "SMTPPORT", "DIR"
	c.write("frontdesk.yaml", strings.NewReplacer("IMAPPORT", strconv.Itoa(ip), "SMTPPORT", strconv.Itoa(sp)).Replace(ownConfig))
	c.write("imap.password", "secret\n")
	return c
}

func (c *clinic) write(name, text string) {
	c.t.Helper()
	if err := os.WriteFile(filepath.Join(c.dir, name), []byte(text), 0o600); err != nil {
		c.t.Fatal(err)
	}
}

// edit replaces a text in a file of the installation.
func (c *clinic) edit(name, old, by string) {
	c.t.Helper()
	b, err := os.ReadFile(filepath.Join(c.dir, name))
	if err != nil || !strings.Contains(string(b), old) {
		c.t.Fatalf("%s has no %q: %v", name, old, err)
	}
	c.write(name, strings.Replace(string(b), old, by, 1))
}

// closedPort is one that nobody listens on.
func (c *clinic) closedPort() string {
	c.t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		c.t.Fatal(err)
	}
	defer l.Close()
	port := strconv.Itoa(l.Addr().(*net.TCPAddr).Port)
	c.env[port] = "CLOSEDPORT"
	return port
}

var changing = []struct {
	is *regexp.Regexp
	as string
}{
	{regexp.MustCompile(`(?m)  \([0-9.]+(µs|ms|s)\)$`), "  (TIME)"},
	{regexp.MustCompile(`in INBOX [0-9.]+(µs|ms|s) after`), "in INBOX TIME after"},
	{regexp.MustCompile(`20\d\d-\d\d-\d\d( \d\d:\d\d)?`), "DATE"},
	{regexp.MustCompile(`yaml:\d+`), "yaml:LINE"},
}

// said is what doctor printed, without what is different each time, and on demand
// without what works.
func (c *clinic) said(onlyTroubles bool) string {
	s := c.out.String()
	if onlyTroubles {
		var kept []string
		works := false // what is said next, with all that is indented below it
		for line := range strings.Lines(s) {
			if !strings.HasPrefix(line, " ") {
				works = strings.HasPrefix(line, statusOK+" ")
			}
			if !works {
				kept = append(kept, line)
			}
		}
		s = strings.Join(kept, "")
	}
	for is, as := range c.env {
		s = strings.ReplaceAll(s, is, as)
	}
	for _, x := range changing {
		s = x.is.ReplaceAllString(s, x.as)
	}
	return s
}

func (c *clinic) database() string { return filepath.Join(c.dir, "frontdesk.db") }

func (c *clinic) openDatabase() *store.DB {
	c.t.Helper()
	db, err := store.Open(context.Background(), c.database())
	if err != nil {
		c.t.Fatal(err)
	}
	return db
}

// noSuchHost is what the resolver says of a name that does not exist.
func noSuchHost(context.Context, string, string) (net.Conn, error) {
	return nil, &net.OpError{Op: "dial", Net: "tcp", Err: &net.DNSError{Err: "no such host", IsNotFound: true}}
}

// TestDoctor plays the set-ups that operators end up with. What doctor says about
// each stands in testdata/doctor.
func TestDoctor(t *testing.T) {
	healthy := map[string]bool{"healthy": true, "second-serve": true}
	warns := []string{"wrong-clock", "clock-of-1970", "staff-refused", "answers-the-whole-mailbox", "open-to-others", "disk-almost-full"}
	for name, change := range map[string]func(*clinic){
		"healthy": func(*clinic) {},
		"as-init-writes-it": func(c *clinic) {
			data, err := samples.ReadFile("init/frontdesk.yaml")
			if err != nil {
				t.Fatal(err)
			}
			c.write("frontdesk.yaml", strings.ReplaceAll(string(data), "IMAP_PASSWORD", "FRONTDESK_TEST_NOT_SET"))
			c.imap = func(i *mail.IMAPConfig) { i.Dial = noSuchHost }
			c.smtp = func(s *mail.SMTPConfig) { s.Dial = noSuchHost }
		},
		"no-configuration": func(c *clinic) { os.Remove(c.config) },

		// The ten.
		"wrong-password": func(c *clinic) { c.write("imap.password", "sesame") },
		"wrong-port": func(c *clinic) {
			_, ip := c.world.IMAP()
			c.edit("frontdesk.yaml", strconv.Itoa(ip), c.closedPort())
		},
		"tls-name": func(c *clinic) {
			c.edit("frontdesk.yaml", "imap: {host: 127.0.0.1,", "imap: {host: imap.northwind.example,")
			to := func(ctx context.Context, network, _ string) (net.Conn, error) {
				host, port := c.world.IMAP()
				return new(net.Dialer).DialContext(ctx, network, net.JoinHostPort(host, strconv.Itoa(port)))
			}
			c.imap = func(i *mail.IMAPConfig) { i.TLSConfig, i.Dial = c.world.ClientTLS(), to }
		},
		"tls-issuer": func(c *clinic) {
			c.imap, c.smtp = func(*mail.IMAPConfig) {}, func(*mail.SMTPConfig) {}
		},
		"tls-from-the-first-byte": func(c *clinic) {
			c.edit("frontdesk.yaml", "tls: starttls", "tls: implicit")
			c.edit("frontdesk.yaml", "tls: starttls", "tls: implicit")
		},
		"other-protocol": func(c *clinic) {
			_, ip := c.world.IMAP()
			_, sp := c.world.SMTP()
			c.edit("frontdesk.yaml", strconv.Itoa(ip), strconv.Itoa(sp))
		},
		"missing-folder": func(c *clinic) {
			c.edit("frontdesk.yaml", "password_file: imap.password}", "password_file: imap.password, folder: Support}")
		},
		"unreachable-smtp": func(c *clinic) {
			c.patience = time.Second
			c.smtp = func(s *mail.SMTPConfig) {
				s.Dial = func(ctx context.Context, _, _ string) (net.Conn, error) { <-ctx.Done(); return nil, ctx.Err() }
			}
		},
		"wrong-clock":   func(c *clinic) { c.now = func() time.Time { return time.Now().Add(-3 * time.Hour) } },
		"clock-of-1970": func(c *clinic) { c.now = func() time.Time { return time.Unix(3600, 0).UTC() } },
		"full-disk":     func(c *clinic) { c.free = func(string) (uint64, error) { return 12 << 20, nil } },
		"disk-almost-full": func(c *clinic) {
			c.free = func(string) (uint64, error) { return 700 << 20, nil }
		},
		"unreadable-faq": func(c *clinic) {
			c.write("faq.yaml", "entries:\n  - id: hours\n    zh:\n      question: [上班时间]\n      answer: 九点到五点，见{{webseite}}\n")
			c.edit("frontdesk.yaml", "\nhours:", "\nfaq: [faq.yaml, more.yaml]\nhours:")
		},
		"own-address-among-staff": func(c *clinic) { c.edit("frontdesk.yaml", "ana@northwind.example", "Support@acme.example") },
		"second-serve": func(c *clinic) {
			db := c.openDatabase()
			unlock, err := lock(c.database())
			if err != nil {
				t.Fatal(err)
			}
			c.t.Cleanup(func() { unlock(); db.Close() })
		},

		// And more.
		"password-not-there": func(c *clinic) { os.Remove(filepath.Join(c.dir, "imap.password")) },
		"open-to-others": func(c *clinic) {
			if err := os.Chmod(filepath.Join(c.dir, "imap.password"), 0o644); err != nil {
				t.Fatal(err)
			}
		},
		"staff-refused": func(c *clinic) {
			c.world.Fault(mailtest.Fault{Stage: mailtest.AtRcpt, To: "complaints@northwind.example", Code: 550, Text: "No such user here"})
		},
		"sender-refused": func(c *clinic) {
			c.world.Fault(mailtest.Fault{Stage: mailtest.AtMail, Code: 553, Text: "Sender address rejected: not owned by user"})
		},
		"smtp-wants-a-login": func(c *clinic) {
			c.edit("frontdesk.yaml", "user: support, password_file: imap.password}\n    staff", "}\n    staff")
		},
		"mail-does-not-arrive": func(c *clinic) {
			c.arrival = 300 * time.Millisecond
			c.edit("frontdesk.yaml", "address: support@acme.example", "address: help@acme.example")
		},
		"answers-the-whole-mailbox": func(c *clinic) {
			c.edit("frontdesk.yaml", "mode: observe", "mode: answer\n    start: all")
			if err := c.world.Deliver("support", []byte("Subject: old\r\n\r\nHello?\r\n")); err != nil {
				t.Fatal(err)
			}
		},
		"database-of-another-program": func(c *clinic) {
			db, err := sql.Open("sqlite3", c.database())
			if err == nil {
				_, err = db.Exec("CREATE TABLE recipes (cake TEXT)")
			}
			if err != nil || db.Close() != nil {
				t.Fatal(err)
			}
		},
		"port-for-monitoring-taken": func(c *clinic) {
			_, ip := c.world.IMAP()
			c.edit("frontdesk.yaml", "\nhours:", fmt.Sprintf("\nhttp: {listen: 127.0.0.1:%d}\nhours:", ip))
		},
		"folder-of-the-database": func(c *clinic) { c.edit("frontdesk.yaml", "\nhours:", "\ndatabase: data/frontdesk.db\nhours:") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newClinic(t)
			change(c)
			err := c.run(t.Context())
			if works := healthy[name] || slices.Contains(warns, name); works != (err == nil) {
				t.Errorf("error %v", err)
			}
			got := c.said(!healthy[name])
			sameReport(t, name+".txt", got)
			for _, secret := range []string{"secret", "sesame"} {
				if strings.Contains(got+c.errs.String(), secret) {
					t.Errorf("it tells the password %q", secret)
				}
			}
			for _, f := range c.findings {
				told := f.Do != "" || len(f.More) > 0
				for _, m := range f.More {
					told = told && (f.Do != "" || strings.Contains(m, "; "))
				}
				if f.Status == statusFail && !told {
					t.Errorf("nothing says what to do: %+v", f)
				}
			}
		})
	}
}

// What doctor tries leaves nothing behind: no database, no file, and one marked
// mail at most.
func TestDoctorLeavesNothing(t *testing.T) {
	for _, send := range []bool{true, false} {
		c := newClinic(t)
		c.roundTrip = send
		if err := c.run(t.Context()); err != nil {
			t.Fatal(err, c.out.String())
		}
		want := 0
		if send {
			want = 1
		}
		if mails := c.world.Mails(); len(mails) != want || send && (mails[0].From != support || mails[0].Header.Get(mail.ProbeHeader) == "") {
			t.Errorf("%d mails, want %d", len(mails), want)
		}
		files, err := filepath.Glob(filepath.Join(c.dir, "*"))
		hidden, err2 := filepath.Glob(filepath.Join(c.dir, ".*"))
		if err != nil || err2 != nil || len(files) != len(starters)+1 || len(hidden) != 0 {
			t.Errorf("files: %v %v", files, hidden)
		}
	}
}

func TestDoctorJSON(t *testing.T) {
	c := newClinic(t)
	c.json, c.roundTrip = true, false
	c.edit("frontdesk.yaml", "password_file: imap.password}", "password_file: imap.password, folder: Support}")
	if err := c.run(t.Context()); err == nil {
		t.Error("no error")
	}
	var got struct {
		OK     *bool     `json:"ok"`
		Checks []finding `json:"checks"`
	}
	if err := json.Unmarshal(c.out.Bytes(), &got); err != nil || got.OK == nil || *got.OK {
		t.Fatalf("%v\n%s", err, c.out.String())
	}
	failed := slices.DeleteFunc(got.Checks, func(f finding) bool { return f.Status != statusFail })
	if len(failed) != 1 || failed[0].Check != "imap folder" || failed[0].Channel != "support" || !strings.Contains(failed[0].Do, "INBOX") {
		t.Errorf("%+v", failed)
	}
}

// The exit code is for scripts, and a mistake in the configuration needs no
// network.
func TestDoctorExitCode(t *testing.T) {
	c := newClinic(t)
	c.edit("frontdesk.yaml", "timezone", "time-zone")
	var out, errs bytes.Buffer
	if code := run(t.Context(), []string{"doctor", "--config", c.config}, strings.NewReader(""), &out, &errs); code != 1 || errs.String() != "frontdesk: 1 check failed\n" {
		t.Errorf("exit code %d, %q\n%s", code, errs.String(), out.String())
	}
}

// An FAQ that takes long to learn is not wrong; and who interrupts a check is told
// nothing of it.
func TestDoctorOfASlowFAQ(t *testing.T) {
	c := newClinic(t)
	if f := c.configuration(t.Context()); f.Status != statusOK {
		t.Fatal(f)
	}
	late, cancel := context.WithDeadline(t.Context(), time.Now())
	defer cancel()
	if f := c.faq(late); f.Status != statusWarn || !strings.Contains(f.Found, "takes longer than 30s") {
		t.Errorf("%+v", f)
	}
	ctx, interrupt := context.WithCancel(t.Context())
	c.check(ctx, "faq", func(ctx context.Context) finding { interrupt(); return c.faq(ctx) })
	if c.out.Len() > 0 || len(c.findings) > 0 {
		t.Errorf("interrupted: %s", &c.out)
	}
}

// A second serve is refused in the words that doctor announces.
func TestDoctorSecondServe(t *testing.T) {
	c := newClinic(t)
	unlock, err := lock(c.database())
	if err != nil {
		t.Fatal(err)
	}
	defer unlock()
	var out, errs bytes.Buffer
	code := run(t.Context(), []string{"serve", "--config", c.config}, strings.NewReader(""), &out, &errs)
	if code != 1 || !strings.Contains(errs.String(), "another frontdesk is already running on "+c.database()) {
		t.Errorf("exit code %d, %q", code, errs.String())
	}
}

// The same against a real server, which sees to it that the sentences are not
// made for the fake.
func TestDoctorOnDovecot(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a server")
	}
	dovecot := mailtest.Dovecot(t)
	at := func(port int, more string) func(*clinic) {
		return func(c *clinic) {
			_, ip := c.world.IMAP()
			c.edit("frontdesk.yaml", strconv.Itoa(ip)+", tls: starttls,", strconv.Itoa(port)+", "+more)
		}
	}
	for _, x := range []struct {
		name   string
		change func(*clinic)
		want   string
	}{
		{"well", at(dovecot.Port, "tls: none,"), "ok     support: imap folder    INBOX on Dovecot has 0 mails, UIDVALIDITY "},
		{"missing folder", at(dovecot.Port, "tls: none, folder: Support,"), "spelled the same: Archive, INBOX, Junk, Sent, Trash"},
		{"clear port", at(dovecot.Port, "tls: implicit,"), "does not speak TLS from the first byte"},
		{"TLS port", at(dovecot.TLSPort, "tls: starttls,"), "wants TLS from the first byte"},
		{"issuer", at(dovecot.TLSPort, "tls: implicit,"), `is signed by "CN=localhost", whom this machine does not trust`},
		// The last: after it Dovecot lets this address wait.
		{"wrong password", at(dovecot.Port, "tls: none,"), "fail   support: imap login     127.0.0.1 refuses the login as support: wrong user or password"},
	} {
		t.Run(x.name, func(t *testing.T) {
			c := newClinic(t)
			x.change(c)
			c.roundTrip = false
			switch x.name {
			case "wrong password":
				c.write("imap.password", "sesame")
				c.patience = 20 * time.Second
			case "TLS port":
				c.patience = time.Second
			}
			err := c.run(t.Context())
			if (err == nil) != (x.name == "well") || !strings.Contains(c.out.String(), x.want) {
				t.Errorf("%v; nothing says %q:\n%s", err, x.want, c.out.String())
			}
		})
	}
}

// sameReport compares what doctor says with the file that holds it, or writes that.
func sameReport(t *testing.T, name, got string) {
	t.Helper()
	golden := filepath.Join("testdata", "doctor", name)
	if *updateDoctor {
		if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("it says\n%s\nand not\n%s(go test ./cmd/frontdesk -run TestDoctor -update-doctor rewrites it; review the diff)", got, want)
	}
}
