package mail

import (
	"strings"

	"github.com/emersion/go-msgauth/authres"
	"golang.org/x/net/publicsuffix"

	"frontdesk/channels"
)

// proof says what our own server found out about the author's domain: by DMARC
// (RFC 7489), or else by SPF or DKIM for a domain aligned with the one in From.
// Only the topmost Authentication-Results of the configured server counts (RFC
// 8601 5 and 7.1: it must strip foreign ones in its name); anything that can't
// be read proves nothing.
func (r Reader) proof(h *mimeHeader, from channels.Person) channels.Proof {
	_, domain, _ := strings.Cut(from.Address, "@")
	if r.AuthservID == "" || domain == "" {
		return channels.Unproven
	}
	for _, v := range h.all("Authentication-Results") {
		id, results, err := authres.Parse(proofField(v))
		if !strings.EqualFold(id, r.AuthservID) {
			continue
		}
		if err != nil {
			return channels.Unproven
		}
		return proofOf(results, domain)
	}
	return channels.Unproven
}

func proofOf(results []authres.Result, domain string) channels.Proof {
	pass, aligned := false, false
	for _, res := range results {
		switch res := res.(type) {
		case *authres.DMARCResult:
			if res.Value == authres.ResultFail {
				return channels.Refuted
			}
			// A result that names no domain is about the one in From.
			pass = pass || (res.Value == authres.ResultPass && (res.From == "" || strings.EqualFold(proofDomain(res.From), domain)))
		case *authres.SPFResult:
			aligned = aligned || (res.Value == authres.ResultPass && proofAligned(res.From, domain))
		case *authres.DKIMResult:
			signer := res.Domain
			if signer == "" {
				signer = res.Identifier
			}
			aligned = aligned || (res.Value == authres.ResultPass && proofAligned(signer, domain))
		}
	}
	if pass || aligned {
		return channels.Proven
	}
	return channels.Unproven
}

// proofAligned reports relaxed alignment (RFC 7489 3.1): one organisation's
// domains.
func proofAligned(address, domain string) bool {
	a, b := proofDomain(address), strings.ToLower(domain)
	if a == "" {
		return false
	}
	if a == b {
		return true
	}
	orgA, errA := publicsuffix.EffectiveTLDPlusOne(a)
	orgB, errB := publicsuffix.EffectiveTLDPlusOne(b)
	return errA == nil && errB == nil && orgA == orgB
}

func proofDomain(address string) string {
	return strings.ToLower(strings.Trim(address[strings.LastIndexByte(address, '@')+1:], "<>. "))
}

// proofField takes out of the field what a sender could have written into it:
// comments, and what is quoted. authres splits at every semicolon and blank, so
// that a sender named "x; dmarc=pass"@evil.example could otherwise say he is
// proven.
func proofField(v string) string {
	v = mimeUncomment(v)
	var b strings.Builder
	quoted := false
	for i := 0; i < len(v); i++ {
		switch c := v[i]; {
		case c == '\\' && quoted:
			i++
		case c == '"':
			quoted = !quoted
		case !quoted:
			b.WriteByte(c)
		}
	}
	if quoted || strings.Contains(v, "(") || strings.Contains(v, ")") {
		return "" // not closed: no telling what is whose
	}
	return b.String()
}
