package bot

import (
	"strings"
	"testing"
	"unicode"
)

func TestParseCommand(t *testing.T) {
	const long = "line one\nline two"
	for _, c := range []struct {
		text string
		want command
	}{
		// No command: words for the customer.
		{"", command{}},
		{"Yes, it can.", command{text: "Yes, it can."}},
		{long, command{text: long}},
		{"您好：\n请看附件。", command{text: "您好：\n请看附件。"}},
		{"您好:请看附件。", command{text: "您好:请看附件。"}},
		{"王女士：\n您的订单已发出。", command{text: "王女士：\n您的订单已发出。"}},
		{"尊敬的李先生：您好", command{text: "尊敬的李先生：您好"}},
		{"张经理：", command{text: "张经理："}},
		{"Hello:", command{text: "Hello:"}},
		{"Dear Ms Wang:\nthe parcel left.", command{text: "Dear Ms Wang:\nthe parcel left."}},
		{"Dear: we are sorry", command{text: "Dear: we are sorry"}},
		{"Hi Tom: it left.", command{text: "Hi Tom: it left."}},
		{"10:30 works for us.", command{text: "10:30 works for us."}},
		{"10：30可以。", command{text: "10：30可以。"}},
		{"http://acme.example/manual", command{text: "http://acme.example/manual"}},
		{"https://acme.example", command{text: "https://acme.example"}},
		{"Please note: the shop is closed.", command{text: "Please note: the shop is closed."}},
		{"Note", command{unknown: "Note", text: "Note"}},
		{"Note that it is closed.", command{text: "Note that it is closed."}},
		{"take care", command{text: "take care"}},
		{"备注", command{unknown: "备注", text: "备注"}},
		{"It is closed.\nnote: tomorrow too.", command{unknown: "note: tomorrow too.", text: "It is closed.\nnote: tomorrow too."}},

		// Commands, with what follows on the same line, on the next ones, on both.
		{"note: ask engineering", command{name: actNote, text: "ask engineering"}},
		{"note:\n" + long, command{name: actNote, text: long}},
		{"note: line one\nline two", command{name: actNote, text: long}},
		{"NOTE: x", command{name: actNote, text: "x"}},
		{"Note：x", command{name: actNote, text: "x"}},
		{"note : x", command{name: actNote, text: "x"}},
		{"note:: x", command{name: actNote, text: "x"}},
		{"note:10:30 works", command{name: actNote, text: "10:30 works"}},
		{"备注：问一下仓库", command{name: actNote, text: "问一下仓库"}},
		{"備註:問一下", command{name: actNote, text: "問一下"}},
		{"回复：已发货", command{name: actReply, text: "已发货"}},
		{"回复：\n已发货\n明天到", command{name: actReply, text: "已发货\n明天到"}},
		{"回复：王女士：您好", command{name: actReply, text: "王女士：您好"}},
		{"答复：已发货", command{name: actReply, text: "已发货"}},
		{"reply:", command{name: actReply}},
		{"reply:\n\n\n" + long + "\n\n", command{name: actReply, text: long}},
		{"接手：", command{name: actTake}},
		{"take:", command{name: actTake}},
		{"解决：已退款", command{name: actResolve, text: "已退款"}},
		{"resolve: refunded", command{name: actResolve, text: "refunded"}},
		{"转机器人：", command{name: actBot}},
		{"bot:", command{name: actBot}},

		// Whatever stands before them.
		{"\ufeffnote: x", command{name: actNote, text: "x"}},
		{"\n\n \t\r\n note: x", command{name: actNote, text: "x"}},
		{"\u3000备注：x", command{name: actNote, text: "x"}},
		{"\u00a0note: x", command{name: actNote, text: "x"}},
		{"\u200bnote: x", command{name: actNote, text: "x"}},
		{"no\u200bte: x", command{name: actNote, text: "x"}},
		{"/no\u200bte x", command{name: actNote, text: "x"}},
		{"\u200e\u202anote: x", command{name: actNote, text: "x"}},
		{"note: line one\r\nline two", command{name: actNote, text: long}},
		{"note: line one\rline two", command{name: actNote, text: "line one\rline two"}},

		// With a slash.
		{"/note x", command{name: actNote, text: "x"}},
		{"/note", command{name: actNote}},
		{"/note: x", command{name: actNote, text: "x"}},
		{"/Take", command{name: actTake}},
		{"/take\nand more", command{name: actTake, text: "and more"}},
		{"/回复 已发货", command{name: actReply, text: "已发货"}},
		{"/回复：已发货", command{name: actReply, text: "已发货"}},
		{"//note x", command{name: actNote, text: "x"}},
		{"/reply/to this", command{unknown: "/reply/to this", text: "/reply/to this"}},
		{"/ note x", command{unknown: "/ note x", text: "/ note x"}},
		{"/", command{unknown: "/", text: "/"}},
		{"/frobnicate x\nmore", command{unknown: "/frobnicate x", text: "/frobnicate x\nmore"}},
		{"/usr/bin is where it is", command{unknown: "/usr/bin is where it is", text: "/usr/bin is where it is"}},

		// What looks like one but is none: nothing may go out.
		{"resovle: done", command{unknown: "resovle: done", text: "resovle: done"}},
		{"internal: he is rude", command{unknown: "internal: he is rude", text: "internal: he is rude"}},
		{"备忘：x", command{unknown: "备忘：x", text: "备忘：x"}},
		{"内部:x", command{unknown: "内部:x", text: "内部:x"}},
		{"FYI: x", command{unknown: "FYI: x", text: "FYI: x"}},
		{"re-open: x", command{unknown: "re-open: x", text: "re-open: x"}},
	} {
		if got := parseCommand(c.text); got != c.want {
			t.Errorf("%q:\n got %+v\nwant %+v", c.text, got, c.want)
		}
	}
}

// FuzzParseCommand: it takes anything, and no word is lost: what it returns is
// the text, or the text without its command.
func FuzzParseCommand(f *testing.F) {
	for _, s := range []string{"", "note: x", "/take\nx", "回复：王女士：您好", ":", "/:", "：", "\ufeff/", "Note", "a\u2028b: c", "/\u00a0note", "İ: x", "/reply:：: x", "\r\n/"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		c := parseCommand(text)
		if c.name != "" && c.unknown != "" {
			t.Fatalf("%q is both %q and unknown", text, c.name)
		}
		have := solid(text)
		if !strings.HasSuffix(have, solid(c.text)) {
			t.Fatalf("%q: %q is not what the text ends with", text, c.text)
		}
		lost := strings.TrimSuffix(have, solid(c.text))
		if c.name == "" {
			if lost != "" {
				t.Fatalf("%q: %q is lost though there is no command", text, lost)
			}
			return
		}
		word := strings.ToLower(strings.Trim(lost, "/:："))
		if commands[word] != c.name {
			t.Fatalf("%q: %q is lost, and the command is %q", text, lost, c.name)
		}
	})
}

// solid is a text without what does not show.
func solid(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || unicode.Is(unicode.Cf, r) {
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, ""))
}

// No dress makes a command a sentence for the customer.
func TestDressedCommandsAreNotSent(t *testing.T) {
	for _, text := range []string{
		"*note:* keep it", "**备注：** 内部", "【备注】：内部", "Internal note: keep it", "[note] keep it", "note - keep it", "Hi all,\nnote: keep it",
		"备注; x", "备注 内部", "备注（内部）：x", "备注∶x", "“备注：”x", "🔒note: x", "备注", "note", "接手", "take", "resolve", "Take.", "内部备注：x",
		"> quoted\n>more\n\nnotes: x",
	} {
		if c := parseCommand(text); c.name == "" && c.unknown == "" {
			t.Errorf("%q goes to the customer", text)
		}
	}
	for _, text := range []string{
		"Take care of the cable first.", "Note that we are closed on Thursday.", "Give it a try and tell us.", "Yes: it works.", "解决了，请再试一次。",
		"您好：\n已经处理。", "Dear Ms Wang:\nit is done.", "We promise: by Friday.",
	} {
		if c := parseCommand(text); c.name != "" || c.unknown != "" {
			t.Errorf("%q does not go to the customer: %+v", text, c)
		}
	}
	if c := parseCommand("> 客户: k1\n\nnote: keep it"); c.name != actNote || c.text != "keep it" {
		t.Errorf("a note below a quote: %+v", c)
	}
}
