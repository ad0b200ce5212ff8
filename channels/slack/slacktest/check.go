package slacktest

import (
	"fmt"
	"regexp"
	"unicode/utf8"
)

// Limits of https://docs.slack.dev/reference/block-kit and of chat.postMessage.
const (
	maxText       = 40_000 // then it is cut off
	wantedText    = 4_000  // what the documents ask for
	maxBlocks     = 50
	maxViewBlocks = 100
	maxMarkdown   = 12_000
	maxMetadata   = 3_000
)

// checker collects what is wrong with blocks, in Slack's way of naming places.
type checker struct {
	problems  []string
	mentions  []string // broadcasts in text that is parsed
	stray     []string // signs in such text that were not escaped
	ids       map[string]bool
	actionIDs map[string]bool
	markdown  int
	inputs    bool // input blocks may stand here
}

func newChecker(inputs bool) *checker {
	return &checker{ids: map[string]bool{}, actionIDs: map[string]bool{}, inputs: inputs}
}

func (k *checker) bad(at, format string, args ...any) {
	k.problems = append(k.problems, fmt.Sprintf("[ERROR] "+format+" [json-pointer:%s]", append(args, at)...))
}

// length checks a string; min 1 means that it must not be empty.
func (k *checker) length(at string, v any, min, max int) {
	s, ok := v.(string)
	switch n := utf8.RuneCountInString(s); {
	case v == nil && min == 0:
	case !ok:
		k.bad(at, "must be a string")
	case n < min:
		k.bad(at, "must be more than %d characters", min-1)
	case n > max:
		k.bad(at, "must be less than %d characters (it has %d)", max+1, n)
	}
}

// Kinds of text objects.
const (
	plainOnly = iota
	anyText
)

var broadcast = regexp.MustCompile(`<!(?:channel|here|everyone|subteam\^[A-Z0-9]+)(?:\|[^>]*)?>`)

// text checks a text object.
func (k *checker) text(at string, v any, kind, max int) {
	o, ok := v.(object)
	if !ok {
		k.bad(at, "must be a text object")
		return
	}
	switch t := o["type"]; {
	case t == "plain_text":
		if o["verbatim"] != nil {
			k.bad(at+"/verbatim", "is for mrkdwn alone")
		}
	case t == "mrkdwn" && kind == anyText:
		if o["emoji"] != nil {
			k.bad(at+"/emoji", "is for plain_text alone")
		}
		if s, ok := o["text"].(string); ok {
			k.parsed(s)
		}
	default:
		k.bad(at+"/type", "%v is no type of text that may stand here", t)
	}
	k.length(at+"/text", o["text"], 1, max)
}

// What may stand between < and >, and a sign that is no part of it
// (https://docs.slack.dev/messaging/formatting-message-text, "escaping text").
var (
	meant   = regexp.MustCompile(`<(?:@[UW][A-Z0-9]+|#C[A-Z0-9]+|![a-z][^<>]*|https?://[^<>|]+|mailto:[^<>|]+|tel:[^<>|]+)(?:\|[^<>]*)?>`)
	unmeant = regexp.MustCompile(`[<>].{0,20}|&(?:[^algt]|$|a[^m]|l[^t]|g[^t]).{0,10}`)
)

// parsed looks at text that Slack parses: for what would call everybody, and for
// words of somebody's that were not escaped.
func (k *checker) parsed(s string) {
	k.mentions = append(k.mentions, broadcast.FindAllString(s, -1)...)
	k.stray = append(k.stray, unmeant.FindAllString(meant.ReplaceAllString(s, ""), -1)...)
}

func (k *checker) optionalText(at string, v any, max int) {
	if v != nil {
		k.text(at, v, plainOnly, max)
	}
}

func (k *checker) list(at string, v any, min, max int) []any {
	l, ok := v.([]any)
	switch {
	case !ok:
		k.bad(at, "must be an array")
	case len(l) < min:
		k.bad(at, "must have at least %d items", min)
	case len(l) > max:
		k.bad(at, "must have at most %d items (it has %d)", max, len(l))
	}
	return l
}

// id checks a block_id or action_id, which no two may share.
func (k *checker) id(at string, v any, seen map[string]bool) {
	if v == nil {
		return
	}
	k.length(at, v, 1, 255)
	if s, ok := v.(string); ok {
		if seen[s] {
			k.bad(at, "%q is used twice", s)
		}
		seen[s] = true
	}
}
