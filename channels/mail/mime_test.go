package mail

import (
	"encoding/base64"
	"fmt"
	"strings"
	"testing"

	"frontdesk/channels"
)

const fromLi = "From: li@example.com\nMessage-ID: <1@example.com>\n"

// oddMails are what mail programs get wrong, and what is to be made of it.
var oddMails = []struct {
	name, mail, text string
	files            []string // "type name size"
	problem          string
}{
	{"no header at all", "Hello there\nfriend\n", "Hello there\nfriend", nil, "no sender's address"},
	{"empty", "", "", nil, "no sender's address"},
	{"mbox line", "From li@example.com Mon Nov  2 10:00:00 2026\n" + fromLi + "\nHello\n", "Hello", nil, ""},
	{"a header line without colon", fromLi + "this is no field\nSubject: s\n\nHello\n", "Hello", nil, ""},
	{"no empty line before the text", fromLi + "Hello, this goes on\nfor two lines\n", "Hello, this goes on\nfor two lines", nil, ""},
	{"CR CR LF", strings.ReplaceAll(fromLi+"Content-Type: multipart/mixed; boundary=b\n\n--b\n\nHello\nyou\n--b--\n", "\n", "\r\r\n"), "Hello\nyou", nil, ""},
	{"only CR", strings.ReplaceAll(fromLi+"\nHello\nyou\n", "\n", "\r"), "Hello\nyou", nil, ""},
	{"NUL and control characters", fromLi + "\nHel\x00lo\x07\x1b[0m\x08 you\n", "Hello[0m you", nil, ""},
	{"a blank in the empty line", fromLi + " \nHello\n", "Hello", nil, ""},
	{"no final boundary", fromLi + "Content-Type: multipart/mixed; boundary=b\n\n--b\n\nHello\n--b\nContent-Type: image/gif; name=a.gif\nContent-Transfer-Encoding: base64\n\nR0lG", "Hello", []string{"image/gif a.gif 3"}, ""},
	{"boundary not declared", fromLi + "Content-Type: multipart/mixed\n\npreamble\n--xyz\nContent-Type: text/plain\n\nHello\n--xyz--\n", "Hello", nil, ""},
	{"another boundary than declared", fromLi + "Content-Type: multipart/mixed; boundary=abc\n\n--xyz\nContent-Type: text/plain\n\nHello\n--xyz--\n", "Hello", nil, ""},
	{"multipart without parts", fromLi + "Content-Type: multipart/mixed; boundary=b\n\nHello\n", "Hello", nil, ""},
	{"boundary is the beginning of another", fromLi + "Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: multipart/alternative; boundary=b2\n\n--b2\n\nHello\n--b2--\n--b\nContent-Type: text/csv; name=a.csv\n\n1,2\n--b--\n", "Hello", []string{"text/csv a.csv 3"}, ""},
	{"part without header and empty line", fromLi + "Content-Type: multipart/mixed; boundary=b\n\n--b\nHello\n--b--\n", "Hello", nil, ""},
	{"a part after the end", fromLi + "Content-Type: multipart/mixed; boundary=b\n\n--b\n\nHello\n--b--\n--b\nContent-Type: text/csv; name=a.csv\n\n1\n--b--\n", "Hello", []string{"text/csv a.csv 1"}, ""},
	{"broken type of the mail", fromLi + "Content-Type: ;;;=\n\nHello\n", "Hello", nil, ""},
	{"broken type of a part", fromLi + "Content-Type: multipart/mixed; boundary=b\n\n--b\n\nHello\n--b\nContent-Type: what is this\n\nabc\n--b--\n", "Hello", []string{"application/octet-stream  3"}, ""},
	{"type with its semicolon forgotten", fromLi + "Content-Type: text/plain charset=gb2312\nContent-Transfer-Encoding: base64\n\n" + base64.StdEncoding.EncodeToString([]byte("\xc4\xe3\xba\xc3")), "你好", nil, ""},
	{"type of 1988", fromLi + "Content-Type: text\n\nHello\n", "Hello", nil, ""},
	{"unknown transfer encoding", fromLi + "Content-Transfer-Encoding: 8bit; x\n\nHello\n", "Hello", nil, ""},
	{"soft breaks and broken escapes", fromLi + "Content-Transfer-Encoding: quoted-printable\n\nHel=\nlo =4 =ZZ =E4=BD=A0 100=25  \nend=", "Hello =4 =ZZ 你 100%\nend", nil, ""},
	{"base64 with junk", fromLi + "Content-Transfer-Encoding: base64\n\nSGVs!!bG8=\nIHlvdQ\n", "Hello you", nil, ""},
	{"words called base64", fromLi + "Content-Transfer-Encoding: base64\n\nHello there, where is my order, please? I wait.\n", "Hello there, where is my order, please? I wait.", nil, ""},
	{"no empty line before a single line", fromLi + "Hello there", "Hello there", nil, ""},
	{"no empty line before a paragraph", fromLi + "Hello there\n\nMy order: A-17\n", "Hello there\n\nMy order: A-17", nil, ""},
	{"only HTML", fromLi + "Content-Type: text/html\n\n<p>Hello<br>you</p>\n", "Hello\nyou", nil, ""},
	{"the plain text is only a stand-in", fromLi + "Content-Type: multipart/alternative; boundary=b\n\n--b\n\nPlease view this in HTML.\n--b\nContent-Type: text/html\n\n<p>" + strings.Repeat("Where is my order A-17, please? ", 10) + "</p>\n--b--\n", strings.TrimSpace(strings.Repeat("Where is my order A-17, please? ", 10)), nil, ""},
	{"the plain text is empty", fromLi + "Content-Type: multipart/alternative; boundary=b\n\n--b\n\n  \n--b\nContent-Type: text/html\n\n<p>Hello</p>\n--b--\n", "Hello", nil, ""},
	{"all text is hidden", fromLi + "Content-Type: text/html\n\n<p style=display:none>Hello</p>\n", "", nil, "all of the text is hidden from view"},
	{"text in two parts", fromLi + "Content-Type: multipart/mixed; boundary=b\n\n--b\n\nHello\n--b\nContent-Type: image/gif\n\nGIF\n--b\n\nyou\n--b--\n", "Hello\n\nyou", []string{"image/gif  3"}, ""},
	{"related with a picture", fromLi + "Content-Type: multipart/related; boundary=b; start=\"<r>\"\n\n--b\nContent-Type: image/gif\nContent-ID: <p>\n\nGIF\n--b\nContent-Type: text/html\nContent-ID: <r>\n\n<p>Hello<img src=cid:p>\n--b--\n", "Hello", []string{"image/gif  3"}, ""},
	{"enclosed mail is one file", fromLi + "Content-Type: multipart/mixed; boundary=b\n\n--b\n\nSee below.\n--b\nContent-Type: message/rfc822\n\nSubject: in\nContent-Type: multipart/mixed; boundary=c\n\n--c\n\nold\n--c--\n--b--\n", "See below.", []string{"message/rfc822  69"}, ""},
	{"digest", fromLi + "Content-Type: multipart/digest; boundary=b\n\n--b\n\nSubject: 1\n\nx\n--b\n\nSubject: 2\n\ny\n--b--\n", "", []string{"message/rfc822  13", "message/rfc822  13"}, ""},
	{"signed", fromLi + "Content-Type: multipart/signed; boundary=b; protocol=\"application/pkcs7-signature\"\n\n--b\nContent-Type: text/plain\n\nHello\n--b\nContent-Type: application/pkcs7-signature; name=smime.p7s\nContent-Transfer-Encoding: base64\n\nMIIB\n--b--\n", "Hello", []string{"application/pkcs7-signature smime.p7s 3"}, ""},
	{"encrypted with S/MIME", fromLi + "Content-Type: application/pkcs7-mime; smime-type=enveloped-data; name=smime.p7m\nContent-Transfer-Encoding: base64\n\nMIIB\n", "", []string{"application/pkcs7-mime smime.p7m 3"}, "encrypted with S/MIME"},
	{"encrypted with PGP", fromLi + "Content-Type: multipart/encrypted; boundary=b; protocol=\"application/pgp-encrypted\"\n\n--b\nContent-Type: application/pgp-encrypted\n\nVersion: 1\n--b\nContent-Type: application/octet-stream\n\n-----BEGIN\n--b--\n", "", []string{"application/pgp-encrypted  10", "application/octet-stream  10"}, "encrypted (application/pgp-encrypted)"},
	{"encrypted in the text", fromLi + "\n-----BEGIN PGP MESSAGE-----\n\nabc\n-----END PGP MESSAGE-----\n", "-----BEGIN PGP MESSAGE-----\n\nabc\n-----END PGP MESSAGE-----", nil, "encrypted with PGP"},
	{"Outlook's own format", fromLi + "Content-Type: multipart/mixed; boundary=b\n\n--b\n\nHello\n--b\nContent-Type: application/ms-tnef; name=winmail.dat\n\nabc\n--b--\n", "Hello", []string{"application/ms-tnef winmail.dat 3"}, ""},
	{"invitation", fromLi + "Content-Type: multipart/alternative; boundary=b\n\n--b\n\nMeeting\n--b\nContent-Type: text/calendar; method=REQUEST\n\nBEGIN:VCALENDAR\n--b--\n", "Meeting", []string{"text/calendar  15"}, ""},
	{"a text file is a file", fromLi + "Content-Type: multipart/mixed; boundary=b\n\n--b\n\nHello\n--b\nContent-Type: text/plain; name=log.txt\n\nlog\n--b\nContent-Type: text/html\nContent-Disposition: attachment\n\n<p>\n--b--\n", "Hello", []string{"text/plain log.txt 3", "text/html  3"}, ""},
	{"a name with a path", fromLi + "Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/csv; name=\"C:\\\\tmp\\\\..\\\\a.csv\"\n\n1\n--b\nContent-Disposition: attachment; filename=../../etc/passwd\n\n1\n--b--\n", "", []string{"text/csv a.csv 1", "text/plain passwd 1"}, ""},
	{"names in pieces and in a charset", fromLi + "Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/csv\nContent-Disposition: attachment; filename*0*=gb2312''%B5%A5;\n filename*1*=%BE%DD; filename*2=\".csv\"\n\n1\n--b\nContent-Type: text/csv; name=\"=?utf-8?B?5Y2V5o2uLmNzdg==?=\"\n\n1\n--b--\n", "", []string{"text/csv 单据.csv 1", "text/csv 单据.csv 1"}, ""},
	{"a quote that is never closed", fromLi + "Content-Type: multipart/mixed; boundary=\"b\n\n--b\n\nHello\n--b--\n", "Hello", nil, ""},
	{"comments in the type", fromLi + "Content-Type: text/plain (plain text); charset=(is) utf-8\n\nHello\n", "Hello", nil, ""},
	{"uuencoded", fromLi + "\nHello\n\nbegin 644 cat.txt\n#0V%T\n`\nend\nbye\n", "Hello\n\nbye", []string{"application/octet-stream cat.txt 3"}, ""},
	{"begin that begins nothing", fromLi + "\nLet us\nbegin 644 things\nand end\n", "Let us\nbegin 644 things\nand end", nil, ""},
	{"uuencoded part", fromLi + "Content-Type: multipart/mixed; boundary=b\n\n--b\n\nHello\n--b\nContent-Type: text/x; name=cat\nContent-Transfer-Encoding: x-uuencode\n\nbegin 644 cat\n#0V%T\n`\nend\n--b--\n", "Hello", []string{"text/x cat 3"}, ""},
	{"flowed", fromLi + "Content-Type: text/plain; format=flowed; delsp=no\n\nOne line \ngoes on.\n\n> quoted \n> goes on\n-- \nLi\n", "One line goes on.", nil, ""},
	{"Big5 that is UTF-8", fromLi + "Content-Type: text/plain; charset=big5\n\n你好，请问退款什么时候到账？\n", "你好，请问退款什么时候到账？", nil, ""},
	{"GBK called gb2312", fromLi + "Content-Type: text/plain; charset=gb2312\nContent-Transfer-Encoding: base64\n\n" + base64.StdEncoding.EncodeToString([]byte("\xe9\x46\x20\x87\xb3")), "镕 嚦", nil, ""},
	{"a broken header amid the mail", fromLi + "Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/plain\n\nHello\n--b\nContent-Type: image/gif; name=\"a.gif\nContent-Transfer-Encoding: base64\n\nR0lG\n--b--\n", "Hello", []string{"image/gif a.gif 3"}, ""},
}

func TestReadOddMail(t *testing.T) {
	for _, c := range oddMails {
		t.Run(c.name, func(t *testing.T) {
			in := Reader{}.Read(channels.Bytes([]byte(c.mail)))
			checkInbound(t, c.name, in)
			if in.Text != c.text {
				t.Errorf("text %q, want %q", in.Text, c.text)
			}
			var files []string
			for _, f := range in.Files {
				files = append(files, fmt.Sprintf("%s %s %d", f.Type, f.Name, f.Data.Size))
			}
			if fmt.Sprint(files) != fmt.Sprint(c.files) {
				t.Errorf("files %q, want %q", files, c.files)
			}
			if in.Problem != c.problem {
				t.Errorf("problem %q, want %q", in.Problem, c.problem)
			}
		})
	}
}

// Beyond the limits nothing is lost: what is not taken apart stays in a file.
func TestReadManyAndDeepParts(t *testing.T) {
	many := fromLi + "Content-Type: multipart/mixed; boundary=b\n\n--b\n\nHello\n" + strings.Repeat("--b\nContent-Type: text/csv; name=a.csv\n\n1\n", 5000) + "--b--\n"
	in := Reader{}.Read(mailOf(many))
	checkInbound(t, "many", in)
	if in.Text != "Hello" || len(in.Files) != mimeMaxParts-1 {
		t.Errorf("text %q and %d files", in.Text, len(in.Files))
	}
	last := in.Files[len(in.Files)-1]
	if last.Data.Size < 100000 {
		t.Errorf("the last file has %d bytes: the rest of the mail is lost", last.Data.Size)
	}
	deep := fromLi + "Content-Type: multipart/mixed; boundary=b0\n\n"
	for i := range 200 {
		deep += fmt.Sprintf("--b%d\nContent-Type: multipart/mixed; boundary=b%d\n\n", i, i+1)
	}
	in = Reader{}.Read(mailOf(deep + "--b200\n\nHello\n"))
	checkInbound(t, "deep", in)
	if len(in.Files) != 1 || !strings.HasPrefix(in.Files[0].Type, "multipart/") {
		t.Errorf("files %+v", in.Files)
	}
}

func TestReadLongText(t *testing.T) {
	in := Reader{}.Read(channels.Bytes([]byte(fromLi + "\n" + strings.Repeat("0123456789abcde\n", 3<<16))))
	checkInbound(t, "long", in)
	if len(in.Text) < 1<<20-16 || len(in.Text) > 1<<20 || len(in.Files) != 1 || in.Files[0].Data.Size != 3<<20 || in.Problem == "" {
		t.Errorf("%d bytes of text, files %+v, problem %q", len(in.Text), in.Files, in.Problem)
	}
}
