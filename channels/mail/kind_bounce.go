package mail

import (
	"io"
	"regexp"
	"slices"
	"strings"

	"frontdesk/channels"
)

// idLine finds the Message-ID that a report quotes, in any of the ways in which
// programs do: as a header, indented or quoted, in a report field.
var idLine = regexp.MustCompile(`(?im)^[\s>|*]*(?:x-)?(?:original-)?message-id\s*[:=]\s*<?([^\s<>]{1,400}@[^\s<>]{1,400}|[^\s<>]{8,400}>)`)

// bouncedIDs returns the Message-IDs of the mails that a report is about (RFC
// 3464 2, RFC 6522 3): from the enclosed mail or its header first, then from
// anywhere in the text.
func bouncedIDs(raw channels.Blob, root *mimePart, h *mimeHeader, text string) []string {
	var ids []string
	add := func(text string) {
		for _, m := range idLine.FindAllStringSubmatch(text, 20) {
			ids = append(ids, mailIDs("<"+strings.TrimSuffix(m[1], ">")+">")...)
		}
	}
	var enclosed func(p *mimePart)
	left := 50
	enclosed = func(p *mimePart) {
		if len(p.children) == 0 && left > 0 && p != root &&
			(strings.HasPrefix(p.media, "message/") || strings.HasPrefix(p.media, "text/") || p.media == "application/octet-stream") {
			left--
			add(bounceHead(raw, p))
		}
		for _, c := range p.children {
			enclosed(c)
		}
	}
	enclosed(root)
	for _, v := range h.all("X-Original-Message-ID") {
		ids = append(ids, mailIDs(v)...)
	}
	add(text)
	self := mailID(h.get("Message-ID"))
	return slices.DeleteFunc(mailJoinRefs(ids, nil), func(id string) bool { return id == self })
}

// bounceHead reads the beginning of a part. What can't be read names nothing.
func bounceHead(raw channels.Blob, p *mimePart) string {
	r, err := mimeOpener(raw, p.offset, p.length, p.size, p.encoding).Open()
	if err != nil {
		return "" // the same bytes were read before; readBody reports it
	}
	defer r.Close()
	b, _ := io.ReadAll(io.LimitReader(r, 64<<10)) // as far as it goes
	return plainText(strings.ToValidUTF8(string(b), "\ufffd"))
}
