package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"frontdesk/bot"
	"frontdesk/channels/mail"
	"frontdesk/store"
)

func (a *app) ledgerReplay() *cobra.Command {
	cmd := &cobra.Command{Use: "replay ID", Short: "Handle a message again that failed or was quarantined", Args: cobra.ExactArgs(1),
		Long: `The message's bytes are read again and handled as if they came now; its row gets
what becomes of it. Nothing is doubled: a message that is recorded already is
decided on again and stays one.

Replaying says that it is no spam. A message that looks like a newsletter or a
mailing list goes to people, and its sender is told nothing. What was taken is
refused; if it fails again, nothing changes.`,
		Example: "  frontdesk ledger list --disposition quarantined\n  frontdesk ledger show 17\n  frontdesk ledger replay 17",
		RunE: func(cmd *cobra.Command, args []string) error {
			id, err := number(args[0], "ledger row")
			if err != nil {
				return err
			}
			return a.withEngine(cmd.Context(), true, func(_ *Config, e *bot.Engine, _ *store.DB) error {
				entry, err := e.Replay(cmd.Context(), id)
				if err != nil {
					return err
				}
				if a.json {
					return a.printJSON(entry)
				}
				fmt.Fprintf(a.out, "Row %d is %s now.", entry.ID, entry.Disposition)
				if entry.Message != 0 {
					fmt.Fprintf(a.out, " It is message %d.", entry.Message)
				}
				fmt.Fprintln(a.out)
				return nil
			})
		}}
	return a.jsonFlag(cmd)
}

// checked is what `ledger check` found of one channel.
type checked struct {
	Channel string `json:"channel"`
	mail.Comparison
	Error string `json:"error,omitempty"`
}

func (a *app) ledgerCheck() *cobra.Command {
	cmd := &cobra.Command{Use: "check", Short: "Hold every mailbox against the ledger: is a mail missing?", Args: cobra.NoArgs,
		Long: `check connects to the mailbox of every mail channel, changes nothing there, and
looks whether each mail up to the position that was read is in the ledger. One that
is not would be lost; there must be none. It also says how many mails are still to
come. It may run beside serve, and fails if a mail is lost or a mailbox could not be
looked at.`,
		Example: "  frontdesk ledger check\n  frontdesk ledger check --json",
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := a.loadWithDatabase()
			if err != nil {
				return err
			}
			secrets, err := cfg.Secrets()
			if err != nil {
				return err
			}
			db, err := store.Open(cmd.Context(), cfg.Database)
			if err != nil {
				return err
			}
			defer db.Close()
			all := []checked{}
			lost, failed := 0, 0
			for _, ch := range cfg.Channels {
				if ch.Mail == nil { // Slack does not tell which of its events there were
					continue
				}
				c := checked{Channel: ch.Name}
				if c.Comparison, err = compare(cmd, cfg, ch, secrets, db, a); err != nil {
					c.Error = err.Error()
					failed++
				}
				lost += len(c.Lost)
				all = append(all, c)
			}
			if len(all) == 0 {
				return fmt.Errorf("%s has no mailbox to look at", cfg.File)
			}
			if err := a.printChecked(all); err != nil {
				return err
			}
			switch {
			case lost > 0:
				return fmt.Errorf("%d mails are in a mailbox and were passed over: `frontdesk ledger check --json` names their UIDs; read them there, answer them, and keep the database", lost)
			case failed > 0:
				return fmt.Errorf("%d of %d mailboxes could not be looked at: `frontdesk doctor` says what to do", failed, len(all))
			}
			return nil
		}}
	return a.jsonFlag(cmd)
}

func compare(cmd *cobra.Command, cfg *Config, ch ChannelConfig, secrets Secrets, db *store.DB, a *app) (mail.Comparison, error) {
	c, err := mailChannel(cfg, ch, secrets, a.logger())
	if err != nil {
		return mail.Comparison{}, err
	}
	source, ok := c.Source.(*mail.Source)
	if !ok {
		return mail.Comparison{}, fmt.Errorf("channel %s is no mailbox", ch.Name)
	}
	var cursors map[string]string
	var arrivals []string
	if err := db.Read(cmd.Context(), func(s *store.Snapshot) (err error) {
		if cursors, err = s.Cursors(ch.Name); err == nil {
			arrivals, err = s.Arrivals(ch.Name)
		}
		return err
	}); err != nil {
		return mail.Comparison{}, err
	}
	return source.Compare(cmd.Context(), cursors, arrivals)
}

func (a *app) printChecked(all []checked) error {
	if a.json {
		return a.printJSON(all)
	}
	for _, c := range all {
		if c.Error != "" {
			fmt.Fprintf(a.out, "%s: not looked at: %s\n", c.Channel, c.Error)
			continue
		}
		fmt.Fprintf(a.out, "%s: %d mails in %s, %d of them in the ledger, %d still to come, %d lost\n", c.Channel, c.Held, c.Folder, c.Known, c.ToCome, len(c.Lost))
		if c.Renewed {
			fmt.Fprintf(a.out, "%s: the folder has another UIDVALIDITY than when it was read; serve reads it again, and knows what it has seen\n", c.Channel)
		}
		for _, uid := range c.Lost {
			fmt.Fprintf(a.out, "%s: UID %d is not in the ledger\n", c.Channel, uid)
		}
	}
	return nil
}
