package slacktest

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// fill makes the state of a form from what a person entered.
func fill(v *view, fields map[string]string) (object, error) {
	state := object{}
	left := maps.Clone(fields)
	for _, b := range v.data["blocks"].([]any) {
		b := b.(object)
		e, _ := b["element"].(object)
		if b["type"] != "input" || e == nil {
			continue
		}
		label := textOf(b["label"])
		entered, given := fields[label]
		delete(left, label)
		value, err := enter(e, entered, given)
		if err != nil {
			return nil, fmt.Errorf("slacktest: field %q: %w", label, err)
		}
		if optional, _ := b["optional"].(bool); !optional && empty(value) {
			return nil, fmt.Errorf("slacktest: field %q must be filled in", label)
		}
		block, _ := b["block_id"].(string)
		action, _ := e["action_id"].(string)
		state[block] = object{action: value}
	}
	for label := range left {
		return nil, fmt.Errorf("slacktest: the form %q has no field %q", textOf(v.data["title"]), label)
	}
	return state, nil
}

func empty(value object) bool {
	for k, v := range value {
		if l, ok := v.([]any); k != "type" && v != nil && (!ok || len(l) > 0) {
			return false
		}
	}
	return true
}

// enter is the state of one element.
func enter(e object, entered string, given bool) (object, error) {
	kind, _ := e["type"].(string)
	if options, ok := e["options"].([]any); ok {
		return choose(kind, e, options, entered, given)
	}
	name := map[string]string{"datepicker": "selected_date", "timepicker": "selected_time", "users_select": "selected_user",
		"conversations_select": "selected_conversation", "channels_select": "selected_channel"}[kind]
	if name == "" {
		name = "value"
	}
	if !given {
		for _, k := range []string{"initial_value", "initial_date", "initial_time", "initial_user"} {
			if s, ok := e[k].(string); ok {
				entered = s
			}
		}
	}
	for limit, wrong := range map[string]func(n int) bool{
		"max_length": func(n int) bool { return len([]rune(entered)) > n },
		"min_length": func(n int) bool { return len([]rune(entered)) < n },
	} {
		if n, ok := e[limit].(float64); ok && entered != "" && wrong(int(n)) {
			return nil, fmt.Errorf("%d characters do not keep %s %v", len([]rune(entered)), limit, n)
		}
	}
	return object{"type": kind, name: orNil(entered)}, nil
}

func choose(kind string, e object, options []any, entered string, given bool) (object, error) {
	many := strings.HasPrefix(kind, "multi_") || kind == "checkboxes"
	var chosen []any
	if !given {
		if o := e["initial_option"]; o != nil {
			chosen = []any{o}
		} else if l, ok := e["initial_options"].([]any); ok {
			chosen = l
		}
	} else if entered != "" {
		for _, want := range strings.Split(entered, "\n") {
			i := slices.IndexFunc(options, func(o any) bool { return textOf(o.(object)["text"]) == want })
			if i < 0 {
				return nil, fmt.Errorf("there is no choice %q", want)
			}
			chosen = append(chosen, options[i])
		}
	}
	switch {
	case many:
		return object{"type": kind, "selected_options": append([]any{}, chosen...)}, nil
	case len(chosen) == 0:
		return object{"type": kind, "selected_option": nil}, nil
	}
	return object{"type": kind, "selected_option": chosen[0]}, nil
}
