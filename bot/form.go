package bot

import (
	"unicode"
	"unicode/utf8"

	"frontdesk/bot/texts"
	"frontdesk/channels"
	"frontdesk/store"
)

// formMax is how many characters of an agent's words fit into a form: they travel
// in it once more behind the preview, where a service may have little room for them
// (Slack: 3,000 characters with every quote and line end escaped). What is longer can
// be written in the thread.
const formMax = 1400

// askForm is what a command without words shows: a question, a complaint, a
// request, in a form for those who prefer one.
func (e *Engine) askForm(lang string) *channels.Form {
	text := func(key string) string { return e.cfg.Texts.Plain(lang, key, textArgs{Company: e.cfg.Company}) }
	kinds := channels.FormField{Name: "kind", Label: text("ask-kind"), Value: kindQuestion, Required: true}
	for _, k := range []string{kindQuestion, kindComplaint, kindRequest, kindSuggestion} {
		kinds.Options = append(kinds.Options, channels.FormOption{Value: k, Label: text("ask-" + k)})
	}
	return &channels.Form{Action: channels.Action{Name: actAsk}, Title: text("ask-title"), Submit: text("form-send"), Cancel: text("form-cancel"),
		Fields: []channels.FormField{kinds, {Name: "text", Label: text("ask-text"), Long: true, Required: true}}}
}

// detailsForm asks for what a complaint or request may lack; all of it may be left
// out.
func (e *Engine) detailsForm(conv store.Conversation, lang string) *channels.Form {
	text := func(key string) string { return e.cfg.Texts.Plain(lang, key, textArgs{Number: conv.Case}) }
	f := &channels.Form{Action: ofTalk(channels.Action{Name: actDetails, Case: conv.Case, Fields: map[string]string{formLang: lang}}, conv.ID),
		Title: text("details-title"), Text: text("details-hint"), Submit: text("form-send"), Cancel: text("form-cancel")}
	for _, name := range formFields {
		f.Fields = append(f.Fields, channels.FormField{Name: name, Label: capital(text("field-" + name)), Long: name == "description"})
	}
	return f
}

// capital begins a label with a capital letter.
func capital(s string) string {
	r, n := utf8.DecodeRuneInString(s)
	return string(unicode.ToUpper(r)) + s[n:]
}

// wordsForm asks an agent for the words that an action needs.
func (e *Engine) wordsForm(tx *store.Tx, a channels.Action) (channels.Reply, error) {
	conv, err := talkOf(&tx.Snapshot, a.Case)
	if err == errNoTalk {
		return channels.Reply{Refusal: string(e.staff("refused-no-case-action", textArgs{Number: a.Case}))}, nil
	} else if err != nil {
		return channels.Reply{}, err
	}
	f := &channels.Form{Action: channels.Action{Name: a.Name, Case: a.Case, Version: a.Version, Fields: map[string]string{fieldForm: "yes"}}, Title: e.staffTitle(a),
		Submit: string(e.staff("button-preview", textArgs{})), Cancel: string(e.staff("button-close", textArgs{}))}
	field := channels.FormField{Name: "text", Label: string(e.staff("form-text", textArgs{})), Long: true, Required: a.Name != actResolve, Max: formMax}
	if a.Name == actNote {
		f.Submit, field.Label = string(e.staff("button-save", textArgs{})), string(e.staff("form-note-text", textArgs{}))
	} else {
		where, err := e.destination(&tx.Snapshot, conv)
		if err != nil {
			return channels.Reply{}, err
		}
		f.Text = string(where)
		if a.Name == actResolve {
			field.Hint = string(e.staff("form-resolve-hint", textArgs{}))
		}
	}
	f.Fields = []channels.FormField{field}
	return channels.Reply{Form: f}, nil
}

// previewForm shows an agent what the customer would get, and where.
func (e *Engine) previewForm(tx *store.Tx, agent Agent, a channels.Action) (channels.Reply, error) {
	conv, err := talkOf(&tx.Snapshot, a.Case)
	if err == errNoTalk {
		return channels.Reply{Refusal: string(e.staff("refused-no-case-action", textArgs{Number: a.Case}))}, nil
	} else if err != nil {
		return channels.Reply{}, err
	}
	where, err := e.destination(&tx.Snapshot, conv)
	if err != nil {
		return channels.Reply{}, err
	}
	lang := e.replyLang(conv)
	var more []string
	if a.Name == actResolve {
		more = append(more, e.cfg.Texts.Plain(lang, "resolved", textArgs{Number: a.Case}))
	}
	words := e.signed(a.Fields["text"], agent, lang, e.cfg.Channels[conv.Channel].Letter, more...)
	return channels.Reply{Form: &channels.Form{
		Action: channels.Action{Name: a.Name, Case: a.Case, Version: a.Version, Fields: map[string]string{"text": a.Fields["text"], "sure": "yes", fieldForm: "yes"}},
		Title:  e.staffTitle(a), Text: noteText(where, texts.Note(words)),
		Submit: string(e.staff("button-send", textArgs{})), Cancel: string(e.staff("button-back", textArgs{}))}}, nil
}

// destination says who will get what an agent writes, and who else will see it.
func (e *Engine) destination(s *store.Snapshot, conv store.Conversation) (texts.Note, error) {
	to, err := e.readersList(s, conv)
	if err != nil {
		return "", err
	}
	t, err := s.CustomerThread(conv.ID)
	if err != nil {
		return "", err
	}
	private, err := e.goesPrivate(s, conv, t)
	if err != nil {
		return "", err
	}
	key := "goes-chat"
	switch {
	case e.cfg.Channels[conv.Channel].Letter:
		key = "goes-mail"
	case t.Public && !private:
		key = "goes-public"
	}
	return e.staff(key, textArgs{To: to}), nil
}
