package slack

import (
	"bytes"
	"encoding/json"
	"maps"
	"net/url"
)

// knownEnvelope reports whether the payload in an envelope is of the form that
// read takes.
func knownEnvelope(kind string) bool {
	return kind == "events_api" || kind == "interactive" || kind == slashType
}

// canonicalEnvelope is the payload of a known envelope, in the form that is kept.
func canonicalEnvelope(kind string, inner json.RawMessage) []byte {
	if kind != slashType {
		return inner
	}
	var fields map[string]json.RawMessage
	if json.Unmarshal(inner, &fields) != nil || fields == nil {
		return inner
	}
	fields["type"] = json.RawMessage(`"` + slashType + `"`)
	return mustJSON(fields)
}

// canonicalForm is the payload in the form fields of an HTTP request.
func canonicalForm(form url.Values) []byte {
	if p := form.Get("payload"); p != "" {
		return []byte(p)
	}
	fields := map[string]string{}
	for k := range maps.Keys(form) {
		fields[k] = form.Get(k)
	}
	fields["type"] = slashType
	return mustJSON(fields)
}

func mustJSON(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err) // only strings and valid JSON are put together here
	}
	return b
}

// bareJSON is mustJSON with <, > and & as they are: escaped, they take six characters
// of what Slack counts.
func bareJSON(v any) []byte {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		panic(err)
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}
