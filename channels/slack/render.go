package slack

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	slackapi "github.com/slack-go/slack"

	"frontdesk/channels"
)

// Slack's limits, from https://docs.slack.dev/reference/block-kit and, for the text
// of a message, https://docs.slack.dev/reference/methods/chat.postMessage.
const (
	headerLimit  = 150
	contextLimit = 2000
	buttonLimit  = 75
	valueLimit   = 2000
	urlLimit     = 3000
	textLimit    = 4000
	blockLimit   = 50

	messageLimit = 3000 // ours, for what people read in one message
	pieceLimit   = messageLimit - 200
	partsMost    = 30 // messages of one delivery; they take a second each
	mostText     = partsMost * messageLimit
	buttonRow    = 5   // buttons beside each other
	buttonsMost  = 100 // 20 rows
)

// part is one of the messages that a delivery becomes.
type part struct {
	text   string // the same in plain words, escaped
	blocks []slackapi.Block
}

// render draws a delivery as messages, in their order. What is too long for one goes
// on in the next; nothing is left out unless it fills partsMost of them, where it ends
// with an ellipsis. The first bears the title and the buttons: its
// ref is the one that the engine knows, so that buttons pressed, and amended, are
// found.
func render(out channels.Outbound, left []channels.File) ([]part, error) {
	buttons, err := buttonRows(out)
	if err != nil {
		return nil, err
	}
	pieces := content(out, left)
	if len(pieces) == 0 {
		return nil, errors.New("nothing to say")
	}
	var parts []part
	groups := pack(pieces, messageLimit)
	if len(groups) > partsMost {
		groups = groups[:partsMost]
		groups[partsMost-1] = ended(groups[partsMost-1])
	}
	for _, group := range groups {
		p := part{text: plainText(group, textLimit), blocks: blocks(out.Key, len(parts), group)}
		if len(parts) == 0 {
			p.blocks = append(p.blocks, buttons...)
		}
		parts = append(parts, p)
	}
	return parts, nil
}

// renderOne is render for what must be one message: it ends with an ellipsis where
// the first of several would.
func renderOne(out channels.Outbound) (part, error) {
	buttons, err := buttonRows(out)
	if err != nil {
		return part{}, err
	}
	pieces := content(out, nil)
	if len(pieces) == 0 {
		return part{}, errors.New("nothing to say")
	}
	groups := pack(pieces, messageLimit)
	group := groups[0]
	if len(groups) > 1 {
		group = ended(group)
	}
	return part{text: plainText(group, textLimit), blocks: append(blocks(out.Key, 0, group), buttons...)}, nil
}

// ended is a group of which more was to come.
func ended(group []piece) []piece {
	return append(slices.Clone(group), piece{spans: []span{{text: "…"}}, tight: true})
}

// content is all that a delivery says. left are files that do not go along: their
// names do, struck out.
func content(out channels.Outbound, left []channels.File) []piece {
	var pieces []piece
	if out.Body.Format == channels.Markdown {
		pieces = markdownPieces(out.Body.Text)
	}
	if len(pieces) == 0 { // plain, or Markdown that draws as nothing
		pieces = plainPieces(out.Body.Text)
	}
	if out.Card != nil {
		pieces = append(pieces, cardPieces(*out.Card)...)
	}
	if who := mentions(out); len(who) > 0 && len(pieces) > 0 {
		pieces = append([]piece{{spans: who}}, pieces...)
		pieces[1].tight = true
	}
	if len(pieces) == 0 && len(out.Files) > len(left) { // a post needs a message that names it
		var names []string
		for _, f := range out.Files {
			if !slices.ContainsFunc(left, func(l channels.File) bool { return l.Name == f.Name }) {
				names = append(names, fileName(f))
			}
		}
		pieces = plainPieces(strings.Join(names, "\n"))
	}
	for _, f := range left {
		pieces = append(pieces, leftOut(f))
	}
	return pieces
}

// leftOut is what is shown of a file that does not go along.
func leftOut(f channels.File) piece {
	return piece{spans: []span{{text: oneLine(f.Name), strike: true}, {text: " " + bytesSize(f.Data.Size)}}}
}

// mentions are the colleagues whom a message in a room of theirs concerns. Nobody else
// is ever mentioned.
func mentions(out channels.Outbound) []span {
	if out.Audience != channels.Staff || strings.HasPrefix(out.Place, "@") {
		return nil
	}
	var who []span
	for _, p := range out.To {
		if _, user, ok := splitIdentity(p.Address); ok && p.Kind == Kind && userID.MatchString(user) {
			who = append(who, span{user: user, text: "@" + oneLine(p.Name)}, span{text: " "})
		}
	}
	return who
}

func bytesSize(n int64) string {
	switch {
	case n < 1000:
		return fmt.Sprintf("(%d B)", n)
	case n < 1e6:
		return fmt.Sprintf("(%.1f kB)", float64(n)/1e3)
	}
	return fmt.Sprintf("(%.1f MB)", float64(n)/1e6)
}

// cardPieces draws a card. All of it is plain.
func cardPieces(c channels.Card) []piece {
	var out []piece
	if title := oneLine(c.Title); units(title) > headerLimit {
		out = append(out, piece{spans: []span{{text: title, bold: true}}})
	} else if title != "" {
		out = append(out, piece{shape: head, spans: []span{{text: title}}})
	}
	for i, f := range c.Fields {
		p := piece{tight: i > 0}
		label, value := oneLine(f.Label), strings.TrimSpace(clean(f.Value))
		if label != "" {
			p.spans = append(p.spans, span{text: label + ":", bold: true})
		}
		if label != "" && value != "" {
			p.spans = append(p.spans, span{text: " "})
		}
		if value != "" {
			p.spans = append(p.spans, span{text: value, url: linkable(f.URL)})
		}
		if len(p.spans) > 0 {
			out = append(out, p)
		}
	}
	for _, l := range c.Lines {
		p := piece{shape: quote}
		if who := oneLine(l.Who); who != "" {
			p.spans = append(p.spans, span{text: who, bold: true}, span{text: "  "})
		}
		if when := oneLine(l.When); when != "" {
			p.spans = append(p.spans, span{text: when})
		}
		if text := strings.Trim(clean(l.Text), "\n"); text != "" {
			if len(p.spans) > 0 {
				p.spans = append(p.spans, span{text: "\n"})
			}
			p.spans = append(p.spans, span{text: text, italic: l.Note})
		}
		if len(p.spans) > 0 {
			out = append(out, p)
		}
	}
	if footer := strings.TrimSpace(clean(c.Footer)); footer != "" {
		out = append(out, piece{shape: foot, spans: []span{{text: footer}}})
	}
	return out
}

// pack puts pieces into groups of at most limit, cutting those that are too long for
// any.
func pack(pieces []piece, limit int) [][]piece {
	var groups [][]piece
	var group []piece
	room := limit
	for _, p := range pieces {
		most := pieceLimit
		if p.shape == foot {
			most = contextLimit
		}
		for _, p := range p.split(most) {
			if n := p.size(); n > room || len(group) >= blockLimit-10-buttonsMost/buttonRow {
				groups, group, room = append(groups, group), nil, limit
			}
			group = append(group, p)
			room -= p.size()
		}
	}
	return append(groups, group)
}

// blocks draws a group. Ids are the delivery's own: Slack wants others when a
// message is changed, and a changed one has another key.
func blocks(key string, n int, group []piece) []slackapi.Block {
	var out []slackapi.Block
	id := func() string { return blockID(key, n, len(out)) }
	for i := 0; i < len(group); {
		switch group[i].shape {
		case head:
			h := slackapi.NewHeaderBlock(plainLine(group[i].plain(), headerLimit))
			h.BlockID = id()
			out = append(out, h)
			i++
		case foot:
			out = append(out, slackapi.NewContextBlock(id(), plainLine(group[i].plain(), contextLimit)))
			i++
		default:
			end := i
			for end < len(group) && group[end].shape != head && group[end].shape != foot {
				end++
			}
			out = append(out, richText(id(), group[i:end]))
			i = end
		}
	}
	return out
}

func blockID(key string, part, n int) string {
	sum := sha256.Sum256([]byte(key))
	return fmt.Sprintf("fd:%s:%d:%d", hex.EncodeToString(sum[:6]), part, n)
}

// buttonRows draws the choices.
func buttonRows(out channels.Outbound) ([]slackapi.Block, error) {
	if len(out.Choices) > buttonsMost {
		return nil, fmt.Errorf("%d buttons, and Slack shows %d", len(out.Choices), buttonsMost)
	}
	var rows []slackapi.Block
	for row := range slices.Chunk(out.Choices, buttonRow) {
		var elements []slackapi.BlockElement
		for i, choice := range row {
			value := encodeAction(choice.Action)
			label := oneLine(choice.Label)
			switch {
			case units(value) > valueLimit:
				return nil, fmt.Errorf("the button %q carries %d characters, and Slack takes %d", label, units(value), valueLimit)
			case label == "":
				return nil, errors.New("a button without a label")
			}
			hint := oneLine(choice.Hint)
			if hint == "" {
				hint = label
			}
			b := slackapi.NewButtonBlockElement("fd:"+strconv.Itoa(len(rows)*buttonRow+i), value, plainLine(label, buttonLimit))
			b.AccessibilityLabel = cut(hint, buttonLimit)
			switch choice.Style {
			case "primary":
				b.Style = slackapi.StylePrimary
			case "danger":
				b.Style = slackapi.StyleDanger
			}
			elements = append(elements, b)
		}
		rows = append(rows, slackapi.NewActionBlock(blockID(out.Key, 0, blockLimit+len(rows)), elements...))
	}
	return rows, nil
}
