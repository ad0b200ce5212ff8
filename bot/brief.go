package bot

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"sort"
	"strings"
	"time"

	"frontdesk/bot/extract"
	"frontdesk/bot/texts"
	"frontdesk/channels"
	"frontdesk/store"
)

// threadWith returns the thread with a reader that belongs to no conversation.
func (e *Engine) threadWith(tx *store.Tx, now time.Time, to Desk, subject texts.Note) (store.Thread, error) {
	address, err := json.Marshal(to.To)
	if err != nil {
		return store.Thread{}, err
	}
	t, err := tx.NoticeThread(to.Channel, to.Place, string(address))
	if err != store.ErrNotFound {
		return t, err
	}
	t = store.Thread{Audience: store.ForStaff, Channel: to.Channel, Place: to.Place, Address: string(address),
		Subject: string(subject), Token: token(), Created: now}
	t.ID, err = tx.AddThread(t)
	return t, err
}

// handOver gives staff the brief: who, what was asked, what the bot tried and why
// it stopped, what is missing, what is next, who owns it and until when; then the
// conversation. Card numbers and the like are masked.
func (e *Engine) handOver(tx *store.Tx, in *incoming, s *Situation, d Decision, v *CaseView) error {
	c, err := tx.Case(v.Number)
	if err != nil {
		return err
	}
	files, err := e.filesOf(tx, in)
	if err != nil {
		return err
	}
	h := handed{Why: d.Case.Why, Candidates: candidateList(d.Case), Missing: d.Case.Missing, Tried: d.Memory.Answered}
	if err := tx.AddEvent(store.Event{At: in.now, Kind: eventHanded, Actor: "bot", Channel: in.conv.Channel, Conversation: in.conv.ID, Case: c.ID,
		Data: map[string]any{"why": h.Why, "candidates": h.Candidates, "missing": h.Missing, "tried": h.Tried}}); err != nil {
		return err
	}
	return e.toBrief(tx, in.now, in.conv, c, h, desk{files: files})
}

// eventHanded records why a case was handed to people: its card says so for as long
// as it stands.
const eventHanded = "handed over"

// handed is what the bot knows of a hand-over beyond the case itself.
type handed struct {
	Why        string
	Candidates string
	Missing    []string
	Tried      []string // entries of the FAQ
}

// brief puts together what the next person needs to know of a case.
func (e *Engine) brief(s *store.Snapshot, now time.Time, conv store.Conversation, c store.Case, h handed) (*channels.Card, error) {
	var fields []channels.Field
	add := func(label, value string) {
		if value != "" {
			fields = append(fields, channels.Field{Label: string(e.staff("label-"+label, textArgs{})), Value: extract.Mask(value)})
		}
	}
	t, err := s.CustomerThread(conv.ID)
	if err != nil {
		return nil, err
	}
	customer, err := person(t.Address)
	if err != nil {
		return nil, err
	}
	if customer.Name == "" {
		if customer.Name, err = s.CustomerName(conv.Customer); err != nil {
			return nil, err
		}
	}
	who, err := e.describe(s, customer)
	if err != nil {
		return nil, err
	}
	add("customer", who)
	add("language", conv.Lang)
	add("asked", c.Title)
	if h.Why != "" {
		add("why", string(e.staff("why-"+h.Why, textArgs{})))
	}
	add("candidates", h.Candidates)
	known, err := s.Fields(c.ID)
	if err != nil {
		return nil, err
	}
	missing := slices.DeleteFunc(slices.Clone(h.Missing), func(name string) bool { return known[name] != "" })
	add("missing", e.fieldNames(missing, e.cfg.staffLang()))
	var memory Memory
	if err := json.Unmarshal([]byte(conv.Memory), &memory); err != nil {
		return nil, err
	}
	tried := append(slices.Clone(h.Tried), memory.Answered...) // the bot forgets when it gets the talk back
	slices.Sort(tried)
	add("tried", strings.Join(slices.Compact(tried), ", "))
	var list []string
	for name, value := range known {
		list = append(list, e.fieldNames([]string{name}, e.cfg.staffLang())+": "+value)
	}
	sort.Strings(list)
	add("fields", strings.Join(list, "; "))
	if conv.Linked != 0 {
		linked, err := s.Conversation(conv.Linked)
		if err != nil {
			return nil, err
		}
		with, err := e.readers(s, linked)
		if err != nil {
			return nil, err
		}
		add("linked", string(e.staff("linked", textArgs{Name: e.display(with[0])})))
	}
	if url, err := e.linkTo(s, t); err != nil {
		return nil, err
	} else if url != "" {
		add("where", string(e.staff("where-public", textArgs{})))
		fields[len(fields)-1].URL = url
	}
	add("next", string(e.staff("next-"+nextAction(c.Kind), textArgs{})))
	add("owner", c.Owner)
	v, err := caseView(s, c.ID)
	if err != nil {
		return nil, err
	}
	if !v.Due.IsZero() {
		add("due", e.time(v.Due, e.cfg.staffLang(), now))
	}
	card := &channels.Card{Title: string(e.staff("handover-subject", textArgs{Number: c.ID, Kind: string(e.kind(c.Kind)), Title: extract.Mask(c.Title)})), Fields: fields}
	said, err := s.SaidFor(conv.ID, c.ID, 20)
	if err != nil {
		return nil, err
	}
	for _, m := range said {
		card.Lines = append(card.Lines, e.line(s, m, now))
	}
	return card, nil
}

// linkTo returns where staff can read a customer's thread themselves: one that others
// read too.
func (e *Engine) linkTo(s *store.Snapshot, t store.Thread) (string, error) {
	linker, ok := e.cfg.Channels[t.Channel].Sender.(channels.Linker)
	if !ok || !t.Public {
		return "", nil
	}
	ref, err := s.FirstRef(t.ID, false)
	if err != nil || ref == "" {
		return "", err
	}
	return linker.Link(ref), nil
}

func nextAction(kind string) string {
	switch kind {
	case kindComplaint:
		return "investigate"
	case kindPrivacy:
		return "verify"
	case kindSuggestion, kindPraise:
		return "read"
	}
	return "answer"
}

func candidateList(op *CaseOp) string {
	var all []string
	for _, m := range op.Candidates {
		all = append(all, fmt.Sprintf("%s (%.2f)", m.Entry.ID, m.Score))
	}
	return strings.Join(all, ", ")
}

func (e *Engine) line(s *store.Snapshot, m store.Message, now time.Time) channels.Line {
	text := e.shown(s, m)
	if r := []rune(text); len(r) > 10000 {
		text = string(r[:10000]) + "…"
	}
	return channels.Line{Who: e.who(s, m), When: e.time(m.At, e.cfg.staffLang(), now), Text: extract.Mask(text), Note: m.Audience == store.ForStaff}
}

// shown is what staff see of a message: in a chat also what its author passed on from
// others; of a letter not what it quotes.
func (e *Engine) shown(s *store.Snapshot, m store.Message) string {
	if m.Whole == "" || m.Author != store.ByCustomer {
		return m.Text
	}
	if t, err := s.Thread(m.Thread); err != nil || e.cfg.Channels[t.Channel].Letter {
		return m.Text
	}
	return m.Whole
}

// who names the author of a message for staff.
func (e *Engine) who(s *store.Snapshot, m store.Message) string {
	switch m.Author {
	case store.ByBot, store.ByRobot:
		if m.Name != "" {
			return m.Name
		}
		return string(e.staff("bot", textArgs{}))
	case store.ByStaff:
		if m.Audience == store.ForStaff {
			return m.Name + " (" + string(e.staff("note", textArgs{})) + ")"
		}
		return m.Name
	}
	if id, err := s.Identity(m.Identity); err == nil && (!id.Looked.IsZero() || m.Name == "") {
		return cmp.Or(id.Name, id.Address)
	}
	if m.Name != "" {
		return m.Name
	}
	return string(e.staff("customer", textArgs{}))
}

func (e *Engine) staff(key string, a textArgs) texts.Note {
	return e.cfg.Texts.Staff(e.cfg.staffLang(), key, a)
}

// kind names a kind of case for staff.
func (e *Engine) kind(kind string) texts.Note {
	switch kind {
	case kindQuestion, kindComplaint, kindRequest, kindPrivacy, kindSuggestion, kindPraise:
		return e.staff("kind-"+kind, textArgs{})
	}
	return texts.Note(kind)
}
