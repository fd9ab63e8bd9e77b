/** The process: `node gpu-worker/main.ts`, configured by its environment (see configuration.ts). */
import { z } from "zod";
import { readConfiguration } from "./configuration.ts";
import { createLog } from "./log.ts";
import { Worker } from "./worker.ts";

const configuration = readConfiguration(process.env);
if (!configuration.ok) exitWith(configuration.error);

const log = createLog((line) => process.stdout.write(line), Date.now);
const worker = new Worker(configuration.value, log);

/** A parent process may tell where the edge is once it listens. */
const edgeMessage = z.strictObject({ type: z.literal("edge"), url: z.url({ protocol: /^https?$/ }) });
process.on("message", (message) => {
  const edge = edgeMessage.safeParse(message);
  if (edge.success) worker.reportTo(edge.data.url);
});
// A worker whose parent has died would hold its port and its memory for ever.
process.on("disconnect", () => process.exit(0));

let stopping = false;
for (const signal of ["SIGTERM", "SIGINT"] as const) {
  process.on(signal, () => {
    if (stopping) return;
    stopping = true;
    void worker.stop(configuration.value.drainMs).then(() => process.exit(0));
  });
}

const port = await worker.listen().catch((error: unknown) => exitWith(reason(error)));
log("info", "listening", { host: configuration.value.host, port, ...worker.context.identity });
process.send?.({ type: "listening", port });

const started = await worker.start();
if (!started.ok) exitWith(started.error);
if (worker.context.lifecycle.state === "ready") process.send?.({ type: "ready" });

function exitWith(problem: string): never {
  process.stderr.write(`gpu-worker: ${problem}\n`);
  process.exit(1);
}

function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
