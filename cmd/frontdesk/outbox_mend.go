package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"frontdesk/store"
)

// shownDelivery is what `outbox show --json` prints.
type shownDelivery struct {
	store.Delivery
	Tries   []store.Attempt `json:"tries"`
	Content json.RawMessage `json:"payload"`
}

func (a *app) outboxShow() *cobra.Command {
	cmd := &cobra.Command{Use: "show ID", Short: "Show one delivery: what is sent, to whom, and every attempt", Args: cobra.ExactArgs(1),
		Example: "  frontdesk outbox show 31",
		RunE: func(cmd *cobra.Command, args []string) error {
			id, err := number(args[0], "delivery")
			if err != nil {
				return err
			}
			return a.readDB(cmd.Context(), func(cfg *Config, _ *store.DB, s *store.Snapshot) error {
				d, err := s.Delivery(id)
				if err == store.ErrNotFound {
					return noDelivery(id)
				} else if err != nil {
					return err
				}
				v := shownDelivery{Delivery: d, Content: d.Payload}
				if v.Tries, err = s.Attempts(id); err != nil {
					return err
				}
				v.Tries = append([]store.Attempt{}, v.Tries...)
				if a.json {
					return a.printJSON(v)
				}
				for _, l := range [][2]string{{"channel", d.Channel}, {"audience", string(d.Audience)}, {"state", d.State}, {"created", when(cfg, d.Created)},
					{"next", nextTry(cfg, d)}, {"ended", when(cfg, d.Ended)}, {"ref", d.Ref}, {"error", d.Error}} {
					if l[1] != "" && l[1] != "-" {
						fmt.Fprintf(a.out, "%-10s %s\n", l[0], l[1])
					}
				}
				if d.Unsure {
					fmt.Fprintln(a.out, "           an earlier attempt may have got through")
				}
				for _, t := range v.Tries {
					fmt.Fprintf(a.out, "attempt %-2d %s  %s %s\n", t.No, when(cfg, t.Started), t.Outcome, t.Error)
				}
				fmt.Fprintln(a.out)
				return a.printJSON(v.Content)
			})
		}}
	return a.jsonFlag(cmd)
}

func nextTry(cfg *Config, d store.Delivery) string {
	if d.State != store.Queued {
		return ""
	}
	return when(cfg, d.Next)
}

func noDelivery(id int64) error {
	return fmt.Errorf("the outbox has no row %d: `frontdesk outbox list` lists them", id)
}

func (a *app) outboxRetry() *cobra.Command {
	cmd := &cobra.Command{Use: "retry ID", Short: "Send a delivery again that failed or was dropped", Args: cobra.ExactArgs(1),
		Long: `The delivery is due at once, under the same name: a receiver who got it already can
tell. A running serve sends it within seconds. One that is older than four days gets a
single attempt. What was sent is refused; what waits needs no retry.`,
		Example: "  frontdesk outbox list --state failed\n  frontdesk outbox retry 31",
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.mendDelivery(cmd.Context(), args[0], "retried", "", func(tx *store.Tx, d store.Delivery, now time.Time) error {
				switch d.State {
				case store.Refused, store.Dropped:
					return tx.Requeue(d.ID, now)
				case store.Sent:
					return fmt.Errorf("delivery %d was sent on %s: to say it again, write a new message", d.ID, d.Ended.Format(time.RFC3339))
				case store.Replaced:
					return fmt.Errorf("delivery %d was replaced by a newer one", d.ID)
				}
				return fmt.Errorf("delivery %d is %s: it goes out by itself", d.ID, d.State)
			})
		}}
	return a.jsonFlag(cmd)
}

func (a *app) outboxDrop() *cobra.Command {
	var reason string
	cmd := &cobra.Command{Use: "drop ID --reason TEXT", Short: "Take a delivery out of the queue: it is not sent", Args: cobra.ExactArgs(1),
		Long: `Only what waits can be dropped; what is being sent or was sent cannot be called
back. The reason is recorded. "outbox retry" puts it back.`,
		Example: `  frontdesk outbox list --state queued` + "\n" + `  frontdesk outbox drop 31 --reason "answered by phone"`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if reason == "" {
				return errors.New("--reason must say why")
			}
			return a.mendDelivery(cmd.Context(), args[0], "dropped", reason, func(tx *store.Tx, d store.Delivery, now time.Time) error {
				if d.State != store.Queued {
					return fmt.Errorf("delivery %d is %s: only what is queued can be dropped", d.ID, d.State)
				}
				return tx.Drop(d.ID, now, reason)
			})
		}}
	cmd.Flags().StringVar(&reason, "reason", "", "`why`, for the record")
	must(cmd.MarkFlagRequired("reason"))
	return a.jsonFlag(cmd)
}

// mendDelivery changes one row of the outbox, with an event, and shows it.
func (a *app) mendDelivery(ctx context.Context, arg, what, words string, change func(*store.Tx, store.Delivery, time.Time) error) error {
	id, err := number(arg, "delivery")
	if err != nil {
		return err
	}
	cfg, err := a.loadWithDatabase()
	if err != nil {
		return err
	}
	db, err := store.Open(ctx, cfg.Database)
	if err != nil {
		return err
	}
	var d store.Delivery
	err = db.Write(ctx, func(tx *store.Tx) error {
		now := time.Now()
		if d, err = tx.Delivery(id); err == store.ErrNotFound {
			return noDelivery(id)
		} else if err != nil {
			return err
		}
		t, err := tx.Thread(d.Thread)
		if err != nil {
			return err
		}
		was := d.State
		if err := change(tx, d, now); err != nil {
			return err
		}
		if d, err = tx.Delivery(id); err != nil {
			return err
		}
		return tx.AddEvent(store.Event{At: now, Kind: what, Actor: "operator", Channel: d.Channel, Conversation: t.Conversation, Case: t.Case,
			Message: d.Message, Data: map[string]any{"delivery": id, "was": was}, Words: words})
	})
	if err = errors.Join(err, db.Close()); err != nil {
		return err
	}
	if a.json {
		return a.printJSON(d)
	}
	fmt.Fprintf(a.out, "Delivery %d is %s.\n", d.ID, d.State)
	return nil
}
