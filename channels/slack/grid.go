package slack

import "sync"

// grid says who is ours, by one rule wherever we hear of somebody: who is of our
// workspace, or of any other workspace of our Enterprise Grid organisation
// (https://docs.slack.dev/enterprise). A message names the workspace of its author
// and not the organisation of that; other payloads name both, and are remembered.
type grid struct {
	team, enterprise string // ours; the second is empty outside of a Grid
	teams            *sync.Map
}

func (c *Channel) grid(enterprise string) grid { return grid{c.cfg.Team, enterprise, &c.teams} }

// mine reports whether an organisation is ours. The configuration may name it
// instead of a workspace.
func (g grid) mine(enterprise string) bool {
	return enterprise != "" && (enterprise == g.enterprise || enterprise == g.team)
}

// learn remembers that a team is of an organisation, if that is ours.
func (g grid) learn(team, enterprise string) {
	if team != "" && g.mine(enterprise) {
		g.teams.Store(team, true)
	}
}

// has reports whether people of a team are ours; enterprise is the organisation that
// they are of, if it is told.
func (g grid) has(team, enterprise string) bool {
	if team == "" || team == g.team || g.mine(team) || g.mine(enterprise) {
		return true
	}
	_, ok := g.teams.Load(team)
	return ok
}
