// Package mailtest is a mail world for tests and for the demo: accounts that
// IMAP clients read, and an SMTP server that delivers into them.
//
// [World] runs inside the process (go-imap's imapmemserver, go-smtp's server),
// over loopback sockets or over pipes in memory, which work inside a
// testing/synctest bubble. Its SMTP side can be told to refuse, to hang, to be
// slow and to lose the connection after it accepted a mail ([Fault]).
// [Dovecot] starts the real thing, for what the fake does too well.
//
// Nothing here listens on anything but loopback, and no mail leaves the
// process.
package mailtest
