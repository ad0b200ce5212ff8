package mailtest

import (
	"context"
	"fmt"
	"net"
	"strconv"
	"syscall"
	"testing"

	"github.com/emersion/go-imap/v2/imapclient"
)

func TestDovecot(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a server")
	}
	d := Dovecot(t)
	raw := []byte("Subject: hi\n\nhello\n")
	d.Deliver("support", raw)
	d.DeliverMany("support", raw, raw)
	conn, err := new(net.Dialer).DialContext(context.Background(), "tcp", net.JoinHostPort(d.Host, strconv.Itoa(d.Port)))
	if err != nil {
		t.Fatal(err)
	}
	c := imapclient.New(conn, nil)
	defer c.Close()
	if err := c.Login("support", "secret").Wait(); err != nil {
		t.Fatal(err)
	}
	box, err := c.Select("INBOX", nil).Wait()
	if err != nil || box.NumMessages != 3 {
		t.Errorf("INBOX: %+v, %v; want 3 messages", box, err)
	}
	if n := d.Signal(syscall.Signal(0)); n != 1 {
		t.Errorf("%d IMAP processes, want 1", n)
	}
	d.Kick("support")
	<-c.Closed()
	fmt.Fprintln(t.Output(), "kicked")
}
