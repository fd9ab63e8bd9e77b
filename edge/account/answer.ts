import { z } from "zod";
import { finishReason, usageSchema } from "../../core/events.ts";
import { tokenLogprob } from "../../core/logprobs.ts";
import type { Answer } from "./job-contract.ts";

/** An answer as it is kept: in a job's row and in the cache. */
export const answerSchema = z.strictObject({
  text: z.string(),
  finishReason,
  usage: usageSchema,
  logprobs: z.array(tokenLogprob).optional(),
}) satisfies z.ZodType<Answer>;
