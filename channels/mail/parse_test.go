package mail

import (
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"frontdesk/channels"
)

// mailOf returns a mail with the line ends of the wire.
func mailOf(s string) channels.Blob {
	return channels.Bytes([]byte(strings.ReplaceAll(s, "\n", "\r\n")))
}

func TestRead(t *testing.T) {
	in := Reader{Channel: "support", Own: []string{"support@acme.example"}}.Read(mailOf(
		`Received: from mx.example by acme.example; Mon, 2 Nov 2026 10:00:05 +0800
Delivered-To: support+abc@acme.example
From: =?utf-8?B?546L5bCP5piO?= <Wang@Example.com>
Reply-To: Wang <wang@private.example>
To: Support <SUPPORT@acme.example>, "Li, Wei" <li@example.com>
Cc: wang@example.com
Date: Mon, 2 Nov 2026 10:00:00 +0800
Message-ID: <m1@example.com>
In-Reply-To: <a3@acme.example>
References: <a1@acme.example>, <a2@acme.example>
 <a3@acme.example>
Subject: =?utf-8?Q?Re:_=E9=80=80?=
 =?utf-8?Q?=E6=AC=BE?=
Content-Type: multipart/mixed; boundary=outer

--outer
Content-Type: multipart/alternative; boundary=inner

--inner
Content-Type: text/plain; charset=utf-8

还没有收到。

On Mon, Nov 2, 2026 at 9:00 Support <support@acme.example> wrote:
> 已退款。
--inner
Content-Type: text/html; charset=utf-8

<p>还没有收到。</p>
--inner--
--outer
Content-Type: image/png; name="a.png"
Content-Disposition: attachment; filename*=utf-8''%E5%8D%95%E6%8D%AE.png
Content-Transfer-Encoding: base64

iVBORw0KGgo=
--outer--
`))
	checkInbound(t, "mail", in)
	want := func(what string, got, want any) {
		t.Helper()
		if g, w := fmt.Sprintf("%q", got), fmt.Sprintf("%q", want); g != w {
			t.Errorf("%s is %s, want %s", what, g, w)
		}
	}
	want("channel", in.Channel, "support")
	want("kind", in.Kind, channels.Message)
	want("ref", in.Ref, "m1@example.com")
	want("refs", in.Refs, []string{"a3@acme.example", "a2@acme.example", "a1@acme.example"})
	want("from", in.From, channels.Person{Kind: "mail", Address: "wang@example.com", Name: "王小明"})
	want("reply-to", in.ReplyTo.Address, "wang@private.example")
	var to []string
	for _, p := range in.To {
		to = append(to, p.Address)
	}
	want("to", to, []string{"support@acme.example", "li@example.com", "wang@example.com", "support+abc@acme.example"})
	want("subject", in.Subject, "Re: 退款")
	want("text", in.Text, "还没有收到。")
	if !strings.Contains(in.Full, "已退款") {
		t.Errorf("full is %q", in.Full)
	}
	want("problem", in.Problem, "")
	if !in.Sent.Equal(time.Date(2026, 11, 2, 2, 0, 0, 0, time.UTC)) {
		t.Errorf("sent %v", in.Sent)
	}
	if len(in.Files) != 1 || in.Files[0].Name != "单据.png" || in.Files[0].Type != "image/png" {
		t.Fatalf("files %+v", in.Files)
	}
	b, err := in.Files[0].Data.ReadAll(100)
	if err != nil || string(b) != "\x89PNG\r\n\x1a\n" {
		t.Errorf("file holds %q, %v", b, err)
	}
}

// What one mail is, however it reached us; and what is another.
func TestKeyIsTheContent(t *testing.T) {
	key := func(s string) string {
		in := Reader{}.Read(channels.Bytes([]byte(s)))
		if len(in.Keys) != 1 {
			t.Fatalf("keys %q", in.Keys)
		}
		return in.Keys[0]
	}
	base := "From: a@b.example\r\nTo: x@acme.example\r\nSubject: s\r\nMessage-ID: <1@b.example>\r\n\r\nHello\r\nyou\r\n"
	same := []string{
		"Received: by y\r\nDelivered-To: y@acme.example\r\nReturn-Path: <a@b.example>\r\nX-Spam-Score: 3\r\n" + base,
		strings.ReplaceAll(base, "\r\n", "\n"),
		base + "\r\n",
		strings.Replace(base, "Hello\r\n", "Hello  \r\n", 1),
	}
	for _, s := range same {
		if key(s) != key(base) {
			t.Errorf("another key for %q", s)
		}
	}
	other := []string{
		strings.Replace(base, "Hello", "Hallo", 1),
		strings.Replace(base, "<1@", "<2@", 1),
		strings.Replace(base, "Subject: s", "Subject: t", 1),
		strings.Replace(base, "Message-ID: <1@b.example>\r\n", "", 1),
	}
	for _, s := range other {
		if key(s) == key(base) {
			t.Errorf("the same key for %q", s)
		}
	}
	nameless := Reader{}.Read(channels.Bytes([]byte(other[3])))
	if !MadeUp(nameless.Ref) || MadeUp("1@b.example") || !strings.HasPrefix(nameless.Ref, "sha256-") {
		t.Errorf("ref of a mail without Message-ID: %q", nameless.Ref)
	}
}

func TestRefs(t *testing.T) {
	many := ""
	for i := range 300 {
		many += fmt.Sprintf(" <%d@x.example>", i)
	}
	for _, c := range []struct {
		header string
		want   []string
	}{
		{"References: <a@x>,<b@x>,  <c@x>", []string{"c@x", "b@x", "a@x"}},
		{"In-Reply-To: Your message of \"Mon\" <a@x> (b)\nReferences: <a@x>", []string{"a@x"}},
		{"In-Reply-To: a@x", []string{"a@x"}},
		{"In-Reply-To: <a@x>\nReferences: <b@x> junk <a@x> <<c@x>>", []string{"a@x", "c@x", "b@x"}},
		{"In-Reply-To: garbage", nil},
		{"References: < a@x >", []string{"a@x"}},
	} {
		in := Reader{}.Read(mailOf(c.header + "\n\nx"))
		if !slices.Equal(in.Refs, c.want) {
			t.Errorf("%s: %q, want %q", c.header, in.Refs, c.want)
		}
	}
	in := Reader{}.Read(mailOf("References:" + many + "\n\nx"))
	if len(in.Refs) != 100 || in.Refs[0] != "299@x.example" {
		t.Errorf("%d refs, first %q; want the nearest 100", len(in.Refs), in.Refs[0])
	}
}

func TestAddresses(t *testing.T) {
	r := Reader{Own: []string{"Support@Acme.example"}}
	for _, c := range []struct{ header, from, name, replyTo string }{
		{"From: Li Wei <li@x.example>", "li@x.example", "Li Wei", ""},
		{"From: li@x.example (Li Wei)", "li@x.example", "Li Wei", ""},
		{"From: \"Li, Wei\" <LI@X.example>", "li@x.example", "Li, Wei", ""},
		{"From: Li, Wei <li@x.example>", "li@x.example", "Wei", ""},
		{"From: Li @ Home <li@x.example>", "li@x.example", "Li @ Home", ""},
		{"From: <li@x.example", "li@x.example", "", ""},
		{"From: a@x.example, b@x.example", "a@x.example", "", ""},
		{"From: undisclosed", "", "", ""},
		{"From: undisclosed\nSender: s@x.example", "s@x.example", "", ""},
		{"Return-Path: <r@x.example>", "r@x.example", "", ""},
		{"From: =?gb2312?B?zfXQocP3?= <w@x.example>", "w@x.example", "王小明", ""},
		{"From: \"=?utf-8?B?546L?=\" <w@x.example>", "w@x.example", "王", ""},
		{"From: =?utf-8?Q?boss=40acme.example?= <evil@x.example>", "evil@x.example", "boss@acme.example", ""},
		{"From: =?utf-8?Q?a=0d=0aBcc:_b?= <a@x.example>", "a@x.example", "a Bcc: b", ""},
		{"From: a@x.example\nReply-To: b@x.example", "a@x.example", "", "b@x.example"},
		{"From: a@x.example\nReply-To: A@x.example", "a@x.example", "", ""},
		{"From: a@x.example\nReply-To: support+1@acme.example", "a@x.example", "", ""},
		{"From: a@x.example\nReply-To: b@x.example, c@x.example", "a@x.example", "", ""},
		{"From: a@x.example\nReply-To: b@x.example, b@x.example", "a@x.example", "", "b@x.example"},
		{"From: a@x.example\nReply-To: nobody", "a@x.example", "", ""},
		{"From: a b@x.example", "b@x.example", "", ""},
		{"From: Group: a@x.example, b@x.example;", "a@x.example", "", ""},
		{"From: \xc4\xe3\xba\xc3 <a@x.example>", "a@x.example", "", ""}, // GBK, or what a detector makes of four bytes
	} {
		in := r.Read(mailOf(c.header + "\n\nx"))
		if in.From.Address != c.from || in.ReplyTo.Address != c.replyTo || (c.name != "" && in.From.Name != c.name) {
			t.Errorf("%q: from %q %q, reply to %q; want %q %q, %q", c.header, in.From.Address, in.From.Name, in.ReplyTo.Address, c.from, c.name, c.replyTo)
		}
		if (c.from == "") != (in.Problem != "") {
			t.Errorf("%q: problem %q", c.header, in.Problem)
		}
	}
}

func TestProof(t *testing.T) {
	const from = "From: li@shop.example.com\n"
	for _, c := range []struct {
		header string
		want   channels.Proof
	}{
		{from, channels.Unproven},
		{"Authentication-Results: mx.acme.example; dmarc=pass header.from=shop.example.com\n" + from, channels.Proven},
		{"Authentication-Results: MX.acme.example 1; dmarc=pass (p=reject dis=none) header.from=shop.example.com\n" + from, channels.Proven},
		{"Authentication-Results: mx.acme.example; dmarc=fail header.from=shop.example.com; spf=pass smtp.mailfrom=li@shop.example.com\n" + from, channels.Refuted},
		{"Authentication-Results: mx.evil.example; dmarc=pass header.from=shop.example.com\n" + from, channels.Unproven},
		{"Authentication-Results: mx.acme.example; dmarc=none; spf=pass smtp.mailfrom=bounce@example.com\n" + from, channels.Proven},
		{"Authentication-Results: mx.acme.example; spf=pass smtp.mailfrom=bounce@evil.example\n" + from, channels.Unproven},
		{"Authentication-Results: mx.acme.example; dkim=pass header.d=example.com; spf=fail\n" + from, channels.Proven},
		{"Authentication-Results: mx.acme.example; dkim=pass header.i=@shop.example.com\n" + from, channels.Proven},
		{"Authentication-Results: mx.acme.example; dkim=pass header.d=com\n" + from, channels.Unproven},
		{"Authentication-Results: mx.acme.example; dmarc=pass header.from=evil.example\n" + from, channels.Unproven},
		// Only the topmost of our server counts; one below it is a forgery.
		{"Authentication-Results: mx.acme.example; dmarc=fail\nAuthentication-Results: mx.acme.example; dmarc=pass\n" + from, channels.Refuted},
		{"Authentication-Results: mx.acme.example; spf=none\nAuthentication-Results: mx.acme.example; dmarc=pass\n" + from, channels.Unproven},
		// What a sender can put into the field is not believed.
		{"Authentication-Results: mx.acme.example; spf=fail smtp.mailfrom=\"x; dmarc=pass header.from=shop.example.com\"@evil.example\n" + from, channels.Unproven},
		{"Authentication-Results: mx.acme.example; spf=fail (sender x; dmarc=pass) smtp.mailfrom=evil.example\n" + from, channels.Unproven},
		{"Authentication-Results: mx.acme.example; spf=fail (x\\); dmarc=pass) smtp.mailfrom=evil.example\n" + from, channels.Unproven},
		{"Authentication-Results: mx.acme.example; spf=fail (x; dmarc=pass\n" + from, channels.Unproven},
		{"Authentication-Results: mx.acme.example; dmarc=pass\nFrom: Li <li@shop.example.com> <li@evil.example>\n", channels.Unproven},
		{"Authentication-Results: mx.acme.example; dmarc=pass\nSender: li@shop.example.com\n", channels.Unproven},
		// Of several authors none is proven.
		{"Authentication-Results: mx.acme.example; dmarc=pass\nFrom: li@shop.example.com, boss@acme.example\n", channels.Unproven},
		{"Authentication-Results: mx.acme.example; dmarc=pass\n" + from + "From: boss@acme.example\n", channels.Unproven},
	} {
		in := Reader{AuthservID: "mx.acme.example"}.Read(mailOf(c.header + "\nx"))
		if in.Proof != c.want {
			t.Errorf("%s: %q, want %q", c.header, in.Proof, c.want)
		}
	}
	in := Reader{}.Read(mailOf("Authentication-Results: ; dmarc=pass\n" + from + "\nx"))
	if in.Proof != channels.Unproven {
		t.Errorf("without an authserv-id: %q", in.Proof)
	}
}

func TestSubjectAndDate(t *testing.T) {
	in := Reader{}.Read(mailOf("Subject: a\n \tb =?utf-8?Q?c=00=0d=0ad?=" + strings.Repeat("中", 400) + "\nDate: Mon, 2 Nov 12026 10:00:00 +0800\n\nx"))
	if !strings.HasPrefix(in.Subject, "a b c d中") || len([]rune(in.Subject)) != 255 {
		t.Errorf("subject %q", in.Subject)
	}
	if !in.Sent.IsZero() {
		t.Errorf("sent %v", in.Sent)
	}
	if d := mailDate("Mon, 02 Nov 2026 10:00:00 +0800 (CST)"); d.IsZero() {
		t.Error("a date with a comment is none")
	}
}

// A mail of 300 MB is read in a few MB of memory, and its file is what was sent.
func TestReadHugeMail(t *testing.T) {
	if testing.Short() {
		t.Skip("reads 300 MB")
	}
	const lines = 300 << 20 / 78
	head := "From: a@b.example\r\nMessage-ID: <1@b>\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nSee the film.\r\n" +
		"--b\r\nContent-Type: video/mp4; name=film.mp4\r\nContent-Transfer-Encoding: base64\r\n\r\n"
	line := strings.Repeat("QUJD", 19) + "\r\n"
	blob := channels.Blob{Open: func() (io.ReadCloser, error) {
		return io.NopCloser(io.MultiReader(strings.NewReader(head), &repeat{line: line, n: lines}, strings.NewReader("--b--\r\n"))), nil
	}}
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	start := time.Now()
	in := Reader{}.Read(blob)
	took := time.Since(start)
	runtime.ReadMemStats(&after)
	if allocated := after.TotalAlloc - before.TotalAlloc; allocated > 8<<20 {
		t.Errorf("reading allocated %d bytes in all", allocated)
	}
	t.Logf("300 MB read in %v", took)
	if in.Text != "See the film." || len(in.Files) != 1 || in.Files[0].Data.Size != lines*57 {
		t.Fatalf("text %q, files %+v", in.Text, in.Files)
	}
	r, err := in.Files[0].Data.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	first := make([]byte, 6)
	if _, err := io.ReadFull(r, first); err != nil || string(first) != "ABCABC" {
		t.Errorf("file begins with %q, %v", first, err)
	}
}

// repeat reads as n times the same line.
type repeat struct {
	line  string
	n, at int
}

func (r *repeat) Read(p []byte) (int, error) {
	if r.n == 0 {
		return 0, io.EOF
	}
	n := copy(p, r.line[r.at:])
	if r.at += n; r.at == len(r.line) {
		r.at = 0
		r.n--
	}
	return n, nil
}

func TestReadUnreadable(t *testing.T) {
	broken := errors.New("disk gone")
	in := Reader{}.Read(channels.Blob{Open: func() (io.ReadCloser, error) { return nil, broken }})
	if !strings.Contains(in.Problem, "disk gone") {
		t.Errorf("problem %q", in.Problem)
	}
	half := channels.Blob{Open: func() (io.ReadCloser, error) {
		return io.NopCloser(io.MultiReader(strings.NewReader("From: a@b.example\n\nHel"), errReader{broken})), nil
	}}
	in = Reader{}.Read(half)
	if !strings.Contains(in.Problem, "disk gone") || in.From.Address != "a@b.example" {
		t.Errorf("problem %q, from %q", in.Problem, in.From.Address)
	}
	in = Reader{}.Read(channels.Blob{})
	checkInbound(t, "no bytes", in)
}

type errReader struct{ err error }

func (r errReader) Read([]byte) (int, error) { return 0, r.err }

func FuzzRead(f *testing.F) {
	for _, s := range oddMails {
		f.Add([]byte(s.mail))
	}
	if dir := os.Getenv("FRONTDESK_TESTDATA"); dir != "" { // better ground to start from
		for _, b := range rawMails(f, "") {
			if len(b) < 8<<10 {
				f.Add(b)
			}
		}
	}
	r := Reader{Channel: "c", Own: []string{"support@acme.example"}, AuthservID: "mx"}
	f.Fuzz(func(t *testing.T, b []byte) {
		in := r.Read(channels.Bytes(b))
		checkInbound(t, "fuzzed", in)
		if again := r.Read(channels.Bytes(b)); again.Keys[0] != in.Keys[0] || again.Text != in.Text || again.Ref != in.Ref {
			t.Error("read twice, it is not the same")
		}
		if len([]rune(in.Subject)) > 255 || len(in.Refs) > 100 || len(in.Ref) > 500 {
			t.Errorf("over a limit: %d, %d, %d", len(in.Subject), len(in.Refs), len(in.Ref))
		}
	})
}

func BenchmarkRead(b *testing.B) {
	rnd := rand.New(rand.NewPCG(1, 2))
	photo := strings.Builder{}
	for range 4000 {
		photo.WriteString(strings.Repeat(string("ABCDEFGHIJKLMNOP"[rnd.IntN(16)]), 76) + "\r\n")
	}
	plain := "From: Li <li@example.com>\r\nTo: support@acme.example\r\nSubject: Where is my order?\r\nMessage-ID: <1@example.com>\r\n" +
		"Content-Type: text/plain; charset=utf-8\r\n\r\nHello, where is my order A-17?\r\n\r\nOn Mon, Nov 2, 2026 at 10:00 Support <s@acme.example> wrote:\r\n> It left.\r\n"
	for name, m := range map[string]string{
		"text": plain,
		"photo": "From: li@example.com\r\nMessage-ID: <2@example.com>\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nSee.\r\n" +
			"--b\r\nContent-Type: image/jpeg; name=a.jpg\r\nContent-Transfer-Encoding: base64\r\n\r\n" + photo.String() + "--b--\r\n",
	} {
		b.Run(name, func(b *testing.B) {
			blob := channels.Bytes([]byte(m))
			b.SetBytes(int64(len(m)))
			for b.Loop() {
				Reader{}.Read(blob)
			}
		})
	}
}
