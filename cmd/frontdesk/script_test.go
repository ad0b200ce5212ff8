package main

import (
	"context"
	"os"
	"testing"

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
//	hold FILE       runs on a database as another frontdesk would, until the end of the script
func TestScript(t *testing.T) {
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
			"hold": func(ts *testscript.TestScript, _ bool, args []string) {
				unlock, err := lock(ts.MkAbs(args[0]))
				ts.Check(err)
				ts.Defer(unlock)
			},
		},
	})
}
