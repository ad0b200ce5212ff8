package mailtest

import (
	"bytes"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"time"
)

// TB is what is needed of testing.TB; this package does not import testing,
// because the demo uses it.
type TB interface {
	Helper()
	Cleanup(func())
	Skip(args ...any)
	Fatal(args ...any)
	Fatalf(format string, args ...any)
	Logf(format string, args ...any)
	Failed() bool
}

//go:embed testdata/dovecot-local.sh
var dovecotScript []byte

// DovecotServer is a Dovecot of one's own on loopback. Its users are
// support, agent and user1 to user50, all with the password secret.
type DovecotServer struct {
	Host       string
	Port       int // IMAP without TLS
	TLSPort    int // IMAP with implicit TLS
	LMTPPort   int
	CAFile     string // of the certificate, which is for localhost
	base       string
	script     string
	tb         TB
	deliveries atomic.Int64
}

// Dovecot starts one, which ends with the test. extra are further lines of its
// configuration, e.g. "imap_capability = IMAP4rev1" for a server without IDLE.
// Without Dovecot on the machine the test is skipped, or fails where CI=true.
func Dovecot(tb TB, extra ...string) *DovecotServer {
	tb.Helper()
	for _, tool := range []string{"dovecot", "doveadm", "openssl", "bash"} {
		if _, err := exec.LookPath(tool); err != nil {
			const hint = "install dovecot-imapd dovecot-lmtpd: "
			if os.Getenv("CI") == "true" {
				tb.Fatal(hint, err)
			}
			tb.Skip(hint, err)
		}
	}
	// Not t.TempDir: the paths of Dovecot's sockets must stay under 108 bytes.
	base, err := os.MkdirTemp("", "frontdesk-dovecot-")
	if err != nil {
		tb.Fatal(err)
	}
	d := &DovecotServer{Host: "127.0.0.1", base: base, script: filepath.Join(base, "dovecot-local.sh"), CAFile: filepath.Join(base, "tls.crt"), tb: tb}
	tb.Cleanup(func() {
		if log, err := os.ReadFile(filepath.Join(base, "dovecot.log")); err == nil && tb.Failed() {
			tb.Logf("end of dovecot.log:\n%s", log[max(0, len(log)-4000):])
		}
		os.RemoveAll(base)
	})
	if err := errors.Join(os.Chmod(base, 0o755), os.WriteFile(d.script, dovecotScript, 0o755)); err != nil {
		tb.Fatal(err)
	}
	ports, err := freePorts(3)
	if err != nil {
		tb.Fatal(err)
	}
	d.Port, d.LMTPPort, d.TLSPort = ports[0], ports[1], ports[2]
	users := "support:secret agent:secret"
	for i := range 50 {
		users += fmt.Sprintf(" user%d:secret", i+1)
	}
	d.run([]string{"DOVE_USERS=" + users, "DOVE_EXTRA=" + strings.Join(extra, "\n")}, nil, "start", base, strconv.Itoa(d.Port), strconv.Itoa(d.LMTPPort), strconv.Itoa(d.TLSPort))
	tb.Cleanup(func() { d.run(nil, nil, "stop", base) })
	return d
}

// freePorts finds ports that nobody listens on. Another process may take one
// before Dovecot does; then the start fails and says so.
func freePorts(n int) (ports []int, err error) {
	for range n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, err
		}
		defer l.Close()
		ports = append(ports, l.Addr().(*net.TCPAddr).Port)
	}
	return ports, nil
}

// run runs the script and returns what it says.
func (d *DovecotServer) run(env []string, stdin []byte, args ...string) string {
	d.tb.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "bash", append([]string{d.script}, args...)...)
	cmd.Env = append(os.Environ(), env...)
	cmd.Stdin = bytes.NewReader(stdin)
	out, err := cmd.CombinedOutput()
	if err != nil {
		d.tb.Fatalf("dovecot-local.sh %s: %v\n%s", args[0], err, out)
	}
	return string(out)
}

// Deliver puts raw into user's INBOX through Dovecot's delivery agent, which
// tells idling clients.
func (d *DovecotServer) Deliver(user string, raw []byte) {
	d.tb.Helper()
	d.run(nil, raw, "deliver", d.base, user)
}

// DeliverMany puts many mails into user's INBOX fast, by writing files into its
// Maildir. They get UIDs in this order when the folder is next opened.
func (d *DovecotServer) DeliverMany(user string, raws ...[]byte) {
	d.tb.Helper()
	d.Doveadm("mailbox", "status", "-u", user, "messages", "INBOX") // makes the Maildir
	dir := filepath.Join(d.base, "home", user, "Maildir")
	info, err := os.Stat(dir)
	if err != nil {
		d.tb.Fatal(err)
	}
	owner := info.Sys().(*syscall.Stat_t)
	for _, raw := range raws {
		// Dovecot orders new files by name.
		name := filepath.Join(dir, "new", fmt.Sprintf("%d.M%06dP1.test", time.Now().Unix(), d.deliveries.Add(1)))
		if err := errors.Join(os.WriteFile(name, raw, 0o600), os.Chown(name, int(owner.Uid), int(owner.Gid))); err != nil {
			d.tb.Fatal(err)
		}
	}
}

// Doveadm runs an administrator's command and returns its output.
func (d *DovecotServer) Doveadm(args ...string) string {
	d.tb.Helper()
	return d.run(nil, nil, append([]string{"doveadm", d.base}, args...)...)
}

// Kick cuts user's connections; there must be one.
func (d *DovecotServer) Kick(user string) {
	d.tb.Helper()
	d.Doveadm("kick", user)
}

// NewUIDValidity gives user's INBOX another UIDVALIDITY.
func (d *DovecotServer) NewUIDValidity(user string, validity uint32) {
	d.tb.Helper()
	d.Doveadm("mailbox", "update", "--uid-validity", strconv.FormatUint(uint64(validity), 10), "-u", user, "INBOX")
}

// Signal sends sig to every process that serves IMAP to a client, and returns
// how many there were.
func (d *DovecotServer) Signal(sig syscall.Signal) int {
	d.tb.Helper()
	master, err := os.ReadFile(filepath.Join(d.base, "run", "master.pid"))
	if err != nil {
		d.tb.Fatal(err)
	}
	n := 0
	err = fs.WalkDir(os.DirFS("/proc"), ".", func(path string, e fs.DirEntry, err error) error {
		if path == "." {
			return nil
		}
		pid, notPID := strconv.Atoi(e.Name())
		if notPID == nil {
			stat, _ := os.ReadFile(filepath.Join("/proc", path, "stat"))
			// PID (comm) state PPID …
			name, rest, _ := bytes.Cut(stat, []byte(") "))
			fields := bytes.Fields(rest)
			if len(fields) > 1 && string(fields[1]) == strings.TrimSpace(string(master)) && bytes.HasSuffix(name, []byte("(imap")) {
				n++
				if err := syscall.Kill(pid, sig); err != nil {
					return err
				}
			}
		}
		if e.IsDir() {
			return fs.SkipDir
		}
		return nil
	})
	if err != nil {
		d.tb.Fatal(err)
	}
	return n
}
