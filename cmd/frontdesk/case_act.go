package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"frontdesk/bot"
	"frontdesk/channels"
	"frontdesk/store"
)

// caseActs are the commands that do what an agent does.
func (a *app) caseActs() []*cobra.Command {
	var all []*cobra.Command
	for _, c := range []struct {
		name, use, short, long, example string
		needsText                       bool
	}{
		{name: "take", use: "take NUMBER", short: "Take a case: it is yours, and the bot falls silent",
			example: "  frontdesk case take 1042 --as Ana"},
		{name: "give", use: "give NUMBER [REASON] --to NAME", short: "Give a case to a colleague, who gets the brief",
			long: `The colleague becomes accountable and alone gets the brief; taking it is their
own act. The reason is for them.`,
			example: `  frontdesk case give 1042 --to "Li Wei" "she knows the contract" --as Ana`},
		{name: "note", use: "note NUMBER [TEXT]", short: "Write an internal note; the customer never sees it", needsText: true,
			example: "  frontdesk case note 1042 \"called them, no answer\" --as Ana\n  frontdesk case note 1042 --as Ana < minutes.txt"},
		{name: "reply", use: "reply NUMBER [TEXT]", short: "Answer the customer; the case is yours if nobody had taken it", needsText: true,
			long:    "The text goes to the customer as it is, signed with your name.",
			example: "  frontdesk case reply 1042 \"Your parcel left today.\" --as Ana\n  frontdesk case reply 1042 --as Ana < answer.txt"},
		{name: "resolve", use: "resolve NUMBER [TEXT]", short: "Tell the customer that it is done",
			long: `The text goes to the customer, who is told that the case is resolved. It may be
left out if the customer has been answered before; "-" reads it from stdin.`,
			example: "  frontdesk case resolve 1042 \"We have refunded the amount.\" --as Ana"},
		{name: "reopen", use: "reopen NUMBER [REASON]", short: "Open a resolved or closed case again",
			long: `The case goes back to its first stage, nobody has it, and the desk gets the brief.
The customer is told nothing.`,
			example: `  frontdesk case reopen 1042 "it broke again" --as Ana`},
		{name: "bot", use: "bot NUMBER", short: "Hand the conversation back to the bot",
			example: "  frontdesk case bot 1042 --as Ana"},
		{name: "promise", use: `promise NUMBER [REASON] --at "2006-01-02 15:04"`, short: "Promise the customer another time for the answer",
			long: `The customer is told the time, with an apology if it replaces another one; then a
reason is needed, which stays internal. The time is on the company's clock, must
lie ahead, and within working hours or at their end.`,
			example: `  frontdesk case promise 1042 --at "2026-11-27 15:00" "waiting for the workshop" --as Ana`},
	} {
		var as, to, due string
		cmd := &cobra.Command{Use: c.use, Short: c.short, Long: c.long, Example: c.example,
			Args: func(_ *cobra.Command, args []string) error {
				switch {
				case len(args) == 0:
					return fmt.Errorf("which case? Write its number: frontdesk case %s 1042", c.name)
				case len(args) > 2, len(args) == 2 && c.name == "take":
					return errors.New("there is more than was expected: put a text into quotes")
				}
				return nil
			},
			RunE: func(cmd *cobra.Command, args []string) error {
				id, err := number(args[0], "case")
				if err != nil {
					return err
				}
				return a.withEngine(cmd.Context(), false, func(cfg *Config, e *bot.Engine, db *store.DB) error {
					member, err := staffMember(cfg, as) // before a text is awaited
					if err != nil {
						return err
					}
					text, err := a.words(args, c.needsText)
					if err != nil {
						return err
					}
					reply, err := e.Act(cmd.Context(), mailbox(member.Mail), channels.Action{Name: c.name, Case: id,
						Fields: map[string]string{"text": text, "to": to, "due": due}})
					if err != nil {
						return err
					}
					if reply.Refusal != "" {
						return errors.New(reply.Refusal)
					}
					return db.Read(cmd.Context(), func(s *store.Snapshot) error { return a.printCase(s, c.name, id) })
				})
			}}
		switch c.name {
		case "give":
			cmd.Flags().StringVar(&to, "to", "", "the colleague's `name`")
			must(cmd.MarkFlagRequired("to"))
		case "promise":
			cmd.Flags().StringVar(&due, "at", "", "the `time`, 2006-01-02 15:04 on the company's clock")
			must(cmd.MarkFlagRequired("at"))
		}
		all = append(all, a.jsonFlag(asFlag(cmd, &as)))
	}
	return all
}

// printCase says how a case is after an act.
func (a *app) printCase(s *store.Snapshot, act string, id int64) error {
	c, err := s.Case(id)
	if err != nil {
		return err
	}
	if a.json {
		return a.printJSON(c)
	}
	taken := "nobody has taken it"
	if c.TakenBy != "" {
		taken = "taken by " + c.TakenBy
	}
	fmt.Fprintf(a.out, "%s: done. #%d is a %s, %s; %s is accountable, %s.\n", act, c.ID, c.Kind, c.Stage, c.Owner, taken)
	return nil
}

// must is for what only a mistake in this program could make fail.
func must(err error) {
	if err != nil {
		panic(err)
	}
}
