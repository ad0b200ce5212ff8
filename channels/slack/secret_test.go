package slack

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"testing"
	"time"

	"frontdesk/channels"
	"frontdesk/channels/channeltest"
)

// The addresses that Slack hands out hold rights of their own: they stand in no log
// and in no error.
func TestAddressesStaySecret(t *testing.T) {
	var log bytes.Buffer
	c := testChannel(t, func(cfg *Config) { cfg.APIURL = "http://127.0.0.1:1/api/" })
	c.log = slog.New(slog.NewTextHandler(&log, nil))
	ctx, cancel := context.WithCancelCause(t.Context())
	defer cancel(nil)
	r := newRun(c, ctx, cancel, newMarks(nil, time.Now(), false), &channeltest.Recorder{})
	for _, address := range []string{"http://127.0.0.1:1/commands/T0123/SECRET", "http://127.0.0.1:1/\x7f/SECRET"} {
		r.draw(&job{meta: meta{respond: address, user: "U1", channel: "C1", kind: slashType}}, channels.Reply{Notice: "hi"})
		r.small.Wait()
		err := c.upload(t.Context(), address, channels.File{Data: channels.Bytes([]byte("x"))})
		if err == nil || strings.Contains(err.Error(), "SECRET") {
			t.Errorf("upload: %v", err)
		}
		if err := r.respond(ctx, address, "hi"); err == nil || strings.Contains(err.Error(), "SECRET") {
			t.Errorf("response_url: %v", err)
		}
	}
	if s := log.String(); !strings.Contains(s, "reply was not drawn") || strings.Contains(s, "SECRET") {
		t.Errorf("the log says %s", s)
	}
}
