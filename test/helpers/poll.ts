import { setTimeout as sleep } from "node:timers/promises";

interface PollOptions {
  readonly timeoutMs?: number;
  readonly everyMs?: number;
}

/**
 * Asks until there is an answer that is neither undefined nor false. Throws after the time limit, naming what never
 * came.
 */
export async function until<Value>(
  what: string,
  ask: () => Promise<Value | undefined | false> | Value | undefined | false,
  { timeoutMs = 30_000, everyMs = 20 }: PollOptions = {},
): Promise<Value> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined && answer !== false) return answer;
    if (Date.now() > deadline) throw new Error(`Not within ${timeoutMs} ms: ${what}.`);
    await sleep(everyMs);
  }
}
