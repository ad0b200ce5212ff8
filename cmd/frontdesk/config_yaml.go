package main

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// configReader reads the file and collects what is wrong with it. It goes on
// after a problem, so that all are told at once: a value that cannot be used
// is reported where it stands, and reads as the zero value from then on.
type configReader struct {
	file      string
	problems  []Problem
	secrets   []placedSecret
	addresses []placedAddress
	mailboxes []placedMailbox

	workspaces []workspace
	desks      []placedDesk // in Slack, of mailboxes
	people     []placedPerson
}

// configBlock is a list of `key: value`. The methods of a nil block, one that
// was not given, do nothing.
type configBlock struct {
	r      *configReader
	path   string
	pos    configPos
	keys   []string // in the order of the file
	values map[string]*configValue
	known  []string // asked for so far
}

// configValue is what stands behind a key or in a list. The methods of a nil
// value, one that was not given, report nothing and return the zero value.
type configValue struct {
	r    *configReader
	path string
	pos  configPos
	node ast.Node
}

// chineseColon is what to do where `key：value` was written.
const chineseColon = "write the colon as `: ` and not as `：`"

// parse returns the file's keys; nil if it is no YAML, or has none.
func (r *configReader) parse(data []byte) *configBlock {
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	data = bytes.ReplaceAll(data, []byte("\r\n"), []byte("\n"))
	if i := bytes.IndexFunc(data, func(c rune) bool { return c == utf8.RuneError }); i >= 0 {
		line := 1 + bytes.Count(data[:i], []byte("\n"))
		r.problem(configPos{line, 1}, "", "this is not UTF-8 text", "save the file with the encoding UTF-8")
		return nil
	}
	file, err := parseYAML(data)
	if err != nil {
		r.syntax(data, err)
		return nil
	}
	var top *configValue
	for _, doc := range file.Docs {
		if doc.Body == nil {
			continue
		}
		v := &configValue{r: r, node: doc.Body}
		if top != nil {
			r.problem(v.place(), "", "here a second YAML document begins", "remove the line --- before it")
			break
		}
		top = v
	}
	if top == nil {
		r.problem(configPos{}, "", "the file is empty", "begin with the example that comes with this program")
		return nil
	}
	return top.block()
}

// parseYAML makes a panic an error: the parser is foreign code that reads
// foreign text. Duplicate keys are left to [configValue.block], which goes on.
func parseYAML(data []byte) (file *ast.File, err error) {
	defer func() {
		if recover() != nil {
			file, err = nil, errors.New("this cannot be understood as YAML")
		}
	}()
	return parser.ParseBytes(data, 0, parser.AllowDuplicateMapKey())
}

// syntax reports what the parser says. It can say only one thing.
func (r *configReader) syntax(data []byte, err error) {
	at, message := configPos{1, 1}, err.Error()
	if e, ok := errors.AsType[*yaml.SyntaxError](err); ok {
		message = e.Message
		if e.Token != nil && e.Token.Position != nil {
			at = configPos{e.Token.Position.Line, e.Token.Position.Column}
		}
	}
	remedy := "check the indentation, and put texts that contain `: ` or ` #`, or begin with a sign, into quotes"
	if lines := bytes.Split(data, []byte("\n")); at.line >= 1 && at.line <= len(lines) {
		switch line := string(lines[at.line-1]); {
		case strings.Contains(line, "："):
			remedy = chineseColon
		case strings.Contains(line, "\t"):
			remedy = "indent with spaces and not with tabs"
		}
	}
	r.problem(at, "", "this is not YAML: "+message, remedy)
}

// block returns the keys below v. None at all is a block without keys.
func (v *configValue) block() *configBlock {
	if v == nil {
		return nil
	}
	b := &configBlock{r: v.r, path: v.path, pos: v.pos, values: map[string]*configValue{}}
	var pairs []*ast.MappingValueNode
	switch n := v.node.(type) {
	case *ast.MappingNode:
		pairs = n.Values
	case *ast.MappingValueNode:
		pairs = []*ast.MappingValueNode{n}
	case nil, *ast.NullNode:
	default:
		v.wrong("this should be a list of `key: value`", "write each on a line of its own, indented, or all as {key: value, key: value}")
		return nil
	}
	for _, kv := range pairs {
		key := kv.Key.String()
		if t := kv.Key.GetToken(); t != nil {
			key = t.Value
		}
		at := place(kv.Key, v.pos)
		shown := key
		if strings.ContainsFunc(key, unicode.IsControl) {
			shown = strconv.Quote(key)
		}
		path := strings.TrimPrefix(v.path+"."+shown, ".")
		if first := b.values[key]; first != nil {
			v.r.problem(at, path, fmt.Sprintf("this key is already in line %d", first.pos.line), "remove one of the two")
			continue
		}
		b.keys = append(b.keys, key)
		b.values[key] = &configValue{v.r, path, at, kv.Value}
	}
	return b
}

// take returns the value of a key; nil if it is not given.
func (b *configBlock) take(key string) *configValue {
	if b == nil {
		return nil
	}
	b.known = append(b.known, key)
	return b.values[key]
}

// need is take for a key that must be there. The snippet is what to paste.
func (b *configBlock) need(key, snippet string) *configValue {
	v := b.take(key)
	if b != nil && v == nil {
		b.missing(key, snippet)
	}
	return v
}

func (b *configBlock) missing(key, snippet string) {
	b.r.problem(b.pos, strings.TrimPrefix(b.path+"."+key, "."), "this key is missing", "write `"+snippet+"`")
}

// each returns all keys with their values, for a block whose keys are free.
func (b *configBlock) each(do func(key string, v *configValue)) {
	if b == nil {
		return
	}
	for _, key := range b.keys {
		do(key, b.take(key))
	}
}

// end reports the keys that nobody asked for. Call it after the last take.
func (b *configBlock) end() {
	if b == nil {
		return
	}
	for _, key := range b.keys {
		if slices.Contains(b.known, key) {
			continue
		}
		remedy := didYouMean(key, b.known, "here belong "+strings.Join(b.known, ", "))
		if strings.Contains(key, "：") {
			remedy = chineseColon
		}
		v := b.values[key]
		b.r.problem(v.pos, v.path, "there is no such key", remedy)
	}
}

// list returns the items of v. None at all is an empty list.
func (v *configValue) list() []*configValue {
	if v == nil {
		return nil
	}
	switch n := v.node.(type) {
	case *ast.SequenceNode:
		items := make([]*configValue, len(n.Values))
		for i, item := range n.Values {
			items[i] = &configValue{v.r, fmt.Sprintf("%s[%d]", v.path, i), place(item, v.pos), item}
		}
		return items
	case nil, *ast.NullNode:
		return nil
	}
	v.wrong("this should be a list", "begin each item with `- `, or write [one, two]")
	return nil
}

// notEmpty reports a list without items.
func (v *configValue) notEmpty(snippet string) {
	if v == nil {
		return
	}
	n, ok := v.node.(*ast.SequenceNode)
	if isNull(v.node) || ok && len(n.Values) == 0 {
		v.problem("there is nothing in this list", "write `"+snippet+"`")
	}
}

func isNull(n ast.Node) bool {
	_, null := n.(*ast.NullNode)
	return null || n == nil
}

func (v *configValue) problem(message, remedy string) {
	v.r.problem(v.place(), v.path, message, remedy)
}

// wrong reports a value of a wrong type.
func (v *configValue) wrong(message, remedy string) {
	switch n := v.node.(type) {
	case nil, *ast.NullNode:
		message, remedy = "this key has no value", "write one, or remove the line"
	case *ast.AnchorNode, *ast.AliasNode, *ast.TagNode:
		message, remedy = "anchors, aliases and tags are not used here", "write the value itself"
	case *ast.StringNode:
		if strings.Contains(n.Value, "：") {
			remedy = chineseColon
		}
	}
	v.problem(message, remedy)
}

// place is where v stands: a text where it begins, anything else at its key.
func (v *configValue) place() configPos {
	switch v.node.(type) {
	case nil, *ast.NullNode, *ast.MappingNode, *ast.MappingValueNode, *ast.SequenceNode:
		if v.pos != (configPos{}) {
			return v.pos
		}
	}
	return place(v.node, v.pos)
}

// place is where a node begins. A block of keys begins at the first key, but
// its token is that key's colon.
func place(n ast.Node, otherwise configPos) configPos {
	switch m := n.(type) {
	case nil:
		return otherwise
	case *ast.MappingNode:
		if !m.IsFlowStyle && len(m.Values) > 0 {
			n = m.Values[0].Key
		}
	case *ast.MappingValueNode:
		n = m.Key
	}
	if t := n.GetToken(); t != nil && t.Position != nil && t.Position.Line > 0 {
		return configPos{t.Position.Line, t.Position.Column}
	}
	return otherwise
}
