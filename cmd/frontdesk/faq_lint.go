package main

import (
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"frontdesk/faq"
)

// finding is what `faq lint --json` prints of one.
type lintFinding struct {
	File    string `json:"file"`
	Line    int    `json:"line"`
	Level   string `json:"level"` // error or warning
	Check   string `json:"check"`
	Entry   string `json:"entry,omitempty"`
	Message string `json:"message"`
	Remedy  string `json:"remedy"`
}

func (a *app) faqLint() *cobra.Command {
	var strict bool
	cmd := &cobra.Command{
		Use:   "lint [FILE...]",
		Short: "Look for mistakes in the FAQ",
		Long: `lint reads the FAQ and tells what is wrong, each with its line and what to do.

Errors are what serve would refuse (two entries with one question, a link to an
entry that is not there, an unknown variable …) and expected questions that
contradict each other. Warnings are what works and is probably not meant: questions
of two entries that hardly differ, two entries with one answer, languages that an
entry lacks, links to what is never given at the same time, answers above 3000
characters, questions without words, entries with fewer than three questions, entries
out of date.

The exit code is 1 after an error, with --strict also after a warning.`,
		Example: "  frontdesk faq lint\n  frontdesk faq lint faq.yaml --strict --json",
		RunE: func(cmd *cobra.Command, files []string) error {
			cfg, x, err := a.faqIndex(cmd.Context(), files)
			var broken *faq.Error
			if err != nil && !errors.As(err, &broken) {
				return err
			}
			found := []lintFinding{}
			if broken != nil {
				for _, p := range broken.Problems {
					found = append(found, lintFinding{p.File, p.Line, "error", "unreadable", "", p.Message, p.Remedy})
				}
			} else {
				for _, f := range x.Lint(cfg.Company.Languages, time.Now()) {
					level := "warning"
					if f.Severe {
						level = "error"
					}
					found = append(found, lintFinding{f.File, f.Line, level, f.Check, f.Entry, f.Message, f.Remedy})
				}
			}
			errs := 0
			for _, f := range found {
				if f.Level == "error" {
					errs++
				}
			}
			if a.json {
				if err := a.printJSON(found); err != nil {
					return err
				}
			} else {
				for _, f := range found {
					fmt.Fprintf(a.out, "%s:%d: %s: %s; %s\n", f.File, f.Line, f.Level, f.Message, f.Remedy)
				}
				if len(found) == 0 {
					fmt.Fprintf(a.out, "%s, nothing to mend\n", plural2(len(x.Entries()), "entry", "entries"))
				}
			}
			if errs > 0 || strict && len(found) > 0 {
				return fmt.Errorf("%s and %s in the FAQ", plural(errs, "error"), plural(len(found)-errs, "warning"))
			}
			return nil
		},
	}
	cmd.Flags().BoolVar(&strict, "strict", false, "warnings count as errors")
	return a.jsonFlag(cmd)
}
