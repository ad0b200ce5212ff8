package exchange

import (
	"encoding/csv"
	"errors"
	"io"
	"slices"
	"strings"

	"frontdesk/faq"
)

// A table has a row for each entry and language. Several questions stand in one cell,
// each on its own line; or each has a row of its own, with the same id or answer.

var columns = map[string][]string{
	"id":        {"id", "key", "编号"},
	"lang":      {"lang", "language", "locale", "语言"},
	"questions": {"questions", "question", "q", "title", "问题", "问法", "常见问题"},
	"answer":    {"answer", "answers", "a", "response", "reply", "答案", "回答", "回复", "内容"},
	"not":       {"not"},
	"expect":    {"expect"},
	"tags":      {"tags", "tag", "category", "categories", "topic", "section", "分类", "类别", "标签"},
	"related":   {"related", "相关"},
	"channels":  {"channels", "channel", "渠道"},
	"from":      {"from", "开始"},
	"until":     {"until", "结束"},
}

var columnOrder = []string{"id", "lang", "questions", "answer", "not", "expect", "tags", "related", "channels", "from", "until"}

func columnOf(cell string) string {
	cell = strings.ToLower(strings.TrimSpace(cell))
	for _, key := range columnOrder {
		if slices.Contains(columns[key], cell) {
			return key
		}
	}
	return ""
}

func (c *collector) csv(text string) {
	r := csv.NewReader(strings.NewReader(text))
	r.Comma = separator(text)
	r.FieldsPerRecord = -1
	r.LazyQuotes = true
	var heads []string
	for row := 0; ; row++ {
		cells, err := r.Read()
		if err == io.EOF {
			return
		}
		if err != nil {
			line := 0
			if e, ok := errors.AsType[*csv.ParseError](err); ok {
				line = e.StartLine
			}
			c.note(line, "this row cannot be read, nor what follows: %v", err)
			return
		}
		line, _ := r.FieldPos(0)
		if row == 0 {
			if heads = c.heads(cells, line); heads != nil {
				continue
			}
			heads = []string{"questions", "answer", "tags"}
			c.note(line, "there is no row of headings: the first column is taken for the question, the second for the answer")
		}
		p := part{line: line, lists: map[string][]string{}, dates: map[string]string{}}
		for i, cell := range cells {
			if i >= len(heads) {
				if strings.TrimSpace(cell) != "" {
					c.note(line, "column %d has no heading and is left out: %s", i+1, short(cell))
				}
				break
			}
			switch key := heads[i]; {
			case key == "id":
				p.id = strings.TrimSpace(cell)
			case key == "lang":
				p.lang = strings.TrimSpace(cell)
			case key == "answer":
				p.answer = cell
			case slices.Contains(dateKeys, key):
				p.dates[key] = strings.TrimSpace(cell)
			case key == "questions" || key == "not" || key == "expect" || strings.Contains(cell, "\n"):
				p.lists[key] = append(p.lists[key], strings.Split(cell, "\n")...)
			case key != "":
				p.lists[key] = append(p.lists[key], strings.FieldsFunc(cell, func(r rune) bool { return strings.ContainsRune(",;，；、", r) })...)
			}
		}
		c.add(p)
	}
}

// heads returns what each column is; nil if the row has no headings.
func (c *collector) heads(cells []string, line int) []string {
	var heads []string
	for _, cell := range cells {
		heads = append(heads, columnOf(cell))
	}
	if !slices.Contains(heads, "questions") || !slices.Contains(heads, "answer") {
		return nil
	}
	for i, h := range heads {
		if h == "" && strings.TrimSpace(cells[i]) != "" {
			c.note(line, "column %q is not known and left out; known are %s", cells[i], strings.Join(columnOrder, ", "))
		}
	}
	return heads
}

// separator is the one of comma, semicolon and tab that the first line has most.
func separator(text string) rune {
	line, _, _ := strings.Cut(text, "\n")
	best := ','
	for _, s := range []rune{';', '\t'} {
		if strings.Count(line, string(s)) > strings.Count(line, string(best)) {
			best = s
		}
	}
	return best
}

func writeCSV(w io.Writer, entries []*faq.Entry, o Options) error {
	out := csv.NewWriter(w)
	rows := [][]string{columnOrder}
	for _, p := range partsOf(entries, o) {
		var row []string
		for _, key := range columnOrder {
			switch {
			case key == "id":
				row = append(row, p.id)
			case key == "lang":
				row = append(row, p.lang)
			case key == "answer":
				row = append(row, p.answer)
			case slices.Contains(dateKeys, key):
				row = append(row, p.dates[key])
			case key == "questions" || key == "not" || key == "expect":
				row = append(row, strings.Join(p.lists[key], "\n"))
			default:
				row = append(row, cellOf(p.lists[key]))
			}
		}
		rows = append(rows, row)
	}
	return out.WriteAll(rows)
}

// cellOf is a list on one line, or on several where a word has a comma in it.
func cellOf(list []string) string {
	if strings.ContainsAny(strings.Join(list, ""), ",;，；、") {
		return strings.Join(list, "\n") + "\n"
	}
	return strings.Join(list, ", ")
}
