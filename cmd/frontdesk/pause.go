package main

import (
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"frontdesk/bot"
	"frontdesk/store"
)

func (a *app) pause() *cobra.Command {
	var as, reason string
	cmd := &cobra.Command{Use: "pause", Short: "Make the bot silent at once; recording and handing over go on", Args: cobra.NoArgs,
		Long: `From now on the bot says nothing to customers, also in a running serve: what it
would have answered goes to people, and what it had decided but not sent yet goes
to them instead. Messages are recorded as ever, and what people write is sent.
"frontdesk stats" shows whether the bot is paused; "frontdesk resume" ends it.`,
		Example: `  frontdesk pause --reason "wrong price list"`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.withEngine(cmd.Context(), false, func(cfg *Config, e *bot.Engine, _ *store.DB) error {
				member := StaffMember{Name: "operator"} // whoever can run this may
				if as != "" || os.Getenv(envAs) != "" {
					var err error
					if member, err = staffMember(cfg, as); err != nil {
						return err
					}
				}
				if err := e.Pause(cmd.Context(), member.Name, reason); err != nil {
					return err
				}
				return a.printPaused(cmd, e)
			})
		}}
	cmd.Flags().StringVar(&reason, "reason", "", "why, for the record")
	return a.jsonFlag(asFlag(cmd, &as))
}

func (a *app) resume() *cobra.Command {
	var as string
	cmd := &cobra.Command{Use: "resume", Short: "Let the bot speak again", Args: cobra.NoArgs,
		Long: `The bot answers again what comes in from now on. What came in during the pause is
with people.`,
		Example: "  frontdesk resume",
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.withEngine(cmd.Context(), false, func(cfg *Config, e *bot.Engine, _ *store.DB) error {
				member := StaffMember{Name: "operator"} // whoever can run this may
				if as != "" || os.Getenv(envAs) != "" {
					var err error
					if member, err = staffMember(cfg, as); err != nil {
						return err
					}
				}
				if err := e.Resume(cmd.Context(), member.Name); err != nil {
					return err
				}
				return a.printPaused(cmd, e)
			})
		}}
	return a.jsonFlag(asFlag(cmd, &as))
}

func (a *app) printPaused(cmd *cobra.Command, e *bot.Engine) error {
	since, err := e.Paused(cmd.Context())
	switch {
	case err != nil:
		return err
	case a.json:
		return a.printJSON(map[string]string{"paused": since})
	case since == "":
		fmt.Fprintln(a.out, "The bot speaks.")
	default:
		fmt.Fprintln(a.out, "The bot is silent since", since+".")
	}
	return nil
}
