package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"frontdesk/bot"
	"frontdesk/faq"
)

func (a *app) faqEval() *cobra.Command {
	var files []string
	var questions string
	var precision int
	cmd := &cobra.Command{
		Use:   "eval",
		Short: "Measure how well the FAQ answers",
		Long: `eval asks the FAQ questions whose answers are known, and prints how often it is
right, at which precision it answers how much, and how long that takes.

Without --questions it asks the FAQ its own examples, each of an FAQ that does not
have it, and says which entries are weak and how many more examples they need.
Such a measurement is as honest as the examples are like what customers write.

With --questions it asks those of a file, one a line, as

    question<TAB>entry

where the entry is oos for questions that the FAQ does not answer. --faq takes the
same format beside the FAQ's own (a name that ends in .tsv), so that any public
collection can be run through it.

Once serve knows hundreds of customers' questions, it tunes itself to them: it answers
more where nearly all of them have an answer, and less where many have none. From 400
questions on, --questions tells how well that goes, too: each half of them is asked
of the FAQ tuned to the other half, without its labels. With --json the figures are
those of the tuned FAQ (answer_at is the score that follows from all the questions),
and below untuned are those of before.

Both measure the matcher alone: each text is one question, also where the bot would
rather record a request or call a person, so that figures can be compared with those
of others. A question is asked when and where its entry may be given (from, until,
channels).

Without --questions it also asks what stands below ` + "`expect:`" + ` in the FAQ, here as the
bot would: an entry must be what the bot answers such a message with. If one is not,
the exit code is 1, so that a change can be refused.`,
		Example: "  frontdesk faq eval\n  frontdesk faq eval --precision 98\n  frontdesk faq eval --faq train.tsv --questions test.tsv --json",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if precision != 0 && (precision < int(100*faq.MinPrecision) || precision > int(100*faq.MaxPrecision)) {
				return fmt.Errorf("--precision %d: write a number from %.0f to %.0f", precision, 100*faq.MinPrecision, 100*faq.MaxPrecision)
			}
			cfg, index, took, err := a.indexToMeasure(cmd.Context(), files, float64(precision)/100)
			if err != nil {
				return err
			}
			if questions == "" {
				return a.evalOnItself(cmd.Context(), cfg, index, took)
			}
			asked, err := readLabelled(questions)
			if err != nil {
				return err
			}
			if len(asked) == 0 {
				return fmt.Errorf("%s has no questions", questions)
			}
			untuned, tuned, err := index.EvaluateTuned(cmd.Context(), asked)
			if err != nil {
				return err
			}
			if a.json {
				return a.printJSON(tunedOf(untuned, tuned, took))
			}
			a.printFigures(index, untuned, took, strangers(index, asked))
			if t := tuned.Tuning; t.Shift != 0 {
				fmt.Fprintf(a.out, "\nOnce tuned (%s):\n", t)
				a.printPoint(tuned)
			}
			return nil
		},
	}
	cmd.Flags().StringArrayVar(&files, "faq", nil, "an FAQ `file` instead of those of the configuration; a .tsv is read as question<TAB>entry")
	cmd.Flags().StringVar(&questions, "questions", "", "a `file` of question<TAB>entry to ask, instead of the FAQ's own and `expect:`")
	cmd.Flags().IntVar(&precision, "precision", 0, "of how many answers in a hundred should be right, instead of what the configuration says")
	return a.jsonFlag(cmd)
}

// indexToMeasure loads an FAQ, without the weights that serve keeps, and says how
// long that took. There is no configuration where only questions were loaded.
func (a *app) indexToMeasure(ctx context.Context, files []string, precision float64) (*Config, *faq.Index, time.Duration, error) {
	var labelled []faq.Labelled
	var paths []string
	for _, f := range files {
		if !strings.HasSuffix(f, ".tsv") {
			paths = append(paths, f)
			continue
		}
		more, err := readLabelled(f)
		if err != nil {
			return nil, nil, 0, err
		}
		labelled = append(labelled, more...)
	}
	if len(labelled) > 0 {
		if len(paths) > 0 {
			return nil, nil, 0, fmt.Errorf("--faq: %s is an FAQ and %s is not: measure one after the other", paths[0], files[0])
		}
		start := time.Now()
		x, err := faq.FromLabelled(ctx, labelled, faq.Options{Precision: precision})
		return nil, x, time.Since(start), err
	}
	dir, done, err := tempDir()
	if err != nil {
		return nil, nil, 0, err
	}
	defer done()
	cfg, err := a.loadOrSample(dir)
	if err != nil {
		return nil, nil, 0, err
	}
	o := faqOptions(cfg)
	if precision != 0 {
		o.Precision = precision
	}
	if len(paths) == 0 {
		paths = cfg.FAQ
	}
	start := time.Now()
	x, err := faq.Load(ctx, paths, o)
	return cfg, x, time.Since(start), err
}

func readLabelled(path string) ([]faq.Labelled, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	all, err := faq.ReadLabelled(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return all, nil
}

// strangers are the labels, other than oos, that no entry has.
func strangers(x *faq.Index, asked []faq.Labelled) []string {
	var out []string
	seen := map[string]bool{faq.OutOfScope: true}
	for _, l := range asked {
		if _, ok := x.Entry(l.Label); !ok && !seen[l.Label] {
			seen[l.Label] = true
			out = append(out, l.Label)
		}
	}
	return out
}

// evalOnItself measures an FAQ by its own examples, and fails if an `expect:`
// question is not answered as it should be.
func (a *app) evalOnItself(ctx context.Context, cfg *Config, x *faq.Index, took time.Duration) (failed error) {
	v, err := x.CrossValidate(ctx)
	if err != nil {
		return err
	}
	unmet, expected := x.Unmet(func(text string, r faq.Reading, e *faq.Entry) bool { return foreseen(cfg, text, r).Gives(e.ID) })
	if len(unmet) > 0 {
		failed = fmt.Errorf("%d of %d `expect:` questions are not answered by their entry", len(unmet), expected)
	}
	if a.json {
		out := selfJSON{figuresJSON: jsonOf(v.Figures, took), Entries: []entryJSON{}, Expected: expected, Unmet: []unmetJSON{}}
		for _, u := range unmet {
			out.Unmet = append(out.Unmet, unmetJSON{u.Entry.ID, u.Lang, u.Text, foreseen(cfg, u.Text, u.Reading).Rule, nearest(u)})
		}
		for _, e := range v.Entries {
			out.Entries = append(out.Entries, entryJSON{e.Entry.ID, e.Lang, e.Examples, e.Asked, e.Answered, e.Offered, e.Wrong, e.Rival, e.More})
		}
		return errors.Join(a.printJSON(out), failed)
	}
	if v.Questions == 0 {
		fmt.Fprintln(a.out, "There is nothing to measure: an entry must have two questions at least, of which one can\nbe asked of an FAQ that has only the other.")
	} else {
		fmt.Fprintln(a.out, "The FAQ's own examples, each asked of an FAQ that does not have it; a fifth of what\nis asked has no answer there.")
		fmt.Fprintln(a.out)
		a.printFigures(x, v.Figures, took, nil)
		if err := a.printWeak(v.Entries); err != nil {
			return err
		}
	}
	if expected > 0 {
		fmt.Fprintf(a.out, "\n%d of %d `expect:` questions are answered by their entry.\n", expected-len(unmet), expected)
	}
	for _, u := range unmet {
		fmt.Fprintf(a.out, "  %s, %s: %q: %s, nearest %s\n", u.Entry.ID, u.Lang, u.Text, gaveInstead(foreseen(cfg, u.Text, u.Reading)), nearest(u))
	}
	return failed
}

// foreseen is what the bot does with an `expect:` question, where it can offer
// choices: whether it can makes no difference to what it answers.
func foreseen(cfg *Config, text string, r faq.Reading) bot.Decision {
	d, _ := bot.Foresee(text, r, cfg.Company.Languages, true)
	return d
}

// gaveInstead says what the bot does instead of giving an entry.
func gaveInstead(d bot.Decision) string {
	for _, p := range d.Say {
		if p.Entry != "" {
			return "answered with " + p.Entry
		}
	}
	switch d.Rule {
	case "choices":
		return "not sure, only offered"
	case "unsure":
		return "not sure, handed to a person"
	}
	return "no question but " + d.Rule
}

// nearest is the best match of what was asked.
func nearest(u faq.Unmet) string {
	m, ok := u.Nearest()
	if !ok {
		return "none"
	}
	return fmt.Sprintf("%s (%.2f)", m.Entry.ID, m.Score)
}

// printWeak prints the entries that need more examples.
func (a *app) printWeak(entries []faq.EntryFigures) error {
	var rows [][]string
	for _, e := range entries {
		if e.More == 0 {
			continue
		}
		more := fmt.Sprint("+", e.More)
		if e.More == faq.MostMore {
			more += " or more"
		}
		if e.Asked == 0 {
			more += " (has but one: not measured)"
		}
		rival := "-"
		if e.Rival != "" {
			rival = e.Rival
		}
		rows = append(rows, []string{e.Entry.ID, e.Lang, fmt.Sprint(e.Examples), fmt.Sprintf("%d/%d", e.Answered, e.Asked), fmt.Sprint(e.Offered), fmt.Sprint(e.Wrong), rival, more})
	}
	if len(rows) == 0 {
		fmt.Fprintln(a.out, "\nOf every entry, 8 of 10 questions are answered with it, or it is among the choices.")
		return nil
	}
	fmt.Fprintln(a.out, "\nOf these entries, less than 8 of 10 questions are answered with them or offer them.\nMORE is roughly how many examples they need beside those they have, in words that\ncustomers use and that are not there yet. RIVAL is most often taken for the entry:\nmake the two more different, or one of them.")
	fmt.Fprintln(a.out)
	return a.table("ENTRY LANG EXAMPLES ANSWERED OFFERED WRONG RIVAL MORE", rows)
}

func (a *app) printFigures(x *faq.Index, f faq.Figures, took time.Duration, strangers []string) {
	p := func(format string, args ...any) { fmt.Fprintf(a.out, format+"\n", args...) }
	p("%s, %s, of these %d without an answer", plural2(len(x.Entries()), "entry", "entries"), plural(f.Questions, "question"), f.OutOfScope)
	if len(strangers) > 0 {
		p("(counted as without: labels that no entry has, such as %s)", strings.Join(strangers[:min(len(strangers), 3)], ", "))
	}
	p("")
	p("best match right     %5.1f %%", 100*f.Top1)
	p("among the best three %5.1f %%", 100*f.Top3)
	if f.AUROC > 0 {
		p("AUROC                %5.3f   how well the score parts what has an answer from what has none", f.AUROC)
	}
	p("R@P95                %5.3f   answered rightly, at the score from which 95 %% are right", f.RAtP95)
	p("")
	p("loaded in %d ms; a question takes %d µs, 99 of 100 less than %d µs", took.Milliseconds(), f.P50.Microseconds(), f.P99.Microseconds())
	p("")
	a.printPoint(f)
}

func (a *app) printPoint(f faq.Figures) {
	p := func(format string, args ...any) { fmt.Fprintf(a.out, format+"\n", args...) }
	p("At the operating point of %.0f %% (answers from a score of %.2f):", 100*f.Precision, f.Answer)
	p("answered             %5.1f %%  %d; the best score in hindsight: %.1f %%", 100*f.Coverage, f.Answered, 100*f.Best)
	if f.Answered > 0 {
		p("of these right       %5.1f %%  %d; with 95 %% certainty from %.1f to %.1f %%", 100*f.Measured, f.Right, 100*f.Low, 100*f.High)
	}
	p("offered as choices   %5.1f %%  %d; the right one is among them in %d", 100*float64(f.Offered)/float64(f.Questions), f.Offered, f.Among)
}

// figuresJSON is what programs read; shares are of 0 to 1.
type figuresJSON struct {
	Questions  int     `json:"questions"`
	OutOfScope int     `json:"out_of_scope"`
	Top1       float64 `json:"top1"`
	Top3       float64 `json:"top3"`
	AUROC      float64 `json:"auroc"`
	RAtP95     float64 `json:"r_at_p95"`
	Precision  float64 `json:"precision"` // measured, at the operating point
	Low        float64 `json:"precision_low"`
	High       float64 `json:"precision_high"`
	Coverage   float64 `json:"coverage"`
	Best       float64 `json:"best_coverage"`
	Stated     float64 `json:"stated_precision"`
	AnswerAt   float64 `json:"answer_at"`
	Answered   int     `json:"answered"`
	Right      int     `json:"right"`
	Offered    int     `json:"offered"`
	Among      int     `json:"offered_right"`
	Load       float64 `json:"load_ms"`
	P50        float64 `json:"p50_us"`
	P99        float64 `json:"p99_us"`
}

// tunedJSON is of an FAQ that is tuned to the questions, if there are enough of them.
type tunedJSON struct {
	figuresJSON
	Tuning  *faq.Tuning  `json:"tuning,omitempty"`
	Untuned *figuresJSON `json:"untuned,omitempty"`
}

func tunedOf(untuned, tuned faq.Figures, took time.Duration) tunedJSON {
	v := tunedJSON{figuresJSON: jsonOf(tuned, took)}
	if tuned.Tuning.Shift != 0 {
		before := jsonOf(untuned, took)
		v.Tuning, v.Untuned = &tuned.Tuning, &before
	}
	return v
}

type selfJSON struct {
	figuresJSON
	Entries  []entryJSON `json:"entries"`
	Expected int         `json:"expected"`
	Unmet    []unmetJSON `json:"unmet"`
}

type unmetJSON struct {
	Entry   string `json:"entry"`
	Lang    string `json:"lang"`
	Text    string `json:"text"`
	Rule    string `json:"rule"` // by which the bot decides on it
	Nearest string `json:"nearest"`
}

type entryJSON struct {
	Entry    string `json:"entry"`
	Lang     string `json:"lang"`
	Examples int    `json:"examples"`
	Asked    int    `json:"asked"`
	Answered int    `json:"answered"`
	Offered  int    `json:"offered"`
	Wrong    int    `json:"wrong"`
	Rival    string `json:"rival"`
	More     int    `json:"more"`
}

func jsonOf(f faq.Figures, took time.Duration) figuresJSON {
	us := func(d time.Duration) float64 { return float64(d.Nanoseconds()) / 1e3 }
	return figuresJSON{f.Questions, f.OutOfScope, f.Top1, f.Top3, f.AUROC, f.RAtP95, f.Measured, f.Low, f.High, f.Coverage, f.Best, f.Precision, f.Answer,
		f.Answered, f.Right, f.Offered, f.Among, us(took) / 1e3, us(f.P50), us(f.P99)}
}
