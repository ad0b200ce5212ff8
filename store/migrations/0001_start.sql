-- Times are UTC in milliseconds. What must be true is a constraint here before
-- it is a check in Go.

CREATE TABLE setting (
	name  TEXT PRIMARY KEY,
	value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- How far each source has come; written with the message that it stands for.
CREATE TABLE cursor (
	channel  TEXT NOT NULL,
	stream   TEXT NOT NULL,
	position TEXT NOT NULL,
	updated  INTEGER NOT NULL,
	PRIMARY KEY (channel, stream)
) STRICT, WITHOUT ROWID;

-- Bytes, each once. Small ones stand in the row; larger ones are chunks, which
-- were committed before the row that refers to them.
CREATE TABLE blob (
	id   INTEGER PRIMARY KEY,
	hash BLOB NOT NULL UNIQUE CHECK (length(hash) = 32),
	size INTEGER NOT NULL CHECK (size >= 0),
	data BLOB CHECK (data IS NULL OR length(data) = size)
) STRICT;

CREATE TABLE chunk (
	hash  BLOB PRIMARY KEY CHECK (length(hash) = 32),
	data  BLOB NOT NULL,
	added INTEGER NOT NULL
) STRICT;
CREATE INDEX chunk_added ON chunk (added, hash); -- sweeping must not read the data

CREATE TABLE blob_chunk (
	blob  INTEGER NOT NULL REFERENCES blob,
	no    INTEGER NOT NULL CHECK (no >= 0),
	chunk BLOB NOT NULL REFERENCES chunk,
	PRIMARY KEY (blob, no)
) STRICT, WITHOUT ROWID;
CREATE INDEX blob_chunk_chunk ON blob_chunk (chunk);

-- People.
CREATE TABLE customer (
	id      INTEGER PRIMARY KEY,
	name    TEXT NOT NULL,
	lang    TEXT NOT NULL DEFAULT '',
	created INTEGER NOT NULL
) STRICT;

CREATE TABLE identity (
	id       INTEGER PRIMARY KEY,
	customer INTEGER NOT NULL REFERENCES customer,
	kind     TEXT NOT NULL CHECK (kind <> ''),
	address  TEXT NOT NULL CHECK (address <> ''),
	name     TEXT NOT NULL DEFAULT '',
	created  INTEGER NOT NULL,
	UNIQUE (kind, address)
) STRICT;
CREATE INDEX identity_customer ON identity (customer);

-- A case is work that people own. "case" is a reserved word.
CREATE TABLE cases (
	id       INTEGER PRIMARY KEY AUTOINCREMENT,
	customer INTEGER NOT NULL REFERENCES customer,
	channel  TEXT NOT NULL,
	kind     TEXT NOT NULL CHECK (kind <> ''),
	stage    TEXT NOT NULL CHECK (stage IN ('received', 'recorded', 'investigating', 'open', 'in hand', 'resolved', 'closed')),
	priority TEXT NOT NULL CHECK (priority IN ('urgent', 'normal')),
	title    TEXT NOT NULL,
	owner    TEXT NOT NULL CHECK (owner <> ''), -- accountable, from creation on
	taken_by TEXT,
	taken_at INTEGER,
	version  INTEGER NOT NULL DEFAULT 1,
	opened   INTEGER NOT NULL,
	resolved INTEGER,
	closed   INTEGER,
	CHECK ((taken_by IS NULL) = (taken_at IS NULL)),
	CHECK ((stage = 'closed') = (closed IS NOT NULL))
) STRICT;
CREATE INDEX cases_customer ON cases (customer);
INSERT INTO sqlite_sequence (name, seq) VALUES ('cases', 1000); -- the first is #1001

CREATE TABLE case_field (
	case_id INTEGER NOT NULL REFERENCES cases,
	name    TEXT NOT NULL,
	value   TEXT NOT NULL,
	PRIMARY KEY (case_id, name)
) STRICT, WITHOUT ROWID;

-- A time told to the customer.
CREATE TABLE promise (
	id      INTEGER PRIMARY KEY,
	case_id INTEGER NOT NULL REFERENCES cases,
	kind    TEXT NOT NULL CHECK (kind IN ('answer', 'solution')),
	due     INTEGER NOT NULL,
	made    INTEGER NOT NULL,
	state   TEXT NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'kept', 'postponed', 'broken', 'withdrawn')),
	ended   INTEGER,
	CHECK ((state = 'open') = (ended IS NULL))
) STRICT;
CREATE INDEX promise_case ON promise (case_id);
CREATE UNIQUE INDEX promise_open ON promise (case_id, kind) WHERE state = 'open';

-- One talk with one customer; it has at most one open case.
CREATE TABLE conversation (
	id       INTEGER PRIMARY KEY,
	customer INTEGER NOT NULL REFERENCES customer,
	channel  TEXT NOT NULL,
	state    TEXT NOT NULL DEFAULT 'bot' CHECK (state IN ('bot', 'waiting', 'person', 'closed')),
	memory   TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(memory)), -- what the bot waits for, offered and answered
	case_id  INTEGER REFERENCES cases,
	linked   INTEGER REFERENCES conversation, -- the talk that a stranger's message pointed to
	lang     TEXT NOT NULL DEFAULT '',
	opened   INTEGER NOT NULL,
	updated  INTEGER NOT NULL
) STRICT;
CREATE INDEX conversation_customer ON conversation (customer);
CREATE INDEX conversation_case ON conversation (case_id) WHERE case_id IS NOT NULL;

CREATE TABLE case_conversation (
	case_id      INTEGER NOT NULL REFERENCES cases,
	conversation INTEGER NOT NULL REFERENCES conversation,
	PRIMARY KEY (case_id, conversation)
) STRICT, WITHOUT ROWID;

-- Who may write in a conversation.
CREATE TABLE participant (
	conversation INTEGER NOT NULL REFERENCES conversation,
	kind         TEXT NOT NULL,
	address      TEXT NOT NULL,
	name         TEXT NOT NULL DEFAULT '',
	PRIMARY KEY (conversation, kind, address)
) STRICT, WITHOUT ROWID;

-- A place where a conversation or a case is talked about. Audience is part of
-- every reference to a thread, so that a note cannot enter a customer's thread.
CREATE TABLE thread (
	id           INTEGER PRIMARY KEY,
	audience     TEXT NOT NULL CHECK (audience IN ('customer', 'staff')),
	conversation INTEGER REFERENCES conversation,
	case_id      INTEGER REFERENCES cases,
	channel      TEXT NOT NULL,
	place        TEXT NOT NULL DEFAULT '',
	address      TEXT NOT NULL DEFAULT '', -- where answers go, JSON
	subject      TEXT NOT NULL DEFAULT '',
	token        TEXT NOT NULL UNIQUE CHECK (length(token) >= 20),
	created      INTEGER NOT NULL,
	UNIQUE (id, audience),
	CHECK (audience = 'staff' OR (conversation IS NOT NULL AND case_id IS NULL))
) STRICT;
CREATE INDEX thread_conversation ON thread (conversation);
CREATE INDEX thread_case ON thread (case_id) WHERE case_id IS NOT NULL;
CREATE INDEX thread_place ON thread (channel, place) WHERE place <> '';

-- One row for every message that a source ever saw.
CREATE TABLE ledger (
	id          INTEGER PRIMARY KEY,
	channel     TEXT NOT NULL,
	key         TEXT NOT NULL UNIQUE, -- of the arrival
	kind        TEXT NOT NULL,
	disposition TEXT NOT NULL CHECK (disposition IN ('taken', 'duplicate', 'auto-reply', 'bounce', 'own', 'quarantined', 'failed')),
	reason      TEXT NOT NULL DEFAULT '',
	sender      TEXT NOT NULL DEFAULT '',
	subject     TEXT NOT NULL DEFAULT '',
	ref         TEXT NOT NULL DEFAULT '',
	raw         INTEGER REFERENCES blob,
	duplicate   INTEGER REFERENCES ledger,
	arrived     INTEGER NOT NULL,
	recorded    INTEGER NOT NULL
) STRICT;
CREATE INDEX ledger_disposition ON ledger (disposition) WHERE disposition <> 'taken';

-- What makes messages unique, for good.
CREATE TABLE key (
	key    TEXT PRIMARY KEY,
	ledger INTEGER NOT NULL REFERENCES ledger
) STRICT, WITHOUT ROWID;

-- What was said, by whom, to whom.
CREATE TABLE message (
	id           INTEGER PRIMARY KEY,
	thread       INTEGER NOT NULL,
	audience     TEXT NOT NULL,
	conversation INTEGER REFERENCES conversation,
	case_id      INTEGER REFERENCES cases,
	ledger       INTEGER REFERENCES ledger, -- NULL: sent by us
	author       TEXT NOT NULL CHECK (author IN ('customer', 'bot', 'staff', 'robot')),
	identity     INTEGER REFERENCES identity,
	name         TEXT NOT NULL DEFAULT '',
	text         TEXT NOT NULL,
	whole        TEXT, -- all of the text, where it is more
	lang         TEXT NOT NULL DEFAULT '',
	at           INTEGER NOT NULL,
	pending      INTEGER NOT NULL DEFAULT 0 CHECK (pending IN (0, 1)), -- recorded, not yet decided on
	deleted      INTEGER,
	UNIQUE (id, thread, audience),
	FOREIGN KEY (thread, audience) REFERENCES thread (id, audience)
) STRICT;
CREATE INDEX message_conversation ON message (conversation);
CREATE INDEX message_thread ON message (thread);
CREATE INDEX message_case ON message (case_id) WHERE case_id IS NOT NULL;
CREATE INDEX message_ledger ON message (ledger) WHERE ledger IS NOT NULL;
CREATE INDEX message_pending ON message (conversation) WHERE pending = 1;

CREATE TABLE attachment (
	id      INTEGER PRIMARY KEY,
	message INTEGER NOT NULL REFERENCES message,
	name    TEXT NOT NULL,
	type    TEXT NOT NULL,
	ref     TEXT NOT NULL DEFAULT '',
	size    INTEGER NOT NULL,
	blob    INTEGER REFERENCES blob -- NULL: not fetched yet
) STRICT;
CREATE INDEX attachment_message ON attachment (message);

-- How the outside names messages, in the order in which it did. A ref belongs to
-- exactly one thread.
CREATE TABLE ref (
	ref     TEXT PRIMARY KEY,
	thread  INTEGER NOT NULL REFERENCES thread,
	message INTEGER REFERENCES message,
	ours    INTEGER NOT NULL CHECK (ours IN (0, 1)) -- 1: we sent it, so nobody could guess it
) STRICT;
CREATE INDEX ref_thread ON ref (thread);
CREATE INDEX ref_message ON ref (message) WHERE message IS NOT NULL;

-- What is to be sent, and what became of it.
CREATE TABLE outbox (
	id        INTEGER PRIMARY KEY,
	key       TEXT NOT NULL UNIQUE CHECK (length(key) >= 20),
	channel   TEXT NOT NULL,
	thread    INTEGER NOT NULL,
	audience  TEXT NOT NULL,
	message   INTEGER,
	identity  INTEGER REFERENCES identity, -- the correspondent, for the budget
	by_person INTEGER NOT NULL CHECK (by_person IN (0, 1)),
	slot      TEXT NOT NULL DEFAULT '',
	payload   TEXT NOT NULL, -- JSON of the whole message
	state     TEXT NOT NULL DEFAULT 'queued' CHECK (state IN ('queued', 'sending', 'sent', 'failed', 'dropped', 'replaced')),
	unsure    INTEGER NOT NULL DEFAULT 0 CHECK (unsure IN (0, 1)), -- an earlier attempt may have got through
	attempts  INTEGER NOT NULL DEFAULT 0,
	next      INTEGER NOT NULL,
	created   INTEGER NOT NULL,
	ended     INTEGER,
	ref       TEXT,
	error     TEXT NOT NULL DEFAULT '',
	FOREIGN KEY (message, thread, audience) REFERENCES message (id, thread, audience),
	FOREIGN KEY (thread, audience) REFERENCES thread (id, audience),
	CHECK ((state = 'sent') = (ref IS NOT NULL))
) STRICT;
CREATE INDEX outbox_due ON outbox (channel, next) WHERE state = 'queued';
CREATE INDEX outbox_thread ON outbox (thread, id) WHERE state IN ('queued', 'sending');
CREATE INDEX outbox_budget ON outbox (identity, created) WHERE by_person = 0;
CREATE INDEX outbox_message ON outbox (message) WHERE message IS NOT NULL;
CREATE INDEX outbox_slot ON outbox (thread, slot) WHERE slot <> '';

CREATE TABLE attempt (
	outbox  INTEGER NOT NULL REFERENCES outbox,
	no      INTEGER NOT NULL,
	started INTEGER NOT NULL,
	ended   INTEGER,
	outcome TEXT CHECK (outcome IN ('sent', 'found', 'temporary', 'permanent', 'unknown')),
	error   TEXT NOT NULL DEFAULT '',
	PRIMARY KEY (outbox, no),
	CHECK ((ended IS NULL) = (outcome IS NULL))
) STRICT, WITHOUT ROWID;

CREATE TABLE outbox_file (
	outbox     INTEGER NOT NULL REFERENCES outbox,
	attachment INTEGER NOT NULL REFERENCES attachment,
	PRIMARY KEY (outbox, attachment)
) STRICT, WITHOUT ROWID;

-- What time does. Unique by what it is about and its kind.
CREATE TABLE timer (
	id           INTEGER PRIMARY KEY,
	kind         TEXT NOT NULL,
	case_id      INTEGER REFERENCES cases,
	conversation INTEGER REFERENCES conversation,
	due          INTEGER NOT NULL,
	CHECK ((case_id IS NULL) <> (conversation IS NULL))
) STRICT;
CREATE UNIQUE INDEX timer_case ON timer (case_id, kind) WHERE case_id IS NOT NULL;
CREATE UNIQUE INDEX timer_conversation ON timer (conversation, kind) WHERE conversation IS NOT NULL;
CREATE INDEX timer_due ON timer (due);

-- Who did what when and why. Append-only; erasing a person empties words alone.
CREATE TABLE event (
	id           INTEGER PRIMARY KEY,
	at           INTEGER NOT NULL,
	kind         TEXT NOT NULL,
	actor        TEXT NOT NULL,
	channel      TEXT NOT NULL DEFAULT '',
	conversation INTEGER REFERENCES conversation,
	case_id      INTEGER REFERENCES cases,
	message      INTEGER REFERENCES message,
	data         TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(data)), -- figures and names of rules
	words        TEXT -- what people wrote
) STRICT;
CREATE INDEX event_conversation ON event (conversation) WHERE conversation IS NOT NULL;
CREATE INDEX event_case ON event (case_id) WHERE case_id IS NOT NULL;
CREATE INDEX event_kind ON event (kind, actor, at);
CREATE TRIGGER event_stays BEFORE DELETE ON event
BEGIN SELECT raise(ABORT, 'events are never deleted'); END;
CREATE TRIGGER event_is_new BEFORE INSERT ON event -- INSERT OR REPLACE is no DELETE to SQLite
WHEN EXISTS (SELECT 1 FROM event WHERE id = new.id)
BEGIN SELECT raise(ABORT, 'events are never changed'); END;
CREATE TRIGGER event_is BEFORE UPDATE ON event
WHEN new.words IS NOT NULL OR new.id <> old.id OR new.at <> old.at OR new.kind <> old.kind OR new.actor <> old.actor OR new.channel <> old.channel
	OR new.data <> old.data OR new.case_id IS NOT old.case_id OR new.conversation IS NOT old.conversation OR new.message IS NOT old.message
BEGIN SELECT raise(ABORT, 'events are never changed'); END;
