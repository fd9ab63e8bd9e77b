/** A question whose answer takes the engine a while: for tests that interrupt it. */
import type { Account } from "./account.ts";
import { type ChatBody, MODEL } from "./question.ts";

/** So long that the search ends. */
const PLENTY_OF_TOKENS = 150;
/** Still long enough: some remain however late a test gets to interrupt. */
const ENOUGH_TOKENS = 60;
const SEEDS = 40;

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
  let longest: LongQuestion | undefined;
  for (let seed = 1; seed <= SEEDS; seed++) {
    const body: ChatBody = {
      model: MODEL,
      temperature: 2,
      seed,
      max_tokens: 256,
      messages: [
        { role: "system", content: "x".repeat(3000) },
        { role: "user", content: "Tell me more." },
      ],
    };
    const { usage } = await account.ask(body);
    const tokens = usage.completion_tokens;
    if (longest && tokens <= longest.tokens) continue;
    longest = { body, tokens, promptTokens: usage.prompt_tokens, charge: usage.cost_microcredits };
    if (tokens >= PLENTY_OF_TOKENS) return longest;
  }
  if (!longest || longest.tokens < ENOUGH_TOKENS) {
    throw new Error(`No seed up to ${SEEDS} gives an answer of ${ENOUGH_TOKENS} tokens.`);
  }
  return longest;
}
