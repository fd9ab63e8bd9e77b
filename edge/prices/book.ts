/**
 * The price book: the registry's prices, and the versions that the operator has added. A version takes effect at a time
 * that lies far enough ahead for every place to have read it, so that all of them change at the same moment.
 */
import { z } from "zod";
import type { Model, Price } from "../../core/models.ts";

/** How long a place goes by what it has read, in milliseconds. */
const FRESH_MS = 30_000;
/** How far ahead a version takes effect at least, in milliseconds: longer than any place goes without reading. */
export const LEAD_MS = 60_000;

/** A price with its place in the book. Times are Unix milliseconds. */
export interface PriceVersion {
  readonly model: string;
  readonly price: Price;
  readonly effectiveAt: number;
}

const row = z.object({
  model: z.string(),
  number: z.int(),
  image_token: z.int(),
  text_token: z.int(),
  output_token: z.int(),
  cache_hit: z.int(),
  minimum: z.int(),
  effective_at: z.int(),
});

let known: { readonly at: number; readonly versions: readonly PriceVersion[] } | undefined;

/** The price of a request that is counted now; it stays the request's own, whatever the book says later. */
export async function currentPrice(database: D1Database, model: Model, now: number): Promise<Price> {
  if (!known || now - known.at >= FRESH_MS || now < known.at) {
    try {
      known = { at: now, versions: await readVersions(database) };
    } catch (error) {
      if (!known) throw error;
      // Prices change seldom: what was read before serves better than no answer.
      console.error(JSON.stringify({ event: "price_book_unread", reason: String(error) }));
    }
  }
  return priceAt(known.versions, model, now);
}

/** The latest version of a model that is in effect at `now`. */
function priceAt(versions: readonly PriceVersion[], model: Model, now: number): Price {
  const own = versions.filter((each) => each.model === model.id && each.effectiveAt <= now);
  return own.at(-1)?.price ?? model.price;
}

/** Every version that the operator has added, each model's in order. */
export async function readVersions(database: D1Database): Promise<PriceVersion[]> {
  const { results } = await database.prepare("SELECT * FROM price ORDER BY model, number").all();
  return z.array(row).parse(results).map(toVersion);
}

/** Adds a model's next version. */
export async function addVersion(
  database: D1Database,
  { model, price, effectiveAt }: { model: string; price: Omit<Price, "version">; effectiveAt: number },
  now: number,
): Promise<PriceVersion> {
  const added = await database
    .prepare(
      `INSERT INTO price (model, number, image_token, text_token, output_token, cache_hit, minimum, effective_at, created_at)
       SELECT ?1, coalesce(max(number), 1) + 1, ?2, ?3, ?4, ?5, ?6, ?7, ?8 FROM price WHERE model = ?1 RETURNING *`,
    )
    .bind(
      model,
      price.imageToken,
      price.textToken,
      price.outputToken,
      price.cacheHit,
      price.minimum,
      effectiveAt,
      now,
    )
    .first();
  known = undefined;
  return toVersion(row.parse(added));
}

function toVersion(stored: z.infer<typeof row>): PriceVersion {
  return {
    model: stored.model,
    price: {
      version: `${stored.model}/${stored.number}`,
      imageToken: stored.image_token,
      textToken: stored.text_token,
      outputToken: stored.output_token,
      cacheHit: stored.cache_hit,
      minimum: stored.minimum,
    },
    effectiveAt: stored.effective_at,
  };
}
