ALTER TABLE jobs ADD COLUMN priority BIGINT NOT NULL DEFAULT 50;

ALTER TABLE jobs ADD COLUMN claims BIGINT NOT NULL DEFAULT 0;

ALTER TABLE jobs ADD COLUMN failed_at BIGINT;

ALTER TABLE jobs ADD COLUMN dead_at BIGINT;

DROP INDEX jobs_due;

CREATE INDEX jobs_due ON jobs (priority, run_at);

ALTER TABLE entities ADD COLUMN gone_at BIGINT NOT NULL DEFAULT 0;

ALTER TABLE entities ADD COLUMN gone_because TEXT;

CREATE INDEX entities_gone ON entities (gone_at) WHERE gone_at > 0;

CREATE TABLE fresh (
  connection TEXT NOT NULL,
  root TEXT NOT NULL,
  seq BIGINT NOT NULL,
  PRIMARY KEY (connection, root)
);

CREATE TABLE feed (
  seq {identity},
  origin TEXT NOT NULL,
  record TEXT NOT NULL,
  at BIGINT NOT NULL
);

CREATE INDEX feed_age ON feed (at);

CREATE TABLE statuses (
  connection TEXT NOT NULL PRIMARY KEY,
  record TEXT NOT NULL,
  origin TEXT NOT NULL,
  at BIGINT NOT NULL
);

CREATE TABLE replicas (
  id TEXT NOT NULL PRIMARY KEY,
  record TEXT NOT NULL,
  seen_at BIGINT NOT NULL
);

CREATE TABLE leaders (
  role TEXT NOT NULL PRIMARY KEY,
  holder TEXT NOT NULL,
  until BIGINT NOT NULL
);
