package main

import (
	"fmt"
	"strings"

	"frontdesk/channels/slack"
)

// This file says in plain words why Slack could not be used, and what to do.

// explain makes a finding of a failed step.
func (p slackApp) explain(e *slack.ProbeError) finding {
	f, isNetwork := p.network(e)
	if !isNetwork {
		f = p.refusal(e)
	}
	if e.Code != "" && f.Status != statusSkip {
		f.More = append(f.More, "its word: "+e.Code)
	}
	return f
}

const reachSlack = "let this machine reach https://slack.com and wss://*.slack.com; where a proxy is the way out, name it in HTTPS_PROXY"

// network says why there was no answer of Slack's.
func (p slackApp) network(e *slack.ProbeError) (finding, bool) {
	switch e.Cause {
	case slack.CauseNoHost, slack.CauseLookup:
		return fail("check this machine's network and name service (/etc/resolv.conf)", "the name %s cannot be looked up", e.Host), true
	case slack.CauseRefused:
		return fail(reachSlack, "nobody listens at %s", e.Host), true
	case slack.CauseUnreachable:
		return fail("check this machine's network", "there is no way from here to %s", e.Host), true
	case slack.CauseSilent:
		return fail(reachSlack, "%s does not answer within %v", e.Host, p.patience), true
	case slack.CauseClosed:
		return fail("try again; if it stays, "+reachSlack, "%s hung up", e.Host), true
	case slack.CauseIssuer:
		return fail("if it is your company's proxy that looks into what is sent, add its CA to the certificates that this machine trusts (on Debian into /usr/local/share/ca-certificates, then update-ca-certificates), or name it in SSL_CERT_FILE; in a container, install ca-certificates; else somebody may be listening in between",
			"the certificate of %s is signed by %q, whom this machine does not trust", e.Host, strings.Join(e.Names, ", ")), true
	case slack.CauseCertificate:
		return fail("check this machine's clock; if it is right, somebody in between answers for Slack", "the certificate of %s is not right: %v", e.Host, e.Err), true
	case slack.CauseNotSlack:
		if e.Step == slack.StepSocket {
			return fail("something in between lets no WebSocket through: "+reachSlack, "%s does not begin the connection: HTTP status %s", e.Host, e.Names[0]), true
		}
		return fail("see whether it is Slack (https://slack-status.com) or something in between that answers; "+reachSlack, "%s does not answer as Slack does: HTTP status %s", e.Host, e.Names[0]), true
	case slack.CauseLimited:
		return fail("try again in a minute", "Slack wants fewer calls"), true
	}
	return finding{}, false
}

// secretWords say where the secrets of an app are found.
var secretWords = map[slack.Step]struct{ what, where string }{
	slack.StepBot:    {"bot token", "Install App, Bot User OAuth Token (xoxb-…)"},
	slack.StepOpen:   {"app token", "Basic Information, App-Level Tokens, Generate Token and Scopes, with " + slack.AppScope + " (xapp-…)"},
	slack.StepSecret: {"signing secret", "Basic Information, App Credentials, Signing Secret, Show"},
}

func (p slackApp) secret(step slack.Step) Secret {
	switch step {
	case slack.StepOpen, slack.StepSocket:
		return p.ch.Slack.AppToken
	case slack.StepSecret:
		return p.ch.Slack.SigningSecret
	}
	return p.ch.Slack.BotToken
}

// refusal says what Slack refused.
func (p slackApp) refusal(e *slack.ProbeError) finding {
	w, isSecret := secretWords[e.Step]
	do := fmt.Sprintf("%s %s; copy it into %s", p.page(), w.where, p.secret(e.Step).where())
	switch {
	case e.Cause == slack.CauseKind && isSecret && e.Names[0] != slack.KindOther:
		return fail(do, "what stands in %s is no %s, but %s", p.secret(e.Step).where(), w.what, withArticle(e.Names[0]))
	case e.Cause == slack.CauseKind && isSecret:
		return fail(do, "what stands in %s is no %s", p.secret(e.Step).where(), w.what)
	case e.Cause == slack.CauseInvalid && isSecret:
		return fail(do, "Slack does not know the %s", w.what)
	case e.Cause == slack.CauseRevoked && e.Code == "token_expired":
		return fail("create the app anew from what `frontdesk manifest "+p.ch.Name+"` prints: there token rotation is off, which cannot be undone in an app where it was on", "the %s has expired: token rotation is on in the app", w.what)
	case e.Cause == slack.CauseRevoked && e.Step == slack.StepBot:
		return fail(fmt.Sprintf("%s Install App, Reinstall to Workspace, and copy the new Bot User OAuth Token into %s", p.page(), p.secret(e.Step).where()), "the bot token was revoked, or the app was removed from the workspace")
	case e.Cause == slack.CauseRevoked:
		return fail(do, "the %s was revoked", w.what)
	case e.Cause == slack.CauseScope && e.Step == slack.StepOpen:
		return fail(do, "the app token does not have the scope %s", slack.AppScope)
	case e.Cause == slack.CauseScope:
		return skip("not tried: a scope is missing, as said above")
	case e.Step == slack.StepSocket && e.Code == "link_disabled":
		return fail(p.page()+" Socket Mode, switch Enable Socket Mode on; or paste what `frontdesk manifest "+p.ch.Name+"` prints into App Manifest", "Socket Mode is off in the app")
	case e.Step == slack.StepSocket && e.Code == "too_many_websockets":
		return fail("end what else uses this app token, on other machines too", "the app has as many connections as Slack allows (10)")
	case e.Code == "access_denied" || e.Code == "no_permission" || e.Code == "org_login_required" || e.Code == "team_access_not_granted":
		return fail("ask the workspace's administrator to approve the app", "Slack does not allow it")
	case e.Cause == slack.CauseAnswer:
		return fail("look the word up at https://docs.slack.dev/reference/methods, and see whether Slack has a disturbance (https://slack-status.com)", "Slack refuses it")
	}
	return fail("try again; if it stays, see https://slack-status.com", "%v", e)
}

func withArticle(s string) string {
	if strings.ContainsAny(s[:1], "aeio") { // it is "a user"
		return "an " + s
	}
	return "a " + s
}

// room says how a channel is.
func (p slackApp) room(r slack.Room) finding {
	key := fmt.Sprintf("%s.%s", p.key(), r.Use)
	staff := r.Use != slack.ForSupport
	name := "#" + r.Name
	switch {
	case r.Err != nil && r.Err.Cause == slack.CauseNoRoom:
		return fail(fmt.Sprintf("if %s is right (in Slack, click the channel's name: the id is at the end of About), write %s in that channel; else write the right id", key, p.invite()),
			"Slack shows the bot no channel %s: there is none, or it is private and the bot is not in it", r.ID)
	case r.Err != nil:
		return p.explain(r.Err)
	case r.Archived:
		return fail(fmt.Sprintf("write the id of another as %s, or open this one again: click the channel's name, Settings, Unarchive channel", key), "%s (%s) is archived", name, r.ID)
	case !r.Member:
		return fail(fmt.Sprintf("write %s in %s", p.invite(), name), "the bot is not in %s (%s)", name, r.ID)
	case staff && r.External:
		return warn(fmt.Sprintf("use a channel that is shared with nobody: write its id as %s", key), "people of other organisations read %s (%s), where customers' words stand", name, r.ID)
	case staff && !r.Private:
		return warn(fmt.Sprintf("click the channel's name, Settings, Change to a private channel (or write the id of a private one as %s)", key),
			"%s (%s) is public: everybody in the workspace can read customers' words there, and whoever joins can answer them", name, r.ID)
	case staff:
		return good("%s (%s) is private, and the bot is in it", name, r.ID)
	}
	return good("the bot is in %s (%s)", name, r.ID)
}
