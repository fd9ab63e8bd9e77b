/**
 * Cached answers. Only deterministic requests have a key; a cached answer is shown to its own account alone, at the
 * price book's price of a hit. KV may take a minute to agree between places, which is harmless: an entry never changes.
 */
import type { CacheVerdict } from "../../core/receipt.ts";
import { toHex } from "../../core/signature.ts";
import { VISION_VERSION } from "../../core/vision.ts";
import { answerSchema } from "../account/answer.ts";
import type { Answer } from "../account/job-contract.ts";
import type { Question } from "../chat/prepare.ts";
import type { CacheDirectives } from "./directives.ts";

/** How long an answer is kept, in seconds. */
const RETENTION_SECONDS = 24 * 60 * 60;

/** What the cache says of a question. */
export interface LookedUp {
  readonly verdict: CacheVerdict;
  readonly answer: Answer | null;
  /** Where a cacheable question's answer is kept. */
  readonly key: string | null;
}

export async function lookUp(
  results: KVNamespace,
  account: string,
  question: Question,
  { read }: CacheDirectives,
): Promise<LookedUp> {
  const key = await resultKey(account, question);
  if (key === null) return { verdict: "uncacheable", answer: null, key };
  if (!read) return { verdict: "bypass", answer: null, key };
  const answer = await readResult(results, key);
  return { verdict: answer ? "hit" : "miss", answer, key };
}

/** The key of a deterministic request's answer, or null when the request samples. */
async function resultKey(
  account: string,
  { model, messages, images, sampling }: Question,
): Promise<string | null> {
  if (sampling.temperature !== 0) return null;
  const facts = JSON.stringify([
    model.id,
    model.revision,
    VISION_VERSION,
    images.map((image) => [image.digest, image.lowDetail]),
    messages,
    sampling.maxTokens,
    sampling.stop,
    sampling.topLogprobs,
    sampling.jsonSchema,
  ]);
  const hash = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(facts));
  return `${account}/${toHex(new Uint8Array(hash))}`;
}

/** The answer that is kept; null also for one that other code wrote in another form, which is computed again. */
export async function readResult(results: KVNamespace, key: string): Promise<Answer | null> {
  return answerSchema.safeParse(await results.get(key, "json")).data ?? null;
}

/**
 * Keeps an answer. A cache that fails (KV takes one write a second for each key) costs a later hit, not this answer.
 */
export async function writeResult(results: KVNamespace, key: string, answer: Answer): Promise<void> {
  try {
    await results.put(key, JSON.stringify(answer), { expirationTtl: RETENTION_SECONDS });
  } catch (error) {
    console.error(JSON.stringify({ event: "cache_write_failed", reason: String(error) }));
  }
}
