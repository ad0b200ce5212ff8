package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"frontdesk/channels/mail/mailtest"
)

// largeFAQ is so large that what training makes of it is kept.
func largeFAQ() string {
	var b strings.Builder
	b.WriteString("entries:\n")
	for e := range 80 {
		fmt.Fprintf(&b, "  - id: e%d\n    en:\n      answer: Answer %d.\n      questions:\n", e, e)
		for q := range 15 {
			fmt.Fprintf(&b, "        - How do I order item%dx%d with colour%d from shelf%d of the house?\n", e, q, e*q%31, (e+q)%23)
		}
	}
	return b.String()
}

// newLargeSite has a large FAQ, and mail servers that are away.
func newLargeSite(t *testing.T) (s *site, database, weights string) {
	s = newSite(t, &mailtest.DovecotServer{Host: "127.0.0.1", Port: 1}, "127.0.0.1", 1)
	s.write("faq.yaml", largeFAQ())
	database = filepath.Join(s.dir, "frontdesk.db")
	return s, database, database + ".faq"
}

func there(t *testing.T, path string) bool {
	t.Helper()
	_, err := os.Stat(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	return err == nil
}

// endsAfter is a context that ends when it has been asked n times.
type endsAfter struct {
	context.Context
	left atomic.Int64
}

func (c *endsAfter) Err() error {
	if c.left.Add(-1) < 0 {
		return context.Canceled
	}
	return nil
}

// Ctrl-C while the FAQ is learnt ends the command there and then.
func TestInterruptedWhileLearning(t *testing.T) {
	s, database, weights := newLargeSite(t)
	for _, args := range [][]string{{"serve"}, {"ask", "Hello, anybody?"}, {"chat"}, {"faq", "lint"}, {"faq", "eval"}} {
		ctx := &endsAfter{Context: t.Context()}
		ctx.left.Store(1000) // 80 entries, and a thousand steps and more for each training
		var out, log bytes.Buffer
		code := run(ctx, append(args, "--config", s.config()), strings.NewReader(""), &out, &log)
		if left := ctx.left.Load(); code != 0 || left >= 0 || left < -200 {
			t.Errorf("%s: exit code %d, and %d steps on", args[0], code, -left)
		}
		if out.Len()+log.Len() > 0 {
			t.Errorf("%s went on:\n%s\n%s", args[0], &out, &log)
		}
		if there(t, database) || there(t, weights) {
			t.Errorf("%s left a file", args[0])
		}
	}
}
