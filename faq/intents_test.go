package faq

import (
	"slices"
	"strings"
	"testing"
)

// actOn is the score from which an intent counts in these tests.
const actOn = .5

func namesOf(r Reading) []string {
	var out []string
	for _, i := range r.Intents {
		if i.Score < actOn {
			continue
		}
		name := i.Name
		if i.Topic != "" {
			name += ":" + i.Topic
		}
		out = append(out, name)
	}
	return out
}

// closers may stand beside the one that a line names: "yes, that helped".
func withoutSmall(names []string, want []string) []string {
	return slices.DeleteFunc(names, func(n string) bool {
		return closes(n) && !slices.Contains(want, n) && len(want) > 0 && closes(want[0])
	})
}

func TestIntents(t *testing.T) {
	x := sample(t)
	for _, file := range []string{"testdata/intents_en.txt", "testdata/intents_zh.txt"} {
		n := 0
		for _, line := range readLines(t, file) {
			wants, text, ok := strings.Cut(line, " | ")
			if !ok {
				t.Fatalf("%s: %q has no |", file, line)
			}
			n++
			text = strings.ReplaceAll(text, `\n`, "\n")
			want := strings.Fields(strings.Trim(wants, "-"))
			if strings.Contains(wants, "still-not") || strings.Contains(wants, "not-helped") || strings.Contains(wants, "after-sales") {
				want = strings.Fields(wants)
			}
			r := x.Read(text)
			for _, i := range r.Intents {
				if i.Why == "" {
					t.Errorf("%s: %q wants %s for no reason", file, text, i.Name)
				}
			}
			got := withoutSmall(namesOf(r), want)
			slices.Sort(got)
			slices.Sort(want)
			if !slices.Equal(got, want) {
				t.Errorf("%s: %q wants %v, read as %v", file, text, want, r.Intents)
			}
		}
		if n < 80 {
			t.Errorf("%s has %d messages", file, n)
		}
	}
}

// Words that ask for a person elsewhere, and here do not.
func TestTrapsOfRequestsForAPerson(t *testing.T) {
	x := sample(t)
	for _, text := range []string{
		"人工提额", "可以人工提额吗", "能帮我人工提一下额度吗", "人工审核要几天", "转人工审核要多久", "人工费怎么算", "人工智能",
		"客服电话多少", "你们客服热线是多少", "你们人工客服的电话是多少", "给客服打电话要钱吗", "怎么联系客服",
		"没接到客服电话", "昨天没接到客服打来的电话", "客服什么时候给我打电话", "我跟客服说过了", "已经联系客服了", "客服说三天到账",
		"不用转人工", "先不转人工", "谢谢，不需要找人了", "必须找客服吗",
		"你是人工吗", "你是真人还是机器人", "跟我说话的是真人吗", "找人代付可以吗", "派人来修水管", "人工客服放假吗", "客服辛苦了",
		"are you a human", "are you a human or a robot?", "am I talking to a person?", "is the chat run by humans?",
		"human resources", "how do I reach human resources", "human error on my side", "human rights",
		"no need to transfer me", "I don't need an agent", "can I do this without talking to anyone", "do I need to speak to someone to cancel",
		"what is the number of customer service", "when does an agent call me", "I missed the call from your agent",
		"I spoke to a representative on Monday", "your agent promised a refund", "will a real person review my application?",
		"can another person collect it", "transfer my ticket to a colleague", "travel agent discount", "password manager",
	} {
		if r := x.Read(text); has(r, Human, "") {
			t.Errorf("%q is read as %v", text, r.Intents)
		}
	}
	for _, text := range []string{
		"转人工", "找不到人工客服", "怎么转不到人工", "人工客服在吗", "别让机器人回了，来个真人", "把我转给能做主的人", "请转接维修部", "让你们店长联系我",
		"human please", "can I be put through to someone", "get me your supervisor", "loop in a colleague please", "are you a bot? get me a human",
		"no need to call, but connect me to an agent", "I want to talk to human resources, or any human at all",
	} {
		if r := x.Read(text); !has(r, Human, "") {
			t.Errorf("%q is no request: %v", text, r.Intents)
		}
	}
}
