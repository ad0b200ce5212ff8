package extract

import (
	"regexp"
	"strings"
	"unicode/utf8"
)

// People are who was involved: by name and title, by name, or by what they do.

// surnames are the frequent ones, enough to tell 王经理 from 大堂经理, without
// those that are mostly ordinary words (时, 来, 和).
const surnames = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎余潘杜戴夏钟汪田任姜范方石姚谭廖邹熊金陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段雷钱汤尹黎易常武乔贺赖龚文庞樊兰殷施陶洪翟安颜倪严牛温芦季俞章鲁葛伍韦申尤毕聂丛焦柳邢路岳齐梅莫庄辛祝左涂谷祁舒耿牟卜詹关苗凌费纪靳盛童欧甄项曲游阳裴席卫屈鲍覃霍翁隋植甘景包司柏宁柯阮桂闵丘华车冉房边辜吉饶刁瞿戚古米池滕晋苑邬臧畅宫嵺苟褚廉简娄盖符奚穆党燕郎邸冀谈姬屠郜晏栾郁蒙喻揭窦迟宇敖糜鄢冷卓花仇艾蓝巩稽井练仲乐虞卞封竺冼楚佟栗匡宗巫鞠僧桑荆谌银沙伏岑胥蔺"

const (
	surname = `(?:欧阳|司马|上官|诸葛|司徒|皇甫|夏侯|尉迟|[` + surnames + `])`
	title   = `(?:先生|女士|小姐|太太|经理|主管|店长|师傅|老师|总监|总|工|医生|大夫|护士|主任|队长|站长|班长|组长|院长|老板|阿姨|大哥|大姐|同学|顾问|管家|客服|教练)`
	hanRole = `(?:店员|营业员|售货员|售货小姐|收银员|收银|服务员|服务生|快递员|快递小哥|小哥|快递师傅|快递|配送员|送货员|送货师傅|送货的|外卖员|外卖小哥|骑手|客服人员|客服专员|客服代表|客服小姐|客服|维修人员|维修员|维修工|维修师傅|安装人员|安装工|安装师傅|施工人员|施工队|技术人员|技术员|技师|工程师|保安|保洁员|保洁阿姨|保洁|前台小姐|前台人员|前台接待|大堂经理|客户经理|项目经理|产品经理|区域经理|值班经理|店长|经理|主管|销售人员|销售员|销售|业务员|推销员|工作人员|员工|店家|管家|物业人员|物业|老板|导购员|导购|美容师|理发师|设计师|教练|司机|师傅|医生|护士|讲师|负责人|领班|柜员|搬运工|调度)`
)

var (
	peopleTitled = re(title)
	peopleXing   = re(`姓` + surname + `的?(?:` + hanRole + `|先生|女士|小姐|男的|女的|人)?`)
	peopleLittle = re(`[小老阿](` + surname + `)`)
	peopleRole   = re(`(?:(?:那|这|一)(?:位|个|名)(?:男|女)?)?` + hanRole)
	peopleThat   = re(`(?:那|这|一)(?:位|个|名)(?:先生|女士|小姐|小姑娘|姑娘|小伙子|小伙|阿姨|大姐|大哥|男的|女的|男士|男子|女子)`)
	peopleNamed  = re(`(?:名叫|叫做|名字(?:是|叫)|叫|是)(` + surname + `\p{Han}{1,2})`)
	peopleOfOurs = re(`(?:公司|部门|部|团队)的?(` + surname + `\p{Han}{1,2})`)
	peopleNumber = re(`(?:工号|员工号|员工编号|胸牌号?)` + is + `([A-Za-z]{0,3}\d{1,8})`)
)

// afterName may follow a name that is written without a title.
const afterName = "一的说是在把跟和态骂对给打不没也就很非以来去让要向做负接处,.;:!?)\"' \n"

// notLittle are the words with 小 or 老 that look like a nickname.
var notLittle = []string{
	"小程序", "小米", "小黄", "小白", "小高", "小金额", "小方", "小包", "小马路", "小江", "小路", "小花",
	"小童", "小车", "小文", "小房", "小项", "小龙虾", "小熊", "小石", "小卫", "小曲", "小符", "老房",
	"老路", "老马路", "老古", "老花", "老项", "老车", "老乐", "老安", "老宗",
}

func (f *finder) findPeople() {
	var cands []find
	if f.hasHan {
		cands = f.hanPeople()
	}
	if f.hasLatin {
		cands = append(cands, f.enPeople()...)
	}
	f.people = joinFinds(f, settle(cands))
	f.facts.People = f.asFacts(f.people)
}

func (f *finder) enPeople() (cands []find) {
	for _, row := range enPeople {
		f.each(row.re, func(m []int) {
			if from, to, ok := row.read(f, m); ok {
				cands = append(cands, find{stretch{from, to}, f.s[from:to]})
			}
		})
	}
	return cands
}

func (f *finder) hanPeople() (cands []find) {
	add := func(from, to int) {
		if from < to {
			cands = append(cands, find{stretch{from, to}, f.s[from:to]})
		}
	}
	f.each(peopleXing, func(m []int) {
		if !f.prevIn(m[0], "百同贵您") {
			add(m[0], m[1])
		}
	})
	f.each(peopleTitled, func(m []int) {
		t := f.s[m[0]:m[1]]
		if (t == "工" || t == "总") && isHan(f.next(m[1])) && !f.nextIn(m[1], "说来的在给没把不跟和") {
			return // 王总是迟到
		}
		if t == "工" && f.prevIn(m[0], "施开完成包手易全") {
			return // 施工
		}
		if !f.greeting(m[1]) {
			add(f.nameBefore(m[0]), m[1])
		}
	})
	f.each(peopleLittle, func(m []int) {
		if f.startsWith(m[0], notLittle...) || f.prevIn(m[0], "大最更太很较有变缩减") || f.greeting(m[1]) {
			return
		}
		add(m[0], m[1])
	})
	f.each(peopleRole, func(m []int) {
		if f.isRole(m[0], m[1]) {
			add(m[0], f.nameAfter(m[1]))
		}
	})
	f.each(peopleThat, func(m []int) { add(m[0], m[1]) })
	f.each(peopleNamed, func(m []int) {
		if f.startsWith(m[0], "是") && !f.endsWith(m[0], "名字", "人", "员", "的") || f.endsWith(m[0], "我", "本人") {
			return
		}
		if end := f.nameEnd(m[2]); end > 0 {
			add(m[2], end)
		}
	})
	f.each(peopleOfOurs, func(m []int) {
		if end := f.nameEnd(m[2]); end > 0 && !f.nextIn(m[2], "包方金高常") {
			add(m[2], end)
		}
	})
	f.each(peopleNumber, func(m []int) { add(m[0], m[1]) })
	return cands
}

// joinFinds makes one of finds that touch: 客服+小李, 姓王的+店员.
func joinFinds(f *finder, finds []find) []find {
	var out []find
	for _, c := range finds {
		if n := len(out); n > 0 && out[n-1].to == c.from && isHan(f.next(c.from)) {
			out[n-1].to = c.to
			out[n-1].value = f.s[out[n-1].from:c.to]
			continue
		}
		out = append(out, c)
	}
	return out
}

// greeting reports that a title is how the customer addresses us: 师傅您好.
func (f *finder) greeting(end int) bool {
	return f.startsWith(end, "您好", "你好", "在吗", "在不在", "好,", "早上好", "下午好")
}

// nameBefore is where the name in front of a title starts, or the title's own
// end when there is no surname: 王经理, 王建国经理, but not 大堂经理.
func (f *finder) nameBefore(title int) int {
	var runes []int // starts of up to three Han characters, nearest first
	for i := title; len(runes) < 3; {
		r, n := utf8.DecodeLastRuneInString(f.s[:i])
		if !isHan(r) {
			break
		}
		i -= n
		runes = append(runes, i)
	}
	for n := len(runes) - 1; n >= 0; n-- {
		at := runes[n]
		bounded := !isHan(f.prev(at)) || f.prevIn(at, "的叫是和找给了在们员服跟与被让向对由名位个为到问过家售机")
		if strings.ContainsRune(surnames, f.next(at)) && (n == 0 || bounded && !f.startsWith(at, "于", "任", "包", "关")) {
			if n == 0 && f.endsWith(title, "员", "业", "客", "户") {
				break
			}
			return at
		}
	}
	return len(f.s) + 1 // no stretch: add drops it
}

// nameAfter extends a role by the name behind it: 店员王芳.
func (f *finder) nameAfter(role int) int {
	for _, w := range []string{"叫", "名叫", ""} {
		if !strings.HasPrefix(f.s[role:], w) {
			continue
		}
		at := role + len(w)
		if strings.ContainsRune(surnames, f.next(at)) && f.next(at) != 0 {
			if end := f.nameEnd(at); end > 0 && !f.nextIn(at, "于包关") {
				return end
			}
		}
	}
	return role
}

// nameEnd is the end of the name of two or three characters at i, if what
// follows looks like the end of one; otherwise 0.
func (f *finder) nameEnd(i int) int {
	for n, r := range f.s[i:min(len(f.s), i+12)] {
		size := i + n + utf8.RuneLen(r)
		if !isHan(r) || size > len(f.s) {
			return 0
		}
		if k := n / 3; k >= 1 {
			if next := f.next(size); next == 0 || strings.ContainsRune(afterName, next) {
				return size
			}
		}
		if n >= 6 {
			return 0
		}
	}
	return 0
}

// isRole refuses a role that is part of another word or only what is asked for.
func (f *finder) isRole(from, to int) bool {
	w := f.s[from:to]
	if f.greeting(to) {
		return false
	}
	switch {
	case strings.HasSuffix(w, "客服"):
		return !f.nextIn(to, "电热中时邮部号吗") && !f.startsWith(to, "在线", "微信", "QQ", "入口") &&
			!f.endsWith(from, "人工", "转", "联系", "找", "接", "要", "在线", "呼叫", "联络")
	case strings.HasSuffix(w, "快递"):
		return f.nextIn(to, "把骂态说打") && !f.startsWith(to, "打包")
	case strings.HasSuffix(w, "销售"):
		return !f.nextIn(to, "额量价渠合部网")
	case strings.HasSuffix(w, "物业"):
		return !f.nextIn(to, "费公管")
	case strings.HasSuffix(w, "管家"), strings.HasSuffix(w, "收银"), strings.HasSuffix(w, "保洁"), strings.HasSuffix(w, "调度"):
		return !f.nextIn(to, "服台系机费软")
	case strings.HasSuffix(w, "员工"):
		return !f.nextIn(to, "价福食餐")
	case strings.HasSuffix(w, "教练"), strings.HasSuffix(w, "司机"):
		return !f.nextIn(to, "端版")
	}
	return true
}

var (
	enName = `(?:O'|D'|Mc|Mac)?[A-Z][a-z]+(?:[-'][A-Z]?[a-z]+)?(?: [A-Z][a-z]+)?`

	enRole = `(?:(?:sales|shop|store|support|service|customer service|customer|call cent(?:er|re)|front desk|delivery|security|cleaning|repair|maintenance|duty|branch|account|general|bank)[ -])?` +
		`(?:staff members?|staff|members? of staff|members? of your (?:staff|team)|employees?|assistants?|clerks?|cashiers?|waiters?|waitress(?:es)?|servers?|drivers?|couriers?|technicians?|engineers?|repair(?:man|men)|mechanics?|plumbers?|electricians?|installers?|fitters?|managers?|supervisors?|salesman|salesmen|saleswoman|salesperson|salespeople|receptionists?|concierge|porters?|guards?|cleaners?|agents?|representatives?|reps?|colleagues?|operators?|advis[eo]rs?|consultants?|tellers?|bartenders?|barista|chefs?|doctors?|nurses?|dentists?|instructors?|trainers?|hosts?|delivery (?:guys?|man|men|woman|person)|(?:guy|lady|woman|man|girl|boy|person|gentleman) (?:at|behind|from|in|on) (?:the|your) [a-z]+(?: desk)?)`
)

type enPeopleRow struct {
	re   *regexp.Regexp
	read func(f *finder, m []int) (from, to int, ok bool)
}

var enPeople = []enPeopleRow{
	{re(`\b(?:Mr|Mrs|Ms|Miss|Mx|Dr|Prof)\b\.? ` + enName), (*finder).readTitled},
	{re(`(?i)\b(?:your|the|a|an|one of your|one of the|this|that|some|another|two of your)\s+(?:[a-z-]+\s+){0,2}?` + enRole + `\b`), (*finder).readRole},
	{re(`(?i:called|named|by the name of|name (?:is|was)|name tag (?:said|says)|spoke (?:to|with)|talked (?:to|with)|dealt with|speaking (?:to|with)|chatted with|served by|helped by|told by|promised by|met)\s+(` + enName + `)\b`), (*finder).readNamed},
	{re(`\b(` + enName + `) (?:from|at|in) (?:your|the) (?:[a-z]+ )?(?:team|shop|store|office|sales|support|service|reception|department|front desk|branch|desk|call cent)`), (*finder).readNamed},
	{re(`(?i)\b(?:someone|somebody|a person|people) (?:from|in|at|on) (?:your|the) (?:[a-z]+ ){0,2}?(?:team|department|office|shop|store|side|company|staff)\b`), (*finder).readWhole},
	{re(`(?i)\b(?:employee|staff|badge|agent) (?:id|no\.?|number|#) ?#?:? ?([A-Z]{0,3}\d{2,8})\b`), (*finder).readWhole},
}

func (f *finder) readWhole(m []int) (from, to int, ok bool) { return m[0], m[1], true }

func (f *finder) readTitled(m []int) (from, to int, ok bool) {
	return m[0], m[1], !f.endsWith(m[0], "Dear ", "dear ", "Hi ", "Hello ", "I am ", "I'm ")
}

var (
	nobody = re(`\b(?:human|live|real|printer|graphics|audio|usb|video|screw|travel agent|(?:password|task|file) manager|(?:e?mail|web) server)\b`)
	wanted = re(`(?i)(?:\b(?:speak|talk|chat|connect|transfer|escalate|get|put|want|need|like|send|contact|see|call|email|is there|find)\b[^.!?\n]{0,24})$`)
	guyAt  = re(`(?i)\b(?:at|behind|from|in|on) (?:the|your) [a-z]+(?: desk)?$`) // one phrase with two determiners
	nameAt = re(`^,? ?(?:(?i:called|named|by the name of|whose name (?:is|was)) )?(` + enName + `)\b`)
)

// lastDeterminer finds where the noun phrase that ends a match begins.
var lastDeterminer = re(`(?i)^.*\b((?:your|the|an?|this|that|some|another)\s)`)

func (f *finder) readRole(m []int) (from, to int, ok bool) {
	from, to = m[0], m[1]
	phrase := f.s[from:to]
	if !guyAt.MatchString(phrase) {
		if d := lastDeterminer.FindStringSubmatchIndex(strings.ReplaceAll(phrase, "\n", " ")); d != nil {
			from += d[2]
			for _, some := range []string{"one of ", "One of ", "two of ", "Two of ", "some of ", "Some of "} {
				if f.endsWith(from, some) {
					from -= len(some)
					break
				}
			}
		}
	}
	phrase = strings.ToLower(f.s[from:to])
	if nobody.MatchString(phrase) {
		return 0, 0, false
	}
	if f.startsWith(to, " software", " update", " download", " install", " version", " error", " app") {
		return 0, 0, false
	}
	start := max(0, from-40)
	asked := wanted.FindString(f.s[start:from])
	if asked != "" && !strings.HasPrefix(phrase, "your") {
		return 0, 0, false // "I want to speak to a manager" names nobody
	}
	if n := nameAt.FindStringSubmatchIndex(f.s[to:min(len(f.s), to+60)]); n != nil && !notNames[strings.Fields(f.s[to+n[2] : to+n[3]])[0]] {
		to += n[1]
	}
	return from, to, true
}

// notNames begin with a capital and are no names.
var notNames = map[string]bool{"I": true, "Monday": true, "Tuesday": true, "Wednesday": true, "Thursday": true, "Friday": true, "Saturday": true, "Sunday": true,
	"January": true, "February": true, "March": true, "April": true, "May": true, "June": true, "July": true, "August": true, "September": true, "October": true, "November": true, "December": true,
	"The": true, "This": true, "That": true, "It": true, "He": true, "She": true, "We": true, "They": true, "You": true, "My": true, "Your": true, "Our": true, "No": true, "Not": true, "Please": true, "Then": true,
	"Customer": true, "Support": true, "Service": true, "Order": true, "And": true, "But": true, "When": true, "What": true, "Someone": true, "Somebody": true, "Nobody": true, "On": true, "At": true, "In": true, "Also": true, "After": true, "Main": true,
	"Hi": true, "Mr": true, "Mrs": true, "Ms": true, "Miss": true, "Dr": true, "Prof": true, "Mx": true, "Hello": true, "Dear": true, "Thanks": true, "Thank": true, "Regards": true}

func (f *finder) readNamed(m []int) (from, to int, ok bool) {
	name := f.s[m[2]:m[3]]
	if notNames[strings.Fields(name)[0]] || f.endsWith(m[0], "my ", "My ") || f.endsWith(m[2], "my name is ", "My name is ") {
		return 0, 0, false
	}
	return m[2], m[3], true
}
