-- The operator's prices, in whole micro-credits. A model's first version, number 1, stands in the registry. Rows are never
-- changed: what was charged under a version can always be recomputed.
CREATE TABLE price (
  model TEXT NOT NULL,
  number INTEGER NOT NULL CHECK (number > 1),
  image_token INTEGER NOT NULL CHECK (image_token >= 0),
  text_token INTEGER NOT NULL CHECK (text_token >= 0),
  output_token INTEGER NOT NULL CHECK (output_token >= 0),
  cache_hit INTEGER NOT NULL CHECK (cache_hit >= 0),
  minimum INTEGER NOT NULL CHECK (minimum >= 0),
  effective_at INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  PRIMARY KEY (model, number)
) STRICT, WITHOUT ROWID;
