package slacktest

// method is one method of the Web API: what runs, and who may call it how often.
type method struct {
	run    func(*World, *call) (object, error)
	scopes []string // any of them suffices
	tier   int      // calls a minute
	app    bool     // takes the app token
}

// The tiers of https://docs.slack.dev/apis/web-api/rate-limits: calls a minute
// in a workspace.
const (
	tier1 = 1
	tier2 = 20
	tier3 = 50
	tier4 = 100
	// special stands for limits that Slack describes in words: "hundreds a minute".
	special = 300
)

var (
	readers   = []string{"channels:read", "groups:read", "im:read", "mpim:read"}
	histories = []string{"channels:history", "groups:history", "im:history", "mpim:history"}
	assistant = []string{"assistant:write", "chat:write"}
)

var methods = map[string]method{
	"auth.test":             {run: (*World).authTest, tier: special},
	"apps.connections.open": {run: (*World).connectionsOpen, tier: tier3, app: true},
	"team.info":             {run: (*World).teamInfo, scopes: []string{"team:read"}, tier: tier3},
	"bots.info":             {run: (*World).botsInfo, scopes: []string{"users:read"}, tier: tier3},
	"users.info":            {run: (*World).usersInfo, scopes: []string{"users:read"}, tier: tier4},
	"users.lookupByEmail":   {run: (*World).usersLookup, scopes: []string{"users:read.email"}, tier: tier3},
	"users.conversations":   {run: (*World).usersConversations, scopes: readers, tier: tier3},

	"chat.postMessage":   {run: (*World).chatPost, scopes: []string{"chat:write"}, tier: special},
	"chat.update":        {run: (*World).chatUpdate, scopes: []string{"chat:write"}, tier: tier3},
	"chat.delete":        {run: (*World).chatDelete, scopes: []string{"chat:write"}, tier: tier3},
	"chat.postEphemeral": {run: (*World).chatEphemeral, scopes: []string{"chat:write"}, tier: tier4},
	"chat.getPermalink":  {run: (*World).chatPermalink, tier: special},

	"conversations.open":    {run: (*World).convOpen, scopes: []string{"im:write"}, tier: tier3},
	"conversations.info":    {run: (*World).convInfo, scopes: readers, tier: tier3},
	"conversations.list":    {run: (*World).convList, scopes: readers, tier: tier2},
	"conversations.members": {run: (*World).convMembers, scopes: readers, tier: tier4},
	"conversations.join":    {run: (*World).convJoin, scopes: []string{"channels:join"}, tier: tier3},
	"conversations.history": {run: (*World).convHistory, scopes: histories, tier: tier3},
	"conversations.replies": {run: (*World).convReplies, scopes: histories, tier: tier3},

	"reactions.add":    {run: (*World).reactionsAdd, scopes: []string{"reactions:write"}, tier: tier3},
	"reactions.remove": {run: (*World).reactionsRemove, scopes: []string{"reactions:write"}, tier: tier2},

	"views.open":    {run: (*World).viewsOpen, tier: tier4},
	"views.push":    {run: (*World).viewsPush, tier: tier4},
	"views.update":  {run: (*World).viewsUpdate, tier: tier4},
	"views.publish": {run: (*World).viewsPublish, tier: tier4},

	"files.getUploadURLExternal":   {run: (*World).filesURL, scopes: []string{"files:write"}, tier: tier4},
	"files.completeUploadExternal": {run: (*World).filesComplete, scopes: []string{"files:write"}, tier: tier4},
	"files.info":                   {run: (*World).filesInfo, scopes: []string{"files:read"}, tier: tier4},

	"assistant.threads.setSuggestedPrompts": {run: (*World).assistantPrompts, scopes: assistant, tier: special},
	"assistant.threads.setStatus":           {run: (*World).assistantStatus, scopes: assistant, tier: special},
	"assistant.threads.setTitle":            {run: (*World).assistantTitle, scopes: assistant, tier: special},
}
