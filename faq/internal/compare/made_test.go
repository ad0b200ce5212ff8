package compare

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"frontdesk/faq"
)

// Words that say nothing of what a question is about.
var (
	openings = [2][]string{
		strings.Split("how do i|how can i|what is the|can you|i want to|why is my|where is the|is it possible to|could you please|when will my|i need help with the|do you have", "|"),
		strings.Split("请问怎么|我想|为什么我的|如何|什么时候可以|能不能|你们有没有|怎样才能|麻烦问一下|我的", "|"),
	}
	links = [2][]string{
		strings.Split("the|my|with|for|on|to|and|a|in|from|of|your", "|"),
		strings.Split("的|了|和|在|是|这个||||", "|"),
	}
	endings = [2][]string{
		strings.Split("?||| please| now| today|? thanks", "|"),
		strings.Split("?|吗?|呢|||,谢谢|怎么办", "|"),
	}
)

// What words of content are made of: syllables of an onset, a vowel and an end,
// pairs of characters.
var (
	onsets = strings.Fields("b bl br c ch cl cr d dr f fl fr g gl gr h j k l m n p ph pl pr qu r s sc sh sl sp st str t th tr v w")
	vowels = strings.Fields("a e i o u a e i o ai ea ee io ou oo y")
	ends   = strings.Split(",,,,n,r,t,l,s,m,nd,nt,ck,ss,st,p,ve,ct,rt,x", ",")
	han    = []rune("账户密码登录订单退款发票物流地址手机银行卡余额充值提现会员积分优惠券活动商品质量售后维修保安装配送快递支付信用度利息还逾期合同申请审核资料证件照片实名认绑定解除改查询取消注销冻结转限制网点柜台电话短验通知推设置权套餐流宽带费价格折扣赠库存预约门店时间" +
		"天气温水火车站船飞票旅游酒店房屋租买卖医院药病床学校课程考试老师书本笔纸画音乐电影节目球场运动健身衣服鞋帽颜色红黄蓝白黑大小高低长短新旧男女父母儿孩朋友家庭社区城市乡村道路桥梁山川河海洋树木花草鸟鱼牛羊猪鸡米面油盐糖茶酒果菜肉蛋奶锅碗杯盘刀灯具桌椅柜箱包伞表镜机器零件材料工厂司职位薪资假期班组长经理客服投诉建议评论回复消息声图像视频文字语言版系统软硬盘键屏幕电池线插座开关按钮遥控")
)

// vocabulary makes different words.
func vocabulary(rnd *rand.Rand, size int) (out [2][]string) {
	seen := map[string]bool{}
	add := func(l int, w string) {
		if !seen[w] && len(out[l]) < size {
			seen[w] = true
			out[l] = append(out[l], w)
		}
	}
	for len(out[0]) < size || len(out[1]) < size {
		en := ""
		for range 1 + rnd.IntN(2) {
			en += pick(rnd, onsets) + pick(rnd, vowels)
		}
		add(0, en+pick(rnd, ends))
		add(1, string([]rune{pick(rnd, han), pick(rnd, han)}))
	}
	return out
}

func pick[T any](rnd *rand.Rand, from []T) T { return from[rnd.IntN(len(from))] }

// made writes an FAQ of so many entries with so many questions each, every other
// of them Chinese, and 1,000 questions more that ask for them, half of these
// Chinese. An entry has six words of its own in each language, by Zipf's law, and
// a question two to four of these, sometimes a foreign one, among words that say
// nothing, with endings and slips of the pen. The same sizes give the same FAQ.
func made(entries, each int) (examples, asked []faq.Labelled) {
	rnd := rand.New(rand.NewPCG(1, uint64(entries)))
	const words = 8000
	content := vocabulary(rnd, words)
	zipf := rand.NewZipf(rnd, 1.1, 20, words-1)
	more := (1000 + entries - 1) / entries
	for e := range entries {
		var own [2][]string
		for range 6 {
			w := zipf.Uint64()
			own[0], own[1] = append(own[0], content[0][w]), append(own[1], content[1][w])
		}
		for k := range each + more {
			l := (e + k) % 2
			said := slices.Clone(own[l])
			rnd.Shuffle(len(said), func(i, j int) { said[i], said[j] = said[j], said[i] })
			said = said[:2+rnd.IntN(3)]
			if rnd.IntN(3) == 0 {
				said = append(said, content[l][zipf.Uint64()])
			}
			text := pick(rnd, openings[l])
			for _, w := range said {
				text += []string{" ", ""}[l]
				if link := pick(rnd, links[l]); link != "" && rnd.IntN(2) == 0 {
					text += link + []string{" ", ""}[l]
				}
				text += inflected(rnd, w, l)
			}
			q := faq.Labelled{Text: text + pick(rnd, endings[l]), Label: fmt.Sprint("e", e)}
			if k < each {
				examples = append(examples, q)
			} else {
				asked = append(asked, q)
			}
		}
	}
	rnd.Shuffle(len(asked), func(i, j int) { asked[i], asked[j] = asked[j], asked[i] })
	return examples, asked[:1000]
}

// inflected gives an English word an ending now and then, and writes one word in
// twenty wrong.
func inflected(rnd *rand.Rand, w string, l int) string {
	r := []rune(w)
	if rnd.IntN(20) == 0 {
		i := rnd.IntN(len(r))
		if l == 0 && i > 0 {
			r[i-1], r[i] = r[i], r[i-1]
		} else {
			r[i] = [2]rune{'e', pick(rnd, han)}[l]
		}
	}
	if l == 0 {
		return string(r) + pick(rnd, []string{"", "", "", "", "s", "s", "ing", "ed"})
	}
	return string(r)
}
