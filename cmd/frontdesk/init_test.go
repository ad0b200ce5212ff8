package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/pem"
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"frontdesk/channels/mail"
	"frontdesk/channels/mail/mailtest"
	"frontdesk/store"
)

func TestInit(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "etc", "frontdesk")
	initialise := func() string {
		t.Helper()
		var out, errs bytes.Buffer
		if code := run(t.Context(), []string{"init", dir}, strings.NewReader(""), &out, &errs); code != 0 {
			t.Fatalf("exit code %d: %s", code, errs.String())
		}
		return out.String()
	}
	first := initialise()
	for _, s := range starters {
		info, err := os.Stat(filepath.Join(dir, s.name))
		if err != nil || info.Size() == 0 || info.Mode().Perm()&^s.mode != 0 || !strings.Contains(first, "wrote  "+filepath.Join(dir, s.name)) {
			t.Errorf("%s: %v, %v\n%s", s.name, info, err, first)
		}
	}
	embedded, err := fs.ReadDir(samples, "init")
	if err != nil || len(embedded)+1 != len(starters) { // the manifest is made
		t.Errorf("init writes %d of %d files", len(starters), len(embedded)+1)
	}
	cfg, err := LoadConfig(filepath.Join(dir, "frontdesk.yaml"))
	if err != nil || !cfg.Channels[0].Observe || !cfg.Channels[0].FromNow {
		t.Errorf("what init writes would answer customers at once: %+v, %v", cfg, err)
	}
	if _, next, _ := strings.Cut(first, "Next:\n"); strings.Count(next, "\n") > 5 || !strings.Contains(next, "frontdesk doctor --config "+filepath.Join(dir, "frontdesk.yaml")) {
		t.Errorf("the next steps are\n%s", next)
	}

	// A second run keeps what is there, and brings back what is not.
	mine := []byte("mine\n")
	if err := os.WriteFile(filepath.Join(dir, "frontdesk.yaml"), mine, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(dir, "faq.yaml")); err != nil {
		t.Fatal(err)
	}
	second := initialise()
	if strings.Count(second, "kept   ") != len(starters)-1 || !strings.Contains(second, "wrote  "+filepath.Join(dir, "faq.yaml")) {
		t.Errorf("the second run says\n%s", second)
	}
	if got, err := os.ReadFile(filepath.Join(dir, "frontdesk.yaml")); err != nil || !bytes.Equal(got, mine) {
		t.Errorf("the second run wrote over a file: %q, %v", got, err)
	}
}

// The unit is one that systemd takes whole, and the service may do little.
func TestInitUnit(t *testing.T) {
	analyze, err := exec.LookPath("systemd-analyze")
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("install systemd: ", err)
		}
		t.Skip("install systemd: ", err)
	}
	dir := t.TempDir()
	if err := (&app{out: &bytes.Buffer{}}).writeStarters(dir); err != nil {
		t.Fatal(err)
	}
	unit := filepath.Join(dir, "frontdesk.service")
	text, err := os.ReadFile(unit)
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{"Restart=always", "ExecReload=/bin/kill -HUP $MAINPID", "NoNewPrivileges=yes", "ProtectSystem=strict", "StateDirectory=frontdesk", "EnvironmentFile=", "TimeoutStopSec=15"} {
		if !strings.Contains(string(text), "\n"+line) {
			t.Errorf("the unit has no %s", line)
		}
	}
	// verify looks whether the programs are there.
	here := strings.Replace(string(text), "/usr/local/bin/frontdesk", "/bin/true", 1)
	if err := os.WriteFile(unit, []byte(here), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	out, err := exec.CommandContext(ctx, analyze, "verify", "--man=no", unit).CombinedOutput()
	if err != nil || strings.Contains(string(out), "frontdesk.service:") {
		t.Errorf("systemd-analyze verify: %v\n%s", err, out)
	}
}

// operator is somebody who sets Frontdesk up at a shell, and counts the commands.
type operator struct {
	t        *testing.T
	dir, bin string
	env      []string
	commands []string
}

func (o *operator) command(args ...string) *exec.Cmd {
	o.commands = append(o.commands, "frontdesk "+strings.Join(args, " "))
	cmd := exec.Command(o.bin, args...)
	cmd.Dir, cmd.Env = o.dir, o.env
	return cmd
}

// edit is one go at an editor.
func (o *operator) edit(name string, change ...string) {
	o.t.Helper()
	o.commands = append(o.commands, "edit "+name)
	file := filepath.Join(o.dir, name)
	text, err := os.ReadFile(file)
	if err != nil {
		o.t.Fatal(err)
	}
	for i := 0; i < len(change); i += 2 {
		if !strings.Contains(string(text), change[i]) {
			o.t.Fatalf("%s has no %q", name, change[i])
		}
		text = []byte(strings.ReplaceAll(string(text), change[i], change[i+1]))
	}
	if err := os.WriteFile(file, text, 0o600); err != nil {
		o.t.Fatal(err)
	}
}

// TestNewOperator goes from nothing to the first answered mail with the real
// program, a real IMAP server and TLS on both sides, in at most five commands.
func TestNewOperator(t *testing.T) {
	if testing.Short() {
		t.Skip("takes a while")
	}
	t.Parallel() // it waits for processes of its own
	dovecot := mailtest.Dovecot(t)
	world, err := mailtest.New("acme.example", mailtest.Options{Sockets: true, TLS: true})
	if err != nil {
		t.Fatal(err)
	}
	defer world.Close()
	world.Account("support", "secret")
	_, smtpPort := world.SMTP()
	o := &operator{t: t, dir: t.TempDir(), bin: binary(t)}
	// Somebody has made this machine trust the two servers.
	o.env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + o.dir, "SSL_CERT_FILE=" + trust(t, dovecot.CAFile, smtpPort)}
	ctx := within(t, time.Minute)
	began := time.Now()

	if out, err := o.command("init").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	o.edit("frontdesk.yaml",
		"host: imap.acme.example", "host: localhost", "port: 993", fmt.Sprintf("port: %d", dovecot.TLSPort),
		"host: smtp.acme.example", "host: localhost", "port: 587", fmt.Sprintf("port: %d", smtpPort),
		"user: support@acme.example", "user: support", "mode: observe", "mode: answer")
	o.commands = append(o.commands, "export IMAP_PASSWORD=…")
	o.env = append(o.env, "IMAP_PASSWORD=secret")

	// The mail servers hand on what doctor sends around.
	checked := &lines{}
	doctor := o.command("doctor")
	doctor.Stdout, doctor.Stderr = checked, checked
	if err := doctor.Start(); err != nil {
		t.Fatal(err)
	}
	marked, err := world.Next(ctx, support)
	if err != nil {
		doctor.Process.Kill()
		t.Fatalf("doctor sends nothing: %v\n%s", err, checked)
	}
	dovecot.Deliver("support", marked.Raw)
	if err := doctor.Wait(); err != nil || !strings.Contains(checked.String(), "support: round trip") {
		t.Fatalf("doctor: %v\n%s", err, checked)
	}
	t.Logf("doctor says\n%s", checked)

	p := &process{cmd: o.command("serve"), log: &lines{}}
	p.cmd.Stderr = p.log
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer p.kill()
	if err := p.log.wait(ctx, logUp, 1); err != nil {
		t.Fatal(err)
	}
	c, err := smtp.Dial(net.JoinHostPort("localhost", strconv.Itoa(smtpPort)))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	const customer = "mei@customer.example"
	if err := c.SendMail(customer, []string{support}, bytes.NewReader(letterFrom(customer, "1@customer.example", "Question", "What are your opening hours?"))); err != nil {
		t.Fatal(err)
	}
	question, err := world.Next(ctx, support)
	if err != nil {
		t.Fatal(err)
	}
	dovecot.Deliver("support", question.Raw)
	answer, err := world.Next(ctx, customer)
	if err != nil {
		t.Fatalf("%v\n%.4000s", err, p.log)
	}
	took := time.Since(began)
	if !bytes.Contains(answer.Raw, []byte("09:00")) {
		t.Errorf("the answer is\n%s", answer.Raw)
	}
	if len(o.commands) > 5 {
		t.Errorf("%d commands: %s", len(o.commands), strings.Join(o.commands, "; "))
	}
	t.Logf("from nothing to the first answered mail: %d commands, %.1f s (%s)", len(o.commands), took.Seconds(), strings.Join(o.commands, "; "))

	// The marked mail of doctor was seen, and is known as our own; so is that of
	// another doctor beside the running serve.
	s := &site{t: t, dir: o.dir}
	again := o.command("doctor")
	checked = &lines{}
	again.Stdout, again.Stderr = checked, checked
	if err := again.Start(); err != nil {
		t.Fatal(err)
	}
	for m := (mailtest.Mail{}); m.Header.Get(mail.ProbeHeader) == ""; {
		if m, err = world.Next(ctx, support); err != nil {
			again.Process.Kill()
			t.Fatalf("%v\n%s", err, checked)
		}
		dovecot.Deliver("support", m.Raw)
	}
	if err := again.Wait(); err != nil || !strings.Contains(checked.String(), "another frontdesk is running on this database") {
		t.Errorf("doctor beside serve: %v\n%s", err, checked)
	}
	s.settled(ctx, 3)
	var own int
	for _, e := range s.ledger() {
		if strings.Contains(e.Subject, "Test of Frontdesk") && e.Disposition == store.Own {
			own++
		}
	}
	if own != 2 {
		t.Errorf("%d of 2 marked mails are known as our own: %+v", own, s.ledger())
	}
	if n := len(world.MailsTo(support)); n != 3 {
		t.Errorf("%d mails to ourselves, want 2 marked ones and the question", n)
	}
	p.stop(t)
}

// trust writes a file with the certificates of the two servers.
func trust(t *testing.T, caFile string, smtpPort int) string {
	t.Helper()
	all, err := os.ReadFile(caFile)
	if err != nil {
		t.Fatal(err)
	}
	c, err := smtp.DialStartTLS(net.JoinHostPort("localhost", strconv.Itoa(smtpPort)), &tls.Config{InsecureSkipVerify: true})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.Noop(); err != nil { // only now it has a certificate
		t.Fatal(err)
	}
	state, _ := c.TLSConnectionState()
	all = append(all, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: state.PeerCertificates[0].Raw})...)
	file := filepath.Join(t.TempDir(), "trusted.pem")
	if err := os.WriteFile(file, all, 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}
