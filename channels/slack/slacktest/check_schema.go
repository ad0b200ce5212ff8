package slacktest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"
	"golang.org/x/text/language"
	printer "golang.org/x/text/message"
)

// Files with the JSON schemas of what apps send. They are Slack's types, as a
// schema; they belong to nobody here and are read from a folder, if there is one.
const (
	messageSchema = "slack-Message.schema.json"
	viewSchema    = "slack-AnyView.schema.json"
)

// compiled keeps the schemas by file: to compile them takes longer than a test.
var compiled sync.Map

// matchSchema returns how v differs from a schema; nothing without a folder of
// schemas.
func (w *World) matchSchema(name string, v object) []string {
	folder := w.opts.Schemas
	if data := os.Getenv("FRONTDESK_TESTDATA"); folder == "" && data != "" {
		folder = filepath.Join(data, "slack")
	}
	if folder == "" {
		return nil
	}
	s, err := schema(filepath.Join(folder, name))
	if err != nil {
		return []string{fmt.Sprintf("[ERROR] the schema cannot be read: %v", err)}
	}
	b, err := json.Marshal(withoutOffsets(v))
	if err != nil {
		panic(err) // it came as JSON
	}
	instance, err := jsonschema.UnmarshalJSON(bytes.NewReader(b))
	if err != nil {
		panic(err) // it was just written
	}
	err = s.Validate(instance)
	if err == nil {
		return nil
	}
	var invalid *jsonschema.ValidationError
	if !errors.As(err, &invalid) {
		return []string{"[ERROR] " + err.Error()}
	}
	return []string{"[ERROR] failed to match all allowed schemas: " + meantError(invalid)}
}

// withoutOffsets is v without the first numbers of lists, the one field that the
// schemas do not know and Slack does
// (https://docs.slack.dev/reference/block-kit/block-elements/rich-text-list-element).
func withoutOffsets(v any) any {
	switch v := v.(type) {
	case object:
		o := object{}
		for k, x := range v {
			if k != "offset" || v["type"] != "rich_text_list" {
				o[k] = withoutOffsets(x)
			}
		}
		return o
	case []any:
		l := make([]any, len(v))
		for i, x := range v {
			l[i] = withoutOffsets(x)
		}
		return l
	}
	return v
}

// meantError is the complaint that helps: of the branches of an anyOf, that of the
// thing which was meant. What it calls itself, its type, tells.
func meantError(e *jsonschema.ValidationError) string {
	for len(e.Causes) > 0 {
		next := e.Causes[0]
		if _, any := e.ErrorKind.(*kind.AnyOf); any {
			for _, c := range e.Causes {
				if !otherType(c, len(e.InstanceLocation)) {
					next = c
				}
			}
		}
		e = next
	}
	return fmt.Sprintf("/%s: %v", strings.Join(e.InstanceLocation, "/"), e.ErrorKind.LocalizedString(printer.NewPrinter(language.English)))
}

// otherType reports whether e says that the thing at that depth is of another type.
func otherType(e *jsonschema.ValidationError, depth int) bool {
	at := e.InstanceLocation
	if len(e.Causes) == 0 {
		_, wrong := e.ErrorKind.(*kind.Const)
		return wrong && len(at) == depth+1 && at[depth] == "type"
	}
	if _, any := e.ErrorKind.(*kind.AnyOf); any { // of all its branches, if the thing is none of them
		return !slices.ContainsFunc(e.Causes, func(c *jsonschema.ValidationError) bool { return !otherType(c, depth) })
	}
	return slices.ContainsFunc(e.Causes, func(c *jsonschema.ValidationError) bool { return otherType(c, depth) })
}

func schema(file string) (*jsonschema.Schema, error) {
	if s, ok := compiled.Load(file); ok {
		return s.(*jsonschema.Schema), nil
	}
	b, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(b))
	if err != nil {
		return nil, err
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource(filepath.Base(file), doc); err != nil {
		return nil, err
	}
	s, err := c.Compile(filepath.Base(file))
	if err != nil {
		return nil, err
	}
	compiled.Store(file, s)
	return s, nil
}
