package extract

import (
	"regexp"
	"slices"
	"sort"
	"strings"
	"unicode/utf8"
)

const (
	hanShop = `(?:旗舰店|专卖店|专营店|体验店|直营店|加盟店|便利店|分店|门店|商店|酒店|饭店|药店|书店|总店|店铺|店面|店)`
	hanSpot = `(?:购物中心|服务中心|营业厅|营业部|售楼处|服务台|收银台|接待处|休息区|会议室|健身房|停车场|地下车库|车库|电梯间|电梯口|电梯|大厅|大堂|前台|柜台|专柜|仓库|食堂|餐厅|展厅|超市|商场|商城|维修点|自提点|提货点|网点|驿站|小区|大门口|门口|工地|机场|火车站|高铁站|地铁站|医院|写字楼|办公室|卫生间|洗手间|楼道|泳池|游泳池|花园|收费站|加油站|充电站|包间|包厢|快递柜|丰巢)`
	hanPart = `号楼|号店|号院|号桌|号窗口|号窗|号柜台|号门|号线|号房间|号收银台|号包间|号包厢|号房|号厅|号仓|栋|幢|单元|楼|层|室|座`
	hanArea = `(?:路|街|大道|大厦|广场|公园|景区|学校|大学|中心|市|县|镇|村|区)`
)

var (
	hanShops = re(hanShop)
	hanSpots = re(hanSpot)
	hanAreas = re(`[在去到从](?:\p{Han}{2,10}?)` + hanArea + `(?:\d{1,5}号)?`)
	hanRooms = re(`(?:[A-Za-z]?\d{1,4}[A-Za-z]?(?:` + hanPart + `)|[一二三四五六七八九十]{1,3}(?:` + hanPart + `)){1,4}(?:\d{2,4}\b)?`)
	cities   = re(`[在去到从](北京|上海|广州|深圳|杭州|南京|苏州|成都|重庆|武汉|西安|天津|青岛|大连|厦门|宁波|长沙|郑州|济南|沈阳|合肥|福州|昆明|香港|澳门|台北)`)
)

// A shop's name runs back from 店 to the nearest of these.
var beforeShop = []string{"你们", "我们", "他们", "咱们", "您们", "贵公司", "贵司", "这家", "那家", "一家", "哪家", "某家", "你家", "您家", "这个", "那个", "一个", "每个", "家里",
	"在", "去", "到", "从", "了", "的", "是", "于", "贵", "你", "您", "我", "给", "进", "逛", "与", "跟", "和", "回", "过", "有", "往", "及", "这", "那", "各", "该", "本", "此", "某", "被", "让", "把", "也", "都", "向", "对", "找"}

// They may start the place themselves.
var shopOwner = []string{"你们", "贵公司", "贵司", "这家", "那家", "你家", "您家", "贵", "你", "您", "该", "本", "此", "这个", "那个"}

func (f *finder) findPlaces() {
	var cands []find
	add := func(from, to int) {
		s := stretch{from, to}
		if from < to && f.free(s) && !overlapsAny(f.people, s) {
			cands = append(cands, find{s, f.s[from:to]})
		}
	}
	if f.hasHan {
		f.hanPlaces(add)
	}
	if f.hasLatin {
		for _, row := range enPlaces {
			f.each(row.re, func(m []int) {
				if from, to, ok := row.read(f, m); ok {
					add(from, to)
				}
			})
		}
	}
	f.facts.Places = f.asFacts(joinFinds(f, f.union(cands)))
}

// union joins candidates that overlap: 你们店 and 店门口.
func (f *finder) union(cands []find) []find {
	slices.SortFunc(cands, func(a, b find) int { return a.from - b.from })
	var out []find
	for _, c := range cands {
		if n := len(out); n > 0 && c.from < out[n-1].to {
			out[n-1].to = max(out[n-1].to, c.to)
			out[n-1].value = f.s[out[n-1].from:out[n-1].to]
			continue
		}
		out = append(out, c)
	}
	return out
}

func (f *finder) hanPlaces(add func(from, to int)) {
	f.each(hanShops, func(m []int) {
		if from, to, ok := f.shop(m[0], m[1]); ok {
			add(from, to)
		}
	})
	f.each(hanSpots, func(m []int) {
		w := f.s[m[0]:m[1]]
		if f.endsWith(m[0], "转", "客户", "客服", "微信", "手机", "线上") || w == "前台" && f.nextIn(m[1], "电") || w == "门口" && f.endsWith(m[0], "大") {
			return
		}
		add(f.nameOf(m[0]), m[1])
	})
	f.each(hanAreas, func(m []int) {
		from := m[0] + 3
		w := f.s[from:m[1]]
		if f.prevIn(m[0], "正现存实不还好") || strings.HasPrefix(w, "线") || strings.ContainsAny(w, "们的了我您你是有说么") {
			return
		}
		add(f.afterTimes(from, m[1]), m[1])
	})
	f.each(hanRooms, func(m []int) {
		w := f.s[m[0]:m[1]]
		han := w[0] > '9' && !isWord(rune(w[0]))
		if isWord(f.prev(m[0])) || f.prevIn(m[0], "第这那哪每等整") || han && strings.ContainsAny(w, "层室座幢") || strings.HasSuffix(w, "座") && isDigit(w[0]) || !f.free(stretch{m[0], m[1]}) {
			return
		}
		add(m[0], m[1])
	})
	f.each(cities, func(m []int) {
		if !f.prevIn(m[0], "正现存实") {
			add(m[2], m[3])
		}
	})
}

func overlapsAny(finds []find, s stretch) bool {
	i := firstAfter(finds, s.from)
	return i < len(finds) && finds[i].from < s.to
}

// firstAfter is the first of finds, which are in order, that ends after at.
func firstAfter(finds []find, at int) int {
	return sort.Search(len(finds), func(i int) bool { return finds[i].to > at })
}

// afterTimes moves from behind a time or person that reaches into [from, to).
func (f *finder) afterTimes(from, to int) int {
	for _, finds := range [][]find{f.times, f.people} {
		for i := firstAfter(finds, from); i < len(finds) && finds[i].to <= to; i++ {
			from = finds[i].to
		}
	}
	return from
}

// shop finds the whole name of a shop of which f.s[noun:end] is the noun.
func (f *finder) shop(noun, end int) (from, to int, ok bool) {
	bare := f.s[noun:end] == "店"
	if bare && (f.nextIn(end, "员长家主名庆小") || f.endsWith(noun, "网", "开", "微", "旺", "掌", "看")) {
		return 0, 0, false
	}
	if from := f.nameOf(noun); from < noun {
		if owner := f.s[from:noun]; bare && slices.Contains(shopOwner, owner) {
			return from, f.withInside(end), true
		}
		return from, end, true
	}
	if bare { // 店里, 店内
		to := f.withInside(end)
		return noun, to, to > end || f.endsWith(noun, "在", "到", "去")
	}
	return noun, end, true
}

func (f *finder) withInside(end int) int {
	if f.startsWith(end, "里", "内", "中") {
		return end + len("里")
	}
	return end
}

// nameOf is where the name in front of a place's noun begins: up to eight
// Chinese characters or a word in letters, back to a word of beforeShop.
func (f *finder) nameOf(noun int) int {
	start := noun
	for n := 0; n < 8; n++ {
		r, size := utf8.DecodeLastRuneInString(f.s[:start])
		if !isHan(r) {
			break
		}
		start -= size
	}
	if start == noun { // Apple店
		for start > 0 && isWord(f.prev(start)) && noun-start < 20 {
			start--
		}
		return start
	}
	start = min(f.afterTimes(start, noun), noun)
	name := f.s[start:noun]
	cut, owner := 0, 0
	for _, w := range beforeShop {
		if i := strings.LastIndex(name, w); i >= 0 && i+len(w) > cut {
			cut = i + len(w)
			owner = cut
			if slices.Contains(shopOwner, w) {
				owner = i
			}
		} else if i >= 0 && i+len(w) == cut && owner > i && slices.Contains(shopOwner, w) {
			owner = i
		}
	}
	if cut == len(name) {
		return start + owner // 你们店, 贵店: the owner is the name
	}
	if utf8.RuneCountInString(name[cut:]) == 1 && cut > 0 && !isHan(f.prev(start)) && cut == 3 {
		return start // 和平店 is no 和 + 平店
	}
	return start + cut
}

const enSpot = `(?:stores?|shops?|branch|outlet|office|warehouse|showroom|restaurant|hotel|supermarket|mall|car park|parking lot|garage|front desk|help desk|information desk|service desk|reception|lobby|counter|checkout|till|caf[eé]|bar|gym|pool|lift|elevator|entrance|stairs|staircase|building|apartment|flat|room|kitchen|bathroom|restroom|toilets?|airport|station|clinic|hospital|school|campus|depot|pharmacy|bakery|salon|garden|hallway|corridor|basement|service cent(?:er|re)|shopping cent(?:er|re)|workshop|pickup point|stand|kiosk|booth|main gate|gate|location)`

type enPlaceRow struct {
	re   *regexp.Regexp
	read func(f *finder, m []int) (from, to int, ok bool)
}

var enPlaces = []enPlaceRow{
	{re(`(?i)\b(?:at|in|inside|outside|near|from|to|into|of|behind|by|visited|left|entered|on)\s+((?:the|your|our|this|that|one of your)\s+(?:[\w'&-]+\s+){0,4}?` + enSpot + `)\b`), (*finder).readSpot},
	{re(`\b(?:at|in|from|near|to|At|In)\s+((?:[A-Z][\w'&-]*\s+){1,4}(?:(?i:` + enSpot[3:len(enSpot)-1] + `)|Street|Road|Avenue|Square|Mall|Park|Plaza|Station|Airport)(?: (?:store|shop|branch|office))?)\b`), (*finder).readGroup},
	{re(`\b\d{1,5}\s+(?:[A-Z][\w'-]*\s+){1,3}(?:Street|St|Road|Rd|Avenue|Ave|Lane|Ln|Drive|Dr|Boulevard|Blvd|Way|Square|Sq|Court)\b`), (*finder).readWhole},
	{re(`(?i)\b(?:room|building|block|flat|apartment|apt|unit|gate|terminal|aisle|platform|suite|table|counter|till)\s+(?:no\.?\s*|number\s+|#)?(?:\d{1,4}[a-z]?|(?-i:[A-Z]\d{0,3}))\b`), (*finder).readWhole},
	{re(`(?i)\b(?:\d{1,2}(?:st|nd|rd|th)|ground|first|second|third|fourth|fifth|top)\s+floor\b`), (*finder).readWhole},
	{re(`(?i)\bin(?:-|\s)store\b(?:\s(?:credit|pickup))?`), (*finder).readInStore},
}

func (f *finder) readGroup(m []int) (from, to int, ok bool) { return m[2], m[3], true }

func (f *finder) readInStore(m []int) (from, to int, ok bool) {
	w := strings.ToLower(f.s[m[0]:m[1]])
	return m[0], m[1], !strings.HasSuffix(w, "credit")
}

// readSpot reads "at your Main Street store".
func (f *finder) readSpot(m []int) (from, to int, ok bool) {
	from, to = m[2], m[3]
	phrase := strings.ReplaceAll(f.s[from:to], "\n", " ")
	if d := lastDeterminer.FindStringSubmatchIndex(phrase); d != nil {
		from += d[2]
	}
	phrase = strings.ToLower(f.s[from:to])
	for _, w := range []string{"app store", "play store", "online", "web shop", "webshop", "e-shop", "same room", "head office email", "gas station price"} {
		if strings.Contains(phrase, w) {
			return 0, 0, false
		}
	}
	return from, to, !f.startsWith(to, " credit", " policy", " manager", " assistant", " staff", " number", " clerk", " employee")
}
