package main

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"frontdesk/bot"
	"frontdesk/store"
)

// shownStats is what `stats --json` prints.
type shownStats struct {
	Since time.Time `json:"since"`
	store.Stats
	Share  float64 `json:"share_answered"` // of the decisions; 0 if there were none
	Paused string  `json:"paused"`         // since when and by whom; "" if the bot speaks
}

func (a *app) stats() *cobra.Command {
	var since string
	cmd := &cobra.Command{Use: "stats", Short: "Count what happened lately, and say how things are", Args: cobra.NoArgs,
		Long: `stats counts the messages that came in, by what became of them; what the bot
decided, by rule; cases, promises and deliveries. "Answered by the bot" is the share
of its decisions on customers' messages that gave an FAQ answer and left nothing to
people; in observe mode the answer was proposed only.`,
		Example: "  frontdesk stats\n  frontdesk stats --since 7d --json",
		RunE: func(cmd *cobra.Command, _ []string) error {
			d, err := lookBack(since)
			if err != nil {
				return err
			}
			return a.readDB(cmd.Context(), func(cfg *Config, _ *store.DB, s *store.Snapshot) error {
				now := time.Now()
				v := shownStats{Since: now.Add(-d).UTC()}
				if v.Stats, err = s.Stats(v.Since, now, bot.AnswerRules()); err != nil {
					return err
				}
				if v.Paused, err = bot.Paused(s); err != nil {
					return err
				}
				if n := total(v.Decisions); n > 0 {
					v.Share = float64(v.Answered) / float64(n)
				}
				if a.json {
					return a.printJSON(v)
				}
				a.printStats(cfg, v)
				return nil
			})
		}}
	cmd.Flags().StringVar(&since, "since", "24h", "how far to look back: 90m, 24h, 7d")
	return a.jsonFlag(cmd)
}

func (a *app) printStats(cfg *Config, v shownStats) {
	p := func(label, value string) { fmt.Fprintf(a.out, "%-22s %s\n", label, value) }
	if v.Paused != "" {
		p("THE BOT IS PAUSED", "since "+v.Paused)
	}
	fmt.Fprintf(a.out, "Since %s\n", when(cfg, v.Since))
	p("messages in", counts(v.Messages))
	p("decisions", counts(v.Decisions))
	p("answered by the bot", fmt.Sprintf("%d of %d (%.0f %%)", v.Answered, total(v.Decisions), 100*v.Share))
	p("cases opened", counts(v.Opened))
	p("promises", counts(v.Promises))
	p("deliveries", counts(v.Deliveries))
	fmt.Fprintln(a.out, "Now")
	p("open cases", counts(v.Cases))
	p("open promises", fmt.Sprintf("%d, overdue %d", v.Pledged, v.Overdue))
	p("waiting to be sent", strconv.Itoa(v.Waiting))
}

func total(all []store.Count) int {
	n := 0
	for _, c := range all {
		n += c.Count
	}
	return n
}

// counts writes "3: taken 2, own 1".
func counts(all []store.Count) string {
	var parts []string
	for _, c := range all {
		name := c.Name
		if c.Also != "" {
			name += " (" + c.Also + ")"
		}
		parts = append(parts, fmt.Sprintf("%s %d", name, c.Count))
	}
	if parts == nil {
		return "0"
	}
	return fmt.Sprintf("%d: %s", total(all), strings.Join(parts, ", "))
}
