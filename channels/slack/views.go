package slack

import (
	slackapi "github.com/slack-go/slack"

	"frontdesk/channels"
)

// modal draws a form.
func modal(f channels.Form, origin string) slackapi.ModalViewRequest {
	text := func(s string) *slackapi.TextBlockObject {
		if s == "" {
			return nil
		}
		return slackapi.NewTextBlockObject(slackapi.PlainTextType, s, false, false)
	}
	view := slackapi.ModalViewRequest{Type: slackapi.VTModal, Title: text(f.Title), Submit: text(f.Submit), Close: text(f.Cancel),
		PrivateMetadata: encodeAction(f.Action), CallbackID: origin}
	if f.Text != "" {
		view.Blocks.BlockSet = append(view.Blocks.BlockSet, slackapi.NewSectionBlock(text(f.Text), nil, nil))
	}
	for _, field := range f.Fields {
		view.Blocks.BlockSet = append(view.Blocks.BlockSet,
			slackapi.NewInputBlock(field.Name, text(field.Label), nil, slackapi.NewPlainTextInputBlockElement(nil, "value")))
	}
	return view
}
