package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"frontdesk/store"
)

// printJSON prints a value for programs.
func (a *app) printJSON(v any) error {
	enc := json.NewEncoder(a.out)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}

// table prints rows in columns for people.
func (a *app) table(header string, rows [][]string) error {
	w := tabwriter.NewWriter(a.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, strings.ReplaceAll(header, " ", "\t"))
	for _, r := range rows {
		fmt.Fprintln(w, strings.Join(r, "\t"))
	}
	return w.Flush()
}

// readDB opens the database of the configuration and reads one snapshot of it,
// beside a running serve.
func (a *app) readDB(ctx context.Context, fn func(*Config, *store.DB, *store.Snapshot) error) error {
	cfg, err := a.load()
	if err != nil {
		return err
	}
	if _, err := os.Stat(cfg.Database); err != nil {
		return fmt.Errorf("there is no database yet (%w): run `frontdesk serve` first", err)
	}
	db, err := store.Open(ctx, cfg.Database)
	if err != nil {
		return err
	}
	err = db.Read(ctx, func(s *store.Snapshot) error { return fn(cfg, db, s) })
	return errors.Join(err, db.Close())
}

// when prints a time in the company's zone.
func when(cfg *Config, t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return t.In(cfg.Company.Location).Format("2006-01-02 15:04")
}

func short(s string, n int) string {
	s = strings.Join(strings.Fields(s), " ")
	if r := []rune(s); len(r) > n {
		return string(r[:n-1]) + "…"
	}
	return s
}

// number reads an argument like 1042 or #1042.
func number(arg, what string) (int64, error) {
	n, err := strconv.ParseInt(strings.TrimPrefix(arg, "#"), 10, 64)
	if err != nil || n <= 0 {
		return 0, fmt.Errorf("%q is no number of a %s: write it like 1042", arg, what)
	}
	return n, nil
}
