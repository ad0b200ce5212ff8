package mail

import (
	"strings"
	"unicode/utf8"
)

// StripReply returns what the author of a mail wrote now: without what is
// quoted from earlier mails, without the line that introduces it, and without
// the signature. Answers written between quoted lines keep the quoted line
// before each.
//
// It never returns nothing for something: if nothing of the author's own were
// left, or next to nothing and that on thin evidence, it returns all of the
// text. The one exception is a mail that is nothing but an introduced quote:
// its author wrote no word, and the result is empty. What somebody forwards is
// what he wants to show, and stays. Losing words of a customer is worse than
// keeping a quote; doubt is decided so.
func StripReply(text string) string {
	text = strings.ReplaceAll(text, "\r\n", "\n")
	lines := replyLines(text)
	cut := replyCut(lines)
	unquoted := replyQuotes(replyTail(lines[:cut.at]))
	kept, thin := replySignature(unquoted)

	out := replyJoin(kept)
	switch {
	case out == "":
		if cut.only || replyOnlyQuote(lines) {
			return ""
		}
		return replyJoin(lines)
	case thin && utf8.RuneCountInString(out)*10 < utf8.RuneCountInString(replyJoin(unquoted)):
		return replyJoin(unquoted)
	}
	return out
}

// replyLine is a line and what it looks like.
type replyLine struct {
	text   string // as it stands, without blanks at the end
	plain  string // for recognition: without quote marks, stars, HTML blanks
	quoted bool   // begins with ">"
	gone   bool   // belongs to a quote's introduction
	sig    bool   // is "-- ", to the letter
}

func (l *replyLine) blank() bool { return l.plain == "" }

func replyLines(text string) []replyLine {
	var lines []replyLine
	for _, t := range strings.Split(text, "\n") {
		sig := t == "-- "
		t = strings.TrimRight(t, " \t\u00a0\u3000")
		plain := replyUnescape.Replace(t)
		plain = strings.TrimSpace(plain)
		quoted := strings.HasPrefix(plain, ">") && plain != ">:" // that ends a wrapped address
		if quoted {
			plain = strings.TrimSpace(strings.TrimLeft(plain, "> "))
		}
		lines = append(lines, replyLine{text: t, plain: plain, quoted: quoted, sig: sig})
	}
	replyRejoin(lines)
	return lines
}

// replyUnescape undoes what programs leave of HTML in plain text.
var replyUnescape = strings.NewReplacer("&nbsp;", " ", "&lt;", "<", "&gt;", ">", "&quot;", `"`, "\u00a0", " ", "\u3000", " ", "\u200b", "", "\ufeff", "")

// replyRejoin marks as quoted the rest of a quoted line that was broken on the
// way: a single line that goes on in small letters right below a long one.
func replyRejoin(lines []replyLine) {
	for i := 1; i < len(lines); i++ {
		before, l := &lines[i-1], &lines[i]
		if l.quoted || l.blank() || !before.quoted || utf8.RuneCountInString(before.plain) < 60 {
			continue
		}
		alone := i+1 == len(lines) || lines[i+1].blank() || lines[i+1].quoted
		first, _ := utf8.DecodeRuneInString(l.plain)
		if alone && first >= 'a' && first <= 'z' {
			l.quoted = true
		}
	}
}

// replyEnd is where an author's words end.
type replyEnd struct {
	at   int  // the first line that is not the author's
	only bool // nothing stands above the quote's introduction
}

// replyCut looks for the first introduction of earlier words behind which
// nothing is the author's. Introductions of quoted lines are marked gone; the
// author may write below those.
func replyCut(lines []replyLine) replyEnd {
	end := replyEnd{at: len(lines)}
	own := false // something of the author's was seen
	for i := 0; i < len(lines); i++ {
		l := &lines[i]
		if l.blank() {
			continue
		}
		if n := replyForward(lines, i); n > 0 {
			return end // what is forwarded stays
		}
		n, kind := replyIntro(lines, i)
		if n == 0 {
			own = own || !l.quoted
			continue
		}
		next := replyNext(lines, i+n)
		quoteFollows := next < len(lines) && lines[next].quoted
		switch {
		case kind == introHeader && !own && !l.quoted:
			// A mail that begins with a header shows what it is about.
			own = true
			i += n - 1
			continue
		case kind == introLoose && !quoteFollows:
			own = true
			continue
		case quoteFollows || l.quoted:
			for j := replyTrimRule(lines, i); j < i+n; j++ {
				lines[j].gone = true
			}
			i += n - 1
			continue
		case !own:
			if next == len(lines) {
				end.only = true
			} else if kind != introHeader && replyAllQuoted(lines[i+n:]) {
				end.only = true
			}
			if !end.only { // an introduction, then words: whose they are nobody knows
				own = true
				i += n - 1
				continue
			}
		}
		end.at = replyTrimRule(lines, i)
		return end
	}
	return end
}

func replyAllQuoted(lines []replyLine) bool {
	for i := range lines {
		if !lines[i].blank() && !lines[i].quoted {
			return false
		}
	}
	return true
}

// replyTrimRule moves a cut up over a drawn line and blanks before it.
func replyTrimRule(lines []replyLine, at int) int {
	for at > 0 && (lines[at-1].blank() || replyRule(lines[at-1].plain)) {
		at--
	}
	return at
}

// replyNext returns the index of the first line from i on that is not blank.
func replyNext(lines []replyLine, i int) int {
	for i < len(lines) && lines[i].blank() {
		i++
	}
	return i
}

// replyOnlyQuote reports whether a mail is an introduction and quoted lines and
// nothing else.
func replyOnlyQuote(lines []replyLine) bool {
	introduced := false
	for i := range lines {
		l := &lines[i]
		introduced = introduced || l.gone
		if !l.blank() && !l.quoted && !l.gone {
			return false
		}
	}
	return introduced
}

// replyJoin puts lines together, without blank ones at either end.
func replyJoin(lines []replyLine) string {
	for len(lines) > 0 && lines[0].blank() && strings.TrimSpace(strings.Trim(lines[0].text, ">")) == "" {
		lines = lines[1:]
	}
	for len(lines) > 0 && lines[len(lines)-1].blank() {
		lines = lines[:len(lines)-1]
	}
	texts := make([]string, len(lines))
	for i, l := range lines {
		texts[i] = l.text
	}
	return strings.Join(texts, "\n")
}
