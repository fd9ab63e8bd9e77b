-- Accounts, for the operator's listing. Everything about an account's money, keys and jobs lives in its own object.
CREATE TABLE account (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  created_at INTEGER NOT NULL
) STRICT;
