// Package slack takes customers' messages in from a Slack workspace and brings
// answers, and work for people, out to it.
//
// # In
//
// Events come by Socket Mode or by the HTTP Events API; one path behind both
// decodes an envelope tolerantly, hands it to [channels.Handler] with its raw
// bytes, and acknowledges it when that returned nil. The intake is our own:
// slack-go rejects an event for one odd field, reconnects without a pause, and
// acknowledges into a queue (measured with 0.35). It serves for the Web API, Block
// Kit and the verifier of signatures.
//
// A message is known by its event_id and by team, channel and ts, for good. After
// any gap (a start, a moment without a socket, an envelope that could not be
// recorded) conversations.history and conversations.replies are read again from ten
// minutes before the last position; until that is done no live event moves a
// position.
//
// # Names
//
// An identity is "TEAM:USER": user ids are unique in a team alone. A message's ref
// is "slack:TEAM/CHANNEL/TS", with the id of our own team. The place of a direct
// message is "@" and the identity of the person, whatever the id of the channel;
// that of a thread in a channel "CHANNEL/TS-OF-ITS-ROOT", with CHANNEL as its room.
//
// # Out
//
// One attempt is one Web API call where that is possible. The outcome (sent,
// refused, unknown) is read from the bytes of the response, not from what slack-go
// makes of them. The delivery's key goes along as message metadata, by which
// [Channel.Find] finds a message whose outcome is unknown. Each Slack channel gets
// at most one message a second ([Channel.Pace]).
package slack
