/** How likely the tokens of an answer were, as they travel from the worker and are kept with the answer. */
import { z } from "zod";

/**
 * The most alternatives that a token is shown with. The longest answer with them stays under a megabyte, so that a
 * job's row holds it twice.
 */
export const MOST_TOP_LOGPROBS = 10;

const candidate = z.strictObject({
  token: z.string(),
  /** The token's bytes, where they are not those of its text: a part of a character. */
  bytes: z.array(z.int().min(0).max(255)).optional(),
  /** Natural logarithm, before temperature and top_p. */
  logprob: z.number(),
});

export const tokenLogprob = candidate.extend({
  /** The likeliest in its place, likeliest first; as many as were asked for, and fewer where others are impossible. */
  top: z.array(candidate).max(MOST_TOP_LOGPROBS),
});
export type TokenLogprob = z.infer<typeof tokenLogprob>;
