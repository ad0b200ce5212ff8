package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

const demoYou = "you@customers.example"

// commandLine is how an agent's line begins that is no answer.
var commandLine = regexp.MustCompile(`(?i)^(>|＞|(note|reply|take|give|promise|resolve|reopen|bot|备注|回复|接手|转给|承诺|解决|重开|转机器人)\s*[:：])`)

// saidAs is how a line begins that is no mail of a customer's.
var saidAs = regexp.MustCompile(`(?i)^(slack|press|agent)\s*[:：]\s*`)

// prompt lets somebody write as a customer or as an agent.
func (d *demo) prompt(ctx context.Context) error {
	agent := d.cfg.Staff[len(d.cfg.Staff)-1].Name
	fmt.Fprintf(d.out, `
Now you. Write a line, as whoever you like:

  I want to talk to a human         a mail from %s to %s
  slack: Do you offer refunds?      a direct message to Frontdesk in Slack
  press: That didn't help           a button below what you were answered in Slack
  agent: We'll look into it.        %s answers the newest hand-over, wherever it is
  agent: note: he seems in a hurry  … or leaves a note; take: and resolve: work too

Ctrl-D ends.
`, demoYou, d.mail.own.Address, agent)
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	lines := make(chan string)
	go func() { // it ends with the process: a read from a terminal cannot be called off
		defer close(lines)
		for s := bufio.NewScanner(d.in); s.Scan(); {
			select {
			case lines <- s.Text():
			case <-ctx.Done():
				return
			}
		}
	}()
	for due := true; ; { // the next prompt
		idle, err := d.idle(ctx)
		if due && idle {
			fmt.Fprint(d.out, "\n> ")
			due = false
		}
		select {
		case <-ctx.Done():
			return nil
		case <-d.changed:
			due = d.look() || due
		case line, ok := <-lines:
			if !ok {
				fmt.Fprintln(d.out)
				return nil
			}
			if err = errors.Join(err, d.settle(ctx, func() bool { d.look(); return true })); err == nil {
				due, err = true, d.typed(strings.TrimSpace(line))
			}
		}
		if err != nil {
			return err
		}
	}
}

// look shows what is new, and reports whether there was anything.
func (d *demo) look() (news bool) {
	for _, m := range d.mail.Mails()[d.mail.shown:] {
		d.mail.shown++
		d.showMail(m)
		news = true
	}
	return d.lookAtSlack() || news
}

// typed does what a line says.
func (d *demo) typed(line string) error {
	as := saidAs.FindString(line)
	text := line[len(as):]
	switch kind := strings.ToLower(strings.TrimRight(as, ":： \t")); {
	case line == "":
		return nil
	case kind == "":
		return d.write(demoYou, "Hello", line, d.mail.last[demoYou])
	case text == "":
		fmt.Fprintf(d.out, "Write something behind %q.\n", as)
		return nil
	case kind == "slack":
		d.say(d.slack.you, d.slack.you.Direct(), "", text)
		return nil
	case kind == "press":
		return d.pressed(text)
	case d.newest == nil:
		fmt.Fprintln(d.out, "Nothing has been handed over yet.")
		return nil
	}
	return d.newest(text)
}

// pressed presses the newest button with that label in what you have been answered.
func (d *demo) pressed(label string) error {
	var there []string
	for _, m := range slices.Backward(d.slack.Messages(d.slack.you.Direct())) {
		for n, b := range m.Buttons {
			if strings.EqualFold(b, strings.Trim(label, "[]")) {
				return d.press(d.slack.you, m, n)
			}
		}
		there = append(there, m.Buttons...)
	}
	fmt.Fprintln(d.out, "There is no such button:", strings.Join(there, ", "))
	return nil
}
