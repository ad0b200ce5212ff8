package store

import "time"

// This file holds what an operator looks at and mends by hand.

// Attempt is one attempt at a delivery.
type Attempt struct {
	No      int       `json:"no"`
	Started time.Time `json:"started"`
	Ended   time.Time `json:"ended,omitzero"`
	Outcome string    `json:"outcome,omitempty"` // sent, found, temporary, permanent, unknown; "": under way
	Error   string    `json:"error,omitempty"`
}

// Attempts returns the attempts at a delivery, oldest first.
func (s *Snapshot) Attempts(delivery int64) ([]Attempt, error) {
	return list(s, func(r scanner) (a Attempt, err error) {
		var started, ended int64
		err = r.Scan(&a.No, &started, &ended, &a.Outcome, &a.Error)
		a.Started, a.Ended = at(started), at(ended)
		return a, err
	}, "SELECT no, started, coalesce(ended, 0), coalesce(outcome, ''), error FROM attempt WHERE outbox = ? ORDER BY no", delivery)
}

// Requeue makes a delivery that failed or was dropped one that is due now. What
// else stands in the outbox is ErrNotFound.
func (tx *Tx) Requeue(delivery int64, now time.Time) error {
	return tx.one("UPDATE outbox SET state = 'queued', next = ?, ended = NULL, error = '' WHERE id = ? AND state IN ('failed', 'dropped')", ms(now), delivery)
}

// FindEvents returns the newest events of a kind ("" = any) and about a case
// (0 = any), oldest of them first.
func (s *Snapshot) FindEvents(kind string, caseID int64, limit int) ([]Event, error) {
	return list(s, scanEvent, "SELECT * FROM ("+eventColumns+"WHERE (?1 = '' OR kind = ?1) AND (?2 = 0 OR case_id = ?2) ORDER BY id DESC LIMIT ?3) ORDER BY id",
		kind, caseID, limitOr(limit))
}

// EventKinds returns the kinds of the events that there are.
func (s *Snapshot) EventKinds() ([]string, error) {
	return list(s, scanned[string], "SELECT DISTINCT kind FROM event ORDER BY kind")
}

// CustomersAt returns the customers who have this address, of whatever kind.
func (s *Snapshot) CustomersAt(address string) ([]int64, error) {
	return list(s, scanned[int64], "SELECT DISTINCT customer FROM identity WHERE address = ? ORDER BY customer", address)
}

// CustomerCases returns a customer's cases, oldest first.
func (s *Snapshot) CustomerCases(customer int64) ([]Case, error) {
	return list(s, scanCase, caseColumns+"WHERE customer = ? ORDER BY id", customer)
}

// CustomerConversations returns a customer's conversations, oldest first.
func (s *Snapshot) CustomerConversations(customer int64) ([]Conversation, error) {
	return list(s, scanConversation, conversationColumns+"WHERE c.customer = ? ORDER BY c.id", customer)
}

// Count is how many things of a kind there are.
type Count struct {
	Name  string `json:"name"`
	Also  string `json:"also,omitempty"` // a second name: of cases, the stage
	Count int    `json:"count"`
}

// Stats is what happened since a time, and how things are.
type Stats struct {
	Messages   []Count `json:"messages"`   // that came in, by what became of them
	Decisions  []Count `json:"decisions"`  // of the bot, by rule
	Answered   int     `json:"answered"`   // of the decisions, those that gave an FAQ answer and nothing to people
	Promises   []Count `json:"promises"`   // that ended, by state
	Deliveries []Count `json:"deliveries"` // that were put into the outbox, by state
	Opened     []Count `json:"opened"`     // cases, by kind

	Cases   []Count `json:"cases"`   // that are open now, by kind and stage
	Pledged int     `json:"pledged"` // promises that are open now
	Overdue int     `json:"overdue"` // of these, past their time
	Waiting int     `json:"waiting"` // deliveries that are not done now
}

// Stats counts. Every query takes one time, also where it does not matter. What rules gave an FAQ answer is for the caller to say.
func (s *Snapshot) Stats(since, now time.Time, answering [2]string) (st Stats, err error) {
	count := func(r scanner) (c Count, err error) { return c, r.Scan(&c.Name, &c.Also, &c.Count) }
	for _, q := range []struct {
		to   *[]Count
		text string
	}{
		{&st.Messages, "SELECT disposition, '', count(*) FROM ledger WHERE recorded >= ?1 GROUP BY 1 ORDER BY 3 DESC, 1"},
		{&st.Decisions, "SELECT coalesce(json_extract(data, '$.rule'), ''), '', count(*) FROM event WHERE kind = 'decided' AND at >= ?1 GROUP BY 1 ORDER BY 3 DESC, 1"},
		{&st.Promises, "SELECT state, '', count(*) FROM promise WHERE state <> 'open' AND ended >= ?1 GROUP BY 1 ORDER BY 1"},
		{&st.Deliveries, "SELECT state, '', count(*) FROM outbox WHERE created >= ?1 GROUP BY 1 ORDER BY 3 DESC, 1"},
		{&st.Opened, "SELECT kind, '', count(*) FROM cases WHERE opened >= ?1 GROUP BY 1 ORDER BY 3 DESC, 1"},
		{&st.Cases, "SELECT kind, stage, count(*) FROM cases WHERE stage NOT IN ('resolved', 'closed') AND ?1 > 0 GROUP BY 1, 2 ORDER BY 1, 2"},
	} {
		if *q.to, err = list(s, count, q.text, max(ms(since), 1)); err != nil {
			return st, err
		}
		*q.to = append([]Count{}, *q.to...)
	}
	for _, d := range st.Decisions {
		if d.Name == answering[0] || d.Name == answering[1] {
			st.Answered += d.Count
		}
	}
	for _, q := range []struct {
		to   *int
		text string
	}{
		{&st.Pledged, "SELECT count(*) FROM promise WHERE state = 'open' AND ?1 > 0"},
		{&st.Overdue, "SELECT count(*) FROM promise WHERE state = 'open' AND due < ?1"},
		{&st.Waiting, "SELECT count(*) FROM outbox WHERE state IN ('queued', 'sending') AND ?1 > 0"},
	} {
		if *q.to, err = one(s, scanned[int], q.text, ms(now)); err != nil {
			return st, err
		}
	}
	return st, nil
}
