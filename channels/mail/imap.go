package mail

import (
	"cmp"
	"crypto/tls"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/emersion/go-imap/v2"

	"frontdesk/channels"
)

// IMAPConfig is where mail is read. Host, User and Password are required.
type IMAPConfig struct {
	Host string
	Port int    // default: 993 for implicit TLS, 143 otherwise
	TLS  string // TLSImplicit (default without a port or with 993), TLSStart, TLSNone
	// ForcePlain allows TLSNone to hosts other than this machine.
	ForcePlain bool
	TLSConfig  *tls.Config // default: the system's roots, Host's name

	User, Password string
	Folder         string // default INBOX

	// Poll is the longest time without a full look at the folder. With IDLE
	// (RFC 2177) new mail is seen at once, and this is for servers whose IDLE
	// falls silent; IDLE is entered anew each time. Default 1 minute.
	Poll time.Duration
	// Timeout is how long the server may be silent while it owes an answer,
	// and how long connecting may take. A body may take as long as it likes
	// while bytes arrive. Default 30 s.
	Timeout time.Duration
	// RetryMin and RetryMax bound the wait before connecting again, which
	// doubles with every failure. Defaults 1 s and 5 minutes.
	RetryMin, RetryMax time.Duration

	// Batch and BatchBytes bound what one FETCH asks for. Two batches are in
	// memory at most. Defaults 100 and 4 MiB.
	Batch      int
	BatchBytes int64
	// MaxHeld is the size above which a mail is fetched alone, in pieces of
	// Piece bytes, into a temporary file. Defaults 8 MiB and 4 MiB.
	MaxHeld, Piece int64
	// MaxSize is the size above which only a mail's header is fetched; the mail
	// is presented with a Problem and stays where it is. Default 1 GiB.
	MaxSize int64

	Dial DialFunc // default: net.Dialer
}

func (c IMAPConfig) withDefaults() IMAPConfig {
	c.Folder = cmp.Or(c.Folder, "INBOX")
	c.Poll = cmp.Or(c.Poll, time.Minute)
	c.Timeout = cmp.Or(c.Timeout, 30*time.Second)
	c.RetryMin = cmp.Or(c.RetryMin, time.Second)
	c.RetryMax = cmp.Or(c.RetryMax, 5*time.Minute)
	c.Batch = cmp.Or(c.Batch, 100)
	c.BatchBytes = cmp.Or(c.BatchBytes, 4<<20)
	c.MaxHeld = cmp.Or(c.MaxHeld, 8<<20)
	c.Piece = cmp.Or(c.Piece, 4<<20)
	c.MaxSize = cmp.Or(c.MaxSize, 1<<30)
	return c
}

// account names the mailbox in arrival keys.
func (c IMAPConfig) account() string {
	return c.User + "@" + strings.ToLower(c.Host) + "/" + c.Folder
}

// position is how far a folder has been read (RFC 3501 2.3.1.1): UIDs mean
// something only within a UIDVALIDITY.
type position struct {
	validity uint32
	uid      imap.UID
}

func (p position) String() string { return fmt.Sprintf("%d:%d", p.validity, p.uid) }

func parsePosition(s string) (position, error) {
	if s == "" {
		return position{}, nil
	}
	validity, uid, ok := strings.Cut(s, ":")
	v, err1 := strconv.ParseUint(validity, 10, 32)
	u, err2 := strconv.ParseUint(uid, 10, 32)
	if !ok || err1 != nil || err2 != nil {
		return position{}, fmt.Errorf("%q is no UIDVALIDITY:UID", s)
	}
	return position{uint32(v), imap.UID(u)}, nil
}

// letterIn is one mail as fetched, and what becomes of it.
type letterIn struct {
	uid  imap.UID
	date time.Time // INTERNALDATE; zero if the server gave none
	raw  channels.Blob
	done func() // frees raw

	problem string // why raw is not the whole mail
	in      channels.Inbound
}

func (l *letterIn) free() {
	if l.done != nil {
		l.done()
	}
}

var errGone = errors.New("the server has it no more")
