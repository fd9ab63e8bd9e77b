/**
 * The whole product with vLLM on this machine's CPU, in float32. The embedded worker is held by SIGSTOP while vLLM
 * alone answers, and the other way round: a worker that is silent for ten seconds is out of the pool.
 */
import { execFileSync, spawn } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { create, type DescField, ScalarType } from "@bufbuild/protobuf";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { planTiles } from "../../core/anyres.ts";
import { HEARTBEAT_EXPIRY_MS } from "../../core/heartbeat.ts";
import { imageTokens } from "../../core/image-tokens.ts";
import { engineImageTokens } from "../../gpu-worker/engines/grpc/check.ts";
import { freePort } from "../../gpu-worker/engines/grpc/process.ts";
import {
  file_protocol,
  GenerateRequestSchema,
  PlaceholderRangeSchema,
  TokenizedInputSchema,
} from "../../gpu-worker/engines/grpc/protocol_pb.ts";
import { generateRequest } from "../../gpu-worker/engines/grpc/request.ts";
import { tokenizer } from "../../gpu-worker/testing/engine.ts";
import { frame, greyImage, post, SECRET, TINY } from "../../gpu-worker/testing/frames.ts";
import { validateFrame } from "../../gpu-worker/validate.ts";
import { type Account, openAccount } from "../helpers/account.ts";
import { generations } from "../helpers/gpu-worker.ts";
import { acceptJob, endedJob } from "../helpers/jobs.ts";
import { findLongQuestion } from "../helpers/long-question.ts";
import { dataUrl } from "../helpers/picture.ts";
import { until } from "../helpers/poll.ts";
import { allGone, Product, temporaryHome } from "../helpers/product.ts";
import { type ChatBody, type Completion, MODEL, question, textOf } from "../helpers/question.ts";
import { readStream, streamEvents } from "../helpers/stream.ts";
import { workerProcess } from "../helpers/worker-process.ts";
import { bodyOf, CASES, type Case, oracleCase, picturesOf } from "./cases.ts";
import { PYTHON } from "./tools.ts";
import { VllmWorker } from "./worker.ts";

const WEIGHTS = join(import.meta.dirname, "../../models/tessera-tiny/weights");
const SCALER_TOKEN = "scaler-token-of-the-tests";
/** Digits after the point in which two float32 engines' logarithms agree. */
const LOGPROB_DIGITS = 2;
const NO_STORE = { "cache-control": "no-store" };

const expected = z.object({
  name: z.string(),
  prompt_tokens: z.int(),
  image_tokens: z.int(),
  text: z.string(),
  tokens: z.int(),
});
type Expected = z.infer<typeof expected>;

let product: Product;
let account: Account;
let vllm: VllmWorker;
let oracle: ReadonlyMap<string, Expected>;
let removeHome: () => void;

beforeAll(async () => {
  const { home, remove } = temporaryHome();
  removeHome = remove;
  const port = await freePort();
  product = await Product.start(home, {
    TESSERA_POOL_SECRET: SECRET,
    TESSERA_SCALER_TOKEN: SCALER_TOKEN,
    TESSERA_POOL_TARGETS: JSON.stringify({ vllm: `http://127.0.0.1:${port}` }),
  });
  account = await openAccount(product.address, 1_000_000_000);
  vllm = new VllmWorker({ port, secret: SECRET, name: "vllm", edgeUrl: product.address.url });
  [oracle] = await Promise.all([askTransformers(join(home, "oracle")), vllm.ready()]);
});

afterAll(async () => {
  vllm?.signal("SIGKILL");
  await product?.stop();
  removeHome?.();
});

/** What transformers answers to every case. */
async function askTransformers(folder: string): Promise<ReadonlyMap<string, Expected>> {
  mkdirSync(folder);
  for (const { name, bytes } of CASES.flatMap(picturesOf)) writeFileSync(join(folder, name), bytes);
  const cases = CASES.map((each) => oracleCase(each, TINY.defaults.maxTokens));
  writeFileSync(join(folder, "cases.json"), JSON.stringify(cases));
  const child = spawn(PYTHON, [join(import.meta.dirname, "oracle.py"), WEIGHTS, folder], {
    env: { ...process.env, HF_HUB_OFFLINE: "1", CUDA_VISIBLE_DEVICES: "" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const [said, problems] = await Promise.all([text(child.stdout), text(child.stderr)]);
  const answers = said
    .split("\n")
    .filter((line) => line.startsWith("{"))
    .map((line) => expected.parse(JSON.parse(line)));
  if (answers.length !== CASES.length) throw new Error(`transformers failed:\n${problems.slice(-4000)}`);
  return new Map(answers.map((answer) => [answer.name, answer]));
}

/** Holds the embedded worker until the function has ended; the pool forgets it first. */
async function withoutEmbedded<Value>(work: () => Promise<Value>): Promise<Value> {
  return held(workerProcess(product.processes()), work);
}

async function held<Value>(process_: number, work: () => Promise<Value>): Promise<Value> {
  process.kill(process_, "SIGSTOP");
  try {
    await sleep(HEARTBEAT_EXPIRY_MS + 2000);
    return await work();
  } finally {
    process.kill(process_, "SIGCONT");
  }
}

/** The answers to all cases, some at a time. */
async function askAll(cases: readonly Case[]): Promise<ReadonlyMap<string, Completion>> {
  const answers = new Map<string, Completion>();
  const left = [...cases];
  const reader = async () => {
    for (let each = left.shift(); each; each = left.shift()) {
      answers.set(each.name, await account.ask(bodyOf(each), NO_STORE));
    }
  };
  await Promise.all(Array.from({ length: 4 }, reader));
  return answers;
}

let fromVllm: ReadonlyMap<string, Completion>;

describe("vLLM behind the product", () => {
  it("has the messages and numbers that the worker speaks", () => {
    const installed = z
      .record(z.string(), z.record(z.string(), z.tuple([z.int(), z.string(), z.boolean()])))
      .parse(JSON.parse(execFileSync(PYTHON, [join(import.meta.dirname, "wire.py")], { encoding: "utf8" })));
    for (const message of file_protocol.messages) {
      for (const field of message.fields) {
        const name = `${message.typeName}.${field.name}`;
        expect(installed[message.typeName]?.[field.name], name).toEqual(wireForm(field));
      }
    }
  });

  it("counts the tokens of every picture as the edge does, by itself", async () => {
    const engine = vllm.engine();
    const pictures = new Map(CASES.flatMap(picturesOf).map((picture) => [picture.name, picture]));
    const grids = new Set<string>();
    for (const { name, bytes } of pictures.values()) {
      const url = dataUrl(bytes, name.endsWith(".jpg") ? "image/jpeg" : "image/png");
      const counted = await account.count(question("?", url));
      expect(await engineImageTokens(engine, TINY, url), name).toBe(counted.image_tokens);
      const size = /(\d+)x(\d+)/.exec(name);
      if (size) grids.add(planTiles(Number(size[1]), Number(size[2]), TINY.geometry).grid.join("x"));
    }
    expect(pictures.size).toBeGreaterThanOrEqual(50);
    expect(grids.size).toBe(TINY.geometry.pinpoints.length);
  });

  it("answers what transformers answers from the whole pictures, with the same usage", async () => {
    const before = await vllm.done();
    fromVllm = await withoutEmbedded(() => askAll(CASES));
    expect((await vllm.done()) - before).toBe(CASES.length);
    expect(Object.fromEntries([...fromVllm].map(([name, answer]) => [name, shown(answer)]))).toEqual(
      Object.fromEntries(
        [...oracle].map(([name, answer]) => [
          name,
          {
            text: answer.text,
            prompt: answer.prompt_tokens,
            image: answer.image_tokens,
            output: answer.tokens,
          },
        ]),
      ),
    );
    console.log(`${fromVllm.size} answers equal transformers'.`);
  });

  it("answers what the embedded engine answers, and alike to a base view alone, as likely token by token", async () => {
    const low = CASES.slice(0, 4).map((each) => ({
      ...lowDetail(bodyOf(each)),
      logprobs: true,
      top_logprobs: 3,
    }));
    const lowFromVllm = await withoutEmbedded(() =>
      Promise.all(low.map((body) => account.ask(body, NO_STORE))),
    );
    const before = await generations(product.address);
    const [fromEmbedded, lowFromEmbedded] = await held(vllm.id, async () => [
      await askAll(CASES),
      await Promise.all(low.map((body) => account.ask(body, NO_STORE))),
    ]);
    expect((await generations(product.address)) - before).toBe(CASES.length + low.length);
    for (const { name } of CASES)
      expect(answerOf(fromEmbedded, name), name).toEqual(answerOf(fromVllm, name));
    expect(lowFromEmbedded.map(shown)).toEqual(lowFromVllm.map(shown));
    const [ours, theirs] = [lowFromEmbedded, lowFromVllm].map((answers) => answers.flatMap(likelihoods));
    expect(ours?.length).toBeGreaterThan(low.length);
    expect(theirs).toEqual(
      ours?.map(({ token, values }) => ({
        token,
        values: values.map((value) => expect.closeTo(value, LOGPROB_DIGITS)),
      })),
    );
  });

  it("follows a JSON Schema, whoever else could answer, and tells how likely its tokens were", async () => {
    await until("vLLM among the model's capabilities", async () => {
      const model = await (await account.fetch(`/v1/models/${MODEL}`)).json();
      return z.object({ capabilities: z.array(z.string()) }).parse(model).capabilities.length === 2;
    });
    const [picture] = CASES[0] ? picturesOf(CASES[0]) : [];
    if (!picture) throw new Error("The first case has no picture.");
    const shape = z.strictObject({
      color: z.enum(["red", "blue", "green", "蓝色"]),
      count: z.int().min(0).max(9),
      where: z.strictObject({ side: z.enum(["left", "right"]).nullable() }),
    });
    const schema = { name: "shape", strict: true, schema: z.toJSONSchema(shape) };
    const body = {
      ...question("What is in the picture?", dataUrl(picture.bytes)),
      response_format: { type: "json_schema", json_schema: schema },
      logprobs: true,
      top_logprobs: 10,
      max_tokens: 128,
    };
    const before = { vllm: await vllm.done(), embedded: await generations(product.address) };
    for (const temperature of [0, 2]) {
      const asked = { ...body, temperature, seed: 7 };
      const answer = await account.ask(asked, NO_STORE);
      expect(answer.choices[0].finish_reason).toBe("stop");
      expect(shape.safeParse(JSON.parse(textOf(answer))).error).toBeUndefined();
      expect(answer.choices[0].logprobs?.content).toHaveLength(answer.usage.completion_tokens);
      const stream = await readStream(
        await account.post("/v1/chat/completions", { ...asked, stream: true }, NO_STORE),
      );
      const job = await endedJob(account, (await acceptJob(account, asked, NO_STORE)).id);
      expect([stream.text, job.result && textOf(job.result)]).toEqual([textOf(answer), textOf(answer)]);
    }
    expect((await vllm.done()) - before.vllm).toBe(6);
    expect(await generations(product.address)).toBe(before.embedded);
  });

  it("is free soon after a client has left", async () => {
    await withoutEmbedded(async () => {
      const long = await findLongQuestion(account);
      const leaver = await openAccount(product.address);
      const leaving = new AbortController();
      const body = { ...long.body, stream: true };
      const response = await leaver.post("/v1/chat/completions", body, NO_STORE, leaving.signal);
      for await (const event of streamEvents(response)) {
        if (event.type === "chunk" && event.chunk.choices[0]?.delta.content) break;
      }
      leaving.abort();
      const left = performance.now();
      const engine = vllm.engine();
      await until(
        "an engine that runs nothing",
        async () => (await engine.getLoads({})).loads.every(({ numRunningReqs }) => numRunningReqs === 0),
        { timeoutMs: 10_000, everyMs: 10 },
      );
      console.log(
        `The engine was free ${Math.round(performance.now() - left)} ms after the client had left.`,
      );
      const { charged } = await leaver.settledLedger();
      expect(charged).toBeLessThan(long.charge);
    });
  });

  it("never sees the two shapes that end its process, and lives on", async () => {
    const starts = vllm.starts;
    const { worker, boot } = await listening();
    const audience = { worker, boot };
    const image = greyImage(640, 480);
    const fewTiles = frame(audience, "?", [{ ...image, pixels: image.pixels.slice(0, 2 * 336 * 336 * 3) }]);
    const otherSize = frame(audience, "?", [
      { ...image, image: { ...image.image, width: 200, height: 300 } },
    ]);
    for (const malformed of [fewTiles, otherSize]) {
      const refused = await post(vllm.url, malformed);
      expect([400, 422]).toContain(refused.status);
    }
    expect((await vllm.engine().healthCheck({})).healthy).toBe(true);
    expect(vllm.starts).toBe(starts);
  });

  it("is started again when it dies with a request under way, which ends typed; a stored one is answered by the next", async () => {
    await withoutEmbedded(async () => {
      const [first] = CASES;
      if (!first) throw new Error("There are no cases.");
      const long = await findLongQuestion(account);
      const starts = vllm.starts;
      const response = await account.post("/v1/chat/completions", { ...long.body, stream: true }, NO_STORE);
      const events = streamEvents(response);
      await events.next();
      // What the worker never sends: a placeholder of more tokens than the image has.
      await endEngine();
      const stored = await acceptJob(account, bodyOf(first), NO_STORE);
      const rest = await Array.fromAsync(events);
      const last = rest.at(-1);
      if (last?.type === "error") expect(last.error.code).toBe("worker_lost");
      else expect(last?.type).toBe("done");

      await vllm.ready(starts + 1);
      const job = await endedJob(account, stored.id, 120_000);
      expect(job.error).toBeNull();
      expect(job.result && textOf(job.result)).toBe(oracle.get(first.name)?.text);
      expect(textOf(await account.ask(bodyOf(first), NO_STORE))).toBe(oracle.get(first.name)?.text);
    });
  });
});

describe("two workers behind one pool, one with vLLM and one embedded", () => {
  it("share a burst, and lose nothing when one is killed and the other drained", async () => {
    const settled = await account.settledLedger();
    const before = { vllm: await vllm.done(), embedded: await generations(product.address) };
    await noneDesired();
    const first = await burst("first");
    await until("a desired count above none", async () => (await desired()) > 0);
    const costs = await Promise.all(first.map(succeeded));
    expect(await vllm.done()).toBeGreaterThan(before.vllm);
    expect(await generations(product.address)).toBeGreaterThan(before.embedded);

    const second = await burst("second");
    process.kill(workerProcess(product.processes()), "SIGKILL");
    costs.push(...(await Promise.all(second.map(succeeded))));

    const tree = vllm.processes();
    const third = await burst("third");
    vllm.signal("SIGTERM");
    costs.push(...(await Promise.all(third.map(succeeded))));
    expect(await vllm.ended()).toEqual({ code: 0, said: "" });
    await allGone(tree);
    await noneDesired();

    const { charged } = await account.settledLedger();
    expect(charged - settled.charged).toBe(costs.reduce((sum, cost) => sum + cost, 0));
  });
});

describe("an engine with its pinpoints in another order", () => {
  it("is found before it serves", async () => {
    const pinpoints = { image_grid_pinpoints: TINY.geometry.pinpoints };
    const wrong = new VllmWorker({
      port: await freePort(),
      secret: SECRET,
      name: "wrong",
      flags: `--hf-overrides ${JSON.stringify(pinpoints)}`,
    });
    const { code, said } = await wrong.ended();
    expect(said).toContain("another order");
    expect(code).toBe(1);
  });
});

function wireForm(field: DescField): [number, string, boolean] {
  const type = field.fieldKind === "map" || field.message ? "message" : undefined;
  const scalar = field.scalar === undefined ? undefined : ScalarType[field.scalar].toLowerCase();
  return [field.number, type ?? scalar ?? "", field.fieldKind === "list" || field.fieldKind === "map"];
}

function shown({ choices, usage }: Completion) {
  return {
    text: choices[0].message.content,
    prompt: usage.prompt_tokens,
    image: usage.prompt_tokens_details.image_tokens,
    output: usage.completion_tokens,
  };
}

/** Each token with the probabilities of the likeliest in its place, best first. */
function likelihoods({ choices }: Completion) {
  return (choices[0].logprobs?.content ?? []).map(({ token, logprob, top_logprobs }) => ({
    token,
    values: [logprob, ...top_logprobs.map((each) => each.logprob)],
  }));
}

function answerOf(answers: ReadonlyMap<string, Completion>, name: string) {
  const answer = answers.get(name);
  return answer && shown(answer);
}

function lowDetail(body: ChatBody): ChatBody {
  const [turn] = body.messages;
  if (!turn || typeof turn.content === "string") throw new Error("The case has no picture.");
  const content = turn.content.map((part) =>
    part.type === "image_url" ? { ...part, image_url: { ...part.image_url, detail: "low" as const } } : part,
  );
  return { ...body, messages: [{ ...turn, content }] };
}

const identity = z.looseObject({ event: z.literal("listening"), worker: z.string(), boot: z.string() });

async function listening(): Promise<z.infer<typeof identity>> {
  return identity.parse(vllm.lines.find(({ event }) => event === "listening"));
}

/** Ends the engine by a request that the worker would refuse. */
async function endEngine(): Promise<void> {
  const image = greyImage(300, 200);
  const job = validateFrame(frame({ worker: "w", boot: "b" }, "?", [image]), TINY, tokenizer);
  if (!job.ok) throw new Error(job.error.message);
  const request = generateRequest(`deadly-${crypto.randomUUID()}`, job.value.request, TINY, {});
  const sent = create(GenerateRequestSchema, request);
  const length = 2 * imageTokens(300, 200, TINY.geometry).total;
  const inputIds = Array.from({ length }, () => TINY.imageToken);
  sent.tokenized = create(TokenizedInputSchema, { inputIds });
  if (sent.mmInputs) sent.mmInputs.mmPlaceholders = [create(PlaceholderRangeSchema, { offset: 0, length })];
  const replies = vllm.engine().generate(sent);
  await expect(Array.fromAsync(replies)).rejects.toThrow();
}

const demand = z.object({ desired: z.int() });

async function desired(): Promise<number> {
  const response = await fetch(new URL(`/internal/pools/${MODEL}/desired`, product.address.url), {
    headers: { authorization: `Bearer ${SCALER_TOKEN}` },
  });
  return demand.parse(await response.json()).desired;
}

/** Who was turned away counts as waiting for a minute. */
async function noneDesired(): Promise<void> {
  await until("a desired count of none", async () => (await desired()) === 0, { timeoutMs: 90_000 });
}

const BURST = 24;

/** Stored requests, all at once. */
function burst(name: string): Promise<string[]> {
  const bodies = Array.from({ length: BURST }, (_, index) => {
    const each = CASES[index % CASES.length];
    if (!each) throw new Error("There are no cases.");
    const body = bodyOf(each);
    return { ...body, metadata: { burst: `${name} ${index}` } };
  });
  return Promise.all(bodies.map(async (body) => (await acceptJob(account, body, NO_STORE)).id));
}

/** The cost of a job that must have succeeded, in micro-credits. */
async function succeeded(id: string): Promise<number> {
  const job = await endedJob(account, id, 240_000);
  expect(job).toMatchObject({ status: "succeeded", error: null });
  return job.cost_microcredits;
}
