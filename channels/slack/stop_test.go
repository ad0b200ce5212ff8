package slack

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"frontdesk/channels"
	"frontdesk/channels/channeltest"
	"frontdesk/channels/slack/slacktest"
)

// meddling is a Recorder that does something after each message is recorded, although
// its context may have ended.
type meddling struct {
	*channeltest.Recorder
	after func()
}

func (m *meddling) Receive(ctx context.Context, in channels.Inbound) (channels.Reply, error) {
	reply, err := m.Recorder.Receive(context.WithoutCancel(ctx), in)
	m.after()
	return reply, err
}

// Whether it is stopped or taken out of the workspace while it catches up, Run
// returns, and says why.
func TestStopWhileCatchingUp(t *testing.T) {
	uninstalled := &fatalError{errors.New("slack says app_uninstalled"), "install it again", false}
	for name, want := range map[string]error{"stopped": context.Canceled, "uninstalled": uninstalled} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, slacktest.Options{}, func(t *testing.T, h *house) {
				h.w.SetIntake(slacktest.Intake{LoseOffline: true})
				for i := range 50 {
					h.ann.Say(h.support, fmt.Sprintf("question %d", i))
				}
				h.w.SetIntake(slacktest.Intake{})
				for range 20 { // it depends on who is faster
					ctx, cancel := context.WithCancel(t.Context())
					c := h.channel()
					n := 0
					rec := &meddling{Recorder: &channeltest.Recorder{}, after: func() {
						if n++; n != 5 {
							return
						}
						if want == context.Canceled {
							cancel()
						} else {
							c.intake.running.Load().stop(uninstalled)
						}
					}}
					done := make(chan error, 1)
					go func() {
						done <- c.Run(ctx, map[string]string{channels.Begun: time.Now().Add(-time.Hour).UTC().Format(time.RFC3339)}, rec)
					}()
					select {
					case err := <-done:
						if !errors.Is(err, want) {
							t.Errorf("Run returned %v", err)
						}
					case <-time.After(time.Minute):
						t.Fatal("Run goes on")
					}
					cancel()
				}
			})
		})
	}
}
