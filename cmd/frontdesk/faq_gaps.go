package main

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"frontdesk/faq"
	"frontdesk/store"
)

// faqGap is something that customers ask and the FAQ does not answer.
type faqGap struct {
	Count   int       `json:"count"`
	Newest  string    `json:"newest"` // in the words of who asked last
	Last    time.Time `json:"last"`
	Closest string    `json:"closest,omitempty"` // the entry that is nearest, if any is near
	Offered int       `json:"offered,omitempty"` // of them, where entries were offered and none was it
	Also    []string  `json:"also,omitempty"`    // other wordings, newest first, at most five
}

func (a *app) faqGaps() *cobra.Command {
	var since string
	var limit int
	cmd := &cobra.Command{
		Use:   "gaps",
		Short: "List what was asked and not answered",
		Long: `gaps lists what customers asked and the bot was not sure of, or offered entries for
of which none was it, as far as the FAQ as it is now would still not answer it. Questions
that are alike stand together, the most frequent first, with the newest wording. Nothing
of a complaint is in it. The entry that is closest may only lack that wording.`,
		Example: "  frontdesk faq gaps\n  frontdesk faq gaps --since 7d --limit 0 --json",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			d, err := lookBack(since)
			if err != nil {
				return err
			}
			cfg, x, err := a.faqIndex(cmd.Context(), nil)
			if err != nil {
				return err
			}
			x = x.With(a.served(cmd.Context(), cfg))
			var all []unanswered
			now := time.Now()
			if err := a.history(cmd.Context(), now.Add(-d), func(d store.Decided) { all = append(all, gapsIn(x, d, now)...) }); err != nil {
				return err
			}
			gaps := gapsOf(x, all)
			if limit > 0 && len(gaps) > limit {
				gaps = gaps[:limit]
			}
			if a.json {
				return a.printJSON(gaps)
			}
			if len(gaps) == 0 {
				fmt.Fprintln(a.out, "Nothing was asked that the FAQ does not answer now.")
				return nil
			}
			var rows [][]string
			for _, g := range gaps {
				rows = append(rows, []string{fmt.Sprint(g.Count), when(cfg, g.Last), cmp.Or(g.Closest, "-"), short(g.Newest, 90)})
			}
			return a.table("COUNT LAST CLOSEST QUESTION", rows)
		},
	}
	cmd.Flags().StringVar(&since, "since", "30d", "how far to look back: 24h, 30d")
	cmd.Flags().IntVar(&limit, "limit", 30, "at most `n`; 0 = all")
	return a.jsonFlag(cmd)
}

// unanswered is one question that was not answered.
type unanswered struct {
	text, closest string
	at            time.Time
	offered       bool
}

// gapsIn returns the questions of a message that the bot did not answer then and
// would not answer now.
func gapsIn(x *faq.Index, d store.Decided, now time.Time) []unanswered {
	offered := d.Rule == "choices" && d.Next != "chosen"
	if d.Rule != "unsure" && !offered {
		return nil
	}
	r := x.For(now, d.Channel).Read(d.Text)
	if slices.ContainsFunc(r.Intents, func(i faq.Intent) bool { return i.Name == faq.Complaint }) {
		return nil // not understood as one then
	}
	var out []unanswered
	for _, q := range r.Questions {
		if !asksFAQ(q) || answeredBy(q) != "" {
			continue
		}
		u := unanswered{text: q.Text, at: d.At, offered: offered}
		if q.Outcome != faq.HandOver {
			u.closest = q.Matches[0].Entry.ID
		}
		out = append(out, u)
	}
	return out
}

// gapsOf puts together what is alike.
func gapsOf(x *faq.Index, all []unanswered) []faqGap {
	slices.SortStableFunc(all, func(a, b unanswered) int { return b.at.Compare(a.at) })
	var texts []string
	for _, u := range all {
		texts = append(texts, u.text)
	}
	gaps := []faqGap{}
	for _, group := range x.Group(texts) {
		newest := all[group[0]]
		g := faqGap{Count: len(group), Newest: newest.text, Last: newest.at, Closest: newest.closest}
		for _, i := range group {
			if all[i].offered {
				g.Offered++
			}
			if t := all[i].text; t != g.Newest && !slices.Contains(g.Also, t) && len(g.Also) < 5 {
				g.Also = append(g.Also, t)
			}
		}
		gaps = append(gaps, g)
	}
	slices.SortStableFunc(gaps, func(a, b faqGap) int { return cmp.Compare(b.Count, a.Count) })
	return gaps
}
