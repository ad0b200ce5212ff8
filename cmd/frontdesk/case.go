package main

import (
	"encoding/json"
	"fmt"
	"strconv"

	"github.com/spf13/cobra"

	"frontdesk/store"
)

func (a *app) cases() *cobra.Command {
	cmd := &cobra.Command{Use: "case", Short: "Look at the work that people own, and do it", Args: cobra.NoArgs,
		Long: `A case is work that people own. list and show look at cases; the others do what an
agent does by mail or button, and are refused for the same reasons. They may be
used beside a running serve, which sends within seconds what they put into the
outbox; without one it waits there.

Whoever acts is named with --as, or for all commands with the environment variable
FRONTDESK_AS, and must be on the staff list of the configuration.`,
		Example: `  export FRONTDESK_AS=Ana
  frontdesk case list
  frontdesk case take 1042
  frontdesk case reply 1042 "Your parcel left today."
  frontdesk case resolve 1042`,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() }}
	var all bool
	var limit int
	list := &cobra.Command{Use: "list", Short: "List open cases, newest first", Args: cobra.NoArgs,
		Example: "  frontdesk case list\n  frontdesk case list --all --json",
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.readDB(cmd.Context(), func(cfg *Config, _ *store.DB, s *store.Snapshot) error {
				cases, err := s.Cases(all, limit)
				if err != nil {
					return err
				}
				if a.json {
					return a.printJSON(append([]store.Case{}, cases...))
				}
				var rows [][]string
				for _, c := range cases {
					due := "-"
					promises, err := s.Promises(c.ID)
					if err != nil {
						return err
					}
					for _, p := range promises {
						if p.State == "open" {
							due = when(cfg, p.Due)
						}
					}
					rows = append(rows, []string{"#" + strconv.FormatInt(c.ID, 10), c.Kind, string(c.Stage), c.Owner, due, when(cfg, c.Opened), short(c.Title, 50)})
				}
				return a.table("CASE KIND STAGE OWNER DUE OPENED TITLE", rows)
			})
		}}
	list.Flags().BoolVar(&all, "all", false, "resolved and closed ones too")
	list.Flags().IntVar(&limit, "limit", 0, "at most `n`; 0 = all")
	show := &cobra.Command{Use: "show NUMBER", Short: "Show one case: its facts, promises, what was said, what happened", Args: cobra.ExactArgs(1),
		Example: "  frontdesk case show 1042",
		RunE: func(cmd *cobra.Command, args []string) error {
			id, err := number(args[0], "case")
			if err != nil {
				return err
			}
			return a.readDB(cmd.Context(), func(cfg *Config, _ *store.DB, s *store.Snapshot) error { return a.showCase(cfg, s, id) })
		}}
	cmd.AddCommand(a.jsonFlag(list), a.jsonFlag(show))
	cmd.AddCommand(a.caseActs()...)
	return cmd
}

// shownCase is what `case show --json` prints.
type shownCase struct {
	store.Case
	CustomerName string            `json:"customer_name"`
	Addresses    []string          `json:"addresses"`
	Fields       map[string]string `json:"fields"`
	Promises     []store.Promise   `json:"promises"`
	Messages     []shownMessage    `json:"messages"`
	Events       []store.Event     `json:"events"`
}

type shownMessage struct {
	ID     int64        `json:"id"`
	At     string       `json:"at"`
	Author store.Author `json:"author"`
	Name   string       `json:"name,omitempty"`
	Note   bool         `json:"note,omitempty"`
	Text   string       `json:"text"`
}

func (a *app) showCase(cfg *Config, s *store.Snapshot, id int64) error {
	c, err := s.Case(id)
	if err == store.ErrNotFound {
		return fmt.Errorf("there is no case #%d: `frontdesk case list --all` lists them", id)
	} else if err != nil {
		return err
	}
	v := shownCase{Case: c}
	if v.CustomerName, err = s.CustomerName(c.Customer); err != nil {
		return err
	}
	ids, err := s.Identities(c.Customer)
	if err != nil {
		return err
	}
	for _, i := range ids {
		v.Addresses = append(v.Addresses, i.Kind+":"+i.Address)
	}
	if v.Fields, err = s.Fields(id); err != nil {
		return err
	}
	if v.Promises, err = s.Promises(id); err != nil {
		return err
	}
	if v.Events, err = s.CaseEvents(id); err != nil {
		return err
	}
	said, err := s.SaidOnCase(id)
	if err != nil {
		return err
	}
	for _, m := range said {
		v.Messages = append(v.Messages, shownMessage{m.ID, when(cfg, m.At), m.Author, m.Name, m.Audience == store.ForStaff, m.Text})
	}
	if a.json {
		return a.printJSON(v)
	}
	p := func(label, format string, args ...any) {
		fmt.Fprintf(a.out, "%-10s %s\n", label, fmt.Sprintf(format, args...))
	}
	p("case", "#%d  %s  %s", c.ID, c.Kind, c.Title)
	p("customer", "%s %v", v.CustomerName, v.Addresses)
	p("stage", "%s (%s)", c.Stage, c.Priority)
	p("owner", "%s", c.Owner)
	if c.TakenBy != "" {
		p("taken", "by %s, %s", c.TakenBy, when(cfg, c.TakenAt))
	}
	p("opened", "%s", when(cfg, c.Opened))
	for _, pr := range v.Promises {
		p("promise", "%s by %s: %s", pr.Kind, when(cfg, pr.Due), pr.State)
	}
	for name, value := range v.Fields {
		p("known", "%s: %s", name, value)
	}
	fmt.Fprintln(a.out)
	for _, m := range v.Messages {
		kind := string(m.Author)
		if m.Note {
			kind += ", internal"
		}
		fmt.Fprintf(a.out, "%s  %s (%s)\n%s\n\n", m.At, m.Name, kind, m.Text)
	}
	for _, e := range v.Events {
		data, err := json.Marshal(e.Data)
		if err != nil {
			return err
		}
		fmt.Fprintf(a.out, "%s  %s by %s %s %s\n", when(cfg, e.At), e.Kind, e.Actor, data, short(e.Words, 80))
	}
	return nil
}
