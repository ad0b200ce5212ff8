package slacktest_test

import (
	"strings"
	"testing"

	"github.com/slack-go/slack"

	"frontdesk/channels/slack/slacktest"
)

// What a library that knows Slack makes of the world's answers.
func TestSlackGo(t *testing.T) {
	bubble(t, slacktest.Options{}, func(t *testing.T, c *client) {
		w, ctx := c.w, t.Context()
		ann, room := c.said()
		api := slack.New(w.BotToken(), slack.OptionAPIURL(w.APIURL()), slack.OptionHTTPClient(w.Client()))
		must := func(what string, err error) {
			t.Helper()
			if err != nil {
				t.Fatalf("%s: %v", what, err)
			}
		}
		self, err := api.AuthTestContext(ctx)
		must("auth.test", err)
		if self.TeamID != w.TeamID() || self.UserID != w.BotUser().ID || self.BotID != w.BotID() {
			t.Errorf("%+v", self)
		}
		said := ann.Say(room, "hello")
		label := slack.NewTextBlockObject(slack.PlainTextType, "Yes", false, false)
		_, ts, err := api.PostMessageContext(ctx, room.ID, slack.MsgOptionText("fallback", false), slack.MsgOptionTS(said),
			slack.MsgOptionMetadata(slack.SlackMetadata{EventType: "d", EventPayload: map[string]any{"key": "K"}}),
			slack.MsgOptionBlocks(slack.NewSectionBlock(slack.NewTextBlockObject(slack.PlainTextType, "words", false, false), nil, nil),
				slack.NewActionBlock("b", slack.NewButtonBlockElement("a", "v", label))))
		must("chat.postMessage", err)
		ms, _, _, err := api.GetConversationRepliesContext(ctx, &slack.GetConversationRepliesParameters{ChannelID: room.ID, Timestamp: said, IncludeAllMetadata: true})
		must("conversations.replies", err)
		if len(ms) != 2 || ms[1].Timestamp != ts || ms[1].Metadata.EventPayload["key"] != "K" || ms[0].ReplyCount != 1 {
			t.Errorf("%+v", ms)
		}
		_, _, _, err = api.UpdateMessageContext(ctx, room.ID, ts, slack.MsgOptionText("new", false), slack.MsgOptionBlocks())
		must("chat.update", err)
		must("reactions.add", api.AddReactionContext(ctx, "white_check_mark", slack.NewRefToMessage(room.ID, said)))
		dm, _, _, err := api.OpenConversationContext(ctx, &slack.OpenConversationParameters{Users: []string{ann.ID}})
		must("conversations.open", err)
		if dm.ID != ann.Direct().ID {
			t.Errorf("%+v", dm)
		}
		f, err := api.UploadFileContext(ctx, slack.UploadFileParameters{Channel: room.ID, Filename: "a.txt", FileSize: 5,
			Reader: strings.NewReader("hello"), InitialComment: "see"})
		must("upload", err)
		info, _, _, err := api.GetFileInfoContext(ctx, f.ID, 0, 0)
		must("files.info", err)
		var got strings.Builder
		must("download", api.GetFileContext(ctx, info.URLPrivateDownload, &got))
		if got.String() != "hello" || len(info.Shares.Public[room.ID]) != 1 {
			t.Errorf("%q %+v", got.String(), info)
		}
		user, err := api.GetUserInfoContext(ctx, ann.ID)
		must("users.info", err)
		if user.Profile.Email != "ann@home.example" {
			t.Errorf("%+v", user)
		}
		members, _, err := api.GetUsersInConversationContext(ctx, &slack.GetUsersInConversationParameters{ChannelID: room.ID})
		must("conversations.members", err)
		channel, err := api.GetConversationInfoContext(ctx, &slack.GetConversationInfoInput{ChannelID: room.ID})
		must("conversations.info", err)
		if len(members) != 2 || channel.Name != "room" || !channel.IsMember {
			t.Errorf("%v %+v", members, channel)
		}
		_, err = api.PublishViewContext(ctx, slack.PublishViewContextRequest{UserID: ann.ID, View: slack.HomeTabViewRequest{Type: slack.VTHomeTab,
			Blocks: slack.Blocks{BlockSet: []slack.Block{slack.NewHeaderBlock(label)}}}})
		must("views.publish", err)
		w.Fault(slacktest.Fault{Kind: slacktest.TooMany, RetryAfter: "30", Times: 1})
		_, _, err = api.PostMessageContext(ctx, room.ID, slack.MsgOptionText("x", false))
		if limited, ok := err.(*slack.RateLimitedError); !ok || limited.RetryAfter.Seconds() != 30 {
			t.Errorf("%v", err)
		}
		if v := w.Violations(); len(v) > 0 {
			t.Error(v)
		}
	})
}
