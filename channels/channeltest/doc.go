// Package channeltest holds what every channel must pass, and fakes that
// behave as badly as the real world does. Only tests import it.
//
//   - [TestSource] and [TestSender] are the conformance suites. An adapter
//     passes them by giving a function that makes a fresh outside with the
//     adapter on it.
//
//   - [Recorder] is a handler that records what it is given, and that fails
//     when told to.
//
//   - [Chat] is a whole chat service in memory, both Source and Sender: rooms
//     and direct messages, several people, buttons, edits, duplicates, and
//     every way in which a send can fail.
//
//   - Package pipetest has addresses in memory, for fakes that speak a protocol over
//     connections.
//
// Nothing here opens a socket or leaves a goroutine behind, so that all of it
// works inside a testing/synctest bubble.
package channeltest
