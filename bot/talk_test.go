package bot

import (
	"context"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"mime"
	"mime/multipart"
	"net/mail"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"frontdesk/bot/texts"
	"frontdesk/channels"
	"frontdesk/channels/channeltest"
	fdmail "frontdesk/channels/mail"
	"frontdesk/channels/mail/mailtest"
	"frontdesk/faq"
	"frontdesk/store"
)

var update = flag.Bool("update", false, "rewrite what goes out in testdata/talk")

// TestTalk plays the conversations of testdata/talk. Each file says what comes
// in and what must go out; see testdata/talk/README for the form. Mail goes
// through the real mail channel, over in-memory connections and in fake time;
// chat through the fake of channeltest.
func TestTalk(t *testing.T) {
	files, err := filepath.Glob("testdata/talk/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no conversations: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			var got string
			synctest.Test(t, func(t *testing.T) { got = playTalk(t, string(data)) })
			if got == string(data) {
				return
			}
			if *update {
				if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			t.Errorf("%s: what goes out differs (go test ./bot -run TestTalk -update rewrites it; review the diff):\n%s", file, firstDifference(string(data), got))
		})
	}
}

func firstDifference(want, got string) string {
	w, g := strings.Split(want, "\n"), strings.Split(got, "\n")
	for i := range min(len(w), len(g)) {
		if w[i] != g[i] {
			return fmt.Sprintf("line %d\n  want %q\n  got  %q\n--- all of it ---\n%s", i+1, w[i], g[i], got)
		}
	}
	return "one is longer than the other\n" + got
}

// talk is one conversation being played.
type talk struct {
	t       *testing.T
	world   *mailtest.World
	chat    *channeltest.Chat
	db      *store.DB
	engine  *Engine
	stop    func()
	seen    int               // mails shown
	posts   map[string]int    // posts shown, by place
	looks   map[string]string // how a post looked when it was shown, by ref
	names   map[string]string
	ids     map[string]string // by mark: Message-ID or ref
	mails   map[string]mailtest.Mail
	counter int
}

// playTalk plays a file and returns it with what really went out.
func playTalk(t *testing.T, script string) string {
	steps, head := parseTalk(t, script)
	first, err := time.ParseInLocation("2006-01-02 15:04", steps[0].when, time.UTC)
	if err != nil {
		t.Fatal(err)
	}
	time.Sleep(time.Until(first) - 24*time.Hour) // bubbles begin in the year 2000
	k := newTalk(t, head)
	out := head
	defer k.start()()
	for _, s := range steps {
		k.wait(s)
		out += k.sent(true) // what time did meanwhile
		out += s.head + "\n"
		k.step(s)
		synctest.Wait()
		time.Sleep(30 * time.Second) // everything that is due at once is done by then; an hour of it costs nothing
		synctest.Wait()
		out += k.sent(false)
	}
	return out
}

// step is one thing that comes in: its head line, and its text.
type step struct {
	head           string // lines "=== …" and the text below, as written
	when, who, how string
	opts           map[string]string
	text           string
}

// parseTalk cuts a file into what stands before the first step, and the steps.
// Lines from "    " on below ">>>" are what went out; they are dropped.
func parseTalk(t *testing.T, script string) (steps []step, head string) {
	var cur *step
	skipping := false
	flush := func() {
		if cur != nil {
			cur.head = strings.TrimRight(cur.head, "\n") + "\n"
			cur.text = strings.TrimSpace(cur.text)
			steps = append(steps, *cur)
		}
	}
	for _, line := range strings.SplitAfter(script, "\n") {
		switch {
		case strings.HasPrefix(line, "=== "):
			flush()
			cur, skipping = &step{head: line, opts: map[string]string{}}, false
			parts := strings.Split(strings.TrimSpace(line[4:]), " | ")
			f := strings.Fields(parts[0])
			if len(f) < 2 {
				t.Fatalf("line %q: want === DAY TIME WHO HOW | OPTION: VALUE", line)
			}
			cur.when = f[0] + " " + f[1]
			if len(f) > 2 {
				cur.who = f[2]
			}
			if len(f) > 3 {
				cur.how = strings.Join(f[3:], " ")
			}
			for _, o := range parts[1:] {
				k, v, _ := strings.Cut(o, ": ")
				cur.opts[k] = v
			}
		case strings.HasPrefix(line, ">>> "):
			skipping = true
		case cur == nil:
			head += line
		case !skipping:
			cur.head += line
			cur.text += line
		}
	}
	flush()
	return steps, head
}

// The company of the conversations: Mon–Fri 09:00–17:00 in Shanghai, a holiday
// on Thu 26 Nov 2026, Sat 28 Nov 2026 a make-up workday.
func talkConfig(t testing.TB) Config {
	t.Helper()
	shanghai, err := time.LoadLocation("Asia/Shanghai")
	if err != nil {
		t.Fatal(err)
	}
	cal, errs := NewCalendar(CalendarSpec{Location: shanghai, Days: map[string][]string{"mon-fri": {"09:00-17:00"}},
		Holidays: []string{"2026-11-26"}, Workdays: []string{"2026-11-28"}})
	if errs != nil {
		t.Fatal(errs)
	}
	set, err := texts.Load("")
	if err != nil {
		t.Fatal(err)
	}
	who := func(a string) channels.Person { return channels.Person{Kind: "mail", Address: a} }
	return Config{Company: "Acme", Languages: []string{"zh", "en"}, Calendar: cal, Texts: set,
		Promises: map[string]map[store.Priority]time.Duration{
			kindComplaint: {store.Urgent: 4 * time.Hour, store.Normal: 8 * time.Hour},
			kindRequest:   {store.Urgent: 8 * time.Hour, store.Normal: 16 * time.Hour},
		},
		Staff: []Agent{
			{Name: "Li Wei", Supervisor: true, Identities: []channels.Person{who("li@acme.example"), channeltest.Who("li")}},
			{Name: "Ana", Identities: []channels.Person{who("ana@acme.example"), channeltest.Who("ana")}},
		},
		Channels: map[string]Channel{
			"support": {Letter: true, Own: []channels.Person{who("support@acme.example")},
				Staff: Desk{Channel: "support", To: who("escalations@acme.example")}, Complaints: Desk{Channel: "support", To: who("complaints@acme.example")}},
			"chat": {Buttons: true, Gather: 3 * time.Second, Prefixes: []string{">", "/reply"}, Budget: Budget{Hour: 60, Day: 200, Talk: 20},
				Staff: Desk{Channel: "chat", Place: "room:agents"}, Complaints: Desk{Channel: "chat", Place: "room:complaints"}},
		}}
}

func sampleFAQ(t testing.TB, cal *Calendar) *faq.Index {
	t.Helper()
	vars := map[string]map[string]string{}
	for _, l := range []string{"zh", "en"} {
		vars[l] = map[string]string{"hours": cal.Describe(l), "phone": "123-456-7890", "website": "https://acme.example", "email": "support@acme.example", "company": "Acme"}
	}
	x, err := faq.Load(t.Context(), []string{"../cmd/frontdesk/init/faq.yaml"}, faq.Options{Languages: []string{"zh", "en"}, Vars: vars})
	if err != nil {
		t.Fatal(err)
	}
	return x
}

func newTalk(t *testing.T, head string) *talk {
	k := &talk{t: t, posts: map[string]int{}, looks: map[string]string{}, names: map[string]string{}, ids: map[string]string{}, mails: map[string]mailtest.Mail{}}
	var err error
	if k.world, err = mailtest.New("acme.example", mailtest.Options{}); err != nil {
		t.Fatal(err)
	}
	k.world.Account("support", "secret")
	k.chat = channeltest.NewChat("chat")
	k.chat.Open("room:agents")
	k.chat.Open("room:complaints")
	cfg := talkConfig(t)
	log := slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelWarn}))
	reader := fdmail.Reader{Channel: "support", Own: []string{"support@acme.example"}}
	src, err := fdmail.NewSource("support", fdmail.IMAPConfig{Host: "127.0.0.1", Port: 143, TLS: fdmail.TLSNone, User: "support", Password: "secret", Folder: "INBOX", Dial: k.world.Dial, Poll: time.Hour}, reader.Read, log)
	if err != nil {
		t.Fatal(err)
	}
	snd, err := fdmail.NewSender("support", fdmail.SMTPConfig{Host: "127.0.0.1", Port: 25, TLS: fdmail.TLSNone, Address: "support@acme.example", Company: "Acme", Dial: k.world.Dial}, log)
	if err != nil {
		t.Fatal(err)
	}
	support, chat := cfg.Channels["support"], cfg.Channels["chat"]
	support.Source, support.Sender = src, snd
	chat.Source, chat.Sender = k.chat, k.chat
	for _, line := range strings.Split(head, "\n") {
		switch key, value, _ := strings.Cut(line, ": "); key {
		case "desk": // where the mailbox's staff read
			support.Staff, support.Complaints = chat.Staff, chat.Complaints
		case "mode":
			support.Observe, chat.Observe = value == "observe", value == "observe"
		case "personal":
			chat.Personal = true
		case "start":
			at := k.time(value)
			support.Start, chat.Start = at, at
		}
	}
	cfg.Channels = map[string]Channel{"support": support, "chat": chat}
	if k.db, err = store.Open(context.Background(), filepath.Join(t.TempDir(), "talk.db")); err != nil {
		t.Fatal(err)
	}
	index := sampleFAQ(t, cfg.Calendar)
	if k.engine, err = New(cfg, k.db, func() *faq.Index { return index }, log); err != nil {
		t.Fatal(err)
	}
	return k
}

// start runs the engine; stop ends it, and what start returns closes everything.
func (k *talk) start() (end func()) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- k.engine.Run(ctx) }()
	k.stop = func() {
		cancel()
		<-done
	}
	return k.close
}

func (k *talk) close() {
	k.stop()
	if err := k.db.Close(); err != nil {
		k.t.Error(err)
	}
	if err := k.world.Close(); err != nil {
		k.t.Error(err)
	}
}

func (k *talk) time(s string) time.Time {
	at, err := time.ParseInLocation("2006-01-02 15:04", s, k.location())
	if err != nil {
		k.t.Fatalf("time %q: %v", s, err)
	}
	return at
}

func (k *talk) location() *time.Location {
	l, err := time.LoadLocation("Asia/Shanghai")
	if err != nil {
		k.t.Fatal(err)
	}
	return l
}

// wait lets time pass until a step is due.
func (k *talk) wait(s step) {
	at := k.time(s.when)
	if d := time.Until(at); d < 0 {
		k.t.Fatalf("%s is before what came earlier (now %s)", s.when, time.Now().In(k.location()).Format("2006-01-02 15:04:05"))
	} else {
		time.Sleep(d)
	}
	synctest.Wait()
}

func (k *talk) step(s step) {
	switch verb, rest, _ := strings.Cut(s.how, " "); verb {
	case "": // only time passes
	case "stops":
		k.stop()
		k.stop = func() {}
	case "starts":
		k.start()
	case "pauses", "resumes":
		change := k.engine.Resume
		if verb == "pauses" {
			change = func(ctx context.Context, who string) error { return k.engine.Pause(ctx, who, "") }
		}
		if err := change(context.Background(), s.who); err != nil {
			k.t.Fatal(err)
		}
	case "mails":
		k.mail(s)
	case "says":
		k.mark(s, k.chat.Say(s.who, rest, s.text, k.refs(s)...))
	case "edits":
		k.chat.Edit(k.ids[s.opts["which"]], s.text)
	case "deletes":
		k.chat.Delete(k.ids[s.opts["which"]])
	case "presses":
		k.chat.Press(s.who, k.ids[s.opts["on"]], s.opts["button"])
	case "does":
		var number int64
		fmt.Sscanf(s.opts["case"], "#%d", &number)
		k.chat.Do(s.who, "room:agents", channels.Action{Name: rest, Case: number, Fields: map[string]string{"text": s.text, "sure": "yes"}})
	default:
		k.t.Fatalf("step %q: unknown verb %q", s.head, verb)
	}
}

func (k *talk) mark(s step, id string) {
	if m := s.opts["as"]; m != "" {
		k.ids[m] = id
	}
}

// refs are the ids of the marks in "answers: a b".
func (k *talk) refs(s step) []string {
	var refs []string
	for _, m := range strings.Fields(s.opts["answers"]) {
		id, ok := k.ids[m]
		if !ok {
			k.t.Fatalf("step %q answers %q, which is no mark", s.head, m)
		}
		refs = append(refs, id)
	}
	return refs
}

// mail puts a mail into the support mailbox.
func (k *talk) mail(s step) {
	k.counter++
	id := fmt.Sprintf("m%d@%s", k.counter, "customers.example")
	k.mark(s, id)
	var b strings.Builder
	h := func(name, value string) {
		if value != "" {
			fmt.Fprintf(&b, "%s: %s\r\n", name, value)
		}
	}
	h("From", s.who)
	to := s.opts["to"]
	if to == "" {
		to = "support@acme.example"
	}
	h("To", to)
	h("Cc", s.opts["cc"])
	h("Reply-To", s.opts["reply-to"])
	h("Subject", mime.BEncoding.Encode("utf-8", s.opts["subject"]))
	h("Message-ID", "<"+id+">")
	h("Date", time.Now().Format(time.RFC1123Z))
	if refs := k.refs(s); len(refs) > 0 {
		h("In-Reply-To", "<"+refs[0]+">")
		h("References", "<"+strings.Join(refs, "> <")+">")
	}
	if header := s.opts["header"]; header != "" {
		b.WriteString(header + "\r\n")
	}
	h("Content-Type", "text/plain; charset=utf-8")
	h("Content-Transfer-Encoding", "8bit")
	b.WriteString("\r\n" + strings.ReplaceAll(s.text, "\n", "\r\n") + "\r\n")
	if err := k.world.Deliver("support", []byte(b.String())); err != nil {
		k.t.Fatal(err)
	}
}

// sent shows what went out since the last step, in an order that does not depend
// on chance: by thread and time. Each gets a mark (>1, >2 …) for later steps.
func (k *talk) sent(late bool) string {
	at := func(t time.Time) string {
		if !late {
			return ""
		}
		return " | at: " + t.In(k.location()).Format("2006-01-02 15:04")
	}
	var all []string
	mails := k.world.Mails()
	fresh := mails[k.seen:]
	k.seen = len(mails)
	inside := func(m mailtest.Mail) bool { return strings.HasSuffix(m.To[0], "@acme.example") }
	sort.SliceStable(fresh, func(i, j int) bool { // customers first
		a, b := fresh[i], fresh[j]
		if late && !a.At.Equal(b.At) {
			return a.At.Before(b.At)
		}
		return !inside(a) && inside(b) || inside(a) == inside(b) && a.To[0] < b.To[0]
	})
	for _, m := range fresh {
		mark := fmt.Sprintf(">%d", len(k.names)+1)
		k.names[m.MessageID], k.ids[mark] = mark, m.MessageID
		all = append(all, fmt.Sprintf(">>> %s mail to %s%s | %s%s\n%s\n", mark, strings.Join(m.To, ", "), k.answers(m.Header.Get("In-Reply-To")), k.signs(m), at(m.At), indent(plainText(k.t, m.Raw))))
	}
	var places []string
	for _, p := range k.chat.Posts("") {
		places = append(places, p.Place)
	}
	sort.Strings(places)
	shown := map[string]bool{}
	for _, place := range places {
		if shown[place] {
			continue
		}
		shown[place] = true
		posts := k.chat.Posts(place)
		for _, p := range posts[k.posts[place]:] {
			mark := fmt.Sprintf(">%d", len(k.names)+1)
			k.names[p.Ref], k.ids[mark] = mark, p.Ref
			ref := ""
			if len(p.Refs) > 0 {
				ref = k.answers(p.Refs[0])
			}
			all = append(all, fmt.Sprintf(">>> %s in %s%s | audience: %s%s\n%s\n", mark, place, ref, p.Out.Audience, at(p.At), indent(postText(p))))
		}
		k.posts[place] = len(posts)
		for _, p := range posts {
			look, before := postText(p), k.looks[p.Ref]
			if k.looks[p.Ref] = look; before != "" && before != look {
				all = append(all, fmt.Sprintf(">>> %s in %s now reads\n%s\n", k.names[p.Ref], place, indent(look)))
			}
		}
	}
	for _, s := range k.chat.Signs() {
		if sign := s.Ref + " " + s.Sign; k.looks[sign] == "" {
			k.looks[sign] = "shown"
			all = append(all, fmt.Sprintf(">>> a sign%s: %s\n\n", strings.Replace(k.answers(s.Ref), "answers", "on", 1), s.Sign))
		}
	}
	if all == nil {
		return ""
	}
	return strings.Join(all, "")
}

func (k *talk) answers(id string) string {
	id = strings.Trim(id, "<>")
	if id == "" {
		return ""
	}
	if m, ok := k.names[id]; ok {
		return ", answers " + m
	}
	for m, ref := range k.ids {
		if ref == id {
			return ", answers " + m
		}
	}
	return ", answers an earlier message"
}

// signs shows what else matters of a mail.
func (k *talk) signs(m mailtest.Mail) string {
	dec := mime.WordDecoder{}
	subject, err := dec.DecodeHeader(m.Header.Get("Subject"))
	if err != nil {
		k.t.Fatal(err)
	}
	from, err := mail.ParseAddress(m.Header.Get("From"))
	if err != nil {
		k.t.Fatal(err)
	}
	s := "from: " + from.Name + " | subject: " + subject
	if auto := m.Header.Get("Auto-Submitted"); auto != "" {
		s += " | " + auto
	}
	return s
}

// plainText returns the text part of a mail.
func plainText(t *testing.T, raw []byte) string {
	m, err := mail.ReadMessage(strings.NewReader(string(raw)))
	if err != nil {
		t.Fatalf("what we sent is no mail: %v\n%s", err, raw)
	}
	text, ok := textPart(t, m.Header.Get("Content-Type"), m.Header.Get("Content-Transfer-Encoding"), m.Body)
	if !ok {
		t.Fatalf("no text part in\n%s", raw)
	}
	return strings.TrimSpace(strings.ReplaceAll(text, "\r\n", "\n"))
}

func textPart(t *testing.T, contentType, encoding string, body io.Reader) (string, bool) {
	kind, params, err := mime.ParseMediaType(contentType)
	if err != nil {
		t.Fatal(err)
	}
	if strings.HasPrefix(kind, "multipart/") {
		r := multipart.NewReader(body, params["boundary"])
		for {
			p, err := r.NextRawPart()
			if err != nil {
				return "", false
			}
			if text, ok := textPart(t, p.Header.Get("Content-Type"), p.Header.Get("Content-Transfer-Encoding"), p); ok {
				return text, true
			}
		}
	}
	if kind != "text/plain" {
		return "", false
	}
	b, err := io.ReadAll(decoded(encoding, body))
	if err != nil {
		t.Fatal(err)
	}
	return string(b), true
}

func postText(p channeltest.Post) string {
	s := p.Text
	if c := p.Card; c != nil {
		if s != "" {
			s += "\n"
		}
		if c.Title != "" {
			s += "[" + c.Title + "]\n"
		}
		for _, f := range c.Fields {
			s += f.Label + ": " + f.Value + "\n"
		}
		for _, l := range c.Lines {
			s += strings.TrimSpace(l.When+" "+l.Who) + ": " + l.Text + "\n"
		}
		s += c.Footer
	}
	for _, c := range p.Choices {
		s += "\n[" + c.Label + "]"
	}
	return strings.TrimSpace(s)
}

func indent(s string) string {
	var b strings.Builder
	for _, l := range strings.Split(s, "\n") {
		b.WriteString(strings.TrimRight("    "+l, " ") + "\n")
	}
	return b.String()
}
