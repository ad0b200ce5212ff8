package mail

import (
	"slices"
	"strings"
	"testing"

	"frontdesk/channels"
)

func TestKind(t *testing.T) {
	r := Reader{Own: []string{"support@acme.example"}}
	for _, c := range []struct {
		header string
		kind   channels.Kind
		signal string // of the first
	}{
		{"Subject: Where is my order?", channels.Message, ""},
		{"Auto-Submitted: no", channels.Message, ""},
		{"Auto-Submitted: auto-replied (vacation)", channels.AutoReply, "Auto-Submitted: auto-replied (vacation)"},
		{"auto-submitted: AUTO-GENERATED; x=y", channels.AutoReply, "Auto-Submitted: AUTO-GENERATED; x=y"},
		{"X-Auto-Response-Suppress: DR, OOF, AutoReply", channels.AutoReply, "X-Auto-Response-Suppress: DR, OOF, AutoReply"},
		{"X-Auto-Response-Suppress: DR, RN", channels.Message, ""},
		{"Return-Path: <>", channels.AutoReply, "Return-Path: <>"},
		{"Return-Path: < >\nFrom: MAILER-DAEMON@mx.example", channels.Bounce, "Return-Path: < >"},
		{"X-Failed-Recipients: li@example.com", channels.Bounce, "X-Failed-Recipients: li@example.com"},
		{"Precedence: bulk", channels.Bulk, "Precedence: bulk"},
		{"Precedence: Auto_Reply", channels.AutoReply, "Precedence: Auto_Reply"},
		{"Precedence: first-class", channels.Message, ""},
		{"List-Id: News <news.shop.example>", channels.Bulk, "List-Id: News <news.shop.example>"},
		{"List-Unsubscribe: <mailto:a@b.example>\nAuto-Submitted: auto-generated", channels.AutoReply, "Auto-Submitted: auto-generated"},
		{"X-Spam-Flag: YES", channels.Spam, "X-Spam-Flag: YES"},
		{"X-Spam-Status: No, score=-1.0 yes", channels.Message, ""},
		{"X-Spam-Status: Yes, score=7.1", channels.Spam, "X-Spam-Status: Yes, score=7.1"},
		{"X-MS-Exchange-Organization-SCL: 6", channels.Spam, "X-MS-Exchange-Organization-SCL: 6"},
		{"X-MS-Exchange-Organization-SCL: -1", channels.Message, ""},
		{"X-Forefront-Antispam-Report: CIP:1.2.3.4;SCL:9;SRV:", channels.Spam, "X-Forefront-Antispam-Report: CIP:1.2.3.4;SCL:9;SRV:"},
		{"X-Spam-Flag: YES\nPrecedence: list", channels.Bulk, "Precedence: list"},
		{"From: Support <Support+x@ACME.example>\nAuto-Submitted: auto-replied", channels.Own, "From: support+x@acme.example"},
		{"Content-Type: multipart/report; report-type=disposition-notification; boundary=x", channels.AutoReply, "Content-Type: multipart/report; report-type=disposition-notification"},
		// A group service that hands our own address on is no list to us.
		{"List-Id: <support.acme.example>\nList-Post: <https://groups.example/>, <mailto:support@acme.example>\nPrecedence: list\nMailing-list: list support@acme.example; contact owner", channels.Message, ""},
		// Weak: what people may look like.
		{"Subject: Automatic reply: Re: your case", channels.AutoReply, "weak: Subject: Automatic reply: Re: your case"},
		{"Subject: =?utf-8?B?6Ieq5Yqo5Zue5aSNOiDmiJHlnKjkvJHlgYc=?=", channels.AutoReply, "weak: Subject: 自动回复: 我在休假"},
		{"Subject: 自动回复功能怎么设置？", channels.Message, ""},
		{"Subject: 退信", channels.Bounce, "weak: Subject: 退信"},
		{"Subject: 退信是什么意思", channels.Message, ""},
		{"Subject: Out of office until Monday", channels.AutoReply, "weak: Subject: Out of office until Monday"},
		{"Subject: Undelivered Mail Returned to Sender", channels.Bounce, "weak: Subject: Undelivered Mail Returned to Sender"},
		{"Subject: delivery failed, my parcel is not here", channels.Message, ""},
		{"Subject: Re: Automatic reply wanted", channels.Message, ""},
		{"From: noreply@shop.example", channels.AutoReply, "weak: From: noreply@shop.example"},
		{"From: Postmaster <postmaster@shop.example>", channels.Bounce, "weak: From: postmaster <postmaster@shop.example>"},
		{"From: owner-list@shop.example", channels.Bulk, "weak: From: owner-list@shop.example"},
	} {
		header := c.header
		if !strings.Contains(header, "From:") {
			header = "From: Li <li@example.com>\n" + header
		}
		in := r.Read(mailOf(header + "\n\nHello\n"))
		if in.Kind != c.kind || (c.signal != "" && (len(in.Signals) == 0 || in.Signals[0] != c.signal)) || (c.signal == "" && in.Signals != nil) {
			t.Errorf("%s\nis %s %q, want %s %q", c.header, in.Kind, in.Signals, c.kind, c.signal)
		}
	}
}

func TestBounceNamesTheMailItIsAbout(t *testing.T) {
	const id = "0123456789abcdef@acme.example"
	report := func(part string) string {
		return "From: MAILER-DAEMON@mx.example\nMessage-ID: <b@mx.example>\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\n\n" +
			"--b\n\nIt failed.\n--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example\n\nStatus: 5.1.1\n--b\n" + part + "\n--b--\n"
	}
	for name, m := range map[string]string{
		"enclosed":      report("Content-Type: message/rfc822\n\nReceived: x\nSubject: a\nMessage-ID: <" + id + ">\n\nwords"),
		"header only":   report("Content-Type: text/rfc822-headers\n\nSubject: a\nMessage-Id:\n <" + id + ">"),
		"base64":        report("Content-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\nTWVzc2FnZS1JRDogPDAxMjM0NTY3ODlhYmNkZWZAYWNtZS5leGFtcGxlPgoKd29yZHM="),
		"in the text":   "From: MAILER-DAEMON@mx.example\nSubject: failure notice\n\nSorry.\n\n--- Below this line is a copy of the message.\n\n   Message-ID: <" + id + ">\n",
		"in-reply-to":   "From: MAILER-DAEMON@mx.example\nSubject: failure notice\nIn-Reply-To: <" + id + ">\n\nSorry.\n",
		"quoted header": "From: MAILER-DAEMON@mx.example\nSubject: failure notice\n\n> X-Original-Message-ID: " + id + "\n",
	} {
		in := Reader{}.Read(mailOf(m))
		if in.Kind != channels.Bounce || !slices.Contains(in.Refs, id) {
			t.Errorf("%s: %s %q with refs %q, want a bounce of %s", name, in.Kind, in.Signals, in.Refs, id)
		}
	}
}

// Bounces, reports and auto-replies of seventy mail systems.
func TestKindRealAutomaticMail(t *testing.T) {
	var strong, weak, unknown, named, bounces int
	kinds := map[channels.Kind]int{}
	for path, b := range rawMails(t, "sisimai") {
		in := Reader{}.Read(channels.Bytes(b))
		kinds[in.Kind]++
		switch {
		case in.Kind == channels.Message:
			unknown++
			t.Logf("taken for a person's: %s: %s %q", path, in.From.Address, in.Subject)
		case strings.HasPrefix(in.Signals[0], "weak: "):
			weak++
		default:
			strong++
		}
		if in.Kind == channels.Bounce {
			if bounces++; len(in.Refs) > 0 {
				named++
			}
		}
		if in.Kind == channels.Message && hasRobotSignal(b) {
			t.Errorf("%s says that it is automatic and is taken for a person's", path)
		}
	}
	t.Logf("%d by a strong signal, %d by a weak one, %d taken for a person's; %v; %d of %d bounces name a mail",
		strong, weak, unknown, kinds, named, bounces)
	if all := strong + weak + unknown; all == 0 || unknown > all/50 {
		t.Errorf("%d of %d not recognised", unknown, all)
	}
	if named*100 < bounces*80 {
		t.Errorf("only %d of %d bounces name the mail they are about", named, bounces)
	}
}

// hasRobotSignal looks for the plainest signals, in the plainest way.
func hasRobotSignal(mail []byte) bool {
	head, _, _ := strings.Cut(strings.ReplaceAll(strings.ToLower(string(mail)), "\r\n", "\n"), "\n\n")
	head = "\n" + head
	for _, s := range []string{"\nauto-submitted: auto", "\nlist-id:", "\nlist-unsubscribe:", "\nprecedence: bulk", "\nprecedence: list",
		"\nreturn-path: <>", "multipart/report", "\nx-failed-recipients:"} {
		if strings.Contains(head, s) {
			return true
		}
	}
	return false
}
