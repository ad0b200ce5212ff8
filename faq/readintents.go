package faq

import (
	"fmt"
	"slices"
	"strings"
)

// intents reads a file of example messages, such as words/intents_en.yaml or an
// operator's own:
//
//	intents:
//	  human:
//	    examples: [get me the concierge, 叫管家来]
//	    not: [what does the concierge service cost]
//	  request refund:
//	    examples: [credit it to my card again]
//
// A key under `intents` is a name of intent.go; behind request stands the topic.
// `none` has examples of messages that want nothing beyond an answer.
func (r *reader) intents(data []byte) []exampleGroup {
	data = []byte(strings.TrimPrefix(string(data), "\xef\xbb\xbf"))
	file := r.parse(data)
	if file == nil {
		return nil
	}
	var out []exampleGroup
	for _, doc := range file.Docs {
		if doc.Body == nil {
			continue
		}
		for _, kv := range r.mapping(doc.Body, "the file") {
			if key := keyText(kv); key != "intents" {
				r.problem(kv.Key, fmt.Sprintf("unknown key %s", key), didYouMean(key, []string{"intents"}, "a file of intents has the single key `intents`"))
				continue
			}
			for _, kv := range r.mapping(kv.Value, "intents") {
				g, ok := exampleGroup{}, true
				g.intent, g.topic, ok = intentOf(keyText(kv))
				if !ok {
					r.problem(kv.Key, fmt.Sprintf("there is no intent %s", keyText(kv)), didYouMean(keyText(kv), exampleNames(), "the intents are: "+strings.Join(exampleNames(), ", ")))
					continue
				}
				for _, kv := range r.mapping(kv.Value, keyText(kv)) {
					switch key := keyText(kv); key {
					case "examples":
						g.examples = r.texts(kv.Value, key)
					case "not":
						g.not = r.texts(kv.Value, key)
					default:
						r.problem(kv.Key, fmt.Sprintf("unknown key %s", key), didYouMean(key, []string{"examples", "not"}, "an intent has `examples` and `not`"))
					}
				}
				out = append(out, g)
			}
		}
	}
	return out
}

// exampleNames are the intents that examples can be given for. The others are
// pleasantries and marks, which have no content that could be like another's.
func exampleNames() []string {
	names := []string{none, Human, Complaint, Status, Suggestion, Praise, Privacy, StillNot, NotHelped, Abuse, Spam}
	for _, t := range topicNames() {
		names = append(names, Request+" "+t)
	}
	return names
}

func intentOf(key string) (intent, topic string, ok bool) {
	intent, topic, _ = strings.Cut(key, " ")
	return intent, topic, slices.Contains(exampleNames(), key)
}
