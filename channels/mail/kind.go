package mail

import (
	"slices"
	"strings"

	"frontdesk/channels"
)

// kindSignal is one sign that no person wrote a mail for us to answer.
type kindSignal struct {
	kind channels.Kind
	weak bool   // a habit of programs, not a statement: people may look like it
	text string // the field and value that said so
}

// kindOrder is who decides if several kinds have a strong signal.
var kindOrder = []channels.Kind{channels.Own, channels.Bounce, channels.AutoReply, channels.Bulk, channels.Spam}

// kind says what sort of mail it is, and why. Answering a program is worse than
// leaving a person to people, so weak signals decide as well, where there is no
// strong one; they are marked "weak: ".
func (r Reader) kind(h *mimeHeader, root *mimePart, in channels.Inbound) (channels.Kind, []string) {
	var found []kindSignal
	if r.own(in.From.Address) {
		found = append(found, kindSignal{channels.Own, false, "From: " + in.From.Address})
	}
	found = append(found, kindByParts(root)...)
	if root.broken { // a report whose parts are not found is one still
		found = append(found, kindByParts(&mimePart{mimeType: mimeParseType(h.get("Content-Type"))})...)
	}
	found = append(found, r.kindByHeader(h)...)
	found = append(found, kindBySender(h, in.From)...)
	found = append(found, kindBySubject(in.Subject)...)
	if len(found) == 0 {
		return channels.Message, nil
	}
	var signals []string
	for _, weak := range []bool{false, true} {
		for _, s := range found {
			if s.weak == weak {
				text := cutRunes(oneLine(s.text), 200)
				if weak {
					text = "weak: " + text
				}
				if !slices.Contains(signals, text) {
					signals = append(signals, text)
				}
			}
		}
	}
	return kindDecide(found), signals
}

func kindDecide(found []kindSignal) channels.Kind {
	has := func(k channels.Kind, weak bool) bool {
		return slices.ContainsFunc(found, func(s kindSignal) bool { return s.kind == k && s.weak == weak })
	}
	// A mailer daemon that also says it is automatic reports a delivery.
	if has(channels.AutoReply, false) && has(channels.Bounce, true) && !has(channels.Own, false) {
		return channels.Bounce
	}
	for _, weak := range []bool{false, true} {
		for _, k := range kindOrder {
			if has(k, weak) {
				return k
			}
		}
	}
	return channels.Message
}

// kindByParts looks at what the mail is made of: RFC 3464 and 3462 reports, RFC
// 8098 receipts, RFC 5965 feedback.
func kindByParts(p *mimePart) []kindSignal {
	var found []kindSignal
	switch p.media {
	case "message/delivery-status", "message/global-delivery-status":
		found = append(found, kindSignal{channels.Bounce, false, "part: " + p.media})
	case "message/disposition-notification", "message/global-disposition-notification":
		found = append(found, kindSignal{channels.AutoReply, false, "part: " + p.media})
	case "message/feedback-report":
		found = append(found, kindSignal{channels.Bulk, false, "part: " + p.media})
	case "multipart/report":
		text := "Content-Type: multipart/report; report-type=" + p.params["report-type"]
		switch strings.ToLower(p.params["report-type"]) {
		case "delivery-status":
			found = append(found, kindSignal{channels.Bounce, false, text})
		case "feedback-report":
			found = append(found, kindSignal{channels.Bulk, false, text})
		default:
			found = append(found, kindSignal{channels.AutoReply, false, text})
		}
	}
	for _, c := range p.children {
		found = append(found, kindByParts(c)...)
	}
	// A feedback report encloses a mail, not a failure.
	if slices.ContainsFunc(found, func(s kindSignal) bool { return strings.Contains(s.text, "feedback-report") }) {
		found = slices.DeleteFunc(found, func(s kindSignal) bool { return s.kind != channels.Bulk })
	}
	return found
}
