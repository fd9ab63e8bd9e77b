import { join } from "node:path";
import { Edge } from "./edge.ts";
import { GpuWorker } from "./gpu-worker.ts";
import type { Home, Secrets } from "./home.ts";
import type { Options } from "./options.ts";
import { claimPort } from "./port.ts";

const REPOSITORY = join(import.meta.dirname, "..");
const LOOPBACK = "127.0.0.1";
/** The embedded worker's name, and its entry in the edge's list of targets. */
const EMBEDDED = "embedded";
const DRAIN_MS = 10_000;
const CLOSE_MS = 3_000;

/** The processes that together are the product. */
export interface Product {
  readonly url: string;
  /** Where the embedded worker answers; operators and tests read its load and metrics there. */
  readonly workerUrl: string;
  readonly edge: Edge;
  readonly worker: GpuWorker;
  /** Lets requests in progress finish, then ends every process. */
  stop(): Promise<void>;
  kill(): void;
}

/** Starts edge, vision and the embedded GPU worker. */
export async function launch(
  options: Options,
  home: Home,
  secrets: Secrets,
  report: (line: string) => void,
): Promise<Product> {
  const port = await claimPort(options.host, options.port);
  // Chosen once: a worker that is started again must be found where the edge's list says.
  const workerPort = await claimPort(LOOPBACK, 0);
  const url = `http://${reachable(options.host)}:${port}`;
  const workerUrl = `http://${LOOPBACK}:${workerPort}`;
  const worker = new GpuWorker({
    log: home.newLog("gpu-worker"),
    report,
    env: {
      PORT: String(workerPort),
      HOST: LOOPBACK,
      TESSERA_EDGE_URL: url,
      TESSERA_POOL_SECRET: secrets.poolSecret,
      TESSERA_WORKER_NAME: EMBEDDED,
      TESSERA_TARGET: EMBEDDED,
      TESSERA_DRAIN_MS: String(DRAIN_MS),
    },
  });
  const edge = startEdge(options, home, secrets, { port, workerUrl });
  return {
    url,
    workerUrl,
    edge,
    worker,
    stop: async () => {
      await worker.stop(DRAIN_MS + CLOSE_MS);
      await edge.stop(CLOSE_MS);
    },
    kill: () => {
      worker.kill();
      edge.kill();
    },
  };
}

/** Starts edge and vision, with the state that is there. */
export function startEdge(
  options: Options,
  home: Home,
  secrets: Secrets,
  { port, workerUrl }: { readonly port: number; readonly workerUrl: string },
): Edge {
  return new Edge({
    log: home.newLog("edge"),
    request: {
      edge: join(REPOSITORY, "wrangler.toml"),
      bound: [join(REPOSITORY, "vision/wrangler.toml")],
      host: options.host,
      port,
      state: home.state,
      bindings: {
        KEY_SECRET: secrets.keySecret,
        POOL_SECRET: secrets.poolSecret,
        ADMIN_KEY: secrets.adminKey,
        RECEIPT_KEY: JSON.stringify(secrets.receiptKey),
        RETIRED_RECEIPT_KEYS: JSON.stringify({ keys: secrets.retiredReceiptKeys }),
        POOL_TARGETS: JSON.stringify({ ...options.targets, [EMBEDDED]: workerUrl }),
        LOOPBACK_WEBHOOKS: "allow",
        ...options.edgeSettings,
      },
    },
  });
}

/** The host by which this machine reaches what listens on `host`. */
function reachable(host: string): string {
  if (host === "0.0.0.0" || host === "::") return LOOPBACK;
  return host.includes(":") ? `[${host}]` : host;
}
