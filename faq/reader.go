package faq

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// reader turns one file into entries and collects what is wrong with it. It
// goes on after a problem, so that all are told at once.
type reader struct {
	file     string
	options  Options
	problems []Problem
}

func (r *reader) problem(at ast.Node, message, remedy string) {
	p := Problem{File: r.file, Message: message, Remedy: remedy}
	if at != nil && at.GetToken() != nil && at.GetToken().Position != nil {
		p.Line, p.Column = at.GetToken().Position.Line, at.GetToken().Position.Column
	}
	r.problems = append(r.problems, p)
}

func (r *reader) read(data []byte) []*Entry {
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	if !utf8.Valid(data) {
		line := 1
		for i := 0; i < len(data); {
			c, n := utf8.DecodeRune(data[i:])
			if c == utf8.RuneError && n == 1 {
				break
			}
			if c == '\n' {
				line++
			}
			i += n
		}
		r.problems = append(r.problems, Problem{File: r.file, Line: line, Column: 1, Message: "is not UTF-8 text", Remedy: "save the file with encoding UTF-8"})
		return nil
	}
	file := r.parse(data)
	if file == nil {
		return nil
	}
	var out []*Entry
	for i, doc := range file.Docs {
		if doc.Body == nil {
			continue
		}
		if i > 0 {
			r.problem(doc.Body, "a second YAML document", "remove the line `---` before it")
			continue
		}
		for _, kv := range r.mapping(doc.Body, "the file") {
			switch key := keyText(kv); key {
			case "include": // what it names was read by gather
				r.texts(kv.Value, "include")
				continue
			case "entries":
			default:
				r.problem(kv.Key, fmt.Sprintf("unknown key %s", key), didYouMean(key, []string{"entries", "include"}, "a file has the keys `entries` and `include`"))
				continue
			}
			for _, n := range r.list(kv.Value, "entries") {
				if e := r.entry(n); e != nil {
					out = append(out, e)
				}
			}
		}
	}
	return out
}

// parse reads YAML. The parser is foreign code fed with foreign text: should it
// panic, that is a problem of this file.
func (r *reader) parse(data []byte) (file *ast.File) {
	defer func() {
		if v := recover(); v != nil {
			file = nil
			r.problem(nil, fmt.Sprintf("cannot be understood as YAML (%v)", v), "look for unusual characters or indentation")
		}
	}()
	file, err := parser.ParseBytes(data, 0)
	if err == nil {
		return file
	}
	p := Problem{File: r.file, Line: 1, Column: 1, Message: err.Error(), Remedy: "check indentation, and put texts that contain `: ` or ` #` or begin with a sign into quotes"}
	var syntax *yaml.SyntaxError
	if errors.As(err, &syntax) {
		p.Message = syntax.GetMessage()
		if t := syntax.GetToken(); t != nil && t.Position != nil {
			p.Line, p.Column = t.Position.Line, t.Position.Column
		}
	}
	r.problems = append(r.problems, p)
	return nil
}

func (r *reader) mapping(n ast.Node, what string) []*ast.MappingValueNode {
	switch n := n.(type) {
	case *ast.MappingNode:
		return n.Values
	case *ast.MappingValueNode:
		return []*ast.MappingValueNode{n}
	}
	r.problem(n, fmt.Sprintf("%s should be a list of `key: value`", what), "compare with the sample that `frontdesk init` writes")
	return nil
}

func (r *reader) list(n ast.Node, what string) []ast.Node {
	switch n := n.(type) {
	case *ast.SequenceNode:
		return n.Values
	case *ast.NullNode, nil:
		return nil
	case *ast.StringNode, *ast.LiteralNode: // a list of one, written without brackets
		return []ast.Node{n}
	}
	r.problem(n, fmt.Sprintf("%s should be a list", what), "begin each line with `- `, or write [one, two]")
	return nil
}

func (r *reader) text(n ast.Node, what string) (string, bool) {
	switch n := n.(type) {
	case *ast.StringNode:
		return strings.TrimSpace(n.Value), true
	case *ast.LiteralNode:
		return strings.TrimSpace(n.Value.Value), true
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode:
		return strings.TrimSpace(n.GetToken().Value), true
	case *ast.NullNode, nil:
		return "", true
	case *ast.MappingNode, *ast.MappingValueNode:
		r.problem(n, fmt.Sprintf("%s should be a text but contains `: `", what), "put it into quotes")
	default:
		r.problem(n, fmt.Sprintf("%s should be a plain text", what), "put it into quotes; anchors, aliases and tags are not used here")
	}
	return "", false
}

func (r *reader) texts(n ast.Node, what string) []string {
	var out []string
	for _, item := range r.list(n, what) {
		s, ok := r.text(item, "an item of "+what)
		if ok && s == "" {
			r.problem(item, fmt.Sprintf("an item of %s is empty", what), "write it or remove the line")
		}
		if ok && s != "" {
			out = append(out, s)
		}
	}
	return out
}

func keyText(kv *ast.MappingValueNode) string {
	if s, ok := kv.Key.(*ast.StringNode); ok {
		return s.Value
	}
	return kv.Key.String()
}
