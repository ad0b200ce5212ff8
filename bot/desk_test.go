package bot

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	"frontdesk/channels"
	"frontdesk/channels/channeltest"
	"frontdesk/store"
)

// service is the chat with what a real service knows beside it.
type service struct {
	*channeltest.Chat
	mu       sync.Mutex
	profiles map[string]channels.Profile
	members  map[string][]string // by room
	files    map[string][]byte   // by ref; missing: gone for good
	down     error               // of every question
	asked    int
}

func (s *service) Profile(_ context.Context, p channels.Person) (channels.Profile, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked++
	return s.profiles[p.Address], s.down
}

func (s *service) Members(_ context.Context, room string) (all []channels.Person, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, m := range s.members[room] {
		all = append(all, channels.Person{Kind: "chat", Address: m})
	}
	return all, s.down
}

func (s *service) Fetch(_ context.Context, f *channels.File) (io.ReadCloser, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	data, ok := s.files[f.Ref]
	switch {
	case s.down != nil:
		return nil, s.down
	case !ok:
		return nil, &channels.SendError{Permanent: true, Err: errors.New("file_deleted")}
	}
	return io.NopCloser(bytes.NewReader(data)), nil
}

func (s *service) set(change func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change()
}

// withService gives the chat of a house a directory and files, and makes staff of
// the mailbox read in the chat.
func withService(s *service) func(*Config) {
	return func(c *Config) {
		chat, support := c.Channels["chat"], c.Channels["support"]
		s.Chat = chat.Source.(*channeltest.Chat)
		chat.Source, chat.Gather = s, 0
		support.Staff, support.Complaints = chat.Staff, chat.Complaints
		c.Channels["chat"], c.Channels["support"] = chat, support
	}
}

// said is something that somebody says in a place of the chat now.
func (h *house) spoken(person, place, text string, change ...func(*channels.Inbound)) channels.Inbound {
	h.mails++
	id := fmt.Sprintf("c%d", h.mails)
	in := channels.Inbound{Channel: "chat", Kind: channels.Message, Keys: []string{"event:" + id, "msg:" + id}, Ref: "msg:" + id, Place: place,
		From: channels.Person{Kind: "chat", Address: person}, Proof: channels.Proven, Text: text, Raw: channels.Bytes([]byte("raw of " + text)), Arrived: time.Now(),
		Public: strings.HasPrefix(place, "room:")}
	for _, f := range change {
		f(&in)
	}
	return in
}

// press presents a button or form and returns what whoever pressed is shown.
func (h *house) press(person string, a channels.Action, change ...func(*channels.Inbound)) channels.Reply {
	h.t.Helper()
	in := h.spoken(person, "room:agents", "", append([]func(*channels.Inbound){func(in *channels.Inbound) {
		in.Action, in.Ref = &a, ""
		in.Keys = []string{in.Keys[0], fmt.Sprintf("press:%s:%d:%v", a.Name, a.Case, a.Fields)}
	}}, change...)...)
	reply, err := h.engine.Receive(context.Background(), in)
	if err != nil {
		h.t.Fatal(err)
	}
	return reply
}

// cardOf returns the ref of the newest post in a room that has a card with buttons.
func (h *house) card(room string) channeltest.Post {
	h.t.Helper()
	var last channeltest.Post
	for _, p := range h.chat.Posts(room) {
		if p.Card != nil && p.Card.Title != "" {
			last = p
		}
	}
	if last.Ref == "" {
		h.t.Fatalf("there is no card in %s", room)
	}
	return last
}

func TestRelayed(t *testing.T) {
	bubble(t, func(t *testing.T, h *house) {
		for _, c := range []struct {
			text, want string
			relays     bool
		}{
			{"> hello", "hello", true},
			{">hello", "hello", true},
			{"＞　您好", "您好", true},
			{"> one\n> two\nthree", "one\ntwo\nthree", true},
			{"/reply hello", "hello", true},
			{"／reply: hello", "hello", true},
			{"/REPLY\nhello", "hello", true},
			{"/replying to this later", "", false},
			{"hello > world", "", false},
			{"hello\n> quoted", "", false},
			{"  > indented", "indented", true},
			{"", "", false},
			{">", "", true},
		} {
			got, relays, mixed := h.engine.relayed("chat", c.text)
			if strings.Contains(c.text, "three") != mixed {
				t.Errorf("%q: mixed is %v", c.text, mixed)
			}
			if relays != c.relays || relays && got != c.want {
				t.Errorf("%q: %q, %v; want %q, %v", c.text, got, relays, c.want, c.relays)
			}
		}
		if _, relays, _ := h.engine.relayed("support", "> a quote in a letter"); relays {
			t.Error("a quote in a letter is relayed")
		}
	})
}

// Being in the room makes an agent; another organisation's people and robots are
// none, and whoever has left is none from then on.
func TestMembersAreStaff(t *testing.T) {
	s := &service{profiles: map[string]channels.Profile{
		"carol": {Name: "Carol", Mail: "ANA@acme.example"}, "dave": {Name: "Dave"},
		"eve": {Name: "Eve", External: true}, "bot": {Name: "Deploy", Robot: true}},
		members: map[string][]string{"room:agents": {"carol", "dave", "eve", "bot"}}}
	bubble(t, func(t *testing.T, h *house) {
		h.run()
		settle(time.Minute)
		h.mail("tom@customers.example", "Can you tune forty pianos in one week in March?")
		settle(time.Minute)
		card := h.card("room:agents")
		for _, c := range []struct {
			who, signed string
		}{{"carol", "Ana\n"}, {"dave", "Dave\n"}, {"eve", ""}, {"bot", ""}, {"frank", ""}} {
			before := len(h.post.texts("tom@customers.example"))
			reply, err := h.engine.Receive(context.Background(), h.spoken(c.who, "room:agents", "> words of "+c.who, answers(card.Ref)))
			if err != nil {
				t.Fatal(err)
			}
			settle(time.Minute)
			got := h.post.texts("tom@customers.example")[before:]
			switch {
			case c.signed == "" && (len(got) > 0 || reply.Refusal == ""):
				t.Errorf("%s is no agent: %q, refused %q", c.who, got, reply.Refusal)
			case c.signed != "" && (len(got) != 1 || !strings.Contains(got[0], "words of "+c.who) || !strings.Contains(got[0], c.signed)):
				t.Errorf("%s wrote %q, want it signed %q", c.who, got, c.signed)
			}
		}
		h.receive(h.spoken("dave", "room:agents", channels.Left, func(in *channels.Inbound) {
			in.Kind, in.Room, in.Ref, in.Keys = channels.Membership, "room:agents", "", in.Keys[:1]
		}))
		if r := h.press("dave", channels.Action{Name: actTake, Case: 1001}); r.Refusal == "" {
			t.Error("dave has left and takes a case")
		}
		s.set(func() {
			s.members["room:agents"] = []string{"frank"}
			s.profiles["frank"] = channels.Profile{Name: "Frank"}
		})
		settle(2 * time.Hour)
		if r := h.press("frank", channels.Action{Name: actNote, Case: 1001}); r.Form == nil {
			t.Errorf("frank has come and is no agent: %+v", r)
		}
	}, withService(s))
}

// What is said near us and goes on with nothing is none of our business, and none
// of it is kept; a mention of us in it, told of separately, is taken.
func TestOverheard(t *testing.T) {
	bubble(t, func(t *testing.T, h *house) {
		aside := func(in *channels.Inbound) { in.Toward, in.Room = channels.Aside, "room:help" }
		in := h.receive(h.spoken("bob", "room:help/1", "a secret between colleagues", aside))
		e := h.entry(in)
		if e.Raw != 0 || e.Sender != "" || e.Ref != "" || e.Message != 0 {
			t.Errorf("the ledger keeps %+v", e)
		}
		if n := h.raw("SELECT count(*) FROM blob"); n[0] != "0" {
			t.Errorf("%s blobs are kept", n[0])
		}
		mention := in
		mention.Keys = []string{"event:mention", in.Keys[1]}
		mention.Toward, mention.Text = channels.ToUs, "What are your opening hours?"
		h.receive(mention)
		settle(time.Minute)
		if got := h.entry(mention); got.Disposition != store.Taken || got.Message == 0 {
			t.Errorf("the mention is %+v", got)
		}
		// Its author goes on below it without a mention; a colleague there does not.
		on := h.receive(h.spoken("bob", "room:help/1", "And at weekends?", aside, answers(in.Ref)))
		if h.entry(on).Message == 0 {
			t.Error("what the author says next is not taken")
		}
		off := h.receive(h.spoken("cat", "room:help/1", "I think they are closed", aside, answers(in.Ref)))
		if e := h.entry(off); e.Raw != 0 || e.Message != 0 {
			t.Errorf("somebody else's words are kept: %+v", e)
		}
		edit := h.receive(h.spoken("cat", "room:help/1", "I think they are open", aside, func(i *channels.Inbound) { i.Kind, i.Ref = channels.Edit, off.Ref }))
		if e := h.entry(edit); e.Raw != 0 {
			t.Errorf("the edit of somebody else's words is kept: %+v", e)
		}
	})
}

// An agent's reply by button: words, then what the customer will get, then it goes;
// a second press changes nothing, one that was refused may be tried again.
func TestReplyByForm(t *testing.T) {
	bubble(t, func(t *testing.T, h *house) {
		h.run()
		h.mail("tom@customers.example", "Can you tune forty pianos in one week in March?")
		settle(time.Minute)
		act := channels.Action{Name: actReply, Case: 1001}
		if r := h.press("mallory", act); r.Form != nil || r.Refusal == "" {
			t.Errorf("a stranger is shown %+v", r)
		}
		ask := h.press("ana", act)
		if ask.Form == nil || !strings.Contains(ask.Form.Text, "tom@customers.example") || len(ask.Form.Fields) != 1 {
			t.Fatalf("the first form is %+v", ask.Form)
		}
		act = ask.Form.Action
		act.Fields = map[string]string{"text": "Booked: 8 to 12 March."}
		preview := h.press("ana", act)
		if preview.Form == nil || preview.Form.Action.Fields["sure"] == "" {
			t.Fatalf("the preview is %+v", preview)
		}
		before := len(h.post.texts("tom@customers.example"))
		if again := h.press("ana", act); again.Form == nil {
			t.Errorf("the preview a second time: %+v", again)
		}
		settle(time.Minute)
		if n := len(h.post.texts("tom@customers.example")); n != before {
			t.Fatal("a preview was sent")
		}
		h.press("ana", preview.Form.Action)
		h.press("ana", preview.Form.Action)
		settle(time.Minute)
		sent := h.post.texts("tom@customers.example")[before:]
		if len(sent) != 1 || !strings.HasSuffix(preview.Form.Text, sent[0]) {
			t.Errorf("sent %q, previewed %q", sent, preview.Form.Text)
		}
		if c := h.cases()[0]; c.TakenBy != "Ana" {
			t.Errorf("after the answer the case is %+v", c)
		}
		if r := h.press("li", channels.Action{Name: actTake, Case: 1001}); !strings.Contains(r.Refusal, "Ana") {
			t.Errorf("Li takes what Ana has: %q", r.Refusal)
		}
		if r := h.press("ana", channels.Action{Name: actTake, Case: 4711}); r.Refusal == "" {
			t.Error("a case that there is not is taken")
		}
	}, withService(&service{}))
}

// What does not reach the customer gets a warning, the reason and a button, which
// sends it once more.
func TestRetryButton(t *testing.T) {
	bubble(t, func(t *testing.T, h *house) {
		h.run()
		h.mail("tom@customers.example", "Can you tune forty pianos in one week in March?")
		settle(time.Minute)
		h.post.plan(channeltest.Permanent("mailbox unavailable"))
		words := h.chat.Say("ana", "room:agents", "> Yes, we can.", h.card("room:agents").Ref)
		settle(time.Minute)
		if got := fmt.Sprint(h.chat.Signs()); !strings.Contains(got, words+" warning") {
			t.Errorf("signs %s", got)
		}
		var retry channels.Action
		for _, p := range h.chat.Posts("room:agents") {
			for _, c := range p.Choices {
				if c.Action.Name == actRetry && strings.Contains(p.Text, "mailbox unavailable") {
					retry = c.Action
				}
			}
		}
		if r := h.press("mallory", retry); r.Refusal == "" {
			t.Error("a stranger sends it again")
		}
		h.press("ana", retry)
		settle(time.Minute)
		if got := h.post.texts("tom@customers.example"); !strings.Contains(got[len(got)-1], "Yes, we can.") {
			t.Errorf("the customer got %q", got)
		}
		if got := fmt.Sprint(h.chat.Signs()); !strings.Contains(got, words+" ok") {
			t.Errorf("signs %s", got)
		}
		h.press("ana", retry) // it is done
		settle(time.Minute)
		if n := strings.Count(fmt.Sprint(h.post.texts("tom@customers.example")), "Yes, we can."); n != 1 {
			t.Errorf("the customer got it %d times", n)
		}
	}, withService(&service{}))
}

// A card that somebody deleted comes back with the next change.
func TestCardComesBack(t *testing.T) {
	bubble(t, func(t *testing.T, h *house) {
		h.run()
		h.mail("tom@customers.example", "Can you tune forty pianos in one week in March?")
		settle(time.Minute)
		old := h.card("room:agents")
		h.chat.FailNext(channeltest.Permanent("message_not_found"))
		h.press("ana", channels.Action{Name: actTake, Case: 1001})
		settle(time.Minute)
		if now := h.card("room:agents"); now.Ref == old.Ref || !strings.Contains(now.Card.Fields[0].Value, "Ana") {
			t.Errorf("the card is %+v", now)
		}
		h.press("ana", channels.Action{Name: actResolve, Case: 1001, Fields: map[string]string{"text": "Done.", "sure": "yes"}})
		settle(time.Minute)
		if now := h.card("room:agents"); len(now.History) == 0 || len(now.Choices) != 1 {
			t.Errorf("the new card is not changed in its place: %+v", now)
		}
	}, withService(&service{}))
}

// Files that arrive by reference are fetched afterwards, and what carries them
// waits for that; one that is gone holds nothing up.
func TestFilesAreFetched(t *testing.T) {
	s := &service{files: map[string][]byte{"F1": []byte("a photo")}, down: errors.New("the service is away")}
	bubble(t, func(t *testing.T, h *house) {
		h.run()
		file := func(ref string) func(*channels.Inbound) {
			return func(in *channels.Inbound) {
				in.Files = []channels.File{{Name: ref + ".jpg", Type: "image/jpeg", Ref: ref, Data: channels.Blob{Size: 7}}}
			}
		}
		h.receive(h.spoken("bob", "dm:bob", "人工", file("F1")))
		settle(time.Minute)
		files := func() string {
			var all []string
			for _, p := range h.chat.Posts("room:agents") {
				for _, f := range p.Out.Files {
					b, err := f.Data.ReadAll(100)
					if err != nil {
						t.Fatal(err)
					}
					all = append(all, f.Name+" "+string(b))
				}
			}
			return strings.Join(all, "; ")
		}
		if got := files(); got != "" {
			t.Fatalf("files before they could be fetched: %s", got)
		}
		s.set(func() { s.down = nil })
		settle(10 * time.Minute)
		if got := files(); got != "F1.jpg a photo" {
			t.Errorf("staff got %q", got)
		}
		// Gone for good: the words arrive all the same, and staff are told.
		h.receive(h.spoken("bob", "dm:bob", "and this one", file("F2")))
		settle(10 * time.Minute)
		var said []string
		for _, p := range h.chat.Posts("room:agents") {
			said = append(said, postText(p))
		}
		if !contains(said, "and this one") || !contains(said, "F2.jpg 没能取到：") {
			t.Errorf("staff read %q", said)
		}
		if got := files(); got != "F1.jpg a photo" {
			t.Errorf("staff got %q", got)
		}
		// A restart in between loses no job.
		s.set(func() { s.down = errors.New("away again"); s.files["F3"] = []byte("third") })
		h.receive(h.spoken("bob", "dm:bob", "the last one", file("F3")))
		settle(time.Minute)
		h.restart()
		s.set(func() { s.down = nil })
		settle(30 * time.Minute)
		if got := files(); got != "F1.jpg a photo; F3.jpg third" {
			t.Errorf("after a restart staff have %q", got)
		}
	}, withService(s))
}

// Staff see who it is: the organisation, and that it is another than ours.
func TestProfileOnTheCard(t *testing.T) {
	s := &service{profiles: map[string]channels.Profile{"zed": {Name: "Zed Zhang", Mail: "zed@globex.example", Org: "Globex", External: true, Lang: "en-GB"}}}
	bubble(t, func(t *testing.T, h *house) {
		h.run()
		h.receive(h.spoken("zed", "dm:zed", "I want to talk to a human"))
		settle(time.Minute)
		if got := fmt.Sprint(h.card("room:agents").Card.Fields); !strings.Contains(got, "Zed Zhang <zed@globex.example> · Globex · 外部") {
			t.Errorf("the card says %s", got)
		}
		asked := s.asked
		h.receive(h.spoken("zed", "dm:zed", "Are you there?"))
		settle(time.Minute)
		if s.asked != asked {
			t.Error("the profile is asked for again within a day")
		}
	}, withService(s))
}

// Colleagues may ask too: their own talk is theirs, and no take-over of it.
func TestColleagueAsCustomer(t *testing.T) {
	bubble(t, func(t *testing.T, h *house) {
		h.run()
		first := h.receive(h.spoken("ana", "dm:ana", "What are your opening hours?"))
		settle(time.Minute)
		h.receive(h.spoken("ana", "dm:ana", "That did not help", answers(first.Ref)))
		settle(time.Minute)
		if posts := h.chat.Posts("dm:ana"); len(posts) != 2 || h.conversationOf(first).State != store.Waiting {
			t.Errorf("%d answers, conversation %+v", len(posts), h.conversationOf(first))
		}
		// What staff say where customers ask, without turning to us, is no question.
		in := h.receive(h.spoken("li", "room:help/9", "We are closed for maintenance tonight.", func(in *channels.Inbound) { in.Toward, in.Room = channels.ToRoom, "room:help" }))
		if e := h.entry(in); e.Message != 0 {
			t.Errorf("an announcement became %+v", e)
		}
	}, withService(&service{}))
}

// Two messages that somebody posts in a support channel one after the other are
// one question, although each could begin a talk.
func TestOneQuestionInTwoPosts(t *testing.T) {
	bubble(t, func(t *testing.T, h *house) {
		h.run()
		post := func(n, text string) channels.Inbound {
			return h.receive(h.spoken("bob", "room:help/"+n, text, func(in *channels.Inbound) { in.Toward, in.Room = channels.ToRoom, "room:help" }))
		}
		a := post("1", "Hello!")
		settle(time.Second)
		b := post("2", "What are your opening hours?")
		settle(time.Minute)
		if h.conversationOf(a).ID != h.conversationOf(b).ID || len(h.told()) != 1 {
			t.Errorf("%d answers", len(h.told()))
		}
		c := post("3", "Where is my order?")
		settle(time.Minute)
		if h.conversationOf(c).ID == h.conversationOf(a).ID {
			t.Error("a later post goes on with the first")
		}
	})
}

// A command without words shows a form, one with words is answered in private, and
// what a form says of itself is not guessed.
func TestAsk(t *testing.T) {
	bubble(t, func(t *testing.T, h *house) {
		h.run()
		ask := func(fields map[string]string) channels.Reply {
			return h.press("bob", channels.Action{Name: actAsk, Fields: fields}, func(in *channels.Inbound) { in.Place, in.Public = "dm:bob", false })
		}
		if r := ask(nil); r.Form == nil || r.Form.Action.Name != actAsk {
			t.Fatalf("without words: %+v", r)
		}
		r := ask(map[string]string{"text": "What are your opening hours?"})
		settle(time.Minute)
		if posts := h.chat.Posts("dm:bob"); len(posts) != 1 || r.Notice == "" {
			t.Fatalf("%d answers, notice %q", len(posts), r.Notice)
		}
		ask(map[string]string{"text": "The courier", "kind": kindComplaint})
		settle(time.Minute)
		c := h.cases()
		if len(c) != 1 || c[0].Kind != kindComplaint {
			t.Fatalf("cases %+v", c)
		}
		// Its form, filled in.
		form := h.press("bob", channels.Action{Name: actForm, Case: c[0].ID}, func(in *channels.Inbound) { in.Place = "dm:bob" }).Form
		if form == nil {
			t.Fatal("there is no form")
		}
		if r := h.press("eve", channels.Action{Name: actForm, Case: c[0].ID}, func(in *channels.Inbound) { in.Place = "dm:eve" }); r.Form != nil || r.Refusal == "" {
			t.Errorf("somebody else's form is shown: %+v", r)
		}
		filled := form.Action
		filled.Fields = map[string]string{formLang: filled.Fields[formLang], "time": "yesterday at noon", "people": "Mr Wang"}
		h.press("bob", filled, func(in *channels.Inbound) { in.Place = "dm:bob" })
		settle(time.Minute)
		fields := look(h, func(s *store.Snapshot) (map[string]string, error) { return s.Fields(c[0].ID) })
		if fields["time"] != "yesterday at noon" || fields["people"] != "Mr Wang" {
			t.Errorf("the case knows %v", fields)
		}
		if posts := h.chat.Posts("dm:bob"); !strings.Contains(posts[len(posts)-1].Text, "1001") {
			t.Errorf("the customer is told %q", posts[len(posts)-1].Text)
		}
	}, func(c *Config) { ch := c.Channels["chat"]; ch.Gather = 0; c.Channels["chat"] = ch })
}
