package slacktest

import (
	"encoding/json"
	"strings"
	"unicode/utf8"
)

// content is the text, the blocks and the metadata of a call that writes a
// message, once they are checked.
type content struct {
	text        string
	blocks      []any
	hasBlocks   bool
	metadata    object
	hasMetadata bool
	warnings    []string
}

// content reads what a call writes. Refusals that a correct client never earns
// are violations, too.
func (w *World) content(c *call) (content, error) {
	var m content
	m.text = c.str("text")
	given, err := c.decoded("blocks", &m.blocks)
	if err != nil {
		w.violate(c.method, "blocks are no JSON array: %v", err)
		return m, fail("invalid_blocks_format")
	}
	m.hasBlocks = given
	switch n := utf8.RuneCountInString(m.text); {
	case n > maxText:
		w.violate(c.method, "the text of %d characters was cut off", n)
		m.text, m.warnings = string([]rune(m.text)[:maxText]), []string{"message_truncated"}
	case n > wantedText && len(m.blocks) == 0:
		w.violate(c.method, "the text has %d characters; Slack wants no more than %d", n, wantedText)
	}
	if strings.TrimSpace(m.text) == "" && len(m.blocks) > 0 {
		w.violate(c.method, "blocks without a text, which notifications and screen readers use")
	}
	if strings.TrimSpace(m.text) == "" && len(m.blocks) == 0 {
		w.violate(c.method, "there is nothing to say")
		return m, fail("no_text")
	}
	if c.flag("link_names") {
		w.violate(c.method, "link_names turns customers' words into mentions")
	}
	k := newChecker(false)
	k.blocks("/blocks", m.blocks, maxBlocks)
	k.problems = append(k.problems, w.matchSchema(messageSchema, object{"text": m.text, "blocks": orEmpty(m.blocks)})...)
	k.parsed(m.text)
	w.noteText(c, k)
	if err := w.refuseBlocks(c, k); err != nil {
		return m, err
	}
	return m, w.metadata(c, &m)
}

func orEmpty(l []any) []any {
	if l == nil {
		return []any{}
	}
	return l
}

// noteText notes what Slack takes and a correct client never sends.
func (w *World) noteText(c *call, k *checker) {
	for _, s := range k.mentions {
		w.violate(c.method, "calls everybody: %s", s)
	}
	for _, s := range k.stray {
		w.violate(c.method, "not escaped: %q", s)
	}
}

// refuseBlocks is the refusal of blocks that are wrong.
func (w *World) refuseBlocks(c *call, k *checker) error {
	if len(k.problems) == 0 {
		return nil
	}
	w.violate(c.method, "invalid blocks: %s", strings.Join(k.problems, "; "))
	return &apiError{name: "invalid_blocks", extra: object{"errors": k.problems, "response_metadata": object{"messages": k.problems}}}
}

// metadata reads the metadata of a message. Slack wants an event_type and flat
// values (https://docs.slack.dev/messaging/message-metadata).
func (w *World) metadata(c *call, m *content) error {
	given, err := c.decoded("metadata", &m.metadata)
	if !given {
		return nil
	}
	if err != nil {
		w.violate(c.method, "metadata is no JSON object: %v", err)
		return fail("invalid_metadata_format")
	}
	m.hasMetadata = true
	kind, _ := m.metadata["event_type"].(string)
	payload, ok := m.metadata["event_payload"].(object)
	if len(m.metadata) == 0 {
		return nil // takes it off
	}
	b, err := json.Marshal(m.metadata)
	switch {
	case err != nil:
		return err
	case kind == "" || !ok:
		w.violate(c.method, "metadata without event_type or event_payload")
		return fail("invalid_metadata_schema")
	case len(b) > maxMetadata:
		w.violate(c.method, "metadata of %d bytes", len(b))
		return fail("metadata_too_large")
	}
	for name, v := range payload {
		if _, nested := v.(object); nested {
			w.violate(c.method, "metadata %q is nested", name)
			return fail("invalid_metadata_schema")
		}
	}
	if c.fault.dropsMetadata() {
		m.metadata = nil
	}
	return nil
}
