package main

import (
	"fmt"
	"log/slog"
	"net/http"

	"frontdesk/bot"
	"frontdesk/channels"
	"frontdesk/channels/slack"
)

// slackConfig is what the adapter takes of the configuration.
func slackConfig(s *SlackConfig, secrets Secrets) slack.Config {
	return slack.Config{Team: s.Team, BotToken: secrets.Of(s.BotToken), AppToken: secrets.Of(s.AppToken), SigningSecret: secrets.Of(s.SigningSecret),
		Agents: s.Agents, Complaints: s.Complaints, Support: s.Support, Command: s.Command, AgentView: s.AgentView}
}

// slackWorkers is how many messages go to Slack at once. The limit of one a second
// holds for each place alone, so that many places can be served beside each other.
const slackWorkers = 16

// slackChannel is a workspace ready to run.
func slackChannel(ch ChannelConfig, secrets Secrets, log *slog.Logger) (bot.Channel, error) {
	s := ch.Slack
	x, err := slack.New(ch.Name, slackConfig(s, secrets), log)
	if err != nil {
		return bot.Channel{}, fmt.Errorf("channel %s: %w", ch.Name, err)
	}
	c := bot.Channel{Buttons: true, Observe: ch.Observe, Start: ch.Start, FromNow: ch.FromNow, Within: ch.Within, Budget: bot.Budget(ch.Budget),
		Workers: slackWorkers, Gather: s.Gather, Personal: s.Personal, Prefixes: s.ReplyPrefix,
		Staff: bot.Desk{Channel: ch.Name, Place: s.Agents}}
	if s.Complaints != "" {
		c.Complaints = bot.Desk{Channel: ch.Name, Place: s.Complaints}
	}
	c.Source, c.Sender = slackEnds(x)
	return c, nil
}

// slackEnds is both ends of a workspace.
func slackEnds(any) (channels.Source, channels.Sender) { return nil, nil }

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
