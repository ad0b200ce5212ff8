package bot

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"frontdesk/bot/extract"
	"frontdesk/channels"
	"frontdesk/store"
)

// Show implements [channels.Handler]. Views: "home" (an agent's open cases),
// "case" (the brief of one, for staff), "preview" (what the customer would get for
// Fields["text"]), and for anybody "prompts" (what a customer may want to say).
// Whoever is not on the staff sees nothing else.
func (e *Engine) Show(ctx context.Context, q channels.Query) (channels.View, error) {
	now := time.Now()
	var v channels.View
	err := e.db.Read(ctx, func(s *store.Snapshot) error {
		if q.Name == "prompts" {
			id, err := s.FindIdentity(q.From.Kind, q.From.Address)
			if err == nil || err == store.ErrNotFound {
				v = e.prompts(e.speaks(cmp.Or(q.Lang, id.Lang)), now, q.Channel)
			}
			return ignore(err, store.ErrNotFound)
		}
		agent, ok, err := e.agent(s, q.From)
		if err != nil {
			return err
		}
		if !ok {
			v.Text = string(e.staff("refused-stranger", textArgs{}))
			return nil
		}
		if q.Name == "home" {
			cases, err := s.Cases(false, 50)
			for _, c := range cases {
				v.Cards = append(v.Cards, channels.Card{Title: string(e.staff("handover-subject", textArgs{Number: c.ID, Kind: string(e.kind(c.Kind)), Title: extract.Mask(c.Title)}))})
			}
			return err
		}
		c, err := s.Case(q.Case)
		if err == store.ErrNotFound {
			v.Text = string(e.staff("refused-no-case-action", textArgs{}))
			return nil
		} else if err != nil {
			return err
		}
		convs, err := s.CaseConversations(c.ID)
		if err != nil || len(convs) == 0 {
			return err
		}
		conv := convs[len(convs)-1]
		switch q.Name {
		case "case":
			card, err := e.brief(s, now, conv, c, handed{})
			if err != nil {
				return err
			}
			v.Title, v.Cards = card.Title, []channels.Card{*card}
			return nil
		case "preview":
			v.Text = string(e.signed(q.Fields["text"], agent, e.replyLang(conv), e.cfg.Channels[conv.Channel].Letter))
			return nil
		}
		return fmt.Errorf("there is no view %q", q.Name)
	})
	return v, err
}

// promptsMax is how many prompts there are, the one for a person among them.
const promptsMax = 4

// prompts are the questions of the first entries of the FAQ, and the door to a
// person.
func (e *Engine) prompts(lang string, now time.Time, channel string) channels.View {
	v := channels.View{Title: e.cfg.Texts.Plain(lang, "prompts", textArgs{Company: e.cfg.Company})}
	for _, entry := range e.index().For(now, channel).Entries() {
		if _, in, ok := entry.Answer(lang); ok && in == lang && len(v.Choices) < promptsMax-1 {
			title := entry.Title(lang)
			v.Choices = append(v.Choices, channels.Choice{Label: title, Action: channels.Action{Name: actSay, Fields: map[string]string{"text": title}}})
		}
	}
	human := e.cfg.Texts.Plain(lang, "button-human", textArgs{})
	v.Choices = append(v.Choices, channels.Choice{Label: human, Action: channels.Action{Name: actSay, Fields: map[string]string{"text": human}}})
	return v
}

// Talks implements [channels.Rememberer].
func (e *Engine) Talks(ctx context.Context, channel string, since time.Time) (all []channels.Talk, err error) {
	err = e.db.Read(ctx, func(s *store.Snapshot) error {
		talks, err := s.Talks(channel, since)
		for _, t := range talks {
			all = append(all, channels.Talk(t))
		}
		return err
	})
	return all, err
}
