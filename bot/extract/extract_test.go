package extract

import (
	"bufio"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

var update = flag.Bool("update", false, "rewrite testdata with what is found now; review the diff")

// testNow is when all examples were written: Wednesday 25 November 2026, 10:00.
var testNow = time.Date(2026, 11, 25, 10, 0, 0, 0, time.FixedZone("", 8*3600))

// kinds are the words of the example files.
func kinds(f Facts) []struct {
	name  string
	facts []Fact
} {
	return []struct {
		name  string
		facts []Fact
	}{
		{"time", f.Times}, {"place", f.Places}, {"person", f.People}, {"order", f.Orders},
		{"model", f.Models}, {"amount", f.Amounts}, {"phone", f.Phones}, {"mail", f.Mails},
	}
}

// label is a fact as a line of an example file: "time: 昨天下午 = 2026-11-24".
func labels(f Facts) []string {
	var out []string
	for _, k := range kinds(f) {
		for _, fact := range k.facts {
			out = append(out, strings.TrimSpace(fmt.Sprintf("%s: %s = %s", k.name, fact.Text, fact.Value)))
		}
	}
	return out
}

// TestExamples reads testdata/zh.txt and en.txt; how they are written is said
// at their top.
func TestExamples(t *testing.T) {
	for _, lang := range []string{"zh", "en"} {
		t.Run(lang, func(t *testing.T) {
			name := "testdata/" + lang + ".txt"
			file, err := os.Open(name)
			if err != nil {
				t.Fatal(err)
			}
			defer file.Close()

			var out strings.Builder
			var text string
			var want, missing []string
			var n, line, at, good, found, labelled int
			check := func() {
				if text == "" {
					return
				}
				n++
				got := labels(Find(text, lang, testNow))
				fmt.Fprintln(&out, text)
				for _, l := range got {
					fmt.Fprintln(&out, "  "+l)
					found++
					if slices.Contains(want, l) {
						good++
					} else if !*update {
						t.Errorf("%s:%d: %s\n  not in the file: %s", name, at, text, l)
					}
				}
				for _, l := range want {
					if !slices.Contains(got, l) && !*update {
						t.Errorf("%s:%d: %s\n  not found: %s", name, at, text, l)
					}
				}
				for _, l := range missing {
					if slices.Contains(got, l) {
						t.Errorf("%s:%d: %s\n  now found, take the ? away: %s", name, at, text, l)
					}
					fmt.Fprintln(&out, "  ? "+l)
				}
				labelled += len(want) + len(missing)
				text, want, missing = "", nil, nil
			}
			for s := bufio.NewScanner(file); s.Scan(); {
				line++
				switch l := s.Text(); {
				case strings.HasPrefix(l, "  ? "):
					missing = append(missing, strings.TrimSpace(l[4:]))
				case strings.HasPrefix(l, "  "):
					want = append(want, strings.TrimSpace(l))
				case l == "" || strings.HasPrefix(l, "#"):
					check()
					fmt.Fprintln(&out, l)
				default:
					check()
					text, at = l, line
				}
			}
			check()
			if *update {
				if err := os.WriteFile(name, []byte(out.String()), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if n < 60 {
				t.Errorf("%d examples, want at least 60", n)
			}
			t.Logf("%d examples, %d facts labelled, %d found, %d of them right", n, labelled, found, good)
		})
	}
}

func TestNumber(t *testing.T) {
	for s, want := range map[string]int{"12": 12, "十": 10, "十二": 12, "二十": 20, "两百": 200, "一百二": 120, "一百零二": 102, "三千五": 3500, "三万五千": 35000, "十二万": 120000, "0": 0} {
		if got, ok := number(s); !ok || got != want {
			t.Errorf("number(%s) = %d, %v; want %d", s, got, ok, want)
		}
	}
	for _, s := range []string{"", "x", "几", "999999999"} {
		if got, ok := number(s); ok {
			t.Errorf("number(%s) = %d; want none", s, got)
		}
	}
}

func TestHappened(t *testing.T) {
	for text, want := range map[string]string{
		"明天能修好吗,昨天就坏了":                              "昨天",
		"请在11月30日前答复":                               "",
		"Will it come tomorrow?":                    "",
		"next week I travel, it broke last week":    "last week",
		"it happened at 5pm":                        "5pm",
		"前几天的事":                                     "前几天",
		"in December, no; on 3 Nov it was":          "3 Nov",
		"I was told this month, I bought this year": "this month",
	} {
		got, ok := Find(text, "zh", testNow).Happened(testNow)
		if got.Text != want || ok != (want != "") {
			t.Errorf("%s: %q, %v; want %q", text, got.Text, ok, want)
		}
	}
}

func TestMask(t *testing.T) {
	for _, tt := range []struct{ in, want string }{
		{"card 4111 1111 1111 1111 exp 12/28", "card •••• •••• •••• 1111 exp 12/28"},
		{"4111-1111-1111-1111", "••••-••••-••••-1111"},
		{"卡号6222021234567890128,谢谢", "卡号•••••••••••••••0128,谢谢"},
		{"卡号\uff14\uff11\uff11\uff11 \uff11\uff11\uff11\uff11 \uff11\uff11\uff11\uff11 \uff11\uff11\uff11\uff11", "卡号•••• •••• •••• \uff11\uff11\uff11\uff11"},
		{"amex 3782 822463 10005.", "amex •••• •••••• •0005."},
		{"my number 12 4111 1111 1111 1111", "my number 12 •••• •••• •••• 1111"},
		{"身份证11010519491231002X", "身份证••••••••••••••002X"},
		{"身份证 110105 19491231 002x 请查", "身份证 •••••• •••••••• 002x 请查"},
		{"4111 1111 1111 1112", "4111 1111 1111 1112"},       // fails Luhn
		{"order 2026110300000005", "order 2026110300000005"}, // an order number of today's making
		{"call 13812345678 or 010-12345678", "call 13812345678 or 010-12345678"},
		{"0000000000000000", "0000000000000000"},
		{"\xff4111111111111111\xfe", "\xff••••••••••••1111\xfe"},
		{"", ""},
	} {
		if got := Mask(tt.in); got != tt.want {
			t.Errorf("Mask(%q)\n got %q\nwant %q", tt.in, got, tt.want)
		}
	}
}

// checkFacts is what holds for every text.
func checkFacts(t *testing.T, text string, f Facts) {
	t.Helper()
	valid := utf8.ValidString(text)
	for _, k := range kinds(f) {
		end := 0
		for _, fact := range k.facts {
			if fact.Start < end || fact.End <= fact.Start || fact.End > len(text) {
				t.Fatalf("%s %q: %d..%d in %d bytes, previous end %d", k.name, fact.Text, fact.Start, fact.End, len(text), end)
			}
			if text[fact.Start:fact.End] != fact.Text {
				t.Fatalf("%s: text[%d:%d] is %q, not %q", k.name, fact.Start, fact.End, text[fact.Start:fact.End], fact.Text)
			}
			if valid && !utf8.ValidString(fact.Text) {
				t.Fatalf("%s cuts a character: %q", k.name, fact.Text)
			}
			end = fact.End
		}
	}
}

func FuzzFind(f *testing.F) {
	for _, name := range []string{"testdata/zh.txt", "testdata/en.txt"} {
		b, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		for line := range strings.Lines(string(b)) {
			if !strings.HasPrefix(line, " ") && !strings.HasPrefix(line, "#") {
				f.Add(line)
			}
		}
	}
	f.Add("\xff\xe6\x98\xa8天\x00 \uff14\uff11 order #\u3000")
	f.Fuzz(func(t *testing.T, text string) {
		for _, lang := range []string{"zh", "en"} {
			checkFacts(t, text, Find(text, lang, testNow))
		}
		if masked := Mask(text); utf8.RuneCountInString(masked) != utf8.RuneCountInString(text) {
			t.Fatalf("Mask(%q) = %q has another length", text, masked)
		}
	})
}

// hostile are texts that a careless pattern would take quadratic time over.
var hostile = map[string]string{
	"digits":   "1",
	"groups":   "1234 ",
	"orders":   "订单号12345,",
	"order":    "order ",
	"list":     "12345,",
	"shops":    "店",
	"surnames": "王",
	"people":   "王经理",
	"the":      "the a ",
	"may":      "may 3 A ",
	"staff":    "the driver ",
	"days":     "昨天",
	"clock":    "3:15 ",
	"in the":   "at the store ",
	"dots":     "a.a@",
	"spaces":   " ",
	"in":       "在",
	"broken":   "\xe6\x98",
}

func TestTimeIsLinear(t *testing.T) {
	if testing.Short() {
		t.Skip("measures")
	}
	measure := func(unit string, size int) time.Duration {
		text := strings.Repeat(unit, size/len(unit))
		start := time.Now()
		f := Find(text, "zh", testNow)
		Mask(text)
		took := time.Since(start)
		checkFacts(t, text, f)
		return took
	}
	for name, unit := range hostile {
		// Four times the text; a square would take sixteen times as long. The
		// machine may be busy with something else once, but not three times.
		var small, large time.Duration
		for range 3 {
			small, large = measure(unit, 5_000), measure(unit, 20_000)
			if large < 10*small {
				break
			}
		}
		if large >= 10*small {
			t.Errorf("%s: 5 kB take %v, 20 kB take %v", name, small, large)
		}
	}
	for name, unit := range map[string]string{"zh": plainMix("zh"), "en": plainMix("en")} {
		if took := measure(unit, 100_000); took > 20*time.Second {
			t.Errorf("%s: 100 kB take %v", name, took)
		}
	}
}

// plainMix is a sentence with every kind of fact.
func plainMix(lang string) string {
	if lang == "zh" {
		return "昨天下午三点在朝阳店,姓王的店员说订单号12345678已经退了299元。"
	}
	return "Yesterday at 5pm in your Main Street store the driver said order 12345678 was refunded, $299. "
}

func BenchmarkFind(b *testing.B) {
	for _, text := range []struct{ name, s string }{
		{"zh", "我昨天下午三点在你们朝阳店买了一台X200,姓王的店员态度很差,订单号SO-12345678,付了1,299元,请打13812345678联系我。"},
		{"en", "Yesterday around 5pm I was at your Main Street store and the technician, an employee called Bob, was rude. Order number: 2026-00123, I paid $1,299.00."},
		{"100kB", strings.Repeat("The parcel that you sent has not come, and nobody answers the telephone. ", 1400)},
	} {
		b.Run(text.name, func(b *testing.B) {
			b.SetBytes(int64(len(text.s)))
			b.ReportAllocs()
			for b.Loop() {
				Find(text.s, "zh", testNow)
			}
		})
	}
}
