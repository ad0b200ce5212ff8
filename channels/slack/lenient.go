package slack

import (
	"bytes"
	"encoding/json"
	"strings"
)

// Slack's payloads are read by small structs with fields of the types below.
// None of them refuses a value: what is of another type than expected leaves
// the field empty. Slack does send such values ("state":{"values":[]},
// "previous_message":[], counts as strings), and one of them must not cost a
// customer's message.

// str is a string. A number or a boolean is taken as it is written.
type str string

func (w *str) UnmarshalJSON(b []byte) error {
	*w = ""
	switch {
	case len(b) == 0:
	case b[0] == '"':
		var s string
		if json.Unmarshal(b, &s) == nil {
			*w = str(s)
		}
	case b[0] != '{' && b[0] != '[' && b[0] != 'n':
		*w = str(b)
	}
	return nil
}

// yes is a boolean: true, "true" or 1.
type yes bool

func (f *yes) UnmarshalJSON(b []byte) error {
	switch strings.Trim(string(b), `"`) {
	case "true", "1":
		*f = true
	default:
		*f = false
	}
	return nil
}

// maybe is an object.
type maybe[T any] struct {
	V  T
	OK bool // it was an object with at least one member
}

func (m *maybe[T]) UnmarshalJSON(b []byte) error {
	*m = maybe[T]{}
	if len(b) == 0 || b[0] != '{' {
		return nil
	}
	if json.Unmarshal(b, &m.V) != nil {
		var zero T
		m.V = zero
		return nil
	}
	m.OK = len(bytes.TrimSpace(b[1:len(b)-1])) > 0
	return nil
}

// many is an array; elements of a wrong type are left out.
type many[T any] []T

func (l *many[T]) UnmarshalJSON(b []byte) error {
	*l = nil
	if len(b) == 0 || b[0] != '[' {
		return nil
	}
	var raw []json.RawMessage
	if json.Unmarshal(b, &raw) != nil {
		return nil
	}
	for _, r := range raw {
		var v T
		if string(r) != "null" && json.Unmarshal(r, &v) == nil {
			*l = append(*l, v)
		}
	}
	return nil
}

// dict is an object whose members are of one type; others are left out.
type dict[T any] map[string]T

func (d *dict[T]) UnmarshalJSON(b []byte) error {
	*d = nil
	if len(b) == 0 || b[0] != '{' {
		return nil
	}
	var raw map[string]json.RawMessage
	if json.Unmarshal(b, &raw) != nil {
		return nil
	}
	*d = dict[T]{}
	for k, r := range raw {
		var v T
		if json.Unmarshal(r, &v) == nil {
			(*d)[k] = v
		}
	}
	return nil
}
