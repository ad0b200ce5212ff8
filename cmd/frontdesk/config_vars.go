package main

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"
)

var varName = regexp.MustCompile(`^[\pL][\pL\pN_-]*$`)

// ownVars are the names that the configuration gives by itself.
var ownVars = []string{"company", "email", "hours", "phone", "website"}

// vars reads names for the FAQ: each with one text, or with one per language.
func (r *configReader) vars(v *configValue, languages []string) map[string]map[string]string {
	out := map[string]map[string]string{}
	set := func(lang, name, value string) {
		if out[lang] == nil {
			out[lang] = map[string]string{}
		}
		out[lang][name] = value
	}
	v.block().each(func(name string, v *configValue) {
		switch {
		case slices.Contains(ownVars, name):
			v.problem(fmt.Sprintf("{{%s}} is there already", name), "choose another name; hours come from `hours:`, the others from `company:`")
			return
		case !varName.MatchString(name):
			v.problem(fmt.Sprintf("%q is no name that answers can mention", name), "use letters, digits, - and _, for example delivery_days")
			return
		}
		switch v.node.(type) {
		case *ast.MappingNode, *ast.MappingValueNode:
		default:
			set("", name, v.text())
			return
		}
		b := v.block()
		var missing []string
		for _, lang := range languages {
			if text := b.take(lang); text != nil {
				set(lang, name, text.text())
			} else {
				missing = append(missing, lang)
			}
		}
		if len(missing) > 0 && len(missing) < len(languages) {
			v.problem("there is no text for "+strings.Join(missing, ", "), "write one for each language, or one text for all: `"+name+": …`")
		}
		b.end()
	})
	return out
}
