CREATE TABLE sources (
  connection TEXT NOT NULL PRIMARY KEY,
  url TEXT NOT NULL,
  reading TEXT NOT NULL
);
