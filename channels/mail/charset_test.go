package mail

import (
	"testing"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/korean"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/traditionalchinese"
)

func encoded(t *testing.T, e encoding.Encoding, s string) []byte {
	t.Helper()
	b, err := e.NewEncoder().Bytes([]byte(s))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestCharset(t *testing.T) {
	const (
		zh = "您好，我还没有收到退款，请问什么时候能到账？谢谢。我的订单号是一二三四五。"
		tw = "您好，我還沒有收到退款，請問什麼時候會到帳？謝謝。訂單編號如下，請儘快處理。"
		ja = "返金はいつになりますか。注文番号は次のとおりです。よろしくお願いいたします。"
		ko = "환불은 언제 되나요? 주문 번호는 다음과 같습니다. 감사합니다."
		ru = "Здравствуйте, когда я получу возврат денег за мой заказ? Спасибо."
	)
	for _, c := range []struct {
		name     string
		bytes    []byte
		declared string
		want     string
	}{
		{"declared rightly", encoded(t, simplifiedchinese.GBK, zh), "gb2312", zh},
		{"in quotes", encoded(t, simplifiedchinese.GB18030, zh), `"GB2312"`, zh},
		{"Big5", encoded(t, traditionalchinese.Big5, tw), "big5", tw},
		{"Shift_JIS", encoded(t, japanese.ShiftJIS, ja), "cp932", ja},
		{"EUC-KR by Microsoft's name", encoded(t, korean.EUCKR, ko), "ks_c_5601-1987", ko},
		{"KOI8-R", encoded(t, charmap.KOI8R, ru), "koi8-r", ru},
		{"UTF-8 called latin", []byte(zh), "iso-8859-1", zh},
		{"UTF-8 called GBK", []byte(tw), "gbk", tw},
		{"UTF-8 not declared", []byte(zh), "", zh},
		{"unknown name", []byte(zh), "x-nonsense", zh},
		{"ISO-2022-JP", encoded(t, japanese.ISO2022JP, ja), "iso-2022-jp", ja},
		{"ISO-2022-JP not declared", encoded(t, japanese.ISO2022JP, ja), "", ja},
		{"ISO-2022-JP called ASCII", encoded(t, japanese.ISO2022JP, ja), "us-ascii", ja},
		{"HZ", encoded(t, simplifiedchinese.HZGB2312, "你好"), "hz-gb-2312", "你好"},
		{"UTF-7", []byte("Fr+APY-sche, 1 +- 1"), "utf-7", "Frösche, 1 + 1"},
		{"windows-1252 called latin1", []byte("\x93caf\xe9\x94"), "iso-8859-1", "“café”"},
		{"latin not declared", []byte("caf\xe9"), "", "café"},
		{"GBK not declared", encoded(t, simplifiedchinese.GBK, zh), "", zh},
		{"GBK called UTF-8", encoded(t, simplifiedchinese.GBK, zh), "utf-8", zh},
		{"GBK called ASCII", encoded(t, simplifiedchinese.GBK, zh), "us-ascii", zh},
		{"Big5 not declared", encoded(t, traditionalchinese.Big5, tw), "", tw},
		{"Shift_JIS not declared", encoded(t, japanese.ShiftJIS, ja), "", ja},
		{"Russian not declared", encoded(t, charmap.Windows1251, ru), "", ru},
		{"byte order mark", []byte("\xef\xbb\xbfabc"), "gbk", "abc"},
		{"UTF-16", []byte("\xff\xfea\x00b\x00"), "utf-16", "ab"},
		{"UTF-8 with a broken byte", []byte("退款退款退款\xff退款退款"), "utf-8", "退款退款退款\ufffd退款退款"},
		{"cut in the middle", encoded(t, simplifiedchinese.GBK, zh)[:9], "gbk", "您好，我"},
	} {
		if got := charsetText(c.bytes, c.declared); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

func TestHeaderText(t *testing.T) {
	for in, want := range map[string]string{
		"plain":                              "plain",
		"=?utf-8?B?5L2g?= =?utf-8?B?5aW9?=":  "你好",
		"=?utf-8?B?5L2g?= a =?utf-8?q?b_c?=": "你 a b c",
		"=?utf-8?B?5L0=?= =?utf-8?B?oA==?=":  "你", // a character in two words
		"=?gb2312?b?xOO6ww?=":                "你好",
		"=?utf-8*zh?q?=E4=BD=A0?=":           "你",
		"=?utf-8?q?a b?=":                    "a b",
		"=?x?q?a?=":                          "a",
		"=?utf-8?q?broken":                   "=?utf-8?q?broken",
		"\"=?utf-8?q?a?=\"":                  "\"a\"",
		"=?utf-8?q?a=0A=00b?=":               "a b",
		"\xe4\xbd\xa0\xe5\xa5\xbd":           "你好",
		"=?iso-2022-jp?B?GyRCSlY2YhsoQg==?=": "返金",
		"=?utf-8?b?!!?=":                     "",
	} {
		if got := headerText(in); got != want {
			t.Errorf("headerText(%q) = %q, want %q", in, got, want)
		}
	}
}
