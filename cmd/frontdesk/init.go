package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"
)

// starters are the files that `init` writes out, in the order in which an operator
// meets them.
var starters = []struct {
	name, what string
	mode       os.FileMode
}{
	{"frontdesk.yaml", "the configuration, every key explained", 0o644},
	{"faq.yaml", "questions and answers to begin with", 0o644},
	{"intents.yaml", "how customers say what they want; optional", 0o644},
	{"slack-manifest.yaml", "what to create the app in Slack from", 0o644},
	{"secrets.env.example", "where passwords and tokens go", 0o600},
	{"frontdesk.service", "runs it under systemd", 0o644},
	{"Dockerfile", "runs it in a container", 0o644},
}

func (a *app) initCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "init [DIR]",
		Short: "Write the files that a new installation begins with",
		Long: `init writes into DIR (default: this folder) what a new installation begins with:

    frontdesk.yaml        the configuration, every key explained
    faq.yaml              questions and answers to begin with, in Chinese and English
    intents.yaml          examples of what customers want, if you add your own
    slack-manifest.yaml   what to create the app in Slack from, if you use Slack
    secrets.env.example   where passwords and tokens go
    frontdesk.service     runs it under systemd
    Dockerfile            runs it in a container

It asks nothing and overwrites nothing: a file that is there already is kept, so it
can be run again, for example after a file was deleted by mistake.

As written, the bot runs with mode: observe. It then reads the mailbox and writes to
your staff only, with what it would have answered. Customers hear from it when you
change that to mode: answer.`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			dir := "."
			if len(args) == 1 {
				dir = args[0]
			}
			return a.writeStarters(dir)
		},
	}
}

// starter returns one of the starters: a file of init/, or one that is made.
func starter(name string) ([]byte, error) {
	if name == "slack-manifest.yaml" {
		return defaultManifest()
	}
	return samples.ReadFile("init/" + name)
}

func (a *app) writeStarters(dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	for _, s := range starters {
		data, err := starter(s.name)
		if err != nil {
			return err
		}
		path := filepath.Join(dir, s.name)
		switch err := writeNew(path, data, s.mode); {
		case err == nil:
			fmt.Fprintf(a.out, "wrote  %s  (%s)\n", path, s.what)
		case errors.Is(err, fs.ErrExist):
			fmt.Fprintf(a.out, "kept   %s  (it was there already)\n", path)
		default:
			return err
		}
	}
	config, name := "", "frontdesk.yaml"
	if dir != "." {
		name = filepath.Join(dir, name)
		config = " --config " + name
	}
	fmt.Fprintf(a.out, `
Next:
  1. Edit %s: the company, its hours and people, the mailbox's servers.
  2. export IMAP_PASSWORD='…'
  3. frontdesk doctor%s
  4. frontdesk serve%[2]s
`, name, config)
	return nil
}

// writeNew writes a file that must not exist yet. What could not be written whole
// is removed, so that the next run does not keep it.
func writeNew(path string, data []byte, mode os.FileMode) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err = errors.Join(err, f.Close()); err != nil {
		return errors.Join(err, os.Remove(path))
	}
	return nil
}
