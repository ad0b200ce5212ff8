package main

import (
	"context"
	"errors"
	"io/fs"
	"os"

	"github.com/spf13/cobra"

	"frontdesk/faq"
)

func (a *app) faqCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "faq", Short: "Check and measure the FAQ, compare it, and move entries in and out", Args: cobra.NoArgs,
		Long: `The FAQ is what the bot may answer. These commands check and measure it and change nothing in
it; without a file they take the files of the configuration.`,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() }}
	cmd.AddCommand(a.faqEval(), a.faqLint(), a.faqDiff(), a.faqGaps(), a.faqImport(), a.faqExport())
	return cmd
}

// faqConfig returns the configuration for a command about FAQ files. Where files
// are named and there is no configuration, it is the sample's.
func (a *app) faqConfig(files []string) (cfg *Config, done func(), err error) {
	dir, done, err := tempDir()
	if err != nil {
		return nil, nil, err
	}
	if _, missing := os.Stat(a.config); len(files) > 0 && a.config == "frontdesk.yaml" && errors.Is(missing, fs.ErrNotExist) {
		cfg, err = sampleConfig(dir, "")
	} else {
		cfg, err = a.loadOrSample(dir)
	}
	if err != nil {
		done()
		return nil, nil, err
	}
	return cfg, done, nil
}

// faqIndex reads FAQ files, or those of the configuration.
func (a *app) faqIndex(ctx context.Context, files []string) (*Config, *faq.Index, error) {
	cfg, done, err := a.faqConfig(files)
	if err != nil {
		return nil, nil, err
	}
	defer done()
	if len(files) == 0 {
		files = cfg.FAQ
	}
	x, err := a.loadFAQ(ctx, cfg, files)
	return cfg, x, err
}
