CREATE TABLE projects (
  connection TEXT NOT NULL,
  project_id BIGINT NOT NULL,
  path TEXT NOT NULL,
  record TEXT NOT NULL,
  read_at BIGINT NOT NULL,
  PRIMARY KEY (connection, project_id)
);

CREATE TABLE files (
  connection TEXT NOT NULL,
  project_id BIGINT NOT NULL,
  git_ref TEXT NOT NULL,
  path TEXT NOT NULL,
  blob TEXT NOT NULL,
  size BIGINT NOT NULL,
  content TEXT,
  read_at BIGINT NOT NULL,
  PRIMARY KEY (connection, project_id, git_ref, path)
);

CREATE TABLE reach (
  connection TEXT NOT NULL,
  root TEXT NOT NULL,
  project_id BIGINT NOT NULL,
  git_ref TEXT NOT NULL,
  path TEXT NOT NULL,
  PRIMARY KEY (connection, root, project_id, git_ref, path)
);

CREATE INDEX reach_project ON reach (connection, project_id);

CREATE TABLE entities (
  id {identity},
  connection TEXT NOT NULL,
  root TEXT NOT NULL,
  slot TEXT NOT NULL,
  ref TEXT NOT NULL,
  digest TEXT NOT NULL,
  record TEXT NOT NULL,
  claimed_at BIGINT NOT NULL,
  changed_at BIGINT NOT NULL,
  UNIQUE (connection, root, slot)
);

CREATE TABLE locations (
  id TEXT NOT NULL PRIMARY KEY,
  connection TEXT NOT NULL,
  kind TEXT NOT NULL,
  target TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  UNIQUE (kind, target)
);

CREATE TABLE hook_events (
  connection TEXT NOT NULL,
  id TEXT NOT NULL,
  kind TEXT NOT NULL,
  project_id BIGINT,
  received_at BIGINT NOT NULL,
  PRIMARY KEY (connection, id)
);

CREATE INDEX hook_events_age ON hook_events (received_at);

CREATE TABLE jobs (
  id {identity},
  kind TEXT NOT NULL,
  job_key TEXT NOT NULL,
  wakes BIGINT NOT NULL,
  run_at BIGINT NOT NULL,
  leased_until BIGINT NOT NULL,
  attempts BIGINT NOT NULL,
  last_error TEXT,
  UNIQUE (kind, job_key)
);

CREATE INDEX jobs_due ON jobs (run_at);

CREATE TABLE audit (
  id BIGINT NOT NULL PRIMARY KEY,
  at BIGINT NOT NULL,
  record TEXT NOT NULL,
  previous TEXT NOT NULL,
  hash TEXT NOT NULL
);

CREATE TABLE passes (
  connection TEXT NOT NULL PRIMARY KEY,
  finished_at BIGINT NOT NULL
);
