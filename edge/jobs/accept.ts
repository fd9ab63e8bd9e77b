/** Accepts a request that runs without its connection: images kept, money held, row written, doorbell rung. */
import type { CacheVerdict } from "../../core/receipt.ts";
import type { Acceptance, Idempotency } from "../account/job-contract.ts";
import { accountError, type Caller } from "../auth/caller.ts";
import type { CacheDirectives } from "../cache/directives.ts";
import { lookUp } from "../cache/results.ts";
import type { Question } from "../chat/prepare.ts";
import type { Env } from "../env.ts";
import { ApiError } from "../errors.ts";
import { checkPublicUrl } from "../outbound/url.ts";
import { randomId } from "../random-id.ts";
import { factsOf } from "../receipts/facts.ts";
import { jobImageKey, type StoredQuestion } from "./stored-question.ts";

export interface Stored {
  readonly caller: Caller;
  readonly question: Question;
  /** SHA-256 of the request's body. */
  readonly requestHash: string;
  readonly cache: CacheDirectives;
  readonly trace: string | null;
  readonly webhook: string | null;
  readonly idempotency: Idempotency | null;
}

/**
 * The new job and what the cache says of its question, or the job that the idempotency key stands for already. Throws
 * when the webhook's URL is wrong or the account refuses; then nothing is kept.
 */
export async function acceptStored(
  env: Env,
  request: Stored,
): Promise<Acceptance & { readonly verdict: CacheVerdict }> {
  const { caller, question, cache, trace, webhook, idempotency } = request;
  if (webhook !== null) {
    const url = checkPublicUrl(webhook, { loopback: env.LOOPBACK_WEBHOOKS === "allow" });
    if (!url.ok) throw new ApiError(url.error.code, url.error.message, { param: "webhook" });
  }
  await caller.authorise("infer");
  const job = `job_${randomId()}`;
  const { verdict, key, answer } = await lookUp(env.RESULTS, caller.account, question, cache);
  const { most } = question.plan;
  const stored: StoredQuestion = {
    model: question.model.id,
    messages: question.messages.map(({ role, parts }) => ({ role, parts: [...parts] })),
    images: question.images.map(({ digest, width, height, lowDetail }) => ({
      digest,
      width,
      height,
      lowDetail,
    })),
    sampling: question.sampling,
    prompt: { imageTokens: most.imageTokens, textTokens: most.textTokens },
    price: question.plan.price,
    cache: key === null ? null : { key, ...cache },
    cached: answer,
    trace,
  };
  const keys = question.images.map((_, index) => jobImageKey(caller.account, job, index));
  await Promise.all(question.images.map((image, index) => env.IMAGES.put(keys[index]!, image.bytes)));
  const accepted = await caller.object.accept(
    {
      keyHash: caller.keyHash,
      job,
      amount: answer ? question.plan.price.cacheHit : question.plan.maxCharge,
      facts: factsOf(question, request.requestHash),
    },
    { job, model: question.model.id, request: JSON.stringify(stored), webhook, idempotency },
  );
  if (!accepted.ok || accepted.value.replayed) await env.IMAGES.delete(keys);
  if (!accepted.ok) throw accountError(accepted.error);
  caller.note(accepted.value);
  return { ...accepted.value, verdict };
}
