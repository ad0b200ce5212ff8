package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"github.com/spf13/cobra"

	"frontdesk/store"
)

func (a *app) backup() *cobra.Command {
	var force bool
	cmd := &cobra.Command{
		Use:   "backup FILE",
		Short: "Copy the database to a file, while serve runs",
		Long: `backup writes one consistent state of the whole database to FILE: everything that
was recorded before it began, messages, files and what is still to be sent. serve
goes on working meanwhile.

The copy is read back and checked (integrity, references, number of rows against
the original) before it gets its name, so a FILE that is there is whole. It is
readable by you alone. A FILE that exists is not replaced without --force.

Copy it to another machine, and try a restore once in a while: name another
database: in a second configuration and restore into that. The configuration, the
FAQ and the passwords are not in it; keep them where you keep such things.`,
		Example: `  frontdesk backup /backup/frontdesk-$(date +%F).db
  frontdesk backup --force /backup/frontdesk.db --json`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			cfg, err := a.load()
			if err != nil {
				return err
			}
			if _, err := os.Stat(cfg.Database); err != nil {
				return fmt.Errorf("there is no database yet (%w): run `frontdesk serve` first", err)
			}
			c, err := store.Backup(cmd.Context(), cfg.Database, args[0], force)
			if errors.Is(err, fs.ErrExist) {
				return fmt.Errorf("%s is there already and was not touched: name another file, or replace it with --force", args[0])
			} else if err != nil {
				return fmt.Errorf("no backup was made: %w", err)
			}
			return a.copied(cfg, c, fmt.Sprintf("%s holds the database", c.File))
		},
	}
	cmd.Flags().BoolVar(&force, "force", false, "replace FILE if it exists")
	return a.jsonFlag(cmd)
}

func (a *app) restore() *cobra.Command {
	return a.jsonFlag(&cobra.Command{
		Use:   "restore FILE",
		Short: "Put a backup in the place of the database, while serve is stopped",
		Long: `restore checks FILE, copies it, checks the copy, and puts it in the place of the
database of the configuration. The database that was there is kept beside it as
DATABASE.before-restore-DATE; nothing is deleted. serve must be stopped first.

What happened after the backup was made is not in it. When serve starts:

  - Mail that came in since is still in the mailbox. It is read again and, where
    the bot is sure, answered again: customers may get an answer twice.
  - What still had to be sent when the backup was made is sent again, under the
    same Message-ID, so that most mail programs show it once.

Where that would hurt, run ` + "`frontdesk pause`" + ` before you start serve: everything is
recorded and handed to people, and nothing is said by the bot until
` + "`frontdesk resume`" + `.`,
		Example: `  systemctl stop frontdesk
  frontdesk restore /backup/frontdesk-2026-11-23.db
  systemctl start frontdesk`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			cfg, err := a.load()
			if err != nil {
				return err
			}
			unlock, err := lock(cfg.Database)
			if err != nil {
				return err
			}
			defer unlock()
			c, err := store.Restore(cmd.Context(), args[0], cfg.Database, time.Now())
			if err != nil {
				return fmt.Errorf("nothing was restored: %w", err)
			}
			what := fmt.Sprintf("%s is restored from %s", c.File, args[0])
			if c.Before != "" {
				what += "; what was there is kept as " + c.Before
			}
			return a.copied(cfg, c, what)
		},
	})
}

// copied tells of a backup or a restoration.
func (a *app) copied(cfg *Config, c store.Copied, what string) error {
	if a.json {
		return a.printJSON(struct {
			store.Copied
			Milliseconds int64 `json:"milliseconds"`
		}{c, c.Took.Milliseconds()})
	}
	_, err := fmt.Fprintf(a.out, "%s: %.1f MB in %v, checked.\n%d messages in the ledger, the newest of %s; %d cases; %d still to be sent.\n",
		what, float64(c.Size)/1e6, c.Took.Round(time.Millisecond), c.Ledger, when(cfg, c.Newest), c.Cases, c.Waiting)
	return err
}
