package slack

import (
	"context"
	"encoding/json"
	"net/url"
)

// conversations lists everything of a type that we are in.
func (r *run) conversations(ctx context.Context, kind string) ([]string, error) {
	var ids []string
	args := url.Values{"types": {kind}, "exclude_archived": {"true"}, "limit": {historyPage}}
	for {
		var page struct {
			Channels many[struct {
				ID str `json:"id"`
			}] `json:"channels"`
			next
		}
		if err := r.ask(ctx, "users.conversations", args, &page); err != nil {
			return nil, err
		}
		for _, c := range page.Channels {
			if c.ID != "" {
				ids = append(ids, string(c.ID))
			}
		}
		if !page.more(args) {
			return ids, nil
		}
	}
}

// next is the cursor of a page.
type next struct {
	Metadata maybe[struct {
		Cursor str `json:"next_cursor"`
	}] `json:"response_metadata"`
}

// more sets args to the next page, if there is one.
func (n *next) more(args url.Values) bool {
	c := string(n.Metadata.V.Cursor)
	if c == "" || c == args.Get("cursor") {
		return false
	}
	args.Set("cursor", c)
	return true
}

// found is a message of a history.
type found struct {
	message
	raw json.RawMessage
}

// pages calls f for every message of a history.
func (r *run) pages(ctx context.Context, method string, args url.Values, f func(found)) error {
	for {
		var page struct {
			Messages many[json.RawMessage] `json:"messages"`
			next
		}
		if err := r.ask(ctx, method, args, &page); err != nil {
			return err
		}
		for _, raw := range page.Messages {
			var m maybe[message]
			if json.Unmarshal(raw, &m) == nil && m.OK {
				f(found{m.V, raw})
			}
		}
		if !page.more(args) {
			return nil
		}
	}
}

// asEvent puts a message of a history into the form of an event, which can be
// read again from the ledger. It has no event_id: its key is then its ref.
func (r *run) asEvent(channel string, raw json.RawMessage, edit bool) []byte {
	me := r.self.Load()
	type part = map[string]any
	inner := map[string]json.RawMessage{}
	if edit {
		inner["type"], inner["subtype"], inner["message"] = mustJSON("message"), mustJSON("message_changed"), raw
	} else if json.Unmarshal(raw, &inner) == nil {
		inner["type"] = mustJSON("message")
	}
	inner["channel"] = mustJSON(channel)
	return mustJSON(part{
		"type": "event_callback", "team_id": r.cfg.Team, "event": inner,
		"authorizations": []part{{"team_id": r.cfg.Team, "enterprise_id": me.Enterprise, "user_id": me.User, "is_bot": true}},
	})
}
