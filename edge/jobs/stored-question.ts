/** A stored request's question as its job's row keeps it: all that is needed to run it again after any crash. */
import { z } from "zod";
import { type Capability, needsOf } from "../../core/capability.ts";
import { usageSchema } from "../../core/events.ts";
import { frameMessage, sampling } from "../../core/frame.ts";
import { priceSchema } from "../../core/price.ts";
import type { Usage } from "../../core/usage.ts";
import { answerSchema } from "../account/answer.ts";
import { isDigest } from "../images/digest.ts";

const storedQuestion = z.strictObject({
  model: z.string(),
  messages: z.array(frameMessage),
  /** Their bytes stand in R2 under `jobImageKey`. */
  images: z.array(
    z.strictObject({
      digest: z.custom<`sha256:${string}`>((value) => typeof value === "string" && isDigest(value)),
      width: z.int(),
      height: z.int(),
      lowDetail: z.boolean(),
    }),
  ),
  sampling,
  /** What the prompt was counted with. */
  prompt: usageSchema.omit({ outputTokens: true }),
  /** The price at which the request was accepted. */
  price: priceSchema,
  /** The cached answer's key, and whether it may be read and written; null when the request samples. */
  cache: z.strictObject({ key: z.string(), read: z.boolean(), write: z.boolean() }).nullable(),
  /** The cached answer that was found when the request was accepted, at its price: the cache may have lost it since. */
  cached: answerSchema.nullable().default(null),
  trace: z.string().nullable(),
});
export type StoredQuestion = z.infer<typeof storedQuestion>;

export function parseStoredQuestion(text: string): StoredQuestion {
  return storedQuestion.parse(JSON.parse(text));
}

const needing = z.object({ sampling, cached: answerSchema.nullable().default(null) });

/**
 * What a worker must have to answer a stored question: nothing where the answer is at hand, nor where the question
 * cannot be read, which its attempt then tells.
 */
export function needsOfStored(text: string): Capability[] {
  const { data } = needing.safeParse(JSON.parse(text));
  return data && data.cached === null ? needsOf(data.sampling) : [];
}

/** The tokens of its prompt and of its longest answer. */
export function mostOf({ prompt, sampling }: StoredQuestion): Usage {
  return { ...prompt, outputTokens: sampling.maxTokens };
}

/** Where a stored job's image is kept until the job has ended. The common prefix is what a lifecycle rule sweeps. */
export function jobImageKey(account: string, job: string, index: number): string {
  return `${jobImagePrefix(account, job)}${index}`;
}

/** What the names of all of a job's images begin with. */
export function jobImagePrefix(account: string, job: string): string {
  return `jobs/${account}/${job}/`;
}
