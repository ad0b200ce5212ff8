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
	var all []*rule
	for _, g := range out.groups {
		for _, list := range [][]rule{g.strong, g.weak, g.traps, g.whole, g.edge} {
			for i := range list {
				all = append(all, &list[i])
			}
		}
	}
	out.scanner = newScanner(all)
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
	tree, err := syntax.Parse(p, syntax.Perl)
	if err != nil {
		return err
	}
	add := func(pattern string, tree *syntax.Regexp) error {
		re, err := regexp.Compile(pattern)
		if err == nil {
			*list = append(*list, rule{re: re, need: needs(tree.Simplify())})
		}
		return err
	}
	if !helper(g.intent) || kind != "+" {
		return add(p, tree)
	}
	for _, a := range apart(tree) { // only whether one matches is asked
		if err := add(a.String(), a); err != nil {
			return err
		}
	}
	return nil
}

// apart makes several expressions of one with alternatives: most of these are
// dismissed without running them, and each runs faster.
func apart(re *syntax.Regexp) []*syntax.Regexp {
	switch re.Op {
	case syntax.OpCapture:
		return apart(re.Sub[0])
	case syntax.OpAlternate:
		var out []*syntax.Regexp
		for _, sub := range re.Sub {
			out = append(out, apart(sub)...)
		}
		return out
	case syntax.OpConcat: // \b(?:…|…)\b
		inner := withoutEdges(re.Sub)
		if len(inner) != 1 {
			break
		}
		at := slices.Index(re.Sub, inner[0])
		var out []*syntax.Regexp
		for _, sub := range apart(inner[0]) {
			one := *re
			one.Sub = slices.Clone(re.Sub)
			one.Sub[at] = sub
			out = append(out, &one)
		}
		return out
	}
	return []*syntax.Regexp{re}
}
