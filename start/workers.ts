/**
 * The process that runs both Workers in workerd, with local storage. It does what one message says, and ends with its
 * parent.
 */
import { dirname, join } from "node:path";
import { convertV4MiniflareOptions, Miniflare, type V4WorkerOptions } from "miniflare";
import { unstable_getMiniflareWorkerOptions, unstable_readConfig } from "wrangler";
import { writePages } from "../web/build.ts";
import { bundle } from "./bundle.ts";
import { migrate } from "./migrate.ts";
import { type WorkersReply, type WorkersRequest, workersRequest } from "./workers-messages.ts";

let miniflare: Miniflare | undefined;

async function run(request: WorkersRequest): Promise<void> {
  const edge = unstable_readConfig({ config: request.edge });
  const { host, port } = request;
  await writePages();
  const workers = await Promise.all([
    // The edge's own socket: requests do not pass Miniflare's front Worker, which takes as long again and has doors of
    // its own.
    workerOptions(request.edge, request.bindings, { unsafeDirectSockets: [{ host, port }] }),
    ...request.bound.map((config) => workerOptions(config, {})),
  ]);
  miniflare = new Miniflare(
    convertV4MiniflareOptions({
      host: "127.0.0.1",
      port: 0,
      resourcePersistencePath: request.state,
      // Local requests carry no data about their place; otherwise it would be downloaded.
      cf: false,
      logRequests: false,
      telemetry: { enabled: false },
      handleStructuredLogs: ({ level, message }) => console.log(`${level}: ${message}`),
      workers,
    }),
  );
  await miniflare.ready;
  for (const { binding, migrations_dir } of edge.d1_databases) {
    const database = await miniflare.getD1Database(binding, edge.name);
    await migrate(database, join(dirname(request.edge), migrations_dir ?? "migrations"));
  }
}

async function workerOptions(
  config: string,
  bindings: Record<string, string>,
  more: Partial<V4WorkerOptions> = {},
): Promise<V4WorkerOptions> {
  const { name } = unstable_readConfig({ config });
  const { workerOptions, main } = unstable_getMiniflareWorkerOptions(config);
  if (!name || !main) throw new Error(`${config} names no Worker and no main file.`);
  return {
    ...workerOptions,
    ...more,
    name,
    bindings: Object.assign({}, workerOptions.bindings, bindings),
    modules: await bundle(main, workerOptions.modulesRules ?? []),
  };
}

async function stop(): Promise<void> {
  await miniflare?.dispose();
  process.exit();
}

function reply(message: WorkersReply): void {
  process.send?.(message);
}

process.once("SIGTERM", stop);
process.once("disconnect", stop);
if (!process.connected) void stop();
process.once("message", async (message) => {
  try {
    await run(workersRequest.parse(message));
    reply({ type: "listening" });
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    reply({ type: "failed", message: message.replaceAll(/\s*\n\s*/g, " ") });
  }
});
