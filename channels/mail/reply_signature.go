package mail

import (
	"regexp"
	"strings"
	"unicode/utf8"
)

// replySignature drops the signature at the end of an author's words. thin says
// that it was recognised by habit and not by the standard's "-- " (RFC 3676
// 4.3).
func replySignature(lines []replyLine) (kept []replyLine, thin bool) {
	lines = replyTrimEnd(lines)
	for i, l := range lines {
		if l.quoted || l.blank() || i == 0 {
			continue
		}
		rest := lines[i+1:]
		switch {
		case l.text == "--" || l.text == "—":
			if replyAtMost(rest, 12) {
				return replyTrimEnd(lines[:i]), !l.sig
			}
		case replyDevice(l.plain):
			return replyTrimEnd(lines[:i]), true
		case strings.HasPrefix(l.plain, "____") && footerRule.MatchString(l.plain) && replyAtMost(rest, 6) && replyFooter(rest):
			kept, _ := replySignature(lines[:i])
			return kept, true
		case len(l.plain) < 60 && replyAtMost(rest, 6) && farewell.MatchString(l.plain) && replyShort(rest):
			return replyTrimEnd(lines[:i]), true
		}
	}
	// "-Name" or "/Name" alone at the end, after an empty line.
	if n := len(lines); n > 2 && dashName.MatchString(lines[n-1].plain) && lines[n-2].blank() {
		return replyTrimEnd(lines[:n-1]), true
	}
	return lines, false
}

func replyTrimEnd(lines []replyLine) []replyLine {
	for len(lines) > 0 && lines[len(lines)-1].blank() {
		lines = lines[:len(lines)-1]
	}
	return lines
}

// replyAtMost reports whether no more than n lines are not blank.
func replyAtMost(lines []replyLine, n int) bool {
	for i := range lines {
		if !lines[i].blank() {
			if n--; n < 0 {
				return false
			}
		}
	}
	return true
}

// replyShort reports whether lines could be a name, a position, a telephone
// number: short, and no sentence or question.
func replyShort(lines []replyLine) bool {
	for _, l := range lines {
		if utf8.RuneCountInString(l.plain) > 60 || l.quoted || strings.ContainsAny(l.plain, "?？。") {
			return false
		}
	}
	return true
}

// replyFooter reports whether lines are what a mailing list adds.
func replyFooter(lines []replyLine) bool {
	for _, l := range lines {
		if strings.Contains(l.plain, "://") || strings.Contains(strings.ToLower(l.plain), "mailing list") {
			return true
		}
	}
	return false
}

// replyDevice reports whether a line is a program's advertisement for itself,
// and no sentence.
func replyDevice(s string) bool {
	if i := strings.IndexByte(s, '<'); i > 0 {
		s = strings.TrimSpace(s[:i]) // its link
	}
	return !strings.ContainsAny(s, ",;?!，。；？！") && utf8.RuneCountInString(s) <= 60 && deviceLine.MatchString(s)
}

var (
	deviceLine = regexp.MustCompile(`(?i)^(?:` + strings.Join([]string{
		`sent (?:from|via|with|using|by) (?:my |the |a )?[\p{L}\d][^.]{1,45}`, `get outlook for (?:ios|android).*`, `sent from (?:outlook|yahoo mail|proton ?mail|samsung|mail for windows).*`,
		`envoyé (?:de(?:puis)?|à partir de|avec) (?:mon |ma |l'application )?.{2,45}`, `télécharger outlook pour .*`, `obtenez outlook pour .*`,
		`(?:von meinem|von meiner) .{2,40} gesendet`, `gesendet (?:von|mit|über) (?:meinem |meiner |der )?.{2,45}`, `diese nachricht wurde von meinem .{2,60} gesendet`,
		`enviado (?:desde|do|de|a partir do) (?:mi |meu |minha |el )?.{2,45}`, `inviato da(?:l mio|lla mia)? .{2,40}`, `verzonden (?:vanaf|met|via) (?:mijn )?.{2,40}`, `verstuurd vanaf (?:mijn )?.{2,40}`,
		`skickat från (?:min )?.{2,40}`, `sendt fra (?:min )?.{2,40}`, `lähetetty .{2,40}sta`, `wysłane z .{2,40}`, `отправлено (?:с|из) .{2,40}`, `odesláno z .{2,40}`, `.{2,20}(?:'?[ıiuü]mdan|dan) gönderildi`,
		`发自(?:我的)?.{2,30}`, `來自我的.{2,30}`, `從我的.{2,20}(?:傳送|寄出)`, `从我的.{2,20}发送`, `由.{2,20}发送`, `寄自我的.{2,20}`, `来自我的.{2,20}`, `從 ?.{2,20} ?傳送`,
		`.{2,20}から送信`, `나의 .{2,20}에서 보냄`, `.{2,20}에서 보냄`,
	}, "|") + `)$`)

	footerRule = regexp.MustCompile(`^_{10,}$`)

	// farewell ends a letter, alone on its line. Words of thanks are none: a
	// customer's "谢谢" is worth keeping.
	farewell = regexp.MustCompile(`(?i)^(?:(?:best|kind|warm|with (?:kind|best))? ?regards|cheers|best wishes|(?:mit )?(?:freundlichen?|besten|herzlichen|viele[n]?|liebe[n]?) gr(?:ü|ue)(?:ß|ss)e[n]?|mfg|` +
		`cordialement|bien (?:cordialement|à vous)|saludos(?: cordiales)?|un saludo|atentamente|atenciosamente|cumprimentos|cordiali saluti|distinti saluti|met vriendelijke groet(?:en)?|` +
		`med vänlig(?:a)? hälsning(?:ar)?|vänliga hälsningar|mvh|med venlig hilsen|venlig hilsen|hilsen|kh|vh|med vennlig hilsen|ystävällisin terveisin|` +
		`pozdrawiam|z (?:poważaniem|powazaniem)|с уважением|saygılarımla|s pozdravem|此致(?:敬礼)?|敬礼|顺祝商祺|敬具)\s*[,.!，。！]?$`)

	dashName = regexp.MustCompile(`^[-–—/~]{1,2}\p{Lu}[\p{L}.'’]*(?: \p{Lu}[\p{L}.'’-]*){0,3}$`)
)
