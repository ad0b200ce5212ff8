// Package mail is the mail channel: a mailbox read by IMAP and answers sent by
// SMTP.
//
// # In
//
// [Source] reads one folder and never changes it: no flag, no move, no delete
// (EXAMINE and BODY.PEEK[], RFC 3501 6.3.2 and 6.4.5). How far it has come is a
// [channels.Cursor] of UIDVALIDITY and UID that the engine commits together
// with the message; flags decide nothing, so that people may read the same
// mailbox. Every message is presented, strictly in the order of UIDs, until the
// engine has it: one that cannot be read is presented with a Problem. Only what
// the server itself says is gone is passed over. After a change of UIDVALIDITY
// the whole folder is presented again; the keys of the contents make known
// mails duplicates.
//
// [Reader] turns bytes into a [channels.Inbound]. It is tolerant: every mail
// becomes something, and the raw bytes are always kept.
//
// # Out
//
// [Sender] makes one attempt for each Send. The Message-ID is made of the
// delivery's key and is thus the same at every attempt, and it is what Send
// returns: if an answer got lost and the mail is sent twice, both copies are
// one message to every program that looks, and replies to either find their
// thread.
//
// Automatic mail says that it is (RFC 3834). Header fields are never built from
// unchecked text: a line end in any of them is a refusal for good.
package mail
