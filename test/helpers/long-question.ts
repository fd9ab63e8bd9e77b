/** A question whose answer takes the engine a while: for tests that interrupt it. */
import type { Account } from "./account.ts";
import { type ChatBody, MODEL } from "./question.ts";

/** Many enough that several remain however late a test gets to interrupt. */
const ENOUGH_TOKENS = 40;
const SEEDS = 80;

/** Prompt and price in tokens and micro-credits as they come out when nobody interrupts. */
export interface LongQuestion {
  readonly body: ChatBody;
  readonly tokens: number;
  readonly promptTokens: number;
  readonly charge: number;
}

/**
 * Nothing makes a model go on, so a seed is looked for with which it does: a long prompt without sense makes each step
 * slow, and a high temperature makes the answer ramble. The same seed rambles again.
 */
export async function findLongQuestion(account: Account): Promise<LongQuestion> {
  for (let seed = 1; seed <= SEEDS; seed++) {
    const body: ChatBody = {
      model: MODEL,
      temperature: 2,
      seed,
      max_tokens: 256,
      messages: [
        { role: "system", content: "x".repeat(1500) },
        { role: "user", content: "Tell me more." },
      ],
    };
    const { usage } = await account.ask(body);
    if (usage.completion_tokens >= ENOUGH_TOKENS) {
      return {
        body,
        tokens: usage.completion_tokens,
        promptTokens: usage.prompt_tokens,
        charge: Math.round(usage.cost * 1e6),
      };
    }
  }
  throw new Error(`No seed up to ${SEEDS} gives an answer of ${ENOUGH_TOKENS} tokens.`);
}
