-- What every account has used and paid, hour by hour, as its own object has counted it. sequence is the account's last
-- receipt in the sum: a later sum replaces an earlier one, so that a shipment that comes twice or too late counts once.
CREATE TABLE usage (
  account TEXT NOT NULL,
  hour INTEGER NOT NULL,
  key TEXT NOT NULL,
  model TEXT NOT NULL,
  status TEXT NOT NULL,
  requests INTEGER NOT NULL,
  cached INTEGER NOT NULL,
  image_tokens INTEGER NOT NULL,
  text_tokens INTEGER NOT NULL,
  output_tokens INTEGER NOT NULL,
  charge INTEGER NOT NULL,
  sequence INTEGER NOT NULL,
  PRIMARY KEY (account, hour, key, model, status)
) STRICT, WITHOUT ROWID;
CREATE INDEX usage_by_hour ON usage (hour);
