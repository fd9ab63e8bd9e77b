import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { StartError } from "./error.ts";

const POLL_MS = 50;
const LIMIT_MS = 60_000;
/** A busy machine may take seconds; what takes longer is no product of ours. */
const ANSWER_MS = 10_000;

/** Waits until a request could be answered. */
export async function untilReady(url: string): Promise<void> {
  const deadline = Date.now() + LIMIT_MS;
  for (;;) {
    const response = await fetch(`${url}/readyz`).catch(() => undefined);
    const body = await response?.text();
    if (response?.ok) return;
    if (Date.now() > deadline)
      throw new StartError(`still not ready after ${LIMIT_MS / 1000} s: ${body ?? "no answer"}`);
    await sleep(POLL_MS);
  }
}

const keyList = z.object({ object: z.literal("list") });

/** Whether a product answers there that knows this key, which only one with the same state does. */
export async function knowsKey(url: string, apiKey: string): Promise<boolean> {
  try {
    const response = await fetch(`${url}/v1/keys`, {
      headers: { authorization: `Bearer ${apiKey}` },
      signal: AbortSignal.timeout(ANSWER_MS),
    });
    return keyList.safeParse(await response.json()).success;
  } catch {
    return false;
  }
}
