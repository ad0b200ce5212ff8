package slacktest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"

	"frontdesk/channels/channeltest/pipetest"
)

// Options of a [World]. The zero value is a workspace over pipes in memory with
// an app that has every scope of [AllScopes].
type Options struct {
	// Sockets makes the world listen on 127.0.0.1 with a free port, for clients in
	// other processes. Otherwise it is reached through [World.Dial] alone.
	Sockets bool
	// Scopes of the bot token; nil: AllScopes.
	Scopes []string
	// Events that the app subscribed to ("app_mention", "message.im"); nil: all that
	// the world can send. An event also needs its scope.
	Events []string
	// Team, Bot and Command name the workspace, the bot and its slash command;
	// default "Home", "frontdesk", "/support".
	Team, Bot, Command string
	// Enterprise is the id of the Enterprise Grid organisation that the home team
	// belongs to; empty: none.
	Enterprise string
	// Unlimited switches the rate limits off.
	Unlimited bool
	// Burst is how many messages a channel takes at once; default 4. Then it is one
	// a second.
	Burst int
	// PingEvery is the time between the server's pings; default 5 s.
	PingEvery time.Duration
	// RefreshEvery is how long a socket lives until it is told to reconnect; default
	// 18060 s, as Slack's own hello says.
	RefreshEvery time.Duration
	// Retries is how long after a failed attempt an event is tried again; default at
	// once, after a minute and after five, as Slack does. Shorter ones are for tests
	// that cannot wait.
	Retries []time.Duration
	// Schemas is a folder with slack-Message.schema.json and
	// slack-AnyView.schema.json; default the folder slack in FRONTDESK_TESTDATA.
	// Without a folder nothing is checked against schemas.
	Schemas string
}

// AllScopes are the scopes that any method or event of the world asks for,
// chat:write.public left out: with it nobody would notice a missing invitation.
var AllScopes = []string{"app_mentions:read", "assistant:write", "channels:history", "channels:join", "channels:read",
	"chat:write", "commands", "files:read", "files:write", "groups:history", "groups:read", "im:history", "im:read",
	"im:write", "reactions:read", "reactions:write", "team:read", "users:read", "users:read.email"}

// World is a Slack workspace with our app in it. Its methods may be called
// concurrently.
type World struct {
	opts   Options
	net    pipetest.Network
	listen net.Listener
	server *http.Server
	served sync.WaitGroup // the server and everything that delivers
	gone   context.Context
	end    context.CancelFunc

	mu      sync.Mutex
	changed chan struct{} // closed and replaced at every change
	closed  bool
	serial  int64
	lastTS  int64 // microseconds

	home     *Team
	teams    []*Team
	users    []*User
	channels []*Channel
	bot      *User
	app      app

	files    map[string]*file
	views    map[string]*view
	homes    map[string]*view // by user id
	triggers map[string]*trigger
	hooks    map[string]*hook
	prompts  map[string][]Prompt // by channel and thread
	statuses map[string]string
	titles   map[string]string

	limits     map[string]*bucket
	limited    []Limited
	violations []Violation
	calls      []Call
	faults     []*Fault
	down       bool
	conns      map[net.Conn]bool

	intake     Intake
	tickets    map[string]bool
	opens      []time.Time
	sockets    []*socket
	turn       int
	events     receiver             // of the HTTP Events API
	pending    map[string]*delivery // by envelope id, old ones too
	deliveries map[*delivery]bool   // under way
	held       *delivery
	stats      Stats
}

// app is our app in the workspace.
type app struct {
	id, botID, botToken, appToken, secret, verification string
	scopes                                              map[string]bool
	revoked                                             bool
}

// New starts a world. Close must be called.
func New(o Options) (*World, error) {
	o.Team, o.Bot, o.Command = cmp.Or(o.Team, "Home"), cmp.Or(o.Bot, "frontdesk"), cmp.Or(o.Command, "/support")
	o.Burst = cmp.Or(o.Burst, 4)
	o.PingEvery, o.RefreshEvery = cmp.Or(o.PingEvery, 5*time.Second), cmp.Or(o.RefreshEvery, 18060*time.Second)
	if o.Retries == nil {
		o.Retries = retryAfter
	}
	if o.Scopes == nil {
		o.Scopes = AllScopes
	}
	w := &World{opts: o, changed: make(chan struct{}), files: map[string]*file{}, views: map[string]*view{},
		homes: map[string]*view{}, triggers: map[string]*trigger{}, hooks: map[string]*hook{}, prompts: map[string][]Prompt{},
		statuses: map[string]string{}, titles: map[string]string{}, limits: map[string]*bucket{}, conns: map[net.Conn]bool{},
		tickets: map[string]bool{}, pending: map[string]*delivery{}, deliveries: map[*delivery]bool{}}
	w.gone, w.end = context.WithCancel(context.Background())
	w.home = w.Team(o.Team)
	w.home.Enterprise = o.Enterprise
	w.app = app{id: w.id("A"), botID: w.id("B"), secret: "fake-signing-secret", verification: "fake-verification-token",
		scopes: map[string]bool{}}
	w.app.botToken = "xoxb-" + w.home.ID + "-fake-bot-token"
	w.app.appToken = "xapp-1-" + w.app.id + "-fake-app-token"
	for _, s := range o.Scopes {
		w.app.scopes[s] = true
	}
	w.bot = &User{w: w, ID: w.id("U"), Name: o.Bot, team: w.home, opts: UserOptions{Bot: true}, botID: w.app.botID, appID: w.app.id}
	w.users = append(w.users, w.bot)
	if err := w.serve(); err != nil {
		return nil, err
	}
	return w, nil
}

// BotToken, AppToken and SigningSecret are what the app is configured with.
func (w *World) BotToken() string      { return w.app.botToken }
func (w *World) AppToken() string      { return w.app.appToken }
func (w *World) SigningSecret() string { return w.app.secret }

// TeamID, AppID, BotID and BotUser tell who the app is.
func (w *World) TeamID() string { return w.home.ID }
func (w *World) AppID() string  { return w.app.id }
func (w *World) BotID() string  { return w.app.botID }
func (w *World) BotUser() *User { return w.bot }

// id makes an id that nothing else in the world has.
func (w *World) id(prefix string) string {
	w.serial++
	return fmt.Sprintf("%s0%08X", prefix, w.serial*2654435761&0xffffffff) // odd factor: no two are the same
}

// change tells everyone who waits to look again.
func (w *World) change() {
	close(w.changed)
	w.changed = make(chan struct{})
}

// Wait returns when ok holds. It looks after every change in the world. The
// error is ctx's.
func (w *World) Wait(ctx context.Context, ok func() bool) error {
	for {
		w.mu.Lock()
		changed, closed := w.changed, w.closed
		w.mu.Unlock()
		if ok() {
			return nil
		}
		if closed {
			return errors.New("slacktest: the world is closed")
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// now returns the timestamp of a new message: later than every other one.
func (w *World) now() string {
	w.lastTS = max(time.Now().UnixMicro(), w.lastTS+1)
	return stamp(w.lastTS)
}

func stamp(micro int64) string { return fmt.Sprintf("%d.%06d", micro/1e6, micro%1e6) }
