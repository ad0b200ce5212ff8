package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"frontdesk/faq"
)

func (a *app) ask() *cobra.Command {
	var why bool
	var channel string
	cmd := &cobra.Command{
		Use:   "ask [QUESTION]",
		Short: "Ask the FAQ one question, as a customer would",
		Long: `ask reads a question (or standard input) as the bot would read a message, and
prints the answer, or says that it would hand the question to a person. --why
explains: the words that decided, what came close, and what the message was taken
for. Nothing is recorded or sent.`,
		Example: "  frontdesk ask \"Can I get my money back?\"\n  frontdesk ask --why 你们周末上班吗\n  frontdesk ask < mail.txt",
		RunE: func(cmd *cobra.Command, args []string) error {
			text := strings.Join(args, " ")
			if len(args) == 0 {
				b, err := io.ReadAll(io.LimitReader(a.in, 1<<20))
				if err != nil {
					return err
				}
				text = string(b)
			}
			if strings.TrimSpace(text) == "" {
				return fmt.Errorf("there is no question: write one behind `frontdesk ask`")
			}
			cfg, index, err := a.index(cmd.Context())
			if err != nil {
				return err
			}
			r := index.For(time.Now(), channel).Read(text)
			if a.json {
				return a.printJSON(askedJSON(r, cfg))
			}
			a.printAnswers(r, cfg)
			if why {
				fmt.Fprintf(a.out, "\n%s\n", strings.TrimSpace(faq.Explain(r)))
			}
			return nil
		},
	}
	cmd.Flags().BoolVar(&why, "why", false, "explain")
	cmd.Flags().StringVar(&channel, "channel", "", "as in this channel of the configuration; entries may be for some only")
	return a.jsonFlag(cmd)
}

// index reads the configured FAQ, or the sample.
func (a *app) index(ctx context.Context) (*Config, *faq.Index, error) {
	dir, done, err := tempDir()
	if err != nil {
		return nil, nil, err
	}
	defer done()
	cfg, err := a.loadOrSample(dir)
	if err != nil {
		return nil, nil, err
	}
	x, err := a.loadFAQ(ctx, cfg, cfg.FAQ)
	return cfg, x, err
}

func (a *app) printAnswers(r faq.Reading, cfg *Config) {
	lang := r.Lang
	if lang == "" {
		lang = cfg.Company.Languages[0]
	}
	for _, i := range r.Intents {
		fmt.Fprintf(a.out, "(%s)\n", i.Name)
	}
	for _, q := range r.Questions {
		if len(r.Questions) > 1 {
			fmt.Fprintf(a.out, "> %s\n", q.Text)
		}
		switch {
		case q.Outcome == faq.Answer:
			text, _, _ := q.Matches[0].Entry.Answer(lang)
			fmt.Fprintln(a.out, strings.TrimSpace(text))
		case q.Outcome == faq.Offer:
			fmt.Fprintf(a.out, "Not sure enough to answer: this goes to a person, or, where there are buttons, is offered as a choice. Closest: %s (%.2f)\n", q.Matches[0].Entry.ID, q.Matches[0].Score)
		case q.Intent != "":
			fmt.Fprintf(a.out, "This is no question for the FAQ (%s): the bot acts on it, or a person does.\n", q.Intent)
		default:
			fmt.Fprintln(a.out, "No answer in the FAQ: this goes to a person.")
		}
	}
	if len(r.Questions) == 0 && len(r.Intents) == 0 {
		fmt.Fprintln(a.out, "There is no question in it.")
	}
}

type askedMatch struct {
	Entry   string  `json:"entry"`
	Score   float64 `json:"score"`
	Example string  `json:"example"`
}

type askedSlip struct {
	Written string `json:"written"`
	Read    string `json:"read"`
}

type askedQuestion struct {
	Text    string       `json:"text"`
	Slips   []askedSlip  `json:"slips"`
	Intent  string       `json:"intent,omitempty"`
	Matches []askedMatch `json:"matches"`
	Answer  string       `json:"answer,omitempty"`
}

type askedIntent struct {
	Name  string  `json:"name"`
	Score float64 `json:"score"`
	Why   string  `json:"why"`
}

type asked struct {
	Lang      string          `json:"lang"`
	Intents   []askedIntent   `json:"intents"`
	Questions []askedQuestion `json:"questions"`
}

func askedJSON(r faq.Reading, cfg *Config) asked {
	v := asked{Lang: r.Lang, Intents: []askedIntent{}, Questions: []askedQuestion{}}
	for _, i := range r.Intents {
		v.Intents = append(v.Intents, askedIntent{i.Name, i.Score, i.Why})
	}
	for _, q := range r.Questions {
		one := askedQuestion{Text: q.Text, Slips: []askedSlip{}, Intent: q.Intent, Matches: []askedMatch{}}
		for _, s := range q.Slips {
			one.Slips = append(one.Slips, askedSlip(s))
		}
		for _, m := range q.Matches {
			one.Matches = append(one.Matches, askedMatch{m.Entry.ID, m.Score, m.Example})
		}
		if q.Outcome == faq.Answer {
			lang := r.Lang
			if lang == "" {
				lang = cfg.Company.Languages[0]
			}
			one.Answer, _, _ = q.Matches[0].Entry.Answer(lang)
		}
		v.Questions = append(v.Questions, one)
	}
	return v
}
