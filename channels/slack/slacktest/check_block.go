package slacktest

import (
	"fmt"
	"unicode/utf8"
)

// blocks checks the blocks of a message or a view.
func (k *checker) blocks(at string, blocks []any, max int) {
	if len(blocks) > max {
		k.bad(at, "no more than %d items allowed (there are %d)", max, len(blocks))
	}
	for i, b := range blocks {
		k.block(fmt.Sprintf("%s/%d", at, i), b)
	}
	if k.markdown > maxMarkdown {
		k.bad(at, "the markdown blocks have more than %d characters together", maxMarkdown)
	}
}

func (k *checker) block(at string, v any) {
	b, ok := v.(object)
	if !ok {
		k.bad(at, "must be an object")
		return
	}
	k.id(at+"/block_id", b["block_id"], k.ids)
	clear(k.actionIDs) // unique within a block
	switch b["type"] {
	case "section":
		k.section(at, b)
	case "header":
		k.text(at+"/text", b["text"], plainOnly, 150)
	case "divider":
	case "context":
		for i, e := range k.list(at+"/elements", b["elements"], 1, 10) {
			at := fmt.Sprintf("%s/elements/%d", at, i)
			if o, ok := e.(object); ok && o["type"] == "image" {
				k.image(at, o)
				continue
			}
			k.text(at, e, anyText, 3000)
		}
	case "actions":
		for i, e := range k.list(at+"/elements", b["elements"], 1, 25) {
			k.element(fmt.Sprintf("%s/elements/%d", at, i), e)
		}
	case "context_actions":
		for i, e := range k.list(at+"/elements", b["elements"], 1, 5) {
			k.element(fmt.Sprintf("%s/elements/%d", at, i), e)
		}
	case "input":
		if !k.inputs {
			k.bad(at, "an input stands in a message")
		}
		k.text(at+"/label", b["label"], plainOnly, 2000)
		k.optionalText(at+"/hint", b["hint"], 2000)
		k.element(at+"/element", b["element"])
	case "image":
		k.image(at, b)
		k.optionalText(at+"/title", b["title"], 2000)
	case "markdown":
		k.length(at+"/text", b["text"], 1, maxMarkdown)
		s, _ := b["text"].(string)
		k.markdown += utf8.RuneCountInString(s)
	case "rich_text":
		k.rich(at, b)
	case "video", "file", "table":
	default:
		k.bad(at+"/type", "unsupported type: %v", b["type"])
	}
}

func (k *checker) section(at string, b object) {
	if b["text"] == nil && b["fields"] == nil {
		k.bad(at, "needs text or fields")
	}
	if b["text"] != nil {
		k.text(at+"/text", b["text"], anyText, 3000)
	}
	if b["fields"] != nil {
		for i, f := range k.list(at+"/fields", b["fields"], 1, 10) {
			k.text(fmt.Sprintf("%s/fields/%d", at, i), f, anyText, 2000)
		}
	}
	if b["accessory"] != nil {
		k.element(at+"/accessory", b["accessory"])
	}
}

func (k *checker) image(at string, o object) {
	k.length(at+"/alt_text", o["alt_text"], 1, 2000)
	if o["slack_file"] == nil {
		k.length(at+"/image_url", o["image_url"], 1, 3000)
	}
}

// rich checks rich text: no empty elements, and no broadcasts.
func (k *checker) rich(at string, b object) {
	elements, ok := b["elements"].([]any)
	if !ok {
		k.bad(at+"/elements", "must be an array")
	}
	for i, e := range elements {
		at := fmt.Sprintf("%s/elements/%d", at, i)
		o, ok := e.(object)
		if !ok {
			k.bad(at, "must be an object")
			continue
		}
		switch o["type"] {
		case "rich_text_section", "rich_text_list", "rich_text_quote", "rich_text_preformatted":
			k.rich(at, o)
		case "text":
			k.length(at+"/text", o["text"], 1, maxText)
		case "broadcast", "usergroup":
			k.mentions = append(k.mentions, fmt.Sprint(o["type"]))
		case "link", "emoji", "user", "channel", "team", "date", "color":
		default:
			k.bad(at+"/type", "unsupported type: %v", o["type"])
		}
	}
}

// The elements that people act on.
func (k *checker) element(at string, v any) {
	e, ok := v.(object)
	if !ok {
		k.bad(at, "must be an object")
		return
	}
	k.id(at+"/action_id", e["action_id"], k.actionIDs)
	if e["placeholder"] != nil {
		k.text(at+"/placeholder", e["placeholder"], plainOnly, 150)
	}
	if c, ok := e["confirm"].(object); ok {
		k.text(at+"/confirm/title", c["title"], plainOnly, 100)
		k.text(at+"/confirm/text", c["text"], anyText, 300)
		k.text(at+"/confirm/confirm", c["confirm"], plainOnly, 30)
		k.text(at+"/confirm/deny", c["deny"], plainOnly, 30)
	}
	switch e["type"] {
	case "image":
		k.image(at, e)
	case "button":
		k.text(at+"/text", e["text"], plainOnly, 75)
		k.length(at+"/value", e["value"], 0, 2000)
		k.length(at+"/url", e["url"], 0, 3000)
		k.length(at+"/accessibility_label", e["accessibility_label"], 0, 75)
		if s := e["style"]; s != nil && s != "primary" && s != "danger" {
			k.bad(at+"/style", "%v is no style", s)
		}
	case "plain_text_input":
		k.length(at+"/initial_value", e["initial_value"], 0, 3000)
	case "static_select", "multi_static_select":
		k.options(at+"/options", e["options"], 100, 75)
	case "radio_buttons", "checkboxes":
		k.options(at+"/options", e["options"], 10, 75)
	case "overflow":
		k.options(at+"/options", e["options"], 5, 75)
	case "feedback_buttons":
		for _, which := range []string{"positive_button", "negative_button"} {
			b, ok := e[which].(object)
			if !ok {
				k.bad(at+"/"+which, "is missing")
				continue
			}
			k.text(at+"/"+which+"/text", b["text"], plainOnly, 75)
			k.length(at+"/"+which+"/value", b["value"], 1, 2000)
		}
	case "datepicker", "timepicker", "datetimepicker", "users_select", "conversations_select", "channels_select", "external_select",
		"multi_users_select", "multi_conversations_select", "multi_channels_select", "multi_external_select", "email_text_input",
		"url_text_input", "number_input", "rich_text_input", "file_input", "icon_button", "workflow_button":
	default:
		k.bad(at+"/type", "unsupported type: %v", e["type"])
	}
}

func (k *checker) options(at string, v any, max, length int) {
	values := map[string]bool{}
	for i, o := range k.list(at, v, 1, max) {
		at := fmt.Sprintf("%s/%d", at, i)
		m, ok := o.(object)
		if !ok {
			k.bad(at, "must be an object")
			continue
		}
		k.text(at+"/text", m["text"], anyText, length)
		k.length(at+"/value", m["value"], 1, 150)
		k.optionalText(at+"/description", m["description"], 75)
		if s, ok := m["value"].(string); ok {
			if values[s] {
				k.bad(at+"/value", "%q is used twice", s)
			}
			values[s] = true
		}
	}
}
