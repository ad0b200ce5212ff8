// Package slacktest is a Slack workspace for tests and for the demo: a Web API
// that refuses what Slack refuses, a way to our app that treats it as Slack does,
// and people who talk to it.
//
// A [World] holds teams (our own, and others that share channels by Slack
// Connect), users (members, guests, strangers, other apps' bots), channels and
// direct messages, and our app with its scopes and tokens. It is reached over
// pipes in memory through [World.Dial], for HTTP and for websockets alike, which
// works inside a testing/synctest bubble; or, with [Options].Sockets, over a
// loopback port, for clients in other processes. What happens in it stays, however
// often the client goes and comes back.
//
// # People
//
// [User] methods do what people do: Say, Reply, DM, Mention, Edit, Delete, React,
// Upload, Press (a button, by what stands on it), Slash, OpenHome, Submit (a form,
// by the labels of its fields). What they type is turned into what Slack makes of
// it: escaped, with rich text beside it, @names and links as entities. A method
// that the user could not do at all panics: then the test is wrong.
//
// What people see is read with [World.Messages], [World.Thread], [User.Views],
// [User.Home] and [User.SeesEphemeral]. Message.Readable is what a person reads:
// the blocks, drawn, not the fallback text. Methods that wait look again after
// every change; none of them sleeps.
//
// # Strict
//
// Tokens, scopes, membership, rates and sizes are checked as Slack documents them,
// and refused in Slack's words. What a correct client never does is listed in
// [World.Violations], also where Slack lets it pass: blocks that are refused, text
// that was not escaped or that calls everybody, blocks without a fallback text, a
// post below a reply's ts (Slack takes it, and nobody ever sees it), coming back
// before Retry-After is over. With a folder of JSON schemas ([Options].Schemas)
// everything sent is also held against them.
//
// # Hostile
//
// [World.Fault] makes calls fail, before or after they were done. [World.SetIntake]
// makes events come twice, late, in the wrong order or never, and sockets hang,
// break or be sent away; [World.Down] takes everything away; [World.Emit],
// [World.SendRaw] and [World.SendEnvelope] send what nobody expects. An event that
// is not acknowledged in three seconds comes again, at once, after a minute and
// after five, and then is lost: [World.Stats] counts. Only history has it.
//
// # What it is not
//
// It knows one app, one bot token that never rotates, no group direct messages, no
// Enterprise Grid beyond the ids, no streaming, no lists, canvases or workflows.
// Search, pins, bookmarks and attachments of old are absent. Slack's documents
// leave things open, and there the world chooses: an outage of all sockets counts
// as a failed attempt; each attempt has an envelope of its own; chat.update
// without blocks takes the blocks off; rates are token buckets with a minute's
// calls as burst.
package slacktest
