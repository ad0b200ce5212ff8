package faq

import (
	"slices"
	"strings"
	"sync"
	"testing"
	"unicode/utf8"
)

func TestReadSplits(t *testing.T) {
	x := sample(t)
	for _, c := range []struct {
		name, text string
		want       []string
	}{
		{"one", "What are your opening hours?", []string{"What are your opening hours?"}},
		{"greeting before", "你好，请问周末上班吗？", []string{"请问周末上班吗？"}},
		{"thanks around", "Thanks! By the way, what are your hours?", []string{"what are your hours?"}},
		{"letter zh", "尊敬的客服：\n您好！\n我有两个问题：\n1. 怎么开发票？\n2. 退款多久到账？\n谢谢！\n张三", []string{"怎么开发票？", "退款多久到账？"}},
		{"letter en", "Dear Sir or Madam,\n\nI hope you are well. I have two questions.\n\n- How do I get an invoice?\n- Do you ship to Norway?\n\nLooking forward to your reply.\n\nBest regards,\nTom Smith\nACME Ltd.\n+44 123 456", []string{"How do I get an invoice?", "Do you ship to Norway?"}},
		{"context before", "Hi Tom,\nI ordered a kettle last week. It arrived broken. What should I do?", []string{"I ordered a kettle last week. It arrived broken. What should I do?"}},
		{"context after", "Where is my order? I placed it on Monday.", []string{"Where is my order? I placed it on Monday"}},
		{"two questions in a line", "Do you accept PayPal? And how long does delivery take?", []string{"Do you accept PayPal?", "And how long does delivery take?"}},
		{"two questions zh", "怎么退货？运费谁出？", []string{"怎么退货？", "运费谁出？"}},
		{"two asks with and", "How do I get a refund and where is my order?", []string{"How do I get a refund", "and where is my order?"}},
		{"two asks with a comma", "我的订单什么时候到，能不能改地址", []string{"我的订单什么时候到", "能不能改地址"}},
		{"three asks", "请问你们周六上班吗？另外退款一般多久到账，还有能开发票吗？谢谢", []string{"请问你们周六上班吗？", "另外退款一般多久到账", "还有能开发票吗？"}},
		{"one ask with commas", "Could you please tell me, if possible today, when the shop opens?", []string{"Could you please tell me, if possible today, when the shop opens?"}},
		{"data after a wish", "我要退款。联系电话13800138000，订单号20261101", []string{"我要退款。联系电话13800138000，订单号20261101"}},
		{"leaning question", "I want to change the address. How?", []string{"I want to change the address. How?"}},
		{"statement", "我忘记密码了", []string{"我忘记密码了"}},
		{"wrapped lines", "I would like to know whether it is possible to change the address\nof an order that I placed yesterday?", []string{"I would like to know whether it is possible to change the address of an order that I placed yesterday?"}},
		{"name in the last line", "How do I return an item?\n\nThanks\nTom", []string{"How do I return an item?"}},
		{"abbreviation", "Can Mr. Smith call me about order no. 5?", []string{"Can Mr. Smith call me about order no. 5?"}},
		{"paragraphs", "怎么开发票？\n\n另外，你们周末上班吗？", []string{"怎么开发票？", "你们周末上班吗？"}},
		{"only pleasantries", "您好！谢谢！祝好", nil},
		{"only numbers", "12345", nil},
		{"only an address", "tom@example.com https://example.com/where-is-my-order", nil},
		{"emoji", "🙂🙂", nil},
		{"fragment", "请问", nil},
		{"nothing", "", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := x.Read(c.text)
			var got []string
			for _, q := range r.Questions {
				got = append(got, q.Text)
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("%q\n got %q\nwant %q", c.text, got, c.want)
			}
			if r.Empty != (len(c.want) == 0) {
				t.Errorf("%q: empty %v", c.text, r.Empty)
			}
		})
	}
}

func TestReadCapsQuestions(t *testing.T) {
	r := sample(t).Read(strings.Repeat("1. How do I get an invoice?\n", 30))
	if len(r.Questions) != MaxQuestions {
		t.Errorf("%d questions, want %d", len(r.Questions), MaxQuestions)
	}
}

func TestReadIntentOfSegment(t *testing.T) {
	r := sample(t).Read("What are your opening hours? Also, I want a refund for order 1234.")
	if len(r.Questions) != 2 {
		t.Fatalf("questions: %+v", r.Questions)
	}
	if q := r.Questions[0]; q.Intent != "" || q.Matches[0].Entry.ID != "office-hours" {
		t.Errorf("first: %q %s", q.Intent, brief(q))
	}
	if q := r.Questions[1]; q.Intent != Request || q.Topic != TopicRefund {
		t.Errorf("second: %q %q", q.Intent, q.Topic)
	}
}

func TestLanguage(t *testing.T) {
	x := sample(t)
	for text, want := range map[string]string{
		"你好": "zh", "Hello": "en", "我的 order 什么时候到": "zh", "where is the 北京 store": "en",
		"ありがとうございます": "ja", "注文はどこですか": "ja", "안녕하세요": "ko", "Привет": "ru", "مرحبا": "ar",
		"123": "", "🙂": "", "": "", "tom@example.com": "", "https://example.com/path": "", "Où est ma commande": "en", "iPhone 保修吗": "zh",
	} {
		if got := x.Read(text).Lang; got != want {
			t.Errorf("%q is %q, want %q", text, got, want)
		}
	}
}

func TestReadIsTheSameEveryTimeAndConcurrently(t *testing.T) {
	one := sample(t)
	two, err := loadSample()
	if err != nil {
		t.Fatal(err)
	}
	texts := []string{"Where is my refund?", "我要投诉，另外怎么开发票？", "do you sell bicycles", strings.Repeat("长", 9000)}
	var wg sync.WaitGroup
	for _, text := range texts {
		want := Explain(one.Read(text))
		for range 4 {
			wg.Go(func() {
				if got := Explain(two.Read(text)); got != want {
					t.Errorf("%q:\n%s\n%s", text, got, want)
				}
			})
		}
	}
	wg.Wait()
}

func TestExplain(t *testing.T) {
	got := Explain(sample(t).Read("怎么开发票？我还要投诉快递员"))
	for _, want := range []string{"Language: zh", "Wants: complaint", "Answered by invoice", "发票", "nearest example", "Not in any example question"} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
}

// What a wish would match as a question is no answer; no match is certain; one choice
// is no choice; and what must not be answered can be looked up.
func TestExplainQuestion(t *testing.T) {
	refund, other := Match{Entry: &Entry{ID: "refund"}, Score: .998, Example: "refund?"}, Match{Entry: &Entry{ID: "other"}, Score: .3}
	low := refund
	low.Score = .77
	at := Point{Precision: .95, Answer: .85, Offer: .6}
	for _, c := range []struct {
		q         Question
		want, not string
	}{
		{Question{Intent: Request, Topic: TopicRefund, Outcome: Answer, Matches: []Match{refund}}, "is a wish (request refund), so it is not answered", "Answered by"},
		{Question{Intent: Complaint, Outcome: Offer, Matches: []Match{low, other}}, "Were it a question", "offered"},
		{Question{Outcome: Answer, Matches: []Match{refund}}, "of matches like this one 99% are right", "100%"},
		{Question{Outcome: Offer, Matches: []Match{low}}, "refund 77% are right", "One of the"},
		{Question{Outcome: Offer, Matches: []Match{low, other}}, "One of the 2 choices is right in 99%", "100%"},
		{Question{Vetoed: []Match{refund}}, "must not answer it", "Nothing in it can be looked up"},
		{Question{}, "Nothing in it can be looked up", "must not answer"},
	} {
		c.q.Point = at
		if got := c.q.Explain(); !strings.Contains(got, c.want) || strings.Contains(got, c.not) {
			t.Errorf("want %q and not %q:\n%s", c.want, c.not, got)
		}
	}
}

func TestUnknownWords(t *testing.T) {
	q := sample(t).Read("What's the weather on Mars?").Questions[0]
	if !slices.Equal(q.Unknown, []string{"weather", "mars"}) {
		t.Errorf("unknown %q", q.Unknown)
	}
	q = sample(t).Read("How do I reset my password?").Questions[0]
	if len(q.Unknown) != 0 || q.Matches[0].Score < .9 {
		t.Errorf("an example question: unknown %q, %s", q.Unknown, brief(q))
	}
	if len(q.Matches[0].Why) == 0 || q.Matches[0].Why[0].Text != "password" {
		t.Errorf("why %v", q.Matches[0].Why)
	}
}

func FuzzRead(f *testing.F) {
	x := sample(f)
	for _, s := range []string{"", "hi", "转人工", "1. a\n2. b\n\n-- \nTom", "\xff\xfe", "ﷺ\u202e？！", "Hi Tom,\n\n" + strings.Repeat("a b? ", 50), "①怎么退款②运费", "谢谢，但是不行"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		r := x.Read(text)
		if len(r.Questions) > MaxQuestions || r.Empty != (len(r.Questions) == 0) {
			t.Fatalf("%q: %d questions, empty %v", text, len(r.Questions), r.Empty)
		}
		for _, i := range r.Intents {
			if i.Name == "" || helper(i.Name) || !(i.Score >= 0 && i.Score <= 1) {
				t.Fatalf("%q: intent %+v", text, i)
			}
		}
		for _, q := range r.Questions {
			if !utf8.ValidString(q.Text) || q.Text == "" {
				t.Fatalf("%q: question %q", text, q.Text)
			}
			last := 1.0
			for _, m := range q.Matches {
				if m.Entry == nil || !(m.Score >= 0 && m.Score <= last) {
					t.Fatalf("%q: match %+v after %v", text, m, last)
				}
				last = m.Score
			}
		}
	})
}
