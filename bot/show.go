package bot

import (
	"context"
	"fmt"
	"time"

	"frontdesk/channels"
	"frontdesk/store"
)

// Show implements [channels.Handler]. Views: "home" (an agent's open cases),
// "case" (the brief of one, for staff), "preview" (what the customer would get for
// Fields["text"]). Whoever is not on the staff sees nothing.
func (e *Engine) Show(ctx context.Context, q channels.Query) (channels.View, error) {
	now := time.Now()
	agent, ok := e.cfg.agent(q.From)
	if !ok {
		return channels.View{Text: string(e.staff("refused-stranger", textArgs{}))}, nil
	}
	var v channels.View
	err := e.db.Read(ctx, func(s *store.Snapshot) error {
		if q.Name == "home" {
			cases, err := s.Cases(false, 50)
			for _, c := range cases {
				v.Cards = append(v.Cards, channels.Card{Title: string(e.staff("handover-subject", textArgs{Number: c.ID, Kind: string(e.kind(c.Kind)), Title: c.Title}))})
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
			card, err := e.brief(s, now, conv, c, Decision{})
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
