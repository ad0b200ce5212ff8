package main

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"frontdesk/store"
)

// shownCustomer is what `customer show --json` prints.
type shownCustomer struct {
	Number        int64               `json:"number"`
	Name          string              `json:"name"`
	Identities    []shownIdentity     `json:"identities"`
	Conversations []shownConversation `json:"conversations"`
	Cases         []store.Case        `json:"cases"`
}

type shownIdentity struct {
	Kind    string `json:"kind"`
	Address string `json:"address"`
	Name    string `json:"name,omitempty"`
}

type shownConversation struct {
	ID      int64       `json:"id"`
	Channel string      `json:"channel"`
	State   store.State `json:"state"`
	Case    int64       `json:"case,omitempty"`
	Lang    string      `json:"lang,omitempty"`
	Opened  string      `json:"opened"`
	Updated string      `json:"updated"`
}

func (a *app) customers() *cobra.Command {
	cmd := &cobra.Command{Use: "customer", Short: "Look at what is known of a customer", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() }}
	show := &cobra.Command{Use: "show NUMBER|ADDRESS", Short: "Show a customer's addresses, conversations and cases", Args: cobra.ExactArgs(1),
		Long: `The customer is named by one of their addresses, or by their number, which
"frontdesk case show --json" prints as "customer".`,
		Example: "  frontdesk customer show tom@customers.example\n  frontdesk customer show 7 --json",
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.readDB(cmd.Context(), func(cfg *Config, _ *store.DB, s *store.Snapshot) error {
				id, err := findCustomer(s, args[0])
				if err != nil {
					return err
				}
				return a.showCustomer(cfg, s, id)
			})
		}}
	cmd.AddCommand(a.jsonFlag(show))
	return cmd
}

func findCustomer(s *store.Snapshot, arg string) (int64, error) {
	if id, err := strconv.ParseInt(arg, 10, 64); err == nil {
		return id, nil
	}
	address := arg
	if kind, rest, ok := strings.Cut(arg, ":"); ok && !strings.Contains(kind, "@") { // mail:tom@… as `case show` prints it
		address = rest
	}
	for _, form := range []string{address, strings.ToLower(address)} {
		ids, err := s.CustomersAt(form)
		switch {
		case err != nil:
			return 0, err
		case len(ids) == 1:
			return ids[0], nil
		case len(ids) > 1:
			return 0, fmt.Errorf("%s belongs to several customers: %s; name one by number", address, strings.Trim(fmt.Sprint(ids), "[]"))
		}
	}
	return 0, fmt.Errorf("no customer has the address %s", address)
}

func (a *app) showCustomer(cfg *Config, s *store.Snapshot, id int64) error {
	v := shownCustomer{Number: id, Identities: []shownIdentity{}, Conversations: []shownConversation{}}
	var err error
	if v.Name, err = s.CustomerName(id); err == store.ErrNotFound {
		return fmt.Errorf("there is no customer %d", id)
	} else if err != nil {
		return err
	}
	identities, err := s.Identities(id)
	if err != nil {
		return err
	}
	for _, i := range identities {
		v.Identities = append(v.Identities, shownIdentity{i.Kind, i.Address, i.Name})
	}
	talks, err := s.CustomerConversations(id)
	if err != nil {
		return err
	}
	for _, c := range talks {
		v.Conversations = append(v.Conversations, shownConversation{c.ID, c.Channel, c.State, c.Case, c.Lang, when(cfg, c.Opened), when(cfg, c.Updated)})
	}
	cases, err := s.CustomerCases(id)
	if err != nil {
		return err
	}
	v.Cases = append([]store.Case{}, cases...)
	if a.json {
		return a.printJSON(v)
	}
	fmt.Fprintf(a.out, "customer %d  %s\n", v.Number, v.Name)
	for _, i := range v.Identities {
		fmt.Fprintf(a.out, "address  %s:%s %s\n", i.Kind, i.Address, i.Name)
	}
	fmt.Fprintln(a.out)
	var rows [][]string
	for _, c := range v.Conversations {
		rows = append(rows, []string{strconv.FormatInt(c.ID, 10), c.Channel, string(c.State), nonZero(c.Case), c.Lang, c.Opened, c.Updated})
	}
	if err := a.table("CONVERSATION CHANNEL STATE CASE LANG OPENED UPDATED", rows); err != nil {
		return err
	}
	fmt.Fprintln(a.out)
	rows = nil
	for _, c := range v.Cases {
		rows = append(rows, []string{"#" + strconv.FormatInt(c.ID, 10), c.Kind, string(c.Stage), c.Owner, when(cfg, c.Opened), short(c.Title, 50)})
	}
	return a.table("CASE KIND STAGE OWNER OPENED TITLE", rows)
}
