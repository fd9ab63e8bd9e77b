import { type Configuration, readConfiguration } from "../configuration.ts";
import type { LoadEngine } from "../load-engine.ts";
import type { Log, LogFields } from "../log.ts";
import { Worker } from "../worker.ts";
import { SECRET } from "./frames.ts";

export interface TestWorker {
  readonly worker: Worker;
  readonly url: string;
  readonly audience: { readonly worker: string; readonly boot: string };
  readonly logs: readonly { readonly event: string; readonly fields: LogFields }[];
}

/** A worker in this process on a free port that has not loaded its engine. */
export async function startingWorker(changes: Partial<Configuration> = {}): Promise<TestWorker> {
  const configuration = readConfiguration({ TESSERA_POOL_SECRET: SECRET, TESSERA_WORKER_NAME: "test" });
  if (!configuration.ok) throw new Error(configuration.error);
  const logs: { event: string; fields: LogFields }[] = [];
  const log: Log = (_level, event, fields = {}) => logs.push({ event, fields });
  const worker = new Worker({ ...configuration.value, ...changes }, log);
  const port = await worker.listen();
  return { worker, url: `http://127.0.0.1:${port}`, audience: worker.context.identity, logs };
}

/** A worker in this process on a free port, ready. */
export async function testWorker(
  changes: Partial<Configuration> = {},
  loadEngine?: LoadEngine,
): Promise<TestWorker> {
  const starting = await startingWorker(changes);
  const started = await starting.worker.start(loadEngine);
  if (!started.ok) throw new Error(started.error);
  return starting;
}
