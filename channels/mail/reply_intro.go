package mail

import (
	"regexp"
	"strings"
	"unicode/utf8"
)

// introKind is how sure it is that a line introduces what somebody else wrote.
type introKind int

const (
	introLoose  introKind = iota // a date, a name and a colon: only if quoted lines follow
	introSure                    // "On … wrote:" in some language, or a line that says "original message"
	introHeader                  // the header of a mail, written out
)

// replyIntro reports whether an introduction begins at line i, and how many
// lines it takes.
func replyIntro(lines []replyLine, i int) (n int, kind introKind) {
	if replyDrawn(lines[i].plain) && originalMessage.MatchString(lines[i].plain) {
		n := 1
		if next := replyNext(lines, i+1); next < len(lines) {
			if h := replyHeader(lines, next); h > 0 {
				n = next + h - i
			}
		}
		return n, introSure
	}
	if n := replyHeader(lines, i); n > 0 {
		return n, introHeader
	}
	return replyAttribution(lines, i)
}

// replyAttribution recognises "On DATE, NAME <ADDRESS> wrote:" whatever the
// language: a date, and an address or a verb of writing, in up to four lines
// that end in a colon or that verb. The first line has the date, or begins a
// paragraph with the address.
func replyAttribution(lines []replyLine, i int) (n int, kind introKind) {
	first := lines[i].plain
	if !strings.ContainsAny(first, "0123456789@") {
		return 0, 0 // most lines: the pattern is slow
	}
	if !replyDate.MatchString(first) && (!strings.Contains(first, "@") || (i > 0 && !lines[i-1].blank())) {
		return 0, 0
	}
	joined := ""
	for k := 1; k <= 4 && i+k <= len(lines); k++ {
		l := &lines[i+k-1]
		joined = strings.TrimSpace(joined + " " + l.plain)
		if l.blank() || l.quoted != lines[i].quoted || utf8.RuneCountInString(joined) > 400 {
			break
		}
		s := strings.TrimSpace(strings.Trim(joined, "-–—*_ "))
		if !replyDate.MatchString(s) {
			continue
		}
		verb := writingVerb.MatchString(s)
		colon := strings.HasSuffix(s, ":") || strings.HasSuffix(s, "：")
		angle := closingAddress.MatchString(s)
		early := replyEarlyDate(s)
		switch {
		case early && colon && (verb || angle):
			return k, sure(s)
		case early && verb && kind != introSure:
			n, kind = k, sure(s) // the name may follow, and a colon
		case n == 0 && (colon && (strings.Contains(s, "@") || verb) || angle && early):
			n, kind = k, introLoose
		}
	}
	return n, kind
}

// sure distinguishes "On 2 Nov 2026, Li <li@x> wrote:" from what a customer
// tells of: "On 2 Nov 2026 your Mr Li wrote:". Programs give the address, or
// mark the lines that follow.
func sure(s string) introKind {
	if strings.Contains(s, "@") {
		return introSure
	}
	return introLoose
}

// replyEarlyDate reports whether a date stands near the beginning, or a name
// and address and then the date do: the order of an introduction, not of a
// sentence.
func replyEarlyDate(s string) bool {
	loc := replyDate.FindStringIndex(s)
	if loc == nil {
		return false
	}
	before := strings.TrimSpace(s[:loc[0]])
	if utf8.RuneCountInString(before) <= 20 {
		return true
	}
	return openingAddress.MatchString(before)
}

var (
	// replyDate is a date as programs write it, in figures or with a month's
	// name, or a day of the week with a time.
	replyDate = regexp.MustCompile(`(?i)` + strings.Join([]string{
		`\d{4}\s?[-/.年년]\s?\d{1,2}\s?[-/.月월]\s?\d{1,2}`,
		`\b\d{1,2}[-/.]\s?\d{1,2}[-/.]\s?\d{2,4}`,
		`\b\d{4}\.\s\p{L}{3,12}\.?\s\d{1,2}`,
		`\b\d{1,2}\sthg\s\d{1,2},?\s\d{4}`,
		`\b\d{1,2}(?:st|nd|rd|th|er|º|\.)?\s(?:de\s|of\s)?\p{L}{3,12}\.?,?\s(?:de\s)?\d{4}`,
		`\b\p{L}{3,12}\.?\s\d{1,2}(?:st|nd|rd|th)?,?\s(?:at\s)?\d{4}`,
		`\b\p{L}{2,12}\.?,?\s\d{1,2}\.?\s\p{L}{3,12}\.?,?\s\d{2,4}`,
		`\d{1,2}月\d{1,2}日`,
	}, "|"))

	// writingVerb ends an introduction. In some languages the name follows it.
	writingVerb = regexp.MustCompile(`(?i)(?:(?:^|[\s>)\],])(?:wrote|writes|schrieb|a écrit|escribió|escreveu|ha scritto|scrive|schreef|skrev|kirjoitti|napisał(?:\(a\)|a)?|` +
		`написала?|написал\(а\)|пишет|пише|писал|yazdı|şunu yazdı|napsala?|napísal|írta|a scris|je napisao|έγραψε|đã viết|menulis|kirjutas|rašė)|写道|寫道|写到|撰寫|님이 작성|님이 씀|さんは書きました|のメッセージ)\s*[:：]?$` +
		`|(?:^|[\s>)\],])(?:schrieb|schreef|skrev|írta|napisał\(a\))\s.{2,120}[:：]$`)

	closingAddress = regexp.MustCompile(`[<(\[]\s*[^<>\s]+@[^<>\s]+\s*[>)\]]+\s*[:：]?$`)
	openingAddress = regexp.MustCompile(`[<(]\S+@\S+[>)]\D{0,25}$`)

	originalMessage = regexp.MustCompile(`(?i)^[-_=\s*]{2,}\s*(?:` + strings.Join([]string{
		`original message`, `original appointment`, `original e?-?mail`, `reply message`, `urspr(?:ü|ue)ngliche (?:nachricht|e-?mail)`, `originalnachricht`,
		`message d['’]origine`, `message original`, `mensaje original`, `messaggio originale`, `mensagem original`, `oorspronkelijk bericht`,
		`oprindelig (?:meddelelse|besked)`, `ursprungligt (?:meddelande|mail)`, `opprinnelig melding`, `alkuperäinen viesti`,
		`исходное сообщение`, `оригинал(?:ьное)? сообщени[ея]`, `původní zpráva`, `(?:wiadomość oryginalna|oryginalna wiadomość)`, `orijinal (?:ileti|mesaj)`,
		`eredeti üzenet`, `原始邮件`, `原始郵件`, `原邮件`, `原郵件`, `回复的原邮件`, `原始信件`, `邮件原文`, `元のメッセージ`, `원본 ?(?:메시지|메일)`,
	}, "|") + `)\s*[-_=\s*]{2,}$`)

	forwardedMessage = regexp.MustCompile(`(?i)^(?:[-_=\s*]{2,}\s*(?:` + strings.Join([]string{
		`forwarded (?:message|mail)`, `(?:weitergeleitete|doorgestuurde?) (?:nachricht|bericht)`, `message transféré`, `mensaje reenviado`, `messaggio inoltrato`,
		`mensagem encaminhada`, `vidarebefordrat meddelande`, `videresendt (?:meddelelse|melding)`, `пересылаемое сообщение`, `przekazana wiadomość`,
		`转发(?:的)?邮件(?:信息)?`, `轉寄(?:的)?郵件`, `(?:已)?転送(?:された)?メッセージ`, `전달된 메시지`,
	}, "|") + `)\s*[-_=\s*]*|begin forwarded message:|anfang der weitergeleiteten nachricht:|début du message (?:transféré|réexpédié)\s*:|inicio del mensaje reenviado:|开始转发的邮件：|下面是被转发的邮件：|下面是被轉寄的郵件：)$`)

	rule = regexp.MustCompile(`^[-_=*─—‐ ]{4,}$`)
)

// replyForward reports whether line i begins a forwarded mail.
func replyForward(lines []replyLine, i int) int {
	s := lines[i].plain
	if !lines[i].quoted && (replyDrawn(s) || strings.HasSuffix(s, ":") || strings.HasSuffix(s, "：")) && forwardedMessage.MatchString(s) {
		return 1
	}
	return 0
}

// replyDrawn reports whether a line begins with a drawn one.
func replyDrawn(s string) bool { return s != "" && strings.IndexByte("-_=*", s[0]) >= 0 }

// replyRule reports whether a line is only drawn.
func replyRule(s string) bool { return rule.MatchString(s) }
