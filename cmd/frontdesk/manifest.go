package main

import (
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/spf13/cobra"

	"frontdesk/channels/slack"
)

// botName is what the bot is called in Slack where nobody says otherwise.
const botName = "Frontdesk"

func (a *app) manifest() *cobra.Command {
	var name, at string
	cmd := &cobra.Command{
		Use:   "manifest [CHANNEL]",
		Short: "Print what to create the app in Slack from",
		Long: `manifest prints the app manifest that fits a channel of type slack: what the bot may
do, what it wants to hear, its slash command. Create the app from it, or change one
that is there:

    https://api.slack.com/apps   Create New App, From a manifest, paste; Install App
                                 or open the app, App Manifest, paste, Save Changes;
                                 then Install App, Reinstall to Workspace

CHANNEL may be left out if the configuration has one channel of type slack. Without a
configuration, or without such a channel, it prints what init writes as
slack-manifest.yaml: Socket Mode, and /support.

With signing_secret_env in the configuration Slack calls us, and must be told where:
--url https://support.acme.example, the address at which the world reaches this
machine.`,
		Example: "  frontdesk manifest workspace > slack-manifest.yaml",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			text, err := a.slackManifest(strings.Join(args, ""), name, at)
			if err != nil {
				return err
			}
			if a.json {
				if text, err = yaml.YAMLToJSON(text); err != nil {
					return err
				}
			}
			_, err = a.out.Write(text)
			return err
		},
	}
	cmd.Flags().StringVar(&name, "name", botName, "what the bot is called")
	cmd.Flags().StringVar(&at, "url", "", "where the world reaches this machine: https://…")
	return a.jsonFlag(cmd)
}

func defaultManifest() ([]byte, error) { return slack.Manifest(botName, "/support", false, true, "") }

func (a *app) slackManifest(channel, name, at string) ([]byte, error) {
	cfg, err := LoadConfig(a.config)
	if errors.Is(err, fs.ErrNotExist) && channel == "" && a.config == "frontdesk.yaml" {
		cfg = &Config{}
	} else if err != nil {
		_, err = a.load() // says what to do about a file that is not there
		return nil, err
	}
	var found *ChannelConfig
	var names []string
	for i, ch := range cfg.Channels {
		if ch.Slack == nil {
			continue
		}
		names = append(names, ch.Name)
		if channel == "" || channel == ch.Name {
			found = &cfg.Channels[i]
		}
	}
	switch {
	case found == nil && channel != "" && names == nil:
		return nil, fmt.Errorf("%s has no channel of type slack", cfg.File)
	case found == nil && channel != "":
		return nil, fmt.Errorf("%s has no channel %s of type slack: there is %s", cfg.File, channel, orList(names))
	case channel == "" && len(names) > 1:
		return nil, fmt.Errorf("there are several channels of type slack in %s: name %s", cfg.File, orList(names))
	}
	s := SlackConfig{Command: "/support"}
	if found != nil {
		s = *found.Slack
	}
	switch {
	case !s.HTTP() && at != "":
		return nil, errors.New("with Socket Mode Slack calls no address: leave out --url, or write signing_secret_env instead of app_token_env into the configuration")
	case !s.HTTP():
		return slack.Manifest(name, s.Command, s.AgentView, true, "")
	case at == "":
		return nil, fmt.Errorf("channel %s is to be called by Slack: add --url https://YOUR.HOST, the address at which the world reaches this machine", found.Name)
	}
	u, err := url.Parse(at)
	if err != nil || u.Scheme != "https" || u.Host == "" || u.RawQuery != "" || u.Fragment != "" {
		return nil, fmt.Errorf("--url %s: write it like https://support.acme.example: Slack calls https only", at)
	}
	path := "/in/" + found.Name
	return slack.Manifest(name, s.Command, s.AgentView, false, strings.TrimSuffix(strings.TrimRight(at, "/"), path)+path)
}
