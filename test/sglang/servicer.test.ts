/**
 * The worker, its client and SGLang's servicer over the published protocol; SGLang itself is played (it needs a GPU),
 * but image tokens are counted by its own functions.
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { imageTokens } from "../../core/image-tokens.ts";
import { findModel } from "../../core/models.ts";
import { readConfiguration } from "../../gpu-worker/configuration.ts";
import {
  allEvents,
  events,
  frame,
  greyImage,
  post,
  SECRET,
  type SentImage,
} from "../../gpu-worker/testing/frames.ts";
import { readVocabulary } from "../../gpu-worker/tokenizer.ts";
import { Worker } from "../../gpu-worker/worker.ts";
import { until } from "../helpers/poll.ts";
import { MM_UTILS, PYTHON } from "./tools.ts";

const MODEL = "llava-v1.6-34b-sglang";
const model = findModel(MODEL);
if (!model) throw new Error(`The registry has no ${MODEL}.`);

/** The rows of the stand-in's vocabulary, as Yi-34B's checkpoint has them. */
const ENGINE_ROWS = 64_064;
const tokenizer = await readVocabulary(model);

const question = z.object({
  input_ids: z.array(z.int()),
  sizes: z.array(z.tuple([z.int(), z.int()])),
  features: z.array(z.object({ shape: z.array(z.int()), dtype: z.string() })),
  mm_hashes: z.array(z.string()).nullable(),
  cache_salt: z.string().nullable(),
  sampling_params: z.looseObject({
    temperature: z.number(),
    max_new_tokens: z.int(),
    logit_bias: z.record(z.string(), z.string()),
  }),
});

const folder = mkdtempSync(join(tmpdir(), "tessera-sglang-"));
const log = join(folder, "questions.jsonl");
let worker: Worker;
let url: string;

beforeAll(async () => {
  process.env.STAND_IN_LOG = log;
  process.env.STAND_IN_MM_UTILS = MM_UTILS;
  const configuration = readConfiguration({
    TESSERA_POOL_SECRET: SECRET,
    TESSERA_MODEL: MODEL,
    TESSERA_ENGINE: "sglang",
    TESSERA_GPU: "h100",
    TESSERA_PYTHON: PYTHON,
  });
  if (!configuration.ok) throw new Error(configuration.error);
  worker = new Worker(configuration.value, () => undefined);
  url = `http://127.0.0.1:${await worker.listen()}`;
  const started = await worker.start();
  if (!started.ok) throw new Error(started.error);
});

afterAll(async () => {
  await worker.stop(0);
  rmSync(folder, { recursive: true });
});

const send = (text: string, images: readonly SentImage[], signal?: AbortSignal, maxTokens = 3) =>
  post(
    url,
    frame(worker.context.identity, text, images, { maxTokens }, { model: MODEL, revision: model.revision }),
    signal,
  );

/** What the engine was asked last. */
function lastQuestion() {
  const lines = readFileSync(log, "utf8").trim().split("\n");
  return question.parse(JSON.parse(lines.at(-1) ?? ""));
}

describe("a worker with SGLang", () => {
  it("has checked the engine's own counts of two known images before it serves", () => {
    expect(worker.context.lifecycle.state).toBe("ready");
  });

  it.each([
    [640, 480, 5],
    [300, 200, 3],
    [200, 300, 3],
    [1000, 300, 4],
  ])(
    "sends an image of %i×%i as %i ready tiles, its size, and one token of the prompt",
    async (width, height, tiles) => {
      const answer = await allEvents(await send("What is it?", [greyImage(width, height)]));
      expect(answer.at(-1)).toMatchObject({ type: "done", finishReason: "length" });
      const ids = answer.flatMap((event) => (event.type === "token" ? event.ids : []));
      expect(ids).toEqual([1000, 1001, 1002]);
      const asked = lastQuestion();
      expect(asked.features).toEqual([{ shape: [tiles, 3, 336, 336], dtype: "float16" }]);
      expect(asked.sizes).toEqual([[width, height]]);
      expect(asked.input_ids.filter((id) => id === model.imageToken)).toHaveLength(1);
      expect(asked.mm_hashes).toEqual([expect.stringMatching(/^[0-9a-f]{64}$/)]);
      expect(answer.find((event) => event.type === "usage")).toMatchObject({
        usage: { imageTokens: imageTokens(width, height, model.geometry).total },
      });
    },
  );

  it("salts the prefix cache of a text by its customer", async () => {
    await allEvents(await send("Hello", []));
    expect(lastQuestion().cache_salt).toBe("0".repeat(64));
  });

  it("rules out the ids with which the engine pads the vocabulary", async () => {
    await allEvents(await send("Hello", []));
    const { logit_bias } = lastQuestion().sampling_params;
    const padding = Array.from({ length: ENGINE_ROWS - tokenizer.size }, (_, index) =>
      String(tokenizer.size + index),
    );
    expect(logit_bias).toEqual(Object.fromEntries(padding.map((id) => [id, "-inf"])));
  });

  it("stops the engine when the caller leaves", async () => {
    const leaving = new AbortController();
    const response = await send("Go on.", [greyImage(640, 480)], leaving.signal, 1000);
    for await (const event of events(response)) if (event.type === "token") break;
    expect(worker.context.loaded?.engine.load().running).toBe(1);
    leaving.abort();
    await until("an engine at rest", () => worker.context.loaded?.engine.load().running === 0);
  });

  it("refuses two images and a base view alone, which SGLang would tile in another way", async () => {
    for (const images of [[greyImage(9, 9), greyImage(9, 9)], [greyImage(9, 9, 1, "low")]]) {
      const response = await send("?", images);
      expect(response.status).toBe(422);
      expect(await response.json()).toMatchObject({ error: { code: "frame_mismatch" } });
    }
  });
});
