package main

import (
	"fmt"
	"log/slog"
	"net/http"

	"frontdesk/bot"
	"frontdesk/channels/slack"
)

// slackConfig is what the adapter takes of the configuration.
func slackConfig(s *SlackConfig, secrets Secrets) slack.Config {
	return slack.Config{Team: s.Team, BotToken: secrets.Of(s.BotToken), AppToken: secrets.Of(s.AppToken), SigningSecret: secrets.Of(s.SigningSecret),
		Agents: s.Agents, Complaints: s.Complaints, Support: s.Support, Command: s.Command, AgentView: s.AgentView, APIURL: s.APIURL}
}

// withoutTokens is slackConfig for commands that connect to nothing: the channel then
// only reads what is in the database already.
func withoutTokens(s *SlackConfig) slack.Config {
	c := slackConfig(s, Secrets{})
	c.BotToken, c.AppToken = "xoxb-", "xapp-"
	return c
}

// slackWorkers is how many messages go to Slack at once. The limit of one a second
// holds for each place alone, so that many places can be served beside each other.
const slackWorkers = 16

// slackChannel is a workspace ready to run. How its people are known is for the
// engine to find out: nobody's address there is our own before Slack has told it.
func slackChannel(ch ChannelConfig, cfg slack.Config, log *slog.Logger) (bot.Channel, error) {
	x, err := slack.New(ch.Name, cfg, log)
	if err != nil {
		return bot.Channel{}, fmt.Errorf("channel %s: %w", ch.Name, err)
	}
	s := ch.Slack
	c := bot.Channel{Source: x, Sender: x, Buttons: true, Observe: ch.Observe, Start: ch.Start, FromNow: ch.FromNow, Within: ch.Within, Budget: bot.Budget(ch.Budget),
		Workers: slackWorkers, Gather: s.Gather, Personal: s.Personal, Prefixes: s.ReplyPrefix,
		Staff: bot.Desk{Channel: ch.Name, Place: s.Agents}}
	if s.Complaints != "" {
		c.Complaints = bot.Desk{Channel: ch.Name, Place: s.Complaints}
	}
	return c, nil
}

// handlers are the channels that are called from outside, by name.
func handlers(cfg *Config, c bot.Config) map[string]http.Handler {
	all := map[string]http.Handler{}
	for _, ch := range cfg.Channels {
		if ch.Slack == nil || !ch.Slack.HTTP() {
			continue
		}
		if h, ok := c.Channels[ch.Name].Source.(http.Handler); ok {
			all[ch.Name] = h
		}
	}
	return all
}
