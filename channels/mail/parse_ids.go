package mail

import (
	"encoding/hex"
	"regexp"
	"strings"
)

const (
	maxRef  = 500 // bytes of a Message-ID that are kept; RFC 5322 2.1.1 allows 998 in a line
	maxRefs = 100

	madeUpDomain = "@no-message-id.invalid"
)

// MadeUp reports whether a ref of an [channels.Inbound] was made up here, for a
// mail that had no Message-ID: nobody else knows it, so it belongs into no
// In-Reply-To.
func MadeUp(ref string) bool { return strings.HasSuffix(ref, madeUpDomain) }

// mailNames returns the ref of a mail and the key of its content. Programs send
// different mails with one Message-ID, and one mail reaches us by several
// mailboxes; so the key is the id and what the author wrote. Without an id,
// both come from all of the bytes.
func mailNames(t mimeTree) (ref string, keys []string) {
	ref = mailID(t.head.get("Message-ID"))
	if ref != "" {
		return ref, []string{"mail:" + ref + ":" + hex.EncodeToString(t.content[:16])}
	}
	sum := t.raw
	if sum == nil {
		sum = t.content // a Message-ID was there, but empty
	}
	if sum == nil {
		return "", nil // the bytes could not be opened
	}
	ref = "sha256-" + hex.EncodeToString(sum) + madeUpDomain
	return ref, []string{"mail:" + ref}
}

// mailID cleans a single Message-ID.
func mailID(v string) string {
	if ids := mailIDs(v); len(ids) > 0 {
		return ids[0]
	}
	// Without angle brackets, or with blanks in it: all of it is the name.
	return cutRef(strings.Trim(oneLine(strings.ToValidUTF8(v, "")), "<> ;,"))
}

var (
	angleID = regexp.MustCompile(`<\s*([^<>\s]+)\s*>`)
	bareID  = regexp.MustCompile(`[^\s<>,;"'()]+@[^\s<>,;"'()]+`)
)

// mailIDs finds the message ids in a field, in the order in which they stand:
// between angle brackets or not, separated by anything.
func mailIDs(v string) []string {
	v = strings.ToValidUTF8(v, "")
	var ids []string
	found := angleID.FindAllStringSubmatch(v, -1)
	if found == nil {
		for _, id := range bareID.FindAllString(v, -1) {
			found = append(found, []string{id, id})
		}
	}
	for _, m := range found {
		if id := cutRef(oneLine(m[1])); id != "" {
			ids = append(ids, id)
		}
	}
	return ids
}

func cutRef(id string) string {
	if len(id) > maxRef {
		return strings.ToValidUTF8(id[:maxRef], "")
	}
	return id
}

// mailRefs returns what a mail answers, nearest first: In-Reply-To, then
// References from its end (RFC 5322 3.6.4). Every id is kept, since programs
// leave some out of either.
func mailRefs(h *mimeHeader) []string {
	var refs []string
	for _, v := range h.all("In-Reply-To") {
		refs = mailJoinRefs(refs, mailIDs(v))
	}
	var older []string
	for _, v := range h.all("References") {
		older = append(older, mailIDs(v)...)
	}
	for i, j := 0, len(older)-1; i < j; i, j = i+1, j-1 {
		older[i], older[j] = older[j], older[i]
	}
	return mailJoinRefs(refs, older)
}

// mailJoinRefs returns a and then b without repetition, at most maxRefs.
func mailJoinRefs(a, b []string) []string {
	seen := map[string]bool{}
	var out []string
	for _, refs := range [][]string{a, b} {
		for _, id := range refs {
			if !seen[id] && len(out) < maxRefs {
				seen[id] = true
				out = append(out, id)
			}
		}
	}
	return out
}
