-- What a service tells of people beyond their messages. It proves nothing.
ALTER TABLE identity ADD COLUMN mail TEXT NOT NULL DEFAULT '';
ALTER TABLE identity ADD COLUMN org TEXT NOT NULL DEFAULT '';
ALTER TABLE identity ADD COLUMN lang TEXT NOT NULL DEFAULT '';
ALTER TABLE identity ADD COLUMN external INTEGER NOT NULL DEFAULT 0 CHECK (external IN (0, 1));
ALTER TABLE identity ADD COLUMN looked INTEGER; -- when the service was asked last

-- Where in a place people talk, and who else reads along.
ALTER TABLE thread ADD COLUMN room TEXT NOT NULL DEFAULT ''; -- the room that the place is a part of
ALTER TABLE thread ADD COLUMN root TEXT NOT NULL DEFAULT ''; -- ref of the message below which answers stand
ALTER TABLE thread ADD COLUMN public INTEGER NOT NULL DEFAULT 0 CHECK (public IN (0, 1));
CREATE INDEX thread_room ON thread (channel, room) WHERE room <> '';

-- Staff's own words that a delivery brings to a customer, and the message that a
-- delivery puts a sign on: their names may be known only when it is sent.
ALTER TABLE outbox ADD COLUMN origin INTEGER REFERENCES message;
ALTER TABLE outbox ADD COLUMN target INTEGER REFERENCES message;
CREATE INDEX outbox_origin ON outbox (origin) WHERE origin IS NOT NULL;
CREATE INDEX outbox_file_attachment ON outbox_file (attachment);

-- Who is in the rooms where staff read: by that they are staff.
CREATE TABLE member (
	channel TEXT NOT NULL,
	room    TEXT NOT NULL,
	kind    TEXT NOT NULL CHECK (kind <> ''),
	address TEXT NOT NULL CHECK (address <> ''),
	name    TEXT NOT NULL DEFAULT '',
	mail    TEXT NOT NULL DEFAULT '',
	PRIMARY KEY (kind, address, channel, room)
) STRICT, WITHOUT ROWID;

-- What is still to be asked of a service: profiles, members, files; and what is to be
-- read again.
CREATE TABLE job (
	id       INTEGER PRIMARY KEY AUTOINCREMENT, -- a job that was renewed is another one
	channel  TEXT NOT NULL,
	kind     TEXT NOT NULL CHECK (kind IN ('profile', 'members', 'file', 'again')),
	subject  TEXT NOT NULL CHECK (subject <> ''), -- an identity, a room, an attachment, a row of the ledger
	due      INTEGER NOT NULL,
	created  INTEGER NOT NULL,
	attempts INTEGER NOT NULL DEFAULT 0,
	error    TEXT NOT NULL DEFAULT '',
	UNIQUE (channel, kind, subject)
) STRICT;
CREATE INDEX job_due ON job (channel, due);
CREATE INDEX job_subject ON job (kind, subject);
