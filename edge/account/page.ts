/** Lists are read in pages, in the order of their rows: a row is always written after all that are there. */

export interface PageRange {
  /** The id of the item before the first one wanted; none for the beginning. */
  readonly after?: string | undefined;
  readonly limit: number;
}

export interface Page<Item> {
  readonly items: Item[];
  /** Whether others follow. */
  readonly more: boolean;
}

/** The page of items that were read up to one beyond its limit. */
export function toPage<Item>(items: readonly Item[], limit: number): Page<Item> {
  return { items: items.slice(0, limit), more: items.length > limit };
}

/** Where the row of an id stands in its table; undefined when there is none. */
export function placeOf(
  sql: SqlStorage,
  table: "key" | "job" | "outbox" | "receipt",
  id: string,
): number | undefined {
  return sql.exec<{ place: number }>(`SELECT rowid AS place FROM ${table} WHERE id = ?`, id).toArray()[0]
    ?.place;
}
