package mail

import (
	"regexp"
	"strings"
	"unicode"
)

// What the labels in the header of an earlier mail stand for.

const (
	labelFrom    = "from"
	labelDate    = "date"
	labelTo      = "to"
	labelCc      = "cc"
	labelSubject = "subject"
)

// headerLabel says what a label stands for, or "".
func headerLabel(label string) string {
	label = strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || r == '*' || r == '_' || r == '　' {
			return -1
		}
		return unicode.ToLower(r)
	}, label)
	switch label {
	case "from", "von", "de", "da", "van", "od", "от", "fra", "från", "lähettäjä", "kimden", "gönderen", "odesílatel", "feladó",
		"发件人", "寄件者", "寄件人", "發件人", "差出人", "送信者", "from/差出人", "보낸사람", "보낸이", "发信人", "από", "de/from", "від", "expéditeur", "remitente", "mittente", "absender", "отправитель":
		return labelFrom
	case "sent", "date", "gesendet", "datum", "envoyé", "envoyéle", "enviado", "enviadoel", "enviadoem", "fecha", "data", "inviato", "verzonden", "verzondenop", "wysłano", "data/godz", "dato",
		"sendt", "skickat", "skickatden", "lähetetty", "päivämäärä", "päiväys", "отправлено", "дата", "gönderildi", "tarih", "odesláno", "messagedu", "elküldve", "dátum", "datetime", "senton", "надіслано",
		"发送时间", "寄件日期", "傳送時間", "发送日期", "日期", "时间", "時間", "日時", "送信日時", "送信日", "보낸날짜", "날짜", "보낸시간", "發送時間", "发信时间":
		return labelDate
	case "to", "an", "à", "a", "para", "aan", "do", "кому", "til", "till", "vastaanottaja", "kime", "alıcı", "komu", "címzett", "destinataire", "destinatario", "empfänger", "получатель",
		"收件人", "收件者", "宛先", "받는사람", "받는이", "收信人":
		return labelTo
	case "cc", "kopie", "copie", "copieà", "копия", "kopia", "kopi", "kopio", "bilgi", "dw", "抄送", "副本", "抄送人", "참조", "ccn", "con copia", "másolat":
		return labelCc
	case "subject", "betreff", "objet", "asunto", "assunto", "oggetto", "onderwerp", "temat", "тема", "emne", "ämne", "aihe", "konu", "předmět", "tárgy", "sujet", "re", "θέμα",
		"主题", "主旨", "主題", "標題", "标题", "件名", "제목":
		return labelSubject
	}
	return ""
}

// headerLine splits "Label: value", half- or full-width.
var headerLine = regexp.MustCompile(`^\*{0,2}([^:：<>@]{1,20}?)\s*\*{0,2}\s*[:：]\*{0,2}\s*(.*)$`)

// replyHeader returns how many lines of a written-out header begin at line i:
// three different fields at least, sender or date among them, with an address
// or, beside a subject, a date. A shipping order ("From: Shanghai, To: Berlin,
// Date: …", "收件人：…") is none.
func replyHeader(lines []replyLine, i int) int {
	if !isHeaderField(lines[i].plain) {
		return 0
	}
	seen := map[string]bool{}
	address, date := false, false
	n, end := 0, 0
	for ; i+n < len(lines) && n < 15; n++ {
		l := &lines[i+n]
		if l.quoted != lines[i].quoted {
			break
		}
		if l.blank() {
			// Some programs leave a line free between the fields.
			if end == 0 || n+1 >= 15 || i+n+1 >= len(lines) || !isHeaderField(lines[i+n+1].plain) || len(seen) > 3 {
				break
			}
			continue
		}
		m := headerLine.FindStringSubmatch(l.plain)
		role := ""
		if m != nil {
			role = headerLabel(m[1])
		}
		switch {
		case role != "":
			if seen[role] && role == labelFrom {
				return finishHeader(seen, address, date, end)
			}
			seen[role] = true
			value := m[2]
			address = address || strings.Contains(value, "@")
			date = date || (role == labelDate && replyDate.MatchString(value))
			// Two fields on one line: "À : a@b Objet : c"
			for _, word := range []string{" Objet :", " Subject:", " Betreff:", " Oggetto:", " Asunto:"} {
				if strings.Contains(value, word) {
					seen[labelSubject] = true
				}
			}
			end = n + 1
		case n == 0:
			return 0
		case end == n && (strings.HasPrefix(l.plain, "<") || strings.Contains(l.plain, "@") || strings.HasPrefix(l.text, " ") || strings.HasPrefix(l.text, "\t")):
			end = n + 1 // a folded value
			address = address || strings.Contains(l.plain, "@")
		default:
			return finishHeader(seen, address, date, end)
		}
	}
	return finishHeader(seen, address, date, end)
}

func finishHeader(seen map[string]bool, address, date bool, end int) int {
	named := seen[labelFrom] || seen[labelDate]
	if len(seen) >= 3 && named && (address && (seen[labelSubject] || seen[labelDate]) || date && seen[labelSubject]) {
		return end
	}
	return 0
}

func isHeaderField(s string) bool {
	if !strings.ContainsAny(s, ":：") {
		return false
	}
	m := headerLine.FindStringSubmatch(s)
	return m != nil && headerLabel(m[1]) != ""
}
