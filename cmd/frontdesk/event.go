package main

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"frontdesk/store"
)

func (a *app) events() *cobra.Command {
	cmd := &cobra.Command{Use: "event", Short: "Look at who did what, when and why", Args: cobra.NoArgs,
		Long: `Nothing is changed without an event, and events are never changed. Their actor is
bot, customer, time, channel, operator, or the name of a member of staff.`,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() }}
	var kind, about string
	var limit int
	list := &cobra.Command{Use: "list", Short: "List the newest events, oldest of them first", Args: cobra.NoArgs,
		Example: "  frontdesk event list\n  frontdesk event list --case 1042 --limit 0\n  frontdesk event list --kind decided --json",
		RunE: func(cmd *cobra.Command, _ []string) error {
			var id int64
			if about != "" {
				var err error
				if id, err = number(about, "case"); err != nil {
					return err
				}
			}
			return a.readDB(cmd.Context(), func(cfg *Config, _ *store.DB, s *store.Snapshot) error {
				events, err := s.FindEvents(kind, id, limit)
				if err != nil {
					return err
				}
				if kind != "" && len(events) == 0 {
					kinds, err := s.EventKinds()
					if err != nil {
						return err
					}
					if !slices.Contains(kinds, kind) {
						return fmt.Errorf("there is no event of kind %q; there are: %s", kind, strings.Join(kinds, ", "))
					}
				}
				if a.json {
					return a.printJSON(append([]store.Event{}, events...))
				}
				var rows [][]string
				for _, e := range events {
					data, err := json.Marshal(e.Data)
					if err != nil {
						return err
					}
					rows = append(rows, []string{strconv.FormatInt(e.ID, 10), when(cfg, e.At), e.Kind, e.Actor, nonZero(e.Case), nonZero(e.Conversation), short(string(data)+" "+e.Words, 80)})
				}
				return a.table("ID AT KIND ACTOR CASE CONVERSATION DATA", rows)
			})
		}}
	list.Flags().StringVar(&kind, "kind", "", "only these, such as decided, promised, taken, replied, undelivered, paused")
	list.Flags().StringVar(&about, "case", "", "only about the case of this `number`")
	list.Flags().IntVar(&limit, "limit", 50, "at most `n`; 0 = all")
	cmd.AddCommand(a.jsonFlag(list))
	return cmd
}
