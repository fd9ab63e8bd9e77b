/** The vision Worker in workerd, as it is deployed, behind a Worker that passes files on. */
import { join } from "node:path";
import { convertV4MiniflareOptions, Miniflare } from "miniflare";
import { unstable_getMiniflareWorkerOptions } from "wrangler";
import type { Geometry } from "../../core/models.ts";
import { bundle } from "../../start/bundle.ts";

const CONFIG = join(import.meta.dirname, "../../vision/wrangler.toml");

/** Takes a file, and answers when both views are ready. Its GET answers without the vision Worker. */
const FRONT = `export default {
  async fetch(request, { VISION, GEOMETRY }) {
    if (request.method === "GET") return new Response("ready");
    const bytes = new Uint8Array(await request.arrayBuffer());
    const prepared = await VISION.prepare(bytes, { geometry: GEOMETRY, policy: "default" });
    return new Response(prepared.ok ? "" : prepared.error.message, { status: prepared.ok ? 200 : 500 });
  },
};`;

export interface Workerd {
  /** Milliseconds from a file's first byte sent to the answer that both views are ready. */
  milliseconds(bytes: Uint8Array<ArrayBuffer>): Promise<number>;
  stop(): Promise<void>;
}

/** A new process whose vision isolate has prepared nothing yet. */
export async function startWorkerd(geometry: Geometry): Promise<Workerd> {
  const { workerOptions, main } = unstable_getMiniflareWorkerOptions(CONFIG);
  if (!main) throw new Error(`${CONFIG} names no main file.`);
  const miniflare = new Miniflare(
    convertV4MiniflareOptions({
      cf: false,
      telemetry: { enabled: false },
      workers: [
        {
          name: "front",
          compatibilityDate: "2026-10-01",
          modules: [{ type: "ESModule", path: "front.js", contents: FRONT }],
          serviceBindings: { VISION: "tessera-vision" },
          bindings: { GEOMETRY: JSON.parse(JSON.stringify(geometry)) },
        },
        {
          ...workerOptions,
          name: "tessera-vision",
          modules: await bundle(main, workerOptions.modulesRules ?? []),
        },
      ],
    }),
  );
  const url = await miniflare.ready;
  await (await fetch(url)).text();
  return {
    async milliseconds(bytes) {
      const started = performance.now();
      const response = await fetch(url, { method: "POST", body: bytes });
      const problem = await response.text();
      if (!response.ok) throw new Error(problem);
      return performance.now() - started;
    },
    stop: () => miniflare.dispose(),
  };
}
