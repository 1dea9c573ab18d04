CREATE TABLE connections (
  name TEXT NOT NULL PRIMARY KEY,
  url TEXT NOT NULL,
  record TEXT NOT NULL,
  added_at BIGINT NOT NULL,
  changed_at BIGINT NOT NULL
);

CREATE TABLE secrets (
  name TEXT NOT NULL PRIMARY KEY,
  sealed TEXT NOT NULL,
  changed_at BIGINT NOT NULL
);

CREATE TABLE connection_health (
  connection TEXT NOT NULL PRIMARY KEY,
  record TEXT NOT NULL,
  checked_at BIGINT NOT NULL
);
