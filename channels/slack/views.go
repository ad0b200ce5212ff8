package slack

import (
	"encoding/json"
	"errors"
	"fmt"

	slackapi "github.com/slack-go/slack"

	"frontdesk/channels"
)

// Limits of modals (https://docs.slack.dev/reference/views/modal-views and the
// elements in them).
const (
	viewWordLimit   = 24 // title, submit, cancel
	metadataLimit   = 3000
	viewBlockLimit  = 100
	labelLimit      = 2000 // label and hint of a field
	inputLimit      = 3000
	optionLimit     = 75 // label of an option; its value has 150
	optionValue     = 150
	optionsMost     = 100
	fieldAction     = "value" // action_id of each field; its block_id is the field's name
	callbackLimit   = 255
	modalCallbackID = "fd:form"
)

// modal draws a form. origin is kept with it, and comes back when the form is
// submitted: see metadata. A form that Slack would refuse is an error.
func modal(f channels.Form, origin string) (slackapi.ModalViewRequest, error) {
	v := slackapi.ModalViewRequest{Type: slackapi.VTModal, CallbackID: modalCallbackID, Title: plainLine(oneLine(f.Title), viewWordLimit)}
	if v.Title.Text == "" {
		return v, errors.New("a form without a title")
	}
	if v.PrivateMetadata = string(bareJSON(metadata{button(f.Action), origin})); units(v.PrivateMetadata) > metadataLimit {
		return v, fmt.Errorf("the form %q carries %d characters, and Slack takes %d", f.Action.Name, units(v.PrivateMetadata), metadataLimit)
	}
	if submit := oneLine(f.Submit); submit != "" {
		v.Submit = plainLine(submit, viewWordLimit)
	} else if len(f.Fields) > 0 {
		return v, errors.New("a form with fields and no word for sending it")
	}
	if cancel := oneLine(f.Cancel); cancel != "" {
		v.Close = plainLine(cancel, viewWordLimit)
	}
	for i, group := range pack(plainPieces(f.Text), messageLimit) {
		if len(group) > 0 {
			v.Blocks.BlockSet = append(v.Blocks.BlockSet, richText(fmt.Sprintf("fd:text:%d", i), group))
		}
	}
	seen := map[string]bool{}
	for _, field := range f.Fields {
		if field.Name == "" || len(field.Name) > callbackLimit || seen[field.Name] {
			return v, fmt.Errorf("a field with the name %.40q, which is empty, too long or there already", field.Name)
		}
		seen[field.Name] = true
		in, err := input(field)
		if err != nil {
			return v, fmt.Errorf("field %s: %w", field.Name, err)
		}
		v.Blocks.BlockSet = append(v.Blocks.BlockSet, in)
	}
	if n := len(v.Blocks.BlockSet); n > viewBlockLimit {
		return v, fmt.Errorf("the form %q has %d blocks, and Slack takes %d", f.Action.Name, n, viewBlockLimit)
	}
	if v.Blocks.BlockSet == nil {
		v.Blocks.BlockSet = []slackapi.Block{}
	}
	return v, nil
}

// input draws a field.
func input(f channels.FormField) (slackapi.Block, error) {
	label := oneLine(f.Label)
	if label == "" {
		return nil, errors.New("no label")
	}
	in := slackapi.NewInputBlock(f.Name, plainLine(label, labelLimit), nil, nil).WithOptional(!f.Required)
	if hint := oneLine(f.Hint); hint != "" {
		in.Hint = plainLine(hint, labelLimit)
	}
	if len(f.Options) == 0 {
		limit := inputLimit
		if f.Max > 0 {
			limit = min(f.Max, inputLimit)
		}
		e := slackapi.NewPlainTextInputBlockElement(nil, fieldAction)
		e.Multiline, e.MaxLength = f.Long, limit
		if value := clean(f.Value); f.Long {
			e.InitialValue = cut(value, limit)
		} else {
			e.InitialValue = cut(oneLine(value), limit)
		}
		in.Element = e
		return in, nil
	}
	if len(f.Options) > optionsMost {
		return nil, fmt.Errorf("%d options, and Slack takes %d", len(f.Options), optionsMost)
	}
	e := slackapi.NewOptionsSelectBlockElement(slackapi.OptTypeStatic, nil, fieldAction)
	for _, o := range f.Options {
		text := oneLine(o.Label)
		if text == "" || o.Value == "" || units(o.Value) > optionValue {
			return nil, fmt.Errorf("an option %.40q with the value %.40q, of which one is empty or too long", o.Label, o.Value)
		}
		option := slackapi.NewOptionBlockObject(o.Value, plainLine(text, optionLimit), nil)
		e.Options = append(e.Options, option)
		if o.Value == f.Value {
			e.InitialOption = option
		}
	}
	in.Element = e
	return in, nil
}

// metadata is what a form remembers: the action that it becomes, and where it was
// asked for.
type metadata struct {
	button
	Origin string `json:"o,omitempty"`
}

// decodeForm undoes what modal put into private_metadata.
func decodeForm(private string) (a channels.Action, origin string, err error) {
	if a, err = decodeAction(private); err != nil {
		return a, "", err
	}
	var m metadata
	if err := json.Unmarshal([]byte(private), &m); err != nil {
		return a, "", err
	}
	return a, m.Origin, nil
}
