package mail

import (
	"strings"
	"testing"
)

// introductions as mail programs write them above what they quote, in the
// languages they are made for.
var introductions = []string{
	"El lun, 2 nov 2026 a las 10:00, Support (<support@acme.example>) escribió:",
	"Em seg., 2 de nov. de 2026 às 10:00, Support <support@acme.example> escreveu:",
	"Il giorno lun 2 nov 2026 alle ore 10:00 Support <support@acme.example> ha scritto:",
	"Am Mo., 2. Nov. 2026 um 10:00 Uhr schrieb Support <support@acme.example>:",
	"Support <support@acme.example> schrieb am Mo., 2. Nov. 2026, 10:00:",
	"Le lun. 2 nov. 2026 à 10:00, Support <support@acme.example> a écrit :",
	"Op ma 2 nov. 2026 om 10:00 schreef Support <support@acme.example>:",
	"pon., 2 lis 2026 o 10:00 Support <support@acme.example> napisał(a):",
	"po 2. 11. 2026 v 10:00 odesílatel Support <support@acme.example> napsal:",
	"Den mån 2 nov. 2026 kl 10:00 skrev Support <support@acme.example>:",
	"man. 2. nov. 2026 kl. 10:00 skrev Support <support@acme.example>:",
	"ma 2. marrask. 2026 klo 10.00 Support (support@acme.example) kirjoitti:",
	"Support <support@acme.example>, 2 Kas 2026 Pzt, 10:00 tarihinde şunu yazdı:",
	"пн, 2 нояб. 2026 г. в 10:00, Support <support@acme.example>:",
	"пн, 2 лист. 2026 р. о 10:00 Support <support@acme.example> пише:",
	"Vào Th 2, 2 thg 11, 2026 vào lúc 10:00 Support <support@acme.example> đã viết:",
	"Pada Sen, 2 Nov 2026 pukul 10.00 Support <support@acme.example> menulis:",
	"Support <support@acme.example> ezt írta (időpont: 2026. nov. 2., H, 10:00):",
	"În lun., 2 nov. 2026 la 10:00, Support <support@acme.example> a scris:",
	"Στις Δευ 2 Νοε 2026 στις 10:00 π.μ., ο/η Support <support@acme.example> έγραψε:",
	"في الاثنين، 2 نوفمبر 2026 في 10:00 ص تمت كتابة ما يلي بواسطة Support <support@acme.example>:",
	"2026年11月2日(月) 10:00 Support <support@acme.example>:",
	"2026년 11월 2일 (월) 오전 10:00, Support <support@acme.example>님이 작성:",
	"Support <support@acme.example> 于2026年11月2日周一 10:00写道：",
	"在 2026年11月2日，10:00，Support <support@acme.example> 写道：",
	"On Nov 2, 2026, at 10:00 AM, Support <support@acme.example> wrote:",
	"On Monday, November 2nd, 2026 at 10:00 AM, Support <support@acme.example> wrote:",
	"On 2 Nov 2026 at 10:00 AM +0800, Support <support@acme.example>, wrote:",
	"In a message dated 11/2/2026 10:00:00 AM Pacific Standard Time, support@acme.example writes:",
	"---- On Mon, 02 Nov 2026 10:00:00 +0800 Support <support@acme.example> wrote ---",
	"2026-11-02 10:00 GMT+08:00 Support <support@acme.example>:",
	"------- Original Message -------\nOn Monday, November 2nd, 2026 at 10:00 AM, Support <support@acme.example> wrote:",
	"Gesendet: Montag, 2. November 2026 um 10:00 Uhr\nVon: \"Support\" <support@acme.example>\nAn: wang@example.com\nBetreff: Re: a",
	"________________________________\nDe: Support <support@acme.example>\nEnviado: lunes, 2 de noviembre de 2026 10:00\nPara: Wang\nAsunto: Re: a",
	"Lähettäjä: Support <support@acme.example>\nLähetetty: maanantai 2. marraskuuta 2026 10.00\nVastaanottaja: Wang\nAihe: a",
	"От: Support <support@acme.example>\nОтправлено: 2 ноября 2026 г. 10:00\nКому: Wang\nТема: a",
	"Kimden: Support <support@acme.example>\nGönderildi: 2 Kasım 2026 Pazartesi 10:00\nKime: Wang\nKonu: a",
	"---- 回复的原邮件 ----\n| 发件人 | Support<support@acme.example> |\n| 发送日期 | 2026年11月2日 10:00 |\n| 收件人 | <wang@example.com> |\n| 主题 | a |",
	"----邮件原文----\n发件人：Support <support@acme.example>\n收件人：wang@example.com\n发送时间：2026-11-02 10:00:00\n主题：a",
	"----- 原始邮件 -----\n发件人：Support <support@acme.example>\n收件人：wang@example.com\n主题：a\n日期：2026年11月02日 10点00分",
	"------------------------------------------------------------------\n发件人：Support <support@acme.example>\n日　期：2026年11月02日 10:00:00\n收件人：<wang@example.com>\n主　题：a",
	"發件人: Support <support@acme.example>\n日期: 2026年11月2日 (週一) 10:00\n主旨: a\n收件人: wang@example.com",
	"*From:* Support <support@acme.example>\n*Sent:* Monday, November 2, 2026 10:00 AM\n*To:* Wang\n*Subject:* a",
}

func TestStripReplyIntroductions(t *testing.T) {
	const own = "It has not arrived yet.\nCan you look?"
	const old = "Dear Wang,\n\nyour parcel left on Monday.\nAna"
	quoted := "> " + strings.ReplaceAll(old, "\n", "\n> ")
	for _, intro := range introductions {
		for what, mail := range map[string]string{
			"above words":        own + "\n\n" + intro + "\n\n" + old,
			"above quoted words": own + "\n\n" + intro + "\n" + quoted,
			"quoted itself":      own + "\n\n> " + strings.ReplaceAll(intro, "\n", "\n> ") + "\n>\n" + quoted,
		} {
			if got := StripReply(mail); got != own {
				t.Errorf("%s %s:\n%s", intro, what, got)
			}
		}
	}
}
