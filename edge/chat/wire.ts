/** OpenAI's wire format of answers. */

import type { TokenLogprob } from "../../core/logprobs.ts";
import type { Usage } from "../../core/usage.ts";
import type { Answer } from "../account/job-contract.ts";
import { randomId } from "../random-id.ts";
import type { Completion } from "./accepted.ts";
import type { ChatCompletion } from "./schema.ts";

/** Micro-credits in a credit. Every amount is whole micro-credits; `usage.cost` alone is shown in credits. */
const CREDIT = 1_000_000;

/** The id of a completion, which is also its job's id in the account. */
export function completionId(): string {
  return `chatcmpl-${randomId()}`;
}

/** Usage as OpenAI has it, with what was charged (micro-credits). */
function usageBodyOf(usage: Usage, charge: number): ChatCompletion["usage"] {
  const prompt = usage.imageTokens + usage.textTokens;
  return {
    prompt_tokens: prompt,
    completion_tokens: usage.outputTokens,
    total_tokens: prompt + usage.outputTokens,
    prompt_tokens_details: {
      cached_tokens: 0,
      text_tokens: usage.textTokens,
      image_tokens: usage.imageTokens,
    },
    completion_tokens_details: { reasoning_tokens: 0 },
    cost: charge / CREDIT,
    cost_microcredits: charge,
  };
}

export function completionBody(completion: Completion, answer: Answer, charge: number): ChatCompletion {
  return {
    id: completion.id,
    object: "chat.completion",
    created: completion.created,
    model: completion.model,
    choices: [
      {
        index: 0,
        message: { role: "assistant", content: answer.text, refusal: null },
        logprobs: logprobsBody(answer.logprobs),
        finish_reason: answer.finishReason,
      },
    ],
    usage: usageBodyOf(answer.usage, charge),
  };
}

/** Logprobs as OpenAI has them, or null where they were not asked for. */
function logprobsBody(logprobs: readonly TokenLogprob[] | undefined) {
  if (!logprobs) return null;
  const content = logprobs.map(({ top, ...token }) => ({
    ...withBytes(token),
    top_logprobs: top.map(withBytes),
  }));
  return { content, refusal: null };
}

function withBytes({ token, bytes, logprob }: Omit<TokenLogprob, "top">) {
  return { token, logprob, bytes: bytes ?? [...new TextEncoder().encode(token)] };
}

type Delta = { role: "assistant"; content: "" } | { content: string } | Record<string, never>;

/**
 * Builds one stream's chunks: the same id and time throughout, and `usage: null` until the last if it was asked for.
 */
export function chunkWriter(completion: Completion, includeUsage: boolean) {
  const head = {
    id: completion.id,
    object: "chat.completion.chunk",
    created: completion.created,
    model: completion.model,
  };
  const usageField = includeUsage ? { usage: null } : {};
  return {
    delta: (
      delta: Delta,
      finishReason: Answer["finishReason"] | null = null,
      logprobs?: readonly TokenLogprob[],
    ) => ({
      ...head,
      choices: [{ index: 0, delta, logprobs: logprobsBody(logprobs), finish_reason: finishReason }],
      ...usageField,
    }),
    usage: (usage: Usage, charge: number) => ({ ...head, choices: [], usage: usageBodyOf(usage, charge) }),
  };
}
