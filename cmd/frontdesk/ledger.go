package main

import (
	"fmt"
	"io"
	"strconv"

	"github.com/spf13/cobra"

	"frontdesk/store"
)

func (a *app) ledger() *cobra.Command {
	cmd := &cobra.Command{Use: "ledger", Short: "Look at every message that ever came in, and what became of it", Args: cobra.NoArgs,
		Long: `The ledger has one row for every message that a channel ever saw, and says what
became of it: taken, duplicate, auto-reply, bounce, own, quarantined or failed.
Nothing that arrived is missing from it.`,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() }}
	var disposition, channel string
	var limit int
	list := &cobra.Command{Use: "list", Short: "List the newest messages", Args: cobra.NoArgs,
		Example: "  frontdesk ledger list --disposition quarantined\n  frontdesk ledger list --limit 0 --json",
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.readDB(cmd.Context(), func(cfg *Config, _ *store.DB, s *store.Snapshot) error {
				entries, err := s.Ledger(store.Disposition(disposition), channel, limit)
				if err != nil {
					return err
				}
				if a.json {
					return a.printJSON(append([]store.Entry{}, entries...))
				}
				var rows [][]string
				for _, e := range entries {
					rows = append(rows, []string{strconv.FormatInt(e.ID, 10), when(cfg, e.Arrived), e.Channel, string(e.Disposition), short(e.Sender, 40), short(e.Subject, 40), short(e.Reason, 60)})
				}
				return a.table("ID ARRIVED CHANNEL DISPOSITION SENDER SUBJECT REASON", rows)
			})
		}}
	list.Flags().StringVar(&disposition, "disposition", "", "only these: taken, duplicate, auto-reply, bounce, own, quarantined, failed")
	list.Flags().StringVar(&channel, "channel", "", "only of this channel")
	list.Flags().IntVar(&limit, "limit", 50, "at most `n`; 0 = all")
	var raw bool
	show := &cobra.Command{Use: "show ID", Short: "Show one message as it was recorded; --raw prints its bytes", Args: cobra.ExactArgs(1),
		Example: "  frontdesk ledger show 17\n  frontdesk ledger show 17 --raw > mail.eml",
		RunE: func(cmd *cobra.Command, args []string) error {
			id, err := number(args[0], "ledger row")
			if err != nil {
				return err
			}
			return a.readDB(cmd.Context(), func(cfg *Config, db *store.DB, s *store.Snapshot) error {
				e, err := s.Entry(id)
				if err == store.ErrNotFound {
					return fmt.Errorf("the ledger has no row %d: `frontdesk ledger list` lists them", id)
				} else if err != nil {
					return err
				}
				if raw {
					if e.Raw == 0 {
						return fmt.Errorf("row %d came without bytes", id)
					}
					_, r, err := db.OpenBlob(cmd.Context(), e.Raw)
					if err != nil {
						return err
					}
					defer r.Close()
					_, err = io.Copy(a.out, r)
					return err
				}
				if a.json {
					return a.printJSON(e)
				}
				for _, l := range [][2]string{
					{"channel", e.Channel}, {"key", e.Key}, {"kind", e.Kind}, {"became", string(e.Disposition)}, {"reason", e.Reason}, {"sender", e.Sender},
					{"subject", e.Subject}, {"ref", e.Ref}, {"arrived", when(cfg, e.Arrived)}, {"recorded", when(cfg, e.Recorded)},
					{"bytes", strconv.FormatInt(e.Size, 10)}, {"duplicate", nonZero(e.Duplicate)}, {"message", nonZero(e.Message)},
				} {
					if l[1] != "" {
						fmt.Fprintf(a.out, "%-10s %s\n", l[0], l[1])
					}
				}
				if e.Message == 0 {
					return nil
				}
				m, err := s.Message(e.Message)
				if err == nil {
					fmt.Fprintf(a.out, "\n%s\n", m.Text)
				}
				return err
			})
		}}
	show.Flags().BoolVar(&raw, "raw", false, "print the bytes as they came")
	cmd.AddCommand(a.jsonFlag(list), a.jsonFlag(show), a.ledgerReplay(), a.ledgerCheck())
	return cmd
}

func nonZero(n int64) string {
	if n == 0 {
		return ""
	}
	return strconv.FormatInt(n, 10)
}

func (a *app) outbox() *cobra.Command {
	cmd := &cobra.Command{Use: "outbox", Short: "Look at what was sent, and what still waits; send it again, or drop it", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() }}
	var state string
	var limit int
	list := &cobra.Command{Use: "list", Short: "List the newest deliveries", Args: cobra.NoArgs,
		Example: "  frontdesk outbox list --state queued\n  frontdesk outbox list --json",
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.readDB(cmd.Context(), func(cfg *Config, _ *store.DB, s *store.Snapshot) error {
				ds, err := s.Outbox(state, limit)
				if err != nil {
					return err
				}
				if a.json {
					return a.printJSON(append([]store.Delivery{}, ds...))
				}
				var rows [][]string
				for _, d := range ds {
					rows = append(rows, []string{strconv.FormatInt(d.ID, 10), when(cfg, d.Created), d.Channel, string(d.Audience), d.State,
						strconv.Itoa(d.Attempts), when(cfg, d.Next), short(d.Error, 60)})
				}
				return a.table("ID CREATED CHANNEL AUDIENCE STATE ATTEMPTS NEXT ERROR", rows)
			})
		}}
	list.Flags().StringVar(&state, "state", "", "only these: queued, sending, sent, failed, dropped, replaced")
	list.Flags().IntVar(&limit, "limit", 50, "at most `n`; 0 = all")
	cmd.AddCommand(a.jsonFlag(list), a.outboxShow(), a.outboxRetry(), a.outboxDrop())
	return cmd
}
