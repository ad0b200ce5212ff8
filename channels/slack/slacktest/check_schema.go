package slacktest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"

	"github.com/santhosh-tekuri/jsonschema/v6"
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
	b, err := json.Marshal(v)
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
	return []string{"[ERROR] failed to match all allowed schemas: " + deepest(invalid)}
}

// deepest is the complaint that goes farthest into the instance: of all branches
// of an anyOf it is the one that was meant.
func deepest(e *jsonschema.ValidationError) string {
	best, depth := e, len(e.InstanceLocation)
	var walk func(*jsonschema.ValidationError)
	walk = func(e *jsonschema.ValidationError) {
		if len(e.Causes) == 0 && len(e.InstanceLocation) >= depth {
			best, depth = e, len(e.InstanceLocation)
		}
		for _, c := range e.Causes {
			walk(c)
		}
	}
	walk(e)
	return fmt.Sprintf("%v: %v", best.InstanceLocation, best.ErrorKind)
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
