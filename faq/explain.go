package faq

import (
	"fmt"
	"strings"
)

// Explain tells in plain words what was understood and why, for the person who
// keeps the FAQ. What the bot does with the message as a whole, its policy says.
func Explain(r Reading) string {
	var b strings.Builder
	lang := r.Lang
	if lang == "" {
		lang = "cannot be told"
	}
	fmt.Fprintf(&b, "Language: %s\n", lang)
	for _, i := range r.Intents {
		fmt.Fprintf(&b, "Wants: %s", i.Name)
		if i.Topic != "" {
			fmt.Fprintf(&b, " (%s)", i.Topic)
		}
		fmt.Fprintf(&b, ", %s sure, because of %q\n", percent(i.Score), i.Why)
	}
	if r.Tone.Score >= UpsetAt {
		fmt.Fprintf(&b, "Sounds upset, because of %q. That alone opens no case.\n", r.Tone.Why)
	}
	if r.Empty {
		b.WriteString("No question: nothing of content, only a pleasantry, numbers or a fragment.\n")
	}
	for i, q := range r.Questions {
		fmt.Fprintf(&b, "\nQuestion %d: %s\n%s", i+1, q.Text, q.Explain())
	}
	return b.String()
}

// Explain tells why a question was matched as it was.
func (q Question) Explain() string {
	var b strings.Builder
	if q.Intent != "" {
		fmt.Fprintf(&b, "  This part is a wish (%s), so it is not answered from the FAQ.\n", strings.TrimSpace(q.Intent+" "+q.Topic))
	}
	for _, s := range q.Slips {
		fmt.Fprintf(&b, "  Taken for a slip: %q, read as %q.\n", s.Written, s.Read)
	}
	for _, m := range q.Vetoed {
		fmt.Fprintf(&b, "  Not answered by %s (%s): it is nearer to %q, which is not for that entry to answer.\n", m.Entry.ID, chance(m.Score), m.Example)
	}
	switch {
	case len(q.Matches) > 0:
	case len(q.Vetoed) > 0:
		b.WriteString("  What it is like must not answer it, and no other entry comes near.\n")
		return b.String()
	default:
		b.WriteString("  Nothing in it can be looked up.\n")
		return b.String()
	}
	top := q.Matches[0]
	rule := fmt.Sprintf("answers go out from %s on, so that %s of those given are right", percent(q.Point.Answer), percent(q.Point.Precision))
	if t := q.Point.Tuning; t.Shift != 0 {
		rule += fmt.Sprintf(" (tuned to this FAQ's own examples and to what customers asked lately: %s; before, it was from %s on)", t, percent(q.Point.Untuned))
	}
	switch {
	case q.Intent != "":
		fmt.Fprintf(&b, "  Were it a question, the nearest entry would be %s, right in %s of matches like this.\n", top.Entry.ID, chance(top.Score))
	case q.Outcome == Answer:
		fmt.Fprintf(&b, "  Answered by %s: of matches like this one %s are right; %s.\n", top.Entry.ID, chance(top.Score), rule)
	case q.Outcome == Offer:
		fmt.Fprintf(&b, "  Not answered, but offered as a choice: of matches like %s %s are right; %s.%s\n",
			top.Entry.ID, chance(top.Score), rule, oneOfThem(q.Choices()))
	default:
		fmt.Fprintf(&b, "  Handed to a person: the nearest entry, %s, is right in only %s of matches like this; %s, and choices are offered where one of them is right in %s.\n",
			top.Entry.ID, chance(top.Score), rule, percent(q.Point.Offer))
	}
	if rivals := q.Choices(); len(rivals) > 1 && q.Intent == "" {
		fmt.Fprintf(&b, "  Its strongest rival is %s. If both fit, make their questions more different.\n", rivals[1].Entry.ID)
	}
	for i, m := range q.Matches {
		fmt.Fprintf(&b, "  %d. %s %s", i+1, m.Entry.ID, chance(m.Score))
		if m.Example != "" {
			fmt.Fprintf(&b, ", nearest example %q", m.Example)
		}
		for j, t := range m.Why {
			sep := ", "
			if j == 0 {
				sep = "; decided by "
			}
			fmt.Fprintf(&b, "%s%s %s", sep, t.Text, percent(t.Weight))
		}
		b.WriteByte('\n')
	}
	if len(q.Unknown) > 0 {
		fmt.Fprintf(&b, "  Not in any example question: %s\n", strings.Join(q.Unknown, ", "))
	}
	return b.String()
}

func percent(p float64) string { return fmt.Sprintf("%.0f%%", 100*p) }

// chance is the probability of a match. None is certain.
func chance(p float64) string { return percent(min(p, .99)) }

// oneOfThem says how likely one of the choices is right; of a single one that is said
// already.
func oneOfThem(choices []Match) string {
	if len(choices) < 2 {
		return ""
	}
	return fmt.Sprintf(" One of the %d choices is right in %s.", len(choices), chance(chanceOf(choices)))
}
