// Package slacktest is a Slack workspace for tests and for the demo: a Web API
// that refuses what Slack refuses, and a way in for our app's events that treats
// us as Slack does.
package slacktest
