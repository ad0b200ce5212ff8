package main

import (
	"bytes"
	"fmt"
	"io"
	"log"
	"maps"
	"math/rand/v2"
	"net"
	netmail "net/mail"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"frontdesk/channels/mail/mailtest"
	"frontdesk/store"
)

// binary builds the real program.
func binary(t testing.TB) string {
	t.Helper()
	bin := filepath.Join(t.TempDir(), "frontdesk")
	if out, err := exec.Command("go", "build", "-o", bin, ".").CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	return bin
}

// process is the real program, serving.
type process struct {
	cmd *exec.Cmd
	log *lines
}

func startProcess(t testing.TB, bin string, s *site) *process {
	t.Helper()
	p := &process{cmd: exec.Command(bin, "serve", "--config", s.config()), log: &lines{}}
	p.cmd.Stderr = p.log
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return p
}

// kill is kill -9: the program gets no say.
func (p *process) kill() {
	p.cmd.Process.Kill()
	p.cmd.Wait()
}

// stop is what systemd does.
func (p *process) stop(t testing.TB) {
	t.Helper()
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Wait(); err != nil {
		t.Errorf("serve ended badly: %v\n%.4000s", err, p.log)
	}
}

// TestKill kills the program at random moments while mails come in and an SMTP
// server takes its time and refuses now and then. In the end every mail is
// recorded once and answered once.
//
// A mail may still leave twice: when the program dies after it has handed it over
// and before it has recorded that the server took it. The copies then have one
// Message-ID, by which mail programs show them as one; their number is logged.
func TestKill(t *testing.T) {
	if testing.Short() {
		t.Skip("takes a while")
	}
	t.Parallel() // it waits for processes of its own
	const mails = 300
	kills := 20
	if os.Getenv("FRONTDESK_LONG") == "1" {
		kills = 200
	}
	const seed = 7
	random := rand.New(rand.NewPCG(seed, uint64(kills)))
	d := mailtest.Dovecot(t)
	sink := startSlowSMTP(t, random.Uint64())
	s := newSite(t, d, "127.0.0.1", sink.port())
	bin := binary(t)

	began := time.Now()
	delivered, ready, interrupted := 0, 0, 0
	deliver := func(upTo int) {
		var batch [][]byte
		for ; delivered < upTo; delivered++ {
			batch = append(batch, killMail(delivered))
		}
		if len(batch) > 0 {
			d.DeliverMany("support", batch...)
		}
	}
	for n := range kills {
		if n%4 == 0 { // there is work at the start
			deliver(mails * (n + 1) / kills)
		}
		p := startProcess(t, bin, s)
		deliver(mails * (n + 1) / kills)
		switch n % 4 {
		case 0: // a moment of the start
			time.Sleep(time.Duration(random.Int64N(int64(200 * time.Millisecond))))
		case 2: // any moment
			time.Sleep(time.Duration(random.Int64N(int64(700 * time.Millisecond))))
		default: // a moment near a delivery, if there is one
			sink.waitBegun(1+random.IntN(4), time.Second)
			time.Sleep(time.Duration(random.Int64N(int64(120 * time.Millisecond))))
		}
		p.kill()
		said := p.log.String()
		if strings.Contains(said, "panic") || strings.Contains(said, "level=ERROR") {
			t.Fatalf("life %d:\n%s", n, said)
		}
		ready += strings.Count(said, logReady)
		interrupted += strings.Count(said, "deliveries were interrupted")
	}
	killed := time.Since(began)
	p := startProcess(t, bin, s)
	defer p.kill()
	deliver(mails)
	ctx := within(t, 3*time.Minute)
	if err := p.log.wait(ctx, logUp, 1); err != nil {
		t.Fatal(err)
	}
	s.settled(ctx, 0)
	p.stop(t)

	recorded := map[string]int{}
	for _, e := range s.ledger() {
		recorded[e.Sender]++
		if e.Disposition != store.Taken {
			t.Errorf("the mail of %s counts as %s: %s", e.Sender, e.Disposition, e.Reason)
		}
	}
	accepted, refused := sink.result()
	names := map[string]map[string]int{} // by recipient: how often each Message-ID was accepted
	twice := 0
	for _, m := range accepted {
		if names[m.to] == nil {
			names[m.to] = map[string]int{}
		}
		if names[m.to][m.id]++; names[m.to][m.id] > 1 {
			twice++
		}
	}
	for i := range mails {
		from := killSender(i)
		if recorded[from] != 1 {
			t.Errorf("the mail of %s has %d rows in the ledger", from, recorded[from])
		}
		if n := len(names[from]); n != 1 {
			t.Errorf("%s got %d answers: %v", from, n, names[from])
		}
	}
	if len(recorded) != mails {
		t.Errorf("%d senders in the ledger, not %d", len(recorded), mails)
	}
	out := s.outbox()
	sent := map[string]bool{}
	for _, o := range out {
		if o.State != store.Sent || sent[o.Ref] {
			t.Errorf("delivery %d is %s as %s: %s", o.ID, o.State, o.Ref, o.Error)
		}
		sent[o.Ref] = true
	}
	wire := map[string]int{}
	for _, ids := range names {
		maps.Copy(wire, ids)
	}
	for id := range sent {
		if wire[id] == 0 {
			t.Errorf("%s is recorded as sent and was never accepted", id)
		}
	}
	if len(wire) != len(sent) {
		t.Errorf("SMTP accepted %d different mails, the outbox has sent %d", len(wire), len(sent))
	}
	// One hand-over for each complaint and each hard question.
	if n := len(names[escalations]) + len(names[complaints]); n != mails/2 {
		t.Errorf("%d hand-overs for %d mails that need one", n, mails/2)
	}
	t.Logf("%d kills in %v (%d of a program that was ready, %d starts found deliveries interrupted), seed %d; the rest took %v",
		kills, killed.Round(time.Millisecond), ready, interrupted, seed, (time.Since(began) - killed).Round(time.Millisecond))
	t.Logf("%d mails in, %d ledger rows, %d different mails out; SMTP refused %d attempts and accepted %d mails a second time, with the same Message-ID: the program died after it had handed them over and before it could record the answer",
		mails, len(recorded), len(wire), refused, twice)
}

func killSender(i int) string { return fmt.Sprintf("customer%d@customers.example", i) }

// killMail is answered from the FAQ in half of the cases, and needs people in the
// other half.
func killMail(i int) []byte {
	subject, text := "上班时间", "您好，请问你们周末上班吗？"
	switch i % 4 {
	case 1:
		subject, text = "Opening hours", "Hello,\n\nare you open on weekends?"
	case 2:
		subject, text = "投诉", "我要投诉！你们的快递员态度很差，昨天下午把包裹扔在门口就走了。"
	case 3:
		subject, text = "Bulk tuning", "Can you tune forty pianos in one week in March?"
	}
	return letterFrom(killSender(i), fmt.Sprintf("kill-%d@customers.example", i), subject, text)
}

// slowSMTP accepts mail after 20 to 100 ms, and refuses for the moment now and
// then.
type slowSMTP struct {
	server *smtp.Server
	listen net.Listener

	mu       sync.Mutex
	random   *rand.Rand
	accepted []acceptedMail
	seen     map[string]bool
	refused  int
	begun    int
	changed  chan struct{}
}

type acceptedMail struct{ id, to string }

func startSlowSMTP(t testing.TB, seed uint64) *slowSMTP {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &slowSMTP{listen: l, random: rand.New(rand.NewPCG(seed, 0)), changed: make(chan struct{}), seen: map[string]bool{}}
	s.server = smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return &slowSession{sink: s}, nil }))
	s.server.Domain, s.server.ErrorLog = "acme.example", log.New(io.Discard, "", 0) // clients vanish
	var wg sync.WaitGroup
	wg.Go(func() { s.server.Serve(l) })
	t.Cleanup(func() {
		s.server.Close()
		wg.Wait()
	})
	return s
}

func (s *slowSMTP) port() int { return s.listen.Addr().(*net.TCPAddr).Port }

// waitBegun waits until n more transactions have begun, or until it has taken
// too long.
func (s *slowSMTP) waitBegun(n int, limit time.Duration) {
	late := time.NewTimer(limit)
	defer late.Stop()
	s.mu.Lock()
	until := s.begun + n
	s.mu.Unlock()
	for {
		s.mu.Lock()
		have, changed := s.begun, s.changed
		s.mu.Unlock()
		if have >= until {
			return
		}
		select {
		case <-changed:
		case <-late.C:
			return
		}
	}
}

func (s *slowSMTP) result() (accepted []acceptedMail, refused int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.accepted, s.refused
}

// moody refuses one in thirty of what it sees for the first time; a further
// refusal would only make the test wait longer.
func (s *slowSMTP) moody(what string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	before := s.seen[what]
	if s.seen[what] = true; before || s.random.IntN(30) > 0 {
		return nil
	}
	s.refused++
	return &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 3, 0}, Message: "try again later"}
}

func (s *slowSMTP) pause() {
	s.mu.Lock()
	d := time.Duration(10+s.random.IntN(41)) * time.Millisecond
	s.mu.Unlock()
	time.Sleep(d)
}

type slowSession struct {
	sink *slowSMTP
	to   string
}

func (s *slowSession) Mail(string, *smtp.MailOptions) error {
	s.sink.mu.Lock()
	s.sink.begun++
	close(s.sink.changed)
	s.sink.changed = make(chan struct{})
	s.sink.mu.Unlock()
	return nil
}

func (s *slowSession) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.to = to
	return s.sink.moody(to)
}

// Data is slow before and after the mail counts as accepted.
func (s *slowSession) Data(r io.Reader) error {
	raw, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	msg, err := netmail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		return err
	}
	id := strings.Trim(msg.Header.Get("Message-Id"), "<>")
	s.sink.pause()
	if err := s.sink.moody(id); err != nil {
		return err
	}
	s.sink.mu.Lock()
	s.sink.accepted = append(s.sink.accepted, acceptedMail{id, s.to})
	s.sink.mu.Unlock()
	s.sink.pause()
	return nil
}

func (s *slowSession) Reset()        {}
func (s *slowSession) Logout() error { return nil }
