/** GPU workers of the tests, which say what a test wants: also what no honest one would. */
import { env } from "cloudflare:workers";
import { vi } from "vitest";
import type { Capability } from "../../core/capability.ts";
import type { WorkerEvent } from "../../core/events.ts";
import type { Usage } from "../../core/usage.ts";

const MODEL = "tessera-tiny";

/** The pool of tessera-tiny believes in a ready worker. */
export async function reportWorker(capabilities: Capability[] = []): Promise<void> {
  const load = { state: "ready", slots: 8, running: 0, waiting: 0, startMs: null } as const;
  const report = {
    worker: "gpu-1",
    boot: "1",
    target: "gpu-1",
    model: MODEL,
    revision: "test",
    ...load,
    capabilities,
  };
  await env.POOL.get(env.POOL.idFromName(MODEL)).heartbeat(report, "http://127.0.0.1:9", Date.now());
}

/** A whole answer with this usage, as a worker reports it. */
export function answerWith(usage: Usage, text = "Red."): WorkerEvent[] {
  const timings = { queueMs: 0, visionMs: 0, prefillMs: 1, decodeMs: 1 };
  return [
    { type: "accepted" },
    { type: "token", text, ids: [1, 2] },
    { type: "usage", usage },
    { type: "done", finishReason: "stop", timings },
  ];
}

/** Plays the worker: every frame is answered with what `events` gives; its signal is aborted when the edge hangs up. */
export function playWorker(events: (hungUp: AbortSignal) => WorkerEvent[] | Promise<WorkerEvent[]>) {
  return vi.spyOn(globalThis, "fetch").mockImplementation(async (_, init) => {
    const lines = (await events(init?.signal ?? AbortSignal.timeout(0))).map(
      (event) => `${JSON.stringify(event)}\n`,
    );
    return new Response(lines.join(""));
  });
}
