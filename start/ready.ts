import { setTimeout as sleep } from "node:timers/promises";
import { StartError } from "./error.ts";
import type { Developer } from "./home.ts";

const POLL_MS = 50;
const LIMIT_MS = 60_000;

/** Waits until a request could be answered. */
export async function untilReady(url: string): Promise<void> {
  const deadline = Date.now() + LIMIT_MS;
  for (;;) {
    const response = await fetch(`${url}/readyz`);
    const body = await response.text();
    if (response.ok) return;
    if (Date.now() > deadline) throw new StartError(`Still not ready after ${LIMIT_MS / 1000} s: ${body}`);
    await sleep(POLL_MS);
  }
}

/** Whether a product with this state runs already: only then does its key open what answers at its URL. */
export async function isRunning({ url, apiKey }: Developer): Promise<boolean> {
  try {
    const response = await fetch(`${url}/v1/keys`, {
      headers: { authorization: `Bearer ${apiKey}` },
      signal: AbortSignal.timeout(2_000),
    });
    await response.body?.cancel();
    return response.ok;
  } catch {
    return false;
  }
}
