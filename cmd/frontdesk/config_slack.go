package main

import "time"

// SlackConfig is a workspace of Slack, and how the bot takes part in it. What
// there is to set up in Slack stands in the manifest that `frontdesk manifest`
// prints: create the app from it, at api.slack.com/apps.
type SlackConfig struct {
	// Team (`team`, required) is the id of your workspace: open it in a browser,
	// and it is the part of the address app.slack.com/client/T… that begins with T.
	// People of other workspaces are guests of yours.
	Team string

	// BotToken (`bot_token_env` or `bot_token_file`, one of them required) is what
	// the bot does everything with. At api.slack.com/apps, open the app, Install
	// App, install it, and copy the Bot User OAuth Token. It begins with xoxb-.
	BotToken Secret

	// AppToken (`app_token_env` or `app_token_file`) makes what happens in Slack
	// come in by Socket Mode: a connection that the bot opens, so that nothing
	// needs to reach this machine. At api.slack.com/apps, open the app, Basic
	// Information, App-Level Tokens, and generate one with the scope
	// connections:write. It begins with xapp-.
	//
	// SigningSecret (`signing_secret_env` or `signing_secret_file`) makes it come in
	// by HTTP, which Slack recommends where it matters: Slack calls
	// https://YOUR.HOST/in/NAME, with NAME that of the channel. It stands in Basic
	// Information, App Credentials. It needs `http`: if that listens on this machine
	// alone, put a reverse proxy with a certificate before it, which passes on /in/
	// and nothing else.
	//
	// Exactly one of the two is required.
	AppToken, SigningSecret Secret

	// Agents (`agents`, required) is the id of the channel where staff read, such as
	// C0123ABCD: in Slack, click the channel's name; the id is at the end of About.
	// It must be private, because customers' words stand there, and the bot must be
	// a member. Whoever is in it is an agent and may answer customers.
	Agents string

	// Complaints (`complaints`, default the same as `agents`) is the id of the
	// channel where staff read complaints. The same holds for it.
	Complaints string

	// Support (`support`, default none) are ids of channels where every question is
	// one to the bot. In others that it is a member of it listens only when it is
	// mentioned.
	Support []string

	// Command (`command`, default /support) is the slash command that people ask
	// with anywhere. The app must have the same one.
	Command string

	// ReplyPrefix (`reply_prefix`, default [">", "/reply"]) are the signs by which an
	// agent's message in a case's thread is one to the customer. Without one it is a
	// note that colleagues alone read. Their full-width forms (＞, ／reply) are
	// understood too.
	ReplyPrefix []string

	// AgentView (`agent_view`, default false) makes the app one of Slack's agents,
	// with suggested prompts and an answer below each question. Slack shuts guests of
	// your workspace out of such apps. The app's manifest must say the same.
	AgentView bool

	// Personal (`personal`, direct or here, default direct) says where the bot talks
	// about a complaint or a case that began in a channel which others read: in a
	// direct message (true), or there.
	Personal bool

	// Gather (`gather`, default 3s, at most 1m) is for how long the bot waits for
	// more after a message: what one person writes within that time is one question.
	// 0s waits for nothing.
	Gather time.Duration

	// APIURL (`api_url`, default https://slack.com/api/) is the address of Slack's Web
	// API, which gets the tokens. For GovSlack it is https://slack-gov.com/api/. One
	// that begins with http:// must be of this machine.
	APIURL string
}

// HTTP reports whether Slack calls us.
func (s *SlackConfig) HTTP() bool { return s.SigningSecret != (Secret{}) }
