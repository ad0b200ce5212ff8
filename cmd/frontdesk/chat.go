package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"frontdesk/bot"
	"frontdesk/channels"
	"frontdesk/channels/markup"
	"frontdesk/store"
)

func (a *app) chat() *cobra.Command {
	return &cobra.Command{
		Use:   "chat",
		Short: "Talk to the bot in the terminal, as a customer",
		Long: `chat is a conversation with the bot as a customer in a chat would have it, with the
configured FAQ and texts (or the sample). What would go to people is shown too. It
keeps its records in a temporary database: nobody is notified, nothing is sent.

Write a line and press Enter; Ctrl-D ends.`,
		Example: "  frontdesk chat\n  echo 转人工 | frontdesk chat",
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return a.talk(cmd.Context()) },
	}
}

func (a *app) talk(ctx context.Context) error {
	dir, done, err := tempDir()
	if err != nil {
		return err
	}
	defer done()
	cfg, err := a.loadOrSample(dir)
	if err != nil {
		return err
	}
	log := a.logger()
	cache := weights(cfg, log)
	served := a.served(ctx, cfg)
	cfg.Database = dir + "/chat.db"
	c, err := engineConfig(cfg)
	if err != nil {
		return err
	}
	term := &terminal{in: a.in, out: a.out, sent: make(chan struct{}, 1)}
	c.Channels[terminalName] = bot.Channel{Source: term, Sender: term, Buttons: true, Staff: bot.Desk{Channel: terminalName, Place: staffPlace},
		Budget: bot.Budget{Hour: 1000, Day: 1000, Talk: 1000}}
	h, err := build(ctx, cfg, c, cache, log)
	if err != nil {
		return err
	}
	h.faq.Use(served)
	fmt.Fprintf(a.out, "You are a customer of %s. Write a line and press Enter; Ctrl-D ends.\n\n", cfg.Company.Name)
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	g, ctx := errgroup.WithContext(ctx)
	term.ended = func() error {
		defer stop()
		return term.drained(ctx, h.db)
	}
	g.Go(func() error { return h.run(ctx) })
	return errors.Join(g.Wait(), h.db.Close())
}

const (
	terminalName = "terminal"
	staffPlace   = "staff"
)

// terminal is a chat with one person.
type terminal struct {
	in    io.Reader
	out   io.Writer
	mu    sync.Mutex
	count int
	sent  chan struct{}
	ended func() error
}

// Run takes each line as a message, and ends the program after the last.
func (t *terminal) Run(ctx context.Context, _ map[string]string, h channels.Handler) error {
	lines := make(chan string)
	go func() { // it ends with the process: a read from a terminal cannot be called off
		defer close(lines)
		s := bufio.NewScanner(t.in)
		s.Buffer(nil, 1<<20)
		for s.Scan() {
			select {
			case lines <- s.Text():
			case <-ctx.Done():
				return
			}
		}
	}()
	for n := 1; ; n++ {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case line, ok := <-lines:
			if !ok {
				return t.ended()
			}
			if strings.TrimSpace(line) == "" {
				continue
			}
			id := terminalName + ":" + strconv.Itoa(n)
			if _, err := h.Receive(ctx, channels.Inbound{Channel: terminalName, Kind: channels.Message, Keys: []string{id}, Ref: id, Place: "you",
				From: channels.Person{Kind: "terminal", Address: "you", Name: "You"}, Text: line, Arrived: time.Now(), Raw: channels.Bytes([]byte(line))}); err != nil {
				return err
			}
		}
	}
}

// Send prints.
func (t *terminal) Send(_ context.Context, out channels.Outbound) (string, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.count++
	text := out.Body.Text
	if out.Body.Format == channels.Markdown {
		text = markup.MarkdownToText(text)
	}
	var b strings.Builder
	prefix := "  " + out.From + ": "
	if out.Place == staffPlace {
		prefix = "  [to people] "
	}
	b.WriteString(text)
	if c := out.Card; c != nil {
		fmt.Fprintf(&b, "\n%s\n", c.Title)
		for _, f := range c.Fields {
			fmt.Fprintf(&b, "%s: %s\n", f.Label, f.Value)
		}
	}
	lines := strings.Split(strings.TrimSpace(b.String()), "\n")
	_, err := fmt.Fprintf(t.out, "%s%s\n\n", prefix, strings.Join(lines, "\n"+strings.Repeat(" ", 4)))
	select {
	case t.sent <- struct{}{}:
	default:
	}
	return terminalName + ":out:" + strconv.Itoa(t.count), err
}

// drained waits until everything that was said has been answered.
func (t *terminal) drained(ctx context.Context, db *store.DB) error {
	for {
		waiting := 0
		err := db.Read(ctx, func(s *store.Snapshot) error {
			for _, state := range []string{store.Queued, store.Sending} {
				ds, err := s.Outbox(state, 1)
				if err != nil {
					return err
				}
				waiting += len(ds)
			}
			return nil
		})
		if err != nil || waiting == 0 {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-t.sent: // its outcome is recorded just after
		case <-time.After(20 * time.Millisecond):
		}
	}
}
