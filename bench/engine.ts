/**
 * The embedded engine beside Hugging Face's transformers, on the same weights, image and prompt: ours from the
 * frame's 8-bit pixels, transformers from ready normalised tensors. `TESSERA_BENCH_PYTHON` names a Python with torch
 * and transformers; without it the baseline is reported as missing.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { createHash, randomBytes, randomUUID } from "node:crypto";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { z } from "zod";
import { planTiles } from "../core/anyres.ts";
import { frameImageBytes } from "../core/frame.ts";
import { imageTokens } from "../core/image-tokens.ts";
import { findModel } from "../core/models.ts";
import { renderPrompt } from "../core/prompt.ts";
import { loadTokenizer, type Tokenizer, tokenizePrompt } from "../core/tokenizer.ts";
import type { Engine, EngineImage, EngineRequest } from "../gpu-worker/engines/engine.ts";
import { engineOver, MOST_THREADS } from "../gpu-worker/engines/onnx/engine.ts";
import { loadGraphs } from "../gpu-worker/engines/onnx/graphs.ts";
import { readJson } from "../gpu-worker/engines/onnx/weights.ts";
import { normalisedTiles } from "../gpu-worker/normalise.ts";
import type { Outcome } from "./benchmark.ts";
import { percentile, round } from "./statistics.ts";

const WEIGHTS = join(import.meta.dirname, "../models/tessera-tiny/weights");
const ROUNDS = 7;
const TOKENS = 64;
const BATCH = 8;
const [WIDTH, HEIGHT] = [640, 480];

export async function run(report: (line: string) => void): Promise<Outcome> {
  const tokenizer = loadTokenizer(await readJson(join(WEIGHTS, "tokenizer.json")));
  const engine = await load(tokenizer, Math.min(availableParallelism(), MOST_THREADS));
  const workloads = workloadsOf(tokenizer);
  const baseline = await startBaseline(workloads.image());
  report(baseline ? `baseline: ${baseline.version}` : "the baseline is missing: set TESSERA_BENCH_PYTHON");
  try {
    return await measure(engine, () => load(tokenizer, 1), workloads, baseline, report);
  } finally {
    baseline?.stop();
    await engine.close();
  }
}

async function load(tokenizer: Tokenizer, threads: number): Promise<Engine> {
  const model = tiny();
  return engineOver(await loadGraphs(WEIGHTS, threads, model.geometry.tile), {
    model,
    vocabulary: tokenizer.size,
    slots: BATCH,
    onFailure: (_id, error) => {
      throw error;
    },
  });
}

type Workload = "image" | "known_image" | "text";
type Workloads = Readonly<Record<Workload, () => EngineRequest>>;
const WORKLOADS: readonly Workload[] = ["image", "known_image", "text"];

async function measure(
  engine: Engine,
  loadOneThread: () => Promise<Engine>,
  workloads: Workloads,
  baseline: Baseline | undefined,
  report: (line: string) => void,
): Promise<Outcome> {
  const { peakRssMb } = await answer(engine, workloads.image());
  // Loaded after the memory is noted.
  const oneThread = await loadOneThread();
  await answer(oneThread, workloads.image());
  await answer(engine, workloads.known_image());
  await answer(engine, workloads.text());
  await baseline?.answer();
  const ours: Times[] = [];
  const theirs: Times[] = [];
  const ofOneThread: Times[] = [];
  const alone = samplesByWorkload();
  const together = samplesByWorkload();
  for (let round = 1; round <= ROUNDS; round += 1) {
    report(`round ${round} of ${ROUNDS}`);
    ours.push(await answer(engine, workloads.image()));
    if (baseline) theirs.push(await baseline.answer());
    ofOneThread.push(await answer(oneThread, workloads.image()));
    for (const name of WORKLOADS) {
      alone[name].push(await throughput(engine, workloads[name], 1));
      together[name].push(await throughput(engine, workloads[name], BATCH));
    }
  }
  await oneThread.close();

  const median = (samples: readonly number[]) => round(percentile(samples, 0.5));
  const figures = (times: readonly Times[]) => ({
    first_token_ms: median(times.map(({ firstMs }) => firstMs)),
    tokens_per_s: median(times.map(({ tokensPerSecond }) => tokensPerSecond)),
  });
  const [own, other, single] = [figures(ours), figures(theirs), figures(ofOneThread)];
  const speedup = (name: Workload) => round(median(together[name]) / median(alone[name]));
  return {
    figures: {
      image_tokens: imageTokens(WIDTH, HEIGHT, tiny().geometry).total,
      output_tokens: TOKENS,
      ours: { ...own, peak_rss_mb: round(peakRssMb) },
      baseline: baseline
        ? { version: baseline.version, ...other, peak_rss_mb: round(theirs[0]?.peakRssMb ?? 0) }
        : "missing: set TESSERA_BENCH_PYTHON",
      one_thread: { first_token_ms: single.first_token_ms },
      throughput_tokens_per_s: Object.fromEntries(
        WORKLOADS.map((name) => [name, { one: median(alone[name]), eight: median(together[name]) }]),
      ),
    },
    ratios: {
      ...(baseline && {
        ttft_vs_transformers: round(own.first_token_ms / other.first_token_ms),
        tokens_per_s_vs_transformers: round(own.tokens_per_s / other.tokens_per_s),
      }),
      ttft_one_thread_vs_all: round(single.first_token_ms / own.first_token_ms),
      throughput_8_vs_1: speedup("image"),
      throughput_8_vs_1_if_decoding_were_free: round(
        1 + ((TOKENS - 1) * 1000) / own.tokens_per_s / own.first_token_ms,
      ),
      throughput_8_vs_1_known_image: speedup("known_image"),
      throughput_8_vs_1_text: speedup("text"),
    },
  };
}

const samplesByWorkload = (): Record<Workload, number[]> => ({ image: [], known_image: [], text: [] });

interface Times {
  readonly firstMs: number;
  /** After the first token. */
  readonly tokensPerSecond: number;
  /** The most memory that the engine's process has held so far, in MiB; ours is this one. */
  readonly peakRssMb: number;
}

async function answer(engine: Engine, request: EngineRequest): Promise<Times> {
  const begun = performance.now();
  let first = begun;
  let tokens = 0;
  for await (const step of engine.generate(request, new AbortController().signal).steps) {
    if (step.type !== "tokens") continue;
    if (tokens === 0) first = performance.now();
    tokens += step.ids.length;
  }
  const seconds = (performance.now() - first) / 1000;
  const peakRssMb = process.resourceUsage().maxRSS / 1024;
  return { firstMs: first - begun, tokensPerSecond: (tokens - 1) / seconds, peakRssMb };
}

/** Tokens a second of some requests that begin together, images and prefill included. */
async function throughput(engine: Engine, workload: () => EngineRequest, count: number): Promise<number> {
  const begun = performance.now();
  await Promise.all(Array.from({ length: count }, () => answer(engine, workload())));
  return (count * TOKENS) / ((performance.now() - begun) / 1000);
}

/** A question about an image of noise, and one without; no end token, so that every answer has the same length. */
function workloadsOf(tokenizer: Tokenizer): Workloads {
  const model = tiny();
  const { grid, resized } = planTiles(WIDTH, HEIGHT, model.geometry);
  const pixels = randomBytes(frameImageBytes({ resized: [...resized] }, model.geometry.tile));
  const sha256 = createHash("sha256").update(pixels).digest("hex");
  const image = {
    frame: { width: WIDTH, height: HEIGHT, grid: [...grid], resized: [...resized], sha256 },
    pixels,
  } satisfies EngineImage;
  const request = (namespace: string, images: readonly EngineImage[]): EngineRequest => {
    const parts = [...images.map((_, index) => ({ image: index })), { text: "Describe the picture." }];
    const prompt = renderPrompt(model.template, [{ role: "user", parts }]);
    return {
      id: "bench",
      namespace,
      prompt: tokenizePrompt(prompt, tokenizer).pieces,
      images,
      sampling: { maxTokens: TOKENS, temperature: 0, topP: 1, seed: null },
      endIds: [],
    };
  };
  return {
    // A customer of its own each time, so that no answer reuses another's image.
    image: () => request(randomUUID(), [image]),
    known_image: () => request("known", [image]),
    text: () => request("", []),
  };
}

function tiny() {
  const model = findModel("tessera-tiny");
  if (!model) throw new Error("The registry has no tessera-tiny.");
  return model;
}

interface Baseline {
  readonly version: string;
  answer(): Promise<Times>;
  stop(): void;
}

const started = z.object({ version: z.string() });
const timed = z.object({ first_ms: z.number(), tokens_per_s: z.number(), peak_rss_mb: z.number() });

/** Transformers in a process of its own, asked by a line on its input; undefined when there is no Python for it. */
async function startBaseline(request: EngineRequest): Promise<Baseline | undefined> {
  const python = process.env.TESSERA_BENCH_PYTHON;
  const [image] = request.images;
  if (!python || !image) return undefined;
  const model = tiny();
  const tiles = normalisedTiles(image, model.geometry);
  const { total } = imageTokens(WIDTH, HEIGHT, model.geometry);
  const ids = request.prompt.flatMap((piece) =>
    "ids" in piece ? [...piece.ids] : Array.from({ length: total }, () => model.imageToken),
  );
  const child: ChildProcess = spawn(python, [join(import.meta.dirname, "engine_transformers.py"), WEIGHTS], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  if (!child.stdin || !child.stdout) throw new Error("The baseline has no pipes.");
  const { stdin } = child;
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async () => {
    const line = await lines.next();
    if (line.done) throw new Error("The baseline ended.");
    return JSON.parse(line.value);
  };
  const send = (message: object) => stdin.write(`${JSON.stringify(message)}\n`);
  const bytes = new Uint8Array(tiles.data.buffer, tiles.data.byteOffset, tiles.data.byteLength);
  send({
    ids,
    tiles: tiles.count,
    pixels: Buffer.from(bytes).toString("base64"),
    size: [HEIGHT, WIDTH],
    tokens: TOKENS,
    threads: availableParallelism(),
  });
  const { version } = started.parse(await next());
  return {
    version,
    async answer() {
      send({});
      const { first_ms, tokens_per_s, peak_rss_mb } = timed.parse(await next());
      return { firstMs: first_ms, tokensPerSecond: tokens_per_s, peakRssMb: peak_rss_mb };
    },
    stop: () => child.kill(),
  };
}
