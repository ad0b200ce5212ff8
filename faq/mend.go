package faq

import "strings"

// keywords are the English words that rules about a person or a complaint hang
// on. People type them in haste and in anger.
var keywords = []string{"human", "person", "agent", "operator", "representative", "supervisor", "manager", "customer",
	"complaint", "complain", "refund", "transfer", "connect", "speak", "someone", "somebody", "reclamation"}

// notMended are words of their own that are one slip away from a keyword.
var notMended = map[string]bool{"managed": true, "manages": true, "manage": true, "managers": true, "customers": true, "customary": true,
	"humane": true, "humans": true, "agents": true, "agency": true, "persons": true, "persona": true, "refunds": true,
	"refunded": true, "complains": true, "complaints": true, "complained": true, "transfers": true, "connects": true,
	"connected": true, "speaks": true, "speaker": true, "speakers": true, "sneak": true, "spear": true, "peak": true, "spoke": true,
	"operate": true, "operators": true, "operates": true, "connection": true, "custom": true, "costume": true, "costumer": true,
	"representatives": true, "supervisors": true, "supervise": true, "supervised": true, "prison": true, "parson": true, "urgent": true,
	"proclamation": true, "declamation": true}

// mend puts keywords right that are misspelt: one letter wrong, missing, too
// many, or two exchanged; two such slips in a long word. Only rules read the
// result: matching has pieces of words for this.
func mend(norm string) string {
	if !strings.ContainsAny(norm, "abcdefghijklmnopqrstuvwxyz") {
		return norm
	}
	var b strings.Builder
	from := 0
	for i := 0; i < len(norm); {
		if !wordByte(norm[i]) {
			i++
			continue
		}
		j := i
		for j < len(norm) && wordByte(norm[j]) {
			j++
		}
		if right := mendWord(norm[i:j]); right != "" {
			b.WriteString(norm[from:i])
			b.WriteString(right)
			from = j
		}
		i = j
	}
	if from == 0 {
		return norm
	}
	b.WriteString(norm[from:])
	return b.String()
}

// mendWord gives the keyword that a word was meant to be, or "".
func mendWord(word string) string {
	if len(word) < 4 || notMended[word] {
		return ""
	}
	for _, k := range keywords {
		if word == k {
			return ""
		}
	}
	for _, k := range keywords {
		slips := 1
		if len(k) >= 9 {
			slips = 2
		}
		if (word[0] == k[0] || word[0] == k[1] && word[1] == k[0]) && len(word) >= len(k)-slips && len(word) <= len(k)+slips && editDistance(word, k) <= slips {
			return k
		}
	}
	return ""
}
