package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"frontdesk/bot"
	"frontdesk/faq"
)

func (a *app) ask() *cobra.Command {
	var why bool
	var channel string
	cmd := &cobra.Command{
		Use:   "ask [QUESTION]",
		Short: "Ask the FAQ one question, as a customer would",
		Long: `ask reads a question (or standard input) as the bot would read a message that begins
a conversation. It prints the answer, or says what the bot would do instead: record
a request, open a complaint, hand the question to a person. --why explains: the
words that decided, what came close, and what the message was taken for. Nothing is
recorded or sent.

With --json, outcome is what the match of a question is good for at the operating
point (stated_precision, answer_at, offer_at), rule what the bot decides on the whole
message, and answer is there only if the bot gives it.`,
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
			buttons := true
			if channel != "" {
				ch, err := channelNamed(cfg, channel)
				if err != nil {
					return err
				}
				buttons = ch.Type == "slack"
			}
			t := tried{Reading: index.For(time.Now(), channel).Read(text), somewhere: channel == ""}
			t.Decision, t.lang = bot.Foresee(text, t.Reading, cfg.Company.Languages, buttons)
			if a.json {
				return a.printJSON(askedJSON(t, index.Point()))
			}
			a.printAnswers(t)
			if why {
				fmt.Fprintf(a.out, "\nDecided by the rule %s: %s.\n%s\n", t.Rule, t.Why, strings.TrimSpace(faq.Explain(t.Reading)))
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
	if err != nil {
		return nil, nil, err
	}
	return cfg, x.With(a.served(ctx, cfg)), nil
}

// channelNamed finds a channel of the configuration.
func channelNamed(cfg *Config, name string) (ChannelConfig, error) {
	var names []string
	for _, ch := range cfg.Channels {
		if ch.Name == name {
			return ch, nil
		}
		names = append(names, ch.Name)
	}
	return ChannelConfig{}, fmt.Errorf("--channel %s: there is no such channel; write %s", name, orList(names))
}

// tried is what the bot would make of a message.
type tried struct {
	faq.Reading
	bot.Decision
	lang      string // of the answer
	somewhere bool   // no channel was named, so choices may be offered or not
}

// answer is what the customer is told on a question; false if the FAQ's answer is not
// given.
func (t tried) answer(q faq.Question) (string, bool) {
	if !asksFAQ(q) || q.Outcome != faq.Answer || !t.Gives(q.Matches[0].Entry.ID) {
		return "", false
	}
	text, _, ok := q.Matches[0].Entry.Answer(t.lang)
	return strings.TrimSpace(text), ok
}

// instead says why a question is not answered.
func (t tried) instead(q faq.Question) string {
	switch {
	case !asksFAQ(q):
		return fmt.Sprintf("A wish (%s), no question for the FAQ.", strings.TrimSpace(q.Intent+" "+q.Topic))
	case q.Outcome == faq.Answer:
		id := q.Matches[0].Entry.ID
		if _, lang, _ := q.Matches[0].Entry.Answer(t.lang); lang != t.lang {
			return fmt.Sprintf("The entry %s has no answer in the customer's language (%s).", id, t.lang)
		}
		return fmt.Sprintf("The FAQ has an answer (%s), which is not given here.", id)
	case q.Outcome == faq.Offer:
		return fmt.Sprintf("Not sure enough to answer. Closest: %s (%.2f)", q.Matches[0].Entry.ID, q.Matches[0].Score)
	}
	return "No answer in the FAQ."
}

// does says what the bot does beside giving answers; "" is nothing.
func (t tried) does() string {
	switch t.Rule {
	case "faq":
		return ""
	case "faq-partly":
		return "What is not answered goes to a person."
	case "human":
		return "The customer wants a person: this goes to a person."
	case "complaint":
		return "The bot opens a complaint, and a person sees to it."
	case "status":
		return "The bot says how the customer's case is going; where it knows of none, this goes to a person."
	case "request":
		return "The bot records a request, and a person sees to it."
	case "privacy":
		return "The bot records a request about personal data, and a person sees to it."
	case "suggestion":
		return "The bot thanks for the suggestion and passes it on to people."
	case "praise":
		return "The bot thanks for the praise and passes it on to people."
	case "choices":
		if t.somewhere {
			return "This goes to a person, or, where there are buttons, is offered as a choice."
		}
		return "This is offered as a choice."
	case "spam":
		return "It reads like advertising: it is set aside, and nobody is answered."
	case "abuse":
		return "The bot stays polite and offers a person."
	case "greeting":
		return "The bot greets back."
	case "thanks":
		return "The bot takes this for the end of the talk."
	case "fragment":
		return "There is no question in it: the bot asks for one."
	}
	return "This goes to a person."
}

func (a *app) printAnswers(t tried) {
	for _, i := range t.Intents {
		fmt.Fprintf(a.out, "(%s)\n", i.Name)
	}
	for _, q := range t.Questions {
		if len(t.Questions) > 1 {
			fmt.Fprintf(a.out, "> %s\n", q.Text)
		}
		if text, ok := t.answer(q); ok {
			fmt.Fprintln(a.out, text)
		} else if len(t.Questions) > 1 || asksFAQ(q) {
			fmt.Fprintln(a.out, t.instead(q))
		}
	}
	if line := t.does(); line != "" {
		fmt.Fprintln(a.out, line)
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
	Outcome string       `json:"outcome"` // answer, offer or hand over: of the match, whatever the message wants
	Matches []askedMatch `json:"matches"`
	Answer  string       `json:"answer,omitempty"` // only if the bot gives it
}

type askedIntent struct {
	Name  string  `json:"name"`
	Score float64 `json:"score"`
	Why   string  `json:"why"`
}

type asked struct {
	Lang      string          `json:"lang"`
	Rule      string          `json:"rule"` // of the bot's policy, on the whole message
	Does      string          `json:"does,omitempty"`
	Precision float64         `json:"stated_precision"`
	AnswerAt  float64         `json:"answer_at"`
	OfferAt   float64         `json:"offer_at"`
	Intents   []askedIntent   `json:"intents"`
	Questions []askedQuestion `json:"questions"`
}

func askedJSON(t tried, at faq.Point) asked {
	v := asked{Lang: t.Lang, Rule: t.Rule, Does: t.does(), Precision: at.Precision, AnswerAt: at.Answer, OfferAt: at.Offer, Intents: []askedIntent{}, Questions: []askedQuestion{}}
	for _, i := range t.Intents {
		v.Intents = append(v.Intents, askedIntent{i.Name, i.Score, i.Why})
	}
	for _, q := range t.Questions {
		one := askedQuestion{Text: q.Text, Slips: []askedSlip{}, Intent: q.Intent, Outcome: q.Outcome.String(), Matches: []askedMatch{}}
		for _, s := range q.Slips {
			one.Slips = append(one.Slips, askedSlip(s))
		}
		for _, m := range q.Matches {
			one.Matches = append(one.Matches, askedMatch{m.Entry.ID, m.Score, m.Example})
		}
		one.Answer, _ = t.answer(q)
		v.Questions = append(v.Questions, one)
	}
	return v
}
