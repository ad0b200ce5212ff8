package faq

import (
	"fmt"
	"regexp"
	"regexp/syntax"
	"slices"
	"strings"
)

var macro = regexp.MustCompile(`\{([a-z]+)\}`)

// readRules compiles embedded rule files.
func readRules(names ...string) (*rules, error) {
	out := &rules{byName: map[string]*group{}}
	for _, name := range names {
		latin := !strings.HasPrefix(name, "zh")
		lets := map[string]string{}
		var g *group
		err := eachLine(name, func(line string) error {
			kind, body, ok := strings.Cut(line, " ")
			switch {
			case strings.HasPrefix(line, "["):
				intent, topic, _ := strings.Cut(strings.Trim(line, "[]"), " ")
				g = &group{intent: intent, topic: topic}
				out.groups = append(out.groups, g)
				if helper(intent) {
					if old := out.byName[intent]; old != nil {
						g = old
					}
					out.byName[intent] = g
				} else if !slices.Contains(intentNames(), intent) {
					return fmt.Errorf("unknown intent %s", intent)
				}
				return nil
			case kind == "let":
				key, value, ok := strings.Cut(body, " = ")
				if !ok {
					return fmt.Errorf("want let NAME = PATTERN")
				}
				v, err := expand(value, lets)
				lets[key] = v
				return err
			case !ok || g == nil:
				return fmt.Errorf("%q belongs to no group", line)
			}
			pattern, err := expand(body, lets)
			if err != nil {
				return err
			}
			return g.add(kind, pattern, latin)
		})
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

func expand(s string, lets map[string]string) (string, error) {
	var missing error
	s = macro.ReplaceAllStringFunc(s, func(m string) string {
		v, ok := lets[m[1:len(m)-1]]
		if !ok {
			missing = fmt.Errorf("no such name %s", m)
		}
		return "(?:" + v + ")"
	})
	return s, missing
}

func (g *group) add(kind, pattern string, latin bool) error {
	p := "(?:" + pattern + ")"
	if latin {
		p = `\b` + p
		if !strings.Contains(pattern, "$") { // else the rule says itself where it ends
			p += `\b`
		}
	}
	var list *[]rule
	switch kind {
	case "+":
		list = &g.strong
	case "~":
		list = &g.weak
	case "-":
		list = &g.traps
	case "=":
		list, p = &g.whole, "^(?:"+pattern+")$"
	case "<":
		list, p = &g.edge, "^"+p
	case ">":
		list, p = &g.edge, p+"$"
	default:
		return fmt.Errorf("unknown kind of rule %q", kind)
	}
	re, err := regexp.Compile(p)
	if err != nil {
		return err
	}
	tree, err := syntax.Parse(p, syntax.Perl)
	if err != nil {
		return err
	}
	*list = append(*list, rule{re, needs(tree.Simplify())})
	return nil
}
