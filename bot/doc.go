// Package bot is the engine of Frontdesk (前台), a chat and email support bot in
// one binary. Channels bring messages in; the engine answers what the FAQ
// answers, opens a case for a complaint, hands everything else to people with a
// brief, and records all of it in one SQLite file.
//
// # A tour
//
// There are three ways in. [Engine.Receive] takes what channels bring, staff's
// replies included; [Engine.Act] is what a person does with a case, whether by
// mail, button or command line; [Engine.Tick] is what time does. All three end in
// one write transaction of package store.
//
// A message goes this way. Outside any lock the FAQ reads it (prepare.go). Then,
// in one transaction that waiting messages share: cursor, ledger and keys
// (receive.go); whose conversation it belongs to (route.go); the message itself
// (record.go); and, under a savepoint, a situation is gathered (situation.go),
// [decide] makes a decision of it, and apply.go turns the decision into rows: case,
// promise, events, timers, and deliveries in the outbox. decide is pure: no I/O, no
// clock, no chance. If deciding or applying fails, the message stands recorded and
// people are told.
//
// What a customer reads is put together in speak.go from sentences of package
// texts and FAQ answers; what staff read, in desk.go and brief.go. They are different types
// (texts.Reply and texts.Note), and the audience of a thread is part of every row
// that refers to it. Where others read along, private.go moves what is for the
// customer alone to a place of their own.
//
// Staff work by mail (act_mail.go) or in a room of a chat, where each case is a card
// that is changed in its place (card.go) and talk below it is internal unless it
// begins as a reply (command.go). Buttons and forms, customers' and staff's, are
// sorted in press.go and drawn up in form.go; whoever is in the room is staff
// (staff.go). What takes a question to the service, such as who is in a room or the
// bytes of a file, is a job (jobs.go).
//
// deliver.go sends the outbox: an attempt is stamped before anything is sent, and
// its outcome is recorded. tick.go sleeps to the earliest timer. health.go knows when
// each channel last worked, and alarm.go tells the operators what is wrong with the
// program itself. run.go starts sources, deliveries, timers and alarms, and stops them
// again within nine seconds.
//
// What failed or was quarantined can be handled again (replay.go). Commands beside a
// running engine write through an engine of their own; Kick tells the running one.
// What would be decided on a text, foresee.go tells whoever tries an FAQ.
//
// # The promises
//
// Each has a test that carries its name.
//
//  1. Nothing that arrives is lost: a source may forget a message only after
//     Receive returned nil, which is after commit.
//  2. Nothing is recorded twice, and nothing is answered twice, whatever crashes
//     when.
//  3. Nothing is sent that was not recorded first; the outcome of every attempt is
//     recorded.
//  4. Within a thread, what we send arrives in order.
//  5. Doubt goes to a person. So does any internal error, any complaint, and anyone
//     who asks for a person.
//  6. The bot does not talk to robots, and not without end to anyone.
//  7. Once a person has taken over, the bot is silent until it is handed back,
//     except for one receipt per closed period when the customer writes outside
//     working hours. A member of staff who answers by hand, in the customer's thread
//     or from the support mailbox, has taken over.
//  8. What we told a customer we keep or take back in time: a promise about to break
//     is announced before it breaks, by the bot once (also while a person has the
//     case: the silence of promise 7 ends where our word would), then only by a
//     person.
//  9. Internal words never reach a customer: notes and replies are different types
//     all the way to the wire.
//  10. A stranger joins nobody's conversation, sees nobody's case.
package bot
