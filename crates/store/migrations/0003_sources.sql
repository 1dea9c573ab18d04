CREATE TABLE sources (
  connection TEXT NOT NULL PRIMARY KEY,
  url TEXT NOT NULL,
  reading TEXT NOT NULL
);

CREATE TABLE shares (
  connection TEXT NOT NULL,
  project_id BIGINT NOT NULL,
  active_at BIGINT NOT NULL,
  asked_at BIGINT NOT NULL,
  record TEXT NOT NULL,
  PRIMARY KEY (connection, project_id)
);
