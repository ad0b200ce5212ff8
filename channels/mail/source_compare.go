package mail

import (
	"context"
	"strconv"
	"strings"

	"github.com/emersion/go-imap/v2"
)

// Comparison is a folder held against what was recorded of it.
type Comparison struct {
	Folder   string   `json:"folder"`
	Validity uint32   `json:"uidvalidity"` // the folder's
	Position string   `json:"position"`    // up to where it was read
	Held     int      `json:"held"`        // mails that are in it now
	Known    int      `json:"known"`       // of these, recorded
	Lost     []uint32 `json:"lost"`        // UIDs up to the position that are not recorded: there must be none
	ToCome   int      `json:"to_come"`     // mails behind the position
	Renewed  bool     `json:"renewed"`     // it has another UIDVALIDITY than when it was read, and will be read again
}

// Compare looks at the folder, read-only, and holds it against the cursor and the
// first keys of everything that was recorded. They must have been read before, in
// one snapshot: what a running source takes in meanwhile then counts as to come.
func (s *Source) Compare(ctx context.Context, cursors map[string]string, arrivals []string) (Comparison, error) {
	c := Comparison{Folder: s.cfg.Folder, Position: cursors[s.Stream()], Lost: []uint32{}}
	pos, err := parsePosition(c.Position)
	if err != nil {
		return c, err
	}
	b, err := s.open(ctx, true)
	if err != nil {
		return c, err
	}
	defer b.close()
	c.Validity = b.validity
	c.Renewed = pos.validity != 0 && pos.validity != b.validity
	if pos.validity != b.validity {
		pos = position{validity: b.validity}
	}
	uids, err := b.newer(0)
	if err != nil {
		return c, err
	}
	known := arrived(arrivals, b.validity)
	c.Held = len(uids)
	for _, uid := range uids {
		switch {
		case known[uid]:
			c.Known++
		case uid <= pos.uid:
			c.Lost = append(c.Lost, uint32(uid))
		}
		if uid > pos.uid {
			c.ToCome++
		}
	}
	return c, nil
}

// arrived returns the UIDs of a UIDVALIDITY among the keys of arrivals, whatever
// name the server had then.
func arrived(keys []string, validity uint32) map[imap.UID]bool {
	end := ":" + strconv.FormatUint(uint64(validity), 10)
	all := map[imap.UID]bool{}
	for _, k := range keys {
		i := strings.LastIndexByte(k, ':')
		if i < 0 || !strings.HasPrefix(k, "imap:") || !strings.HasSuffix(k[:i], end) {
			continue
		}
		if uid, err := strconv.ParseUint(k[i+1:], 10, 32); err == nil {
			all[imap.UID(uid)] = true
		}
	}
	return all
}
