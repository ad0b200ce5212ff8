package mail

import (
	"regexp"
	"strings"

	"frontdesk/channels"
)

// kindBySender knows the names under which programs send.
func kindBySender(h *mimeHeader, from channels.Person) []kindSignal {
	local, _, _ := strings.Cut(from.Address, "@")
	shown := strings.ToLower(headerText(h.get("From")))
	text := "From: " + shown
	switch bare := strings.NewReplacer("-", "", "_", "", ".", "").Replace(local); {
	case bare == "mailerdaemon", bare == "postmaster", bare == "mdaemon",
		strings.Contains(shown, "mailer-daemon"), strings.Contains(shown, "mail delivery system"),
		strings.Contains(shown, "mail delivery subsystem"):
		return []kindSignal{{channels.Bounce, true, text}}
	case strings.Contains(bare, "noreply"), strings.Contains(bare, "donotreply"), strings.HasPrefix(bare, "bounce"),
		bare == "autoreply", bare == "autoresponder":
		return []kindSignal{{channels.AutoReply, true, text}}
	case strings.HasPrefix(local, "owner-"), strings.HasSuffix(local, "-owner"), strings.HasSuffix(local, "-request"),
		strings.HasSuffix(local, "-bounces"), local == "listserv", local == "majordomo", local == "mailman":
		return []kindSignal{{channels.Bulk, true, text}} // RFC 5230 4.6
	}
	return nil
}

// Subjects that programs write. They must begin the subject and be followed by
// nothing or a mark, so that "自动回复怎么设置" stays a question.
var (
	autoSubject = regexp.MustCompile(`(?i)^[\[【(]?\s*(?:` + strings.Join([]string{
		`auto(?:matic|mated)?[- ]?(?:reply|response)`, `auto`, `out of (?:the )?office(?: auto[- ]?reply| notification| reply| message)?`,
		`(?:i am |i'm )?(?:currently )?out of (?:the )?office.*`, `on (?:vacation|annual leave|holiday)`, `vacation (?:reply|message|notice)`,
		`away from (?:my mail|the office).*`, `absence notice`,
		`automatische (?:antwort|abwesenheitsnotiz)`, `abwesenheits(?:notiz|meldung|nachricht)`, `abwesend`,
		`réponse automatique(?: d'absence)?`, `absence du bureau`, `message d'absence`,
		`respuesta automática`, `fuera de (?:la )?oficina`, `resposta automática`, `ausência temporária`,
		`risposta automatica`, `fuori (?:sede|ufficio)`, `automatisch antwoord`, `afwezig(?:heid)?(?:sbericht)?`,
		`autosvar`, `automatisk[t]? svar`, `frånvaro`, `automaattinen vastaus`, `odpowiedź automatyczna`, `autoodpowiedź`,
		`автоответ(?:чик)?`, `автоматический ответ`, `otomatik yanıt`, `automatická odpověď`,
		`自动(?:回复|答复|应答|回覆|回信)`, `自動(?:回覆|回復|答覆|返信|応答)`, `(?:休假|外出|假期|离职|不在办公室)自动(?:回复|答复)`,
		`不在(?:通知|のお知らせ|办公室)?`, `不在連絡`, `자동 ?(?:회신|응답|답장)`, `부재중(?: 알림)?`,
	}, "|") + `)\s*(?:[:：\]】)\-–—|.。!！]|$)`)

	bounceSubject = regexp.MustCompile(`(?i)^[\[【(]?\s*(?:` + strings.Join([]string{
		`undeliver(?:ed|able)(?: mail| message)?(?: returned to sender)?\s*(?:[:：]|$)`, `mail delivery (?:failed|failure|system|subsystem|error)\s*(?:[:：]|$)`,
		`delivery (?:status )?notification\s*(?:\(|:|$)`, `delivery failure\s*[:：]`, `returned mail\s*[:：]`, `failure notice$`, `mail system error`,
		`message (?:could not be|not) delivered`, `mail could not be delivered$`, `warning: (?:message|could not send)`, `non[- ]delivery`,
		`unzustellbar\s*[:：]`, `nicht zustellbar\s*[:：]`, `non remis\s*[:：]`, `échec de (?:la )?remise`, `no se puede entregar\s*[:：]`,
		`não entregue\s*[:：]`, `non recapitabile\s*[:：]`, `onbestelbaar\s*[:：]`, `недоставлен`,
		`(?:系统|邮件)?退信(?:通知)?\s*(?:[:：/\]】]|$)`, `(?:邮件)?(?:投递失败|无法投递|无法送达|未送达)\s*(?:[:：\]】]|$)`, `未(?:能)?傳遞(?:的郵件)?\s*[:：]`, `無法傳遞\s*[:：]`,
		`配信(?:不能|エラー|できませんでした)`, `배달(?:되지 않음| 실패)`,
	}, "|") + `)`)

	feedbackSubject = regexp.MustCompile(`(?i)^(?:complaint about message from|abuse report|feedback report)\b`)
)

func kindBySubject(subject string) []kindSignal {
	text := "Subject: " + subject
	switch {
	case bounceSubject.MatchString(subject):
		return []kindSignal{{channels.Bounce, true, text}}
	case autoSubject.MatchString(subject):
		return []kindSignal{{channels.AutoReply, true, text}}
	case feedbackSubject.MatchString(subject):
		return []kindSignal{{channels.Bulk, true, text}}
	}
	return nil
}
