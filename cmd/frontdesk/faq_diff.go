package main

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"frontdesk/faq"
	"frontdesk/store"
)

// How a question is answered differently.
const (
	newlyAnswered  = "newly answered"
	noLonger       = "no longer answered"
	answeredByElse = "answered by another entry"
)

// faqChange is a question that the new FAQ answers otherwise.
type faqChange struct {
	Change   string    `json:"change"`
	Question string    `json:"question"`
	Count    int       `json:"count"` // how often it was asked in these words
	Old      string    `json:"old"`   // the entry; "": not answered
	New      string    `json:"new"`
	Last     time.Time `json:"last,omitzero"`     // when it was asked last
	Answered []string  `json:"answered,omitzero"` // what the bot answered then to the message
}

type faqComparison struct {
	Questions int         `json:"questions"` // that were compared
	Same      int         `json:"same"`
	Changes   []faqChange `json:"changes"`
}

func (a *app) faqDiff() *cobra.Command {
	var list, since string
	cmd := &cobra.Command{
		Use:   "diff OLD [NEW]",
		Short: "Say which questions a change of the FAQ answers differently",
		Long: `diff asks two states of the FAQ what customers have asked so far, and tells which
questions are newly answered, no longer answered, or answered by another entry. OLD and
NEW are files; without NEW it is the FAQ of the configuration. The questions come from
the database of the configuration, which is only read; what has to do with complaints is
left out. With --questions they come from a file with one question on each line.

What OLD includes is read as it is now, from OLD's folder. So where the FAQ includes
other files, compare with a whole copy of its old state, as git makes one:

    git worktree add ../before HEAD
    frontdesk faq diff ../before/faq.yaml
    git worktree remove ../before

Where the FAQ of the configuration is several files, name the one that changed as OLD
and NEW.`,
		Example: "  git show HEAD:faq.yaml > old.yaml && frontdesk faq diff old.yaml\n  frontdesk faq diff old.yaml new.yaml --questions questions.txt --json",
		Args:    cobra.RangeArgs(1, 2),
		RunE: func(cmd *cobra.Command, args []string) error {
			d, err := lookBack(since)
			if err != nil {
				return err
			}
			_, before, err := a.faqIndex(cmd.Context(), args[:1])
			if err != nil {
				return fmt.Errorf("the old FAQ:\n%w", err)
			}
			cfg, after, err := a.faqIndex(cmd.Context(), args[1:])
			if err != nil {
				return fmt.Errorf("the new FAQ:\n%w", err)
			}
			newer := args[1:]
			if len(newer) == 0 {
				newer = cfg.FAQ
			}
			if files := includedNow(args[0], newer); len(files) > 0 {
				fmt.Fprintf(a.err, "warning: %s includes %s, which is read as it is now, not as it was: compare with a whole copy of the old state, see `frontdesk faq diff --help`\n", args[0], strings.Join(files, ", "))
			}
			served := a.served(cmd.Context(), cfg)
			c := &comparer{before: before.With(served), after: after.With(served), now: time.Now(), changes: map[string]*faqChange{}}
			if list != "" {
				err = a.eachQuestion(list, func(text string) { c.compare(store.Decided{Text: text}) })
			} else {
				err = a.history(cmd.Context(), c.now.Add(-d), c.compare)
			}
			if err != nil {
				return err
			}
			v := c.result()
			if a.json {
				return a.printJSON(v)
			}
			a.printComparison(v)
			return nil
		},
	}
	cmd.Flags().StringVar(&list, "questions", "", "compare the questions of this `file`, one a line; - is standard input")
	cmd.Flags().StringVar(&since, "since", "365d", "how far to look back: 24h, 30d")
	return a.jsonFlag(cmd)
}

// includedNow returns the files that an old FAQ includes, where it or they lie beside
// the new one: they are in their state of now.
func includedNow(old string, newer []string) []string {
	folders := map[string]bool{}
	for _, f := range faq.Files(newer) {
		folders[folder(f)] = true
	}
	var out []string
	for _, f := range faq.Files([]string{old}) {
		if f != filepath.Clean(old) && (folders[folder(old)] || folders[folder(f)]) {
			out = append(out, f)
		}
	}
	return out
}

func folder(file string) string {
	if abs, err := filepath.Abs(file); err == nil {
		file = abs
	}
	return filepath.Dir(file)
}

// eachQuestion reads a file with one question on each line; of a line with a tab,
// what stands before it.
func (a *app) eachQuestion(path string, do func(string)) error {
	in := a.in
	if path != "-" {
		f, err := os.Open(path)
		if err != nil {
			return err
		}
		defer f.Close()
		in = f
	}
	lines := bufio.NewScanner(io.LimitReader(in, 1<<28))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		text, _, _ := strings.Cut(strings.TrimPrefix(lines.Text(), "\ufeff"), "\t")
		if text = strings.TrimSpace(text); text != "" {
			do(text)
		}
	}
	return lines.Err()
}

// comparer asks two states of the FAQ the same.
type comparer struct {
	before, after *faq.Index
	now           time.Time
	v             faqComparison
	changes       map[string]*faqChange // by words and entries
	order         []*faqChange
}

func (c *comparer) compare(d store.Decided) {
	was, is := c.before.For(c.now, d.Channel).Read(d.Text), c.after.For(c.now, d.Channel).Read(d.Text)
	for i, q := range was.Questions {
		if !asksFAQ(q) || i >= len(is.Questions) || is.Questions[i].Text != q.Text {
			continue
		}
		c.v.Questions++
		one := faqChange{Question: q.Text, Old: answeredBy(q), New: answeredBy(is.Questions[i])}
		switch {
		case one.Old == one.New:
			c.v.Same++
			continue
		case one.Old == "":
			one.Change = newlyAnswered
		case one.New == "":
			one.Change = noLonger
		default:
			one.Change = answeredByElse
		}
		key := strings.Join([]string{strings.ToLower(strings.Trim(q.Text, " ?？!！.。")), one.Old, one.New}, "\x00")
		known := c.changes[key]
		if known == nil {
			known = &one
			c.changes[key] = known
			c.order = append(c.order, known)
		}
		known.Count++
		known.Last, known.Answered = d.At, d.Answered
	}
}

func (c *comparer) result() faqComparison {
	v := c.v
	v.Changes = []faqChange{}
	for _, one := range c.order {
		v.Changes = append(v.Changes, *one)
	}
	rank := []string{noLonger, answeredByElse, newlyAnswered}
	slices.SortStableFunc(v.Changes, func(a, b faqChange) int {
		return cmp.Or(cmp.Compare(slices.Index(rank, a.Change), slices.Index(rank, b.Change)), cmp.Compare(b.Count, a.Count))
	})
	return v
}

func (a *app) printComparison(v faqComparison) {
	fmt.Fprintf(a.out, "%s asked, %d answered as before\n", plural(v.Questions, "question"), v.Same)
	last := ""
	for _, c := range v.Changes {
		if c.Change != last {
			n := 0
			for _, o := range v.Changes {
				if o.Change == c.Change {
					n += o.Count
				}
			}
			fmt.Fprintf(a.out, "\n%s (%d):\n", c.Change, n)
		}
		last = c.Change
		times := ""
		if c.Count > 1 {
			times = fmt.Sprintf(" (%d times)", c.Count)
		}
		by := c.Old + " → " + c.New
		switch c.Change {
		case newlyAnswered:
			by = c.New
		case noLonger:
			by = "was " + c.Old
		}
		fmt.Fprintf(a.out, "  %s%s: %s\n", short(c.Question, 100), times, by)
	}
}
