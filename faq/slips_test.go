package faq

import (
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
)

// What customers misspell is read as the word of the FAQ that they meant.
func TestSlipsAreRead(t *testing.T) {
	x := sample(t)
	for _, line := range strings.Split(strings.TrimSpace(`
how do i get a refnud | refnud refund
i want my moeny back | moeny money
do you offer refunnds | refunnds refunds
when will my packge arrive | packge package
where is my parsel | parsel parcel
how do i chnage my address | chnage change
can i change the delviery address | delviery delivery
i forgot my passwrod | passwrod password
reset my passowrd please | passowrd password
my accuont is locked | accuont account
how can i cancle my order | cancle cancel
can cel my order | can cel cancel
i need an invioce | invioce invoice
which paymetn methods do you take | paymetn payment
do you take credti cards | credti credit
can i pay with a creditcard | creditcard credit card
is there a waranty | waranty warranty
how long is the shiping | -
what are your openning hours | -
what are your business hors | hors hours
the phonenumber please | phonenumber phone number
do you have a hotlnie | hotlnie hotline
what is your email adress | adress address
how do i track my ordr | ordr order
custmer service number | custmer customer
can i exchaneg it | exchaneg exchange
怎么申请推款 | 推款 退款
我要退宽 | 退宽 退款
退款多久到帐 | -
怎么修改蜜码 | 蜜码 密码
忘记密马了 | 密马 密码
如何联系可服 | 可服 客服
客服电化是多少 | 电化 电话
怎么开发飘 | 发飘 发票
可以开具法票吗 | 法票 发票
物留信息在哪里看 | 物留 物流
怎么修改收货地只 | 地只 地址
我想取消定单 | 定单 订单
优惠卷怎么用 | 惠卷 惠券
支持哪些支付方试 | 方试 方式
我的包果到哪里了 | 包果 包裹
`), "\n") {
		text, want, _ := strings.Cut(line, " | ")
		s := x.matcher.search(text)
		got := []string{}
		for _, p := range s.slips {
			got = append(got, p.Written+" "+p.Read)
		}
		if want == "-" && len(got) > 0 || want != "-" && !slices.Equal(got, []string{want}) {
			t.Errorf("%q: put right %q, want %q", text, got, want)
		}
	}
}

// A word of its own is left alone, however near it is to one of the FAQ; so is
// what the FAQ writes in another form.
func TestRealWordsAreLeftAlone(t *testing.T) {
	x := sample(t)
	for _, text := range []string{
		"my older brother", "a cart and a car", "the form from paris", "a cold parade", "we trade in chance",
		"is russia in europe", "mark and kate from delhi", "the pork was fine", "mail order brides", "a lost password",
		"refunding", "tracked", "usd or gbp", "iphone15 12345", "rückerstattung", "возврат денег",
		"queria conhecer vosso numero telefone empresa",
		"微波炉怎么用", "这件事件的时间", "实践出真知", "会计师事务所", "天气预报", "电话退款", "东西找不到", "你的客气",
	} {
		if s := x.matcher.search(text); len(s.slips) > 0 {
			t.Errorf("%q: put right %q", text, s.slips)
		}
	}
	for _, e := range x.Entries() {
		for _, lang := range e.languages {
			for _, q := range e.Questions[lang] {
				if s := x.matcher.search(q); len(s.slips) > 0 {
					t.Errorf("the example %q: put right %q", q, s.slips)
				}
			}
		}
	}
}

func TestSlipCost(t *testing.T) {
	for _, c := range []struct {
		wrong, right string
		cost         int
	}{
		{"refubd", "refund", fingerSlip}, // adjacent key
		{"refudn", "refund", fingerSlip}, // exchanged
		{"erfund", "refund", fingerSlip},
		{"efund", "refund", impossible}, // first letters are rarely missed
		{"tefund", "refund", fingerSlip},
		{"pefund", "refund", impossible},
		{"refnd", "refund", fingerSlip},
		{"reffund", "refund", fingerSlip},
		{"refuynd", "refund", fingerSlip},
		{"refpund", "refund", otherSlip},
		{"refxnd", "refund", otherSlip},
		{"rfnd", "refund", impossible}, // two, in a short word
		{"delivrey", "delivery", fingerSlip},
		{"dellivrey", "delivery", secondSlip},
		{"dlvry", "delivery", impossible},
	} {
		if got := slipCost(c.wrong, c.right); got != c.cost {
			t.Errorf("%s for %s costs %d, want %d", c.wrong, c.right, got, c.cost)
		}
	}
}

// Of two words that are as near, the FAQ's more frequent one was meant; if
// nothing tells them apart, neither.
func TestSlipsInDoubt(t *testing.T) {
	s := newSpelling(map[string]int32{"charge": 2, "change": 2, "hours": 3, "house": 1})
	if got, ok := s.meant("chage"); ok {
		t.Errorf("chage is read as %s", got)
	}
	if got, _ := s.meant("chareg"); got != "charge" {
		t.Errorf("chareg is read as %q", got)
	}
	if got, _ := s.meant("hous"); got != "hours" {
		t.Errorf("hous is read as %q", got)
	}
}

func TestSyllables(t *testing.T) {
	same := func(a, b rune, loose bool) bool {
		return slices.ContainsFunc(syllables(a), func(x syllable) bool {
			return slices.ContainsFunc(syllables(b), func(y syllable) bool { return x.exact == y.exact || loose && x.loose == y.loose })
		})
	}
	for _, c := range []struct {
		a, b         rune
		exact, loose bool
	}{
		{'推', '退', true, true}, {'还', '环', true, true}, {'行', '航', true, true}, {'张', '脏', false, true},
		{'身', '声', false, true}, {'拿', '拉', false, true}, {'中', '宗', false, true}, {'银', '应', false, true},
		{'中', '珍', false, false}, {'女', '努', false, false}, {'退', '款', false, false},
	} {
		if same(c.a, c.b, false) != c.exact || same(c.a, c.b, true) != c.loose {
			t.Errorf("%c and %c: %v, %v; want %v, %v", c.a, c.b, same(c.a, c.b, false), same(c.a, c.b, true), c.exact, c.loose)
		}
	}
	if s := syllables('あ'); s != nil {
		t.Errorf("あ has readings %v", s)
	}
}

// What was put right is told, and an explanation names the words it was read as.
func TestSlipsAreExplained(t *testing.T) {
	x := sample(t)
	for text, want := range map[string]string{
		"how do i get a refnud": `Taken for a slip: "refnud", read as "refund".`,
		"怎么申请推款":                `Taken for a slip: "推款", read as "退款".`,
		"can cel my order":      `Taken for a slip: "can cel", read as "cancel".`,
	} {
		r := x.Read(text)
		if got := Explain(r); !strings.Contains(got, want) {
			t.Errorf("%q: no %s in\n%s", text, want, got)
		}
	}
	q := x.Read("pay by creditcard or paypall").Questions[0]
	if len(q.Matches) == 0 || !slices.ContainsFunc(q.Matches[0].Why, func(t Term) bool { return t.Text == "credit" }) {
		t.Errorf("a word taken apart: %+v", q.Matches)
	}
}

// A word that was put right counts, and less than one that was written so.
func TestSlipsCountLess(t *testing.T) {
	m := sample(t).matcher
	weight := func(text string) float32 {
		x := m.search(text).x
		i := slices.IndexFunc(x, func(f feature) bool { return f.hash == hashOf(blockWord, "refund") })
		if i < 0 || x[i].id < 0 {
			t.Fatalf("%q has no refund", text)
		}
		return x[i].value
	}
	if right, slip := weight("refund policy"), weight("refnud policy"); slip >= right || slip < right*slipWeight {
		t.Errorf("refund counts %.3f, refnud %.3f", right, slip)
	}
}

// The same FAQ gives the same index, in whatever order a map is read.
func TestSlipsAreDeterministic(t *testing.T) {
	x := sample(t)
	u := newUsage()
	for _, q := range x.matcher.texts {
		u.add(x.words, atomize(x.words.normalize(q)))
	}
	a, b := newSlips(x.words, u, nil), newSlips(x.words, u, nil)
	if !slices.Equal(a.spelling.rests, b.spelling.rests) || !slices.Equal(a.spelling.words, b.spelling.words) || !slices.Equal(a.sounds.pairs, b.sounds.pairs) {
		t.Error("two indexes of one FAQ differ")
	}
}

// What an entry must not answer is recognised with the same slips.
func TestSlipsMeetVetoes(t *testing.T) {
	e := []*Entry{
		{ID: "refund", languages: []string{"en"}, Questions: map[string][]string{"en": {"How do I get a refund?", "refund please"}}, Not: map[string][]string{"en": {"refunnd of the deposit"}}},
		{ID: "hours", languages: []string{"en"}, Questions: map[string][]string{"en": {"When are you open?"}}},
	}
	x, err := newIndex(t.Context(), e, Options{})
	if err != nil {
		t.Fatal(err)
	}
	q := x.Read("refunnd of the deposit").Questions[0]
	if slices.ContainsFunc(q.Matches, func(m Match) bool { return m.Entry.ID == "refund" }) || len(q.Slips) != 1 {
		t.Errorf("%+v", q)
	}
}

// BenchmarkSlips tells what putting slips right takes in a large FAQ: the heap that
// stays, and the time of one question, without and with a slip.
//
//	FRONTDESK_TESTDATA=… go test -run '^$' -bench Slips -benchtime 1x -cpu 1 ./faq
func BenchmarkSlips(b *testing.B) {
	topics, asked := scaled(b, 10000, 5)
	w := words(b)
	slipper := newSlipper(b)
	var s *slips
	corpus := newCorpus()
	usage := newUsage()
	for _, t := range topics {
		for _, q := range t.questions {
			atoms := atomize(w.normalize(q))
			usage.add(w, atoms)
			corpus.add(w.extract(atoms))
		}
	}
	before := heap()
	began := time.Now()
	for b.Loop() {
		s = newSlips(w, usage, corpus.ids)
	}
	b.ReportMetric(time.Since(began).Seconds()/float64(b.N), "load-s")
	b.ReportMetric(float64(heap()-before)/1e6, "MB")
	for _, c := range []struct {
		name string
		text func(string) string
	}{{"", w.normalize}, {"slip-", slipper.slip}} {
		var times []time.Duration
		for _, q := range asked {
			atoms := atomize(c.text(q))
			began := time.Now()
			s.mend(atoms)
			times = append(times, time.Since(began))
		}
		slices.Sort(times)
		b.ReportMetric(float64(times[len(times)/2].Nanoseconds())/1e3, c.name+"p50-us")
		b.ReportMetric(float64(times[len(times)*99/100].Nanoseconds())/1e3, c.name+"p99-us")
	}
	runtime.KeepAlive(s)
	runtime.KeepAlive(corpus)
	runtime.KeepAlive(usage)
}
