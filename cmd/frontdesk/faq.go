package main

import "github.com/spf13/cobra"

func (a *app) faqCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "faq",
		Short: "Measure the FAQ",
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(a.faqEval())
	return cmd
}
