/** What the embedded GPU worker itself says about its engine. */
import { z } from "zod";
import type { Address } from "./product.ts";

const load = z.object({ running: z.int(), waiting: z.int() });

/** Requests in the engine and in its line. */
export async function engineLoad({ workerUrl }: Address): Promise<z.infer<typeof load>> {
  const response = await fetch(new URL("/load", workerUrl));
  return load.parse(await response.json());
}

/** One of its metrics, by its name without `tessera_`. */
export async function workerMetric({ workerUrl }: Address, name: string): Promise<number> {
  const response = await fetch(new URL("/metrics", workerUrl));
  const found = new RegExp(`^tessera_${name} (\\d+)$`, "m").exec(await response.text())?.[1];
  if (found === undefined) throw new Error(`The worker has no metric '${name}'.`);
  return Number(found);
}

/** How many frames the worker has taken, however they ended. */
export async function generations({ workerUrl }: Address): Promise<number> {
  const metrics = await (await fetch(new URL("/metrics", workerUrl))).text();
  const counts = metrics.matchAll(/^tessera_requests_total\{outcome="(?:done|failed|aborted)"\} (\d+)$/gm);
  return [...counts].reduce((sum, [, count]) => sum + Number(count), 0);
}
