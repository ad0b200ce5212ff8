package slack

import slackapi "github.com/slack-go/slack"

// client is slack-go with the bot token, for calls whose answers are simple.
func (c *Channel) client() *slackapi.Client {
	return slackapi.New(c.cfg.BotToken, slackapi.OptionAPIURL(c.cfg.APIURL), slackapi.OptionHTTPClient(c.intake.http))
}
