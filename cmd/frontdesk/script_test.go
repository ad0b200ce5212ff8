package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"frontdesk/store"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"frontdesk": main})
}

// TestScript plays the command lines of testdata/script. Beside what testscript
// knows, the scripts may use
//
//	database FILE   makes an empty database
//	history FILE ASKED  adds talks to it: on each line the bot's rule, the entry that it
//	                gave or -, and what the customer said
//	hold FILE       runs on a database as another frontdesk would, until the end of the script
func TestScript(t *testing.T) {
	if testing.Short() {
		t.Skip("many processes train an FAQ, each by itself")
	}
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: false,
		UpdateScripts:       os.Getenv("UPDATE_SCRIPTS") == "1",
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"database": func(ts *testscript.TestScript, _ bool, args []string) {
				db, err := store.Open(context.Background(), ts.MkAbs(args[0]))
				ts.Check(err)
				ts.Check(db.Close())
			},
			"history": func(ts *testscript.TestScript, _ bool, args []string) {
				ts.Check(addHistory(ts.MkAbs(args[0]), ts.ReadFile(args[1])))
			},
			"hold": func(ts *testscript.TestScript, _ bool, args []string) {
				unlock, err := lock(ts.MkAbs(args[0]))
				ts.Check(err)
				ts.Defer(unlock)
			},
		},
	})
}

// addHistory makes a conversation of each line, a minute apart, the last one now.
func addHistory(file, asked string) error {
	ctx := context.Background()
	db, err := store.Open(ctx, file)
	if err != nil {
		return err
	}
	lines := strings.Split(strings.TrimSpace(asked), "\n")
	err = db.Write(ctx, func(tx *store.Tx) error {
		for i, line := range lines {
			f := strings.SplitN(line, " ", 3)
			at := time.Now().Add(-time.Duration(len(lines)-i) * time.Minute)
			who, err := tx.Identify("mail", fmt.Sprintf("c%d@customers.example", i), "", at)
			if err != nil {
				return err
			}
			talk, err := tx.AddConversation(store.Conversation{Customer: who.Customer, Channel: "support", State: store.WithBot, Opened: at, Updated: at})
			if err != nil {
				return err
			}
			thread, err := tx.AddThread(store.Thread{Audience: store.ForCustomer, Conversation: talk, Channel: "support", Token: rand.Text(), Created: at})
			if err != nil {
				return err
			}
			said, err := tx.AddMessage(store.Message{Thread: thread, Audience: store.ForCustomer, Conversation: talk, Author: store.ByCustomer, Identity: who.ID, Text: f[2], At: at})
			if err != nil {
				return err
			}
			data := map[string]any{"rule": f[0]}
			if f[1] != "-" {
				data["answered"] = []string{f[1]}
			}
			if err := tx.AddEvent(store.Event{At: at, Kind: "decided", Actor: "bot", Channel: "support", Conversation: talk, Message: said, Data: data}); err != nil {
				return err
			}
		}
		return nil
	})
	return errors.Join(err, db.Close())
}
