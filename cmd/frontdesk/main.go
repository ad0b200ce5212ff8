// Command frontdesk (前台) is a chat and email support bot: it answers what the
// FAQ answers, opens a case for a complaint, hands everything else to people with
// a brief, and records all of it in one SQLite file.
//
// Run it without arguments for its commands. This package wires the parts
// together and holds nothing else; the tour of the program is in package bot.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	code := run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// app is what the commands share.
type app struct {
	in       io.Reader
	out, err io.Writer
	config   string // path of the configuration file
	verbose  bool
	json     bool
}

// run runs one command and returns the exit code: 0, or 1 after saying on stderr
// what went wrong and what to do.
func run(ctx context.Context, args []string, in io.Reader, out, errs io.Writer) int {
	a := &app{in: in, out: out, err: errs}
	root := a.root()
	root.SetArgs(args)
	root.SetIn(in)
	root.SetOut(out)
	root.SetErr(errs)
	if err := root.ExecuteContext(ctx); err != nil && !errors.Is(err, context.Canceled) {
		fmt.Fprintln(errs, "frontdesk:", err)
		return 1
	}
	return 0
}

func (a *app) root() *cobra.Command {
	root := &cobra.Command{
		Use:   "frontdesk",
		Short: "Frontdesk (前台): a chat and email support bot",
		Long: `Frontdesk (前台) answers customers' questions from an FAQ, at once and in their
language; it opens a case for a complaint, hands everything else to people with a
brief, and records all of it in one SQLite file.

See it at work, with nothing to set up:

    frontdesk demo

Ask the sample FAQ something, and see why it answers as it does:

    frontdesk ask --why "Can I get my money back?"

Run it on your own mailbox or in Slack: write the files to begin with, change them, try
everything, and start:

    frontdesk init
    frontdesk doctor
    frontdesk serve`,
		SilenceUsage:  true,
		SilenceErrors: true,
		Args:          cobra.NoArgs,
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	flags := root.PersistentFlags()
	flags.StringVarP(&a.config, "config", "c", "frontdesk.yaml", "the configuration `file`")
	flags.BoolVarP(&a.verbose, "verbose", "v", false, "log more")
	root.AddCommand(a.initCommand(), a.manifest(), a.doctor(), a.serve(), a.demo(), a.ask(), a.chat(), a.cases(), a.customers(), a.ledger(), a.outbox(), a.events(),
		a.stats(), a.faqCommand(), a.pause(), a.resume(), a.backup(), a.restore())
	return root
}

// logger writes to stderr: ids and lengths, never customers' text or secrets.
func (a *app) logger() *slog.Logger {
	level := slog.LevelInfo
	if a.verbose {
		level = slog.LevelDebug
	}
	return slog.New(slog.NewTextHandler(a.err, &slog.HandlerOptions{Level: level}))
}

// jsonFlag adds --json to a command that prints data.
func (a *app) jsonFlag(cmd *cobra.Command) *cobra.Command {
	cmd.Flags().BoolVar(&a.json, "json", false, "print JSON")
	return cmd
}
