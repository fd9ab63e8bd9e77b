/**
 * What a request costs beyond the picture and the engine: the whole product runs as `npm start` runs it, and the
 * engine's own time, measured inside the GPU worker during the same requests, is the baseline.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import type { Outcome } from "./benchmark.ts";
import { round, summary } from "./statistics.ts";

const ROOT = join(import.meta.dirname, "..");
const ROUNDS = 100;
const CONCURRENCY = 8;

const developer = z.object({ url: z.string(), apiKey: z.string() });
const examples = z.array(z.object({ file: z.string(), question: z.string() })).min(1);

export async function run(report: (line: string) => void): Promise<Outcome> {
  const home = mkdtempSync(join(tmpdir(), "tessera-bench-"));
  const product = spawn(process.execPath, [join(ROOT, "start/main.ts")], {
    env: { ...process.env, PORT: "0", TESSERA_HOME: home },
    stdio: "ignore",
  });
  try {
    report("starting the product");
    const server = await untilStarted(product, join(home, "dev.json"));
    return await measure(server, report);
  } finally {
    if (product.exitCode === null) {
      product.kill("SIGTERM");
      await new Promise((resolve) => product.once("exit", resolve));
    }
    rmSync(home, { recursive: true, force: true });
  }
}

type Server = z.infer<typeof developer>;

async function untilStarted(product: ChildProcess, file: string): Promise<Server> {
  while (!existsSync(file)) {
    if (product.exitCode !== null) throw new Error("The product ended while it started.");
    await sleep(50);
  }
  return developer.parse(JSON.parse(readFileSync(file, "utf8")));
}

async function measure(server: Server, report: (line: string) => void): Promise<Outcome> {
  let pictures = 0;
  const known = exampleRequest(pictures);
  const ask = () => post(server, known);
  const askUncached = (body = exampleRequest(++pictures)) =>
    post(server, body, { "cache-control": "no-store" });
  for (let warm = 0; warm < 10; warm++) await askUncached();
  await ask();

  report(
    `${ROUNDS} uncached answers, one after the other, each beside one about a known picture and a cached one`,
  );
  const uncached: number[] = [];
  const followUp: number[] = [];
  const cached: number[] = [];
  const overhead: number[] = [];
  const prepare: number[] = [];
  const engine: number[] = [];
  for (let index = 0; index < ROUNDS; index++) {
    const miss = await askUncached();
    const own = miss.timings.queue + miss.timings.vision + miss.timings.prefill + miss.timings.decode;
    uncached.push(miss.milliseconds);
    prepare.push(miss.timings.prepare);
    engine.push(own);
    overhead.push(miss.milliseconds - miss.timings.prepare - own);
    followUp.push((await askUncached(known)).milliseconds);
    cached.push((await ask()).milliseconds);
  }

  report("time to first token");
  const first: number[] = [];
  for (let index = 0; index < ROUNDS; index++)
    first.push(await timeToFirstToken(server, exampleRequest(++pictures)));

  report(`throughput, ${CONCURRENCY} at once`);
  const cachedRate = await rate(400, () => ask());
  const uncachedRate = await rate(64, () => askUncached());

  return {
    figures: {
      overhead_ms_p50: summary(overhead).p50,
      overhead_ms_p99: summary(overhead).p99,
      uncached_ms: summary(uncached),
      known_picture_ms: summary(followUp),
      cached_ms: summary(cached),
      first_token_ms: summary(first),
      prepare_ms: summary(prepare),
      engine_ms: summary(engine),
      cached_requests_per_s: round(cachedRate),
      uncached_requests_per_s: round(uncachedRate),
      baseline: "the embedded engine's own time within the same requests",
    },
    ratios: {
      uncached_vs_engine: round(summary(uncached).p50 / summary(engine).p50),
      cached_vs_uncached: round(summary(cached).p50 / summary(uncached).p50),
    },
  };
}

/**
 * The question about a picture that nobody has seen: what follows a picture in its file makes it another, and is never
 * read.
 */
function exampleRequest(number: number): object {
  const folder = join(ROOT, "models/tessera-tiny/examples");
  const [example] = examples.parse(JSON.parse(readFileSync(join(folder, "examples.json"), "utf8")));
  if (!example) throw new Error("There is no example picture.");
  const image = Buffer.concat([readFileSync(join(folder, example.file)), Buffer.from(`${number}`)]);
  return {
    model: "tessera-tiny",
    messages: [
      {
        role: "user",
        content: [
          { type: "text", text: example.question },
          { type: "image_url", image_url: { url: `data:image/png;base64,${image.toString("base64")}` } },
        ],
      },
    ],
  };
}

interface Answer {
  readonly milliseconds: number;
  readonly timings: Record<"prepare" | "queue" | "vision" | "prefill" | "decode", number>;
}

async function post(
  { url, apiKey }: Server,
  body: object,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const begun = performance.now();
  const response = await send(url, apiKey, body, headers);
  await response.arrayBuffer();
  const milliseconds = performance.now() - begun;
  const header = response.headers.get("server-timing") ?? "";
  const duration = (name: string) => Number(new RegExp(`${name};dur=([\\d.]+)`).exec(header)?.[1] ?? 0);
  return {
    milliseconds,
    timings: {
      prepare: duration("prepare"),
      queue: duration("queue"),
      vision: duration("vision"),
      prefill: duration("prefill"),
      decode: duration("decode"),
    },
  };
}

async function timeToFirstToken({ url, apiKey }: Server, body: object): Promise<number> {
  const begun = performance.now();
  const response = await send(url, apiKey, { ...body, stream: true }, { "cache-control": "no-store" });
  let text = "";
  let first = Number.NaN;
  for await (const chunk of response.body ?? []) {
    text += Buffer.from(chunk).toString("utf8");
    if (Number.isNaN(first) && /"delta":\{"content":"./.test(text)) first = performance.now() - begun;
  }
  return first;
}

async function send(
  url: string,
  apiKey: string,
  body: object,
  headers: Record<string, string>,
): Promise<Response> {
  const response = await fetch(`${url}/v1/chat/completions`, {
    method: "POST",
    headers: { authorization: `Bearer ${apiKey}`, "content-type": "application/json", ...headers },
    body: JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`${response.status}: ${await response.text()}`);
  return response;
}

/** Requests a second with a fixed number in flight. */
async function rate(count: number, request: () => Promise<unknown>): Promise<number> {
  let left = count;
  const begun = performance.now();
  await Promise.all(
    Array.from({ length: CONCURRENCY }, async () => {
      while (left-- > 0) await request();
    }),
  );
  return count / ((performance.now() - begun) / 1000);
}
