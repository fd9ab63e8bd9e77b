/**
 * Our pipeline against transformers on the same files and weights: our decoding, resizing, tiles, packing, prompt and
 * engine give what its processor and model give.
 */
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { z } from "zod";
import { imageTokens } from "../../core/image-tokens.ts";
import { findModel } from "../../core/models.ts";
import { type Message, renderPrompt } from "../../core/prompt.ts";
import { loadTokenizer, type PromptPiece, tokenizePrompt } from "../../core/tokenizer.ts";
import { answer } from "../../gpu-worker/answer.ts";
import type { Engine } from "../../gpu-worker/engines/engine.ts";
import { engineOver } from "../../gpu-worker/engines/onnx/engine.ts";
import { type Graphs, loadGraphs } from "../../gpu-worker/engines/onnx/graphs.ts";
import { normalisedTiles } from "../../gpu-worker/normalise.ts";
import { frame, type SentImage, TINY } from "../../gpu-worker/testing/frames.ts";
import { readVocabulary } from "../../gpu-worker/tokenizer.ts";
import { type Job, validateFrame } from "../../gpu-worker/validate.ts";
import { openNodeVision } from "../../vision/node.ts";
import { PYTHON, YI_TOKENIZER } from "./tools.ts";

/**
 * Largest absolute difference of a logit; those of the likeliest tokens are about 10. Our engine and transformers add
 * up float32 products, each in the order of its kernels, which differ from processor to processor.
 */
const TOLERANCE = 2e-4;
const MAX_TOKENS = 48;
const THREADS = 2;
const WEIGHTS = join(import.meta.dirname, "../../models/tessera-tiny/weights");

const turn = z.object({
  role: z.enum(["user", "assistant"]),
  text: z.string(),
  images: z.array(z.string()),
});
const expected = z.object({
  turns: z.array(turn),
  /** SHA-256 of each image's normalised tiles. */
  pixels: z.array(z.string()),
  image_tokens: z.array(z.int()),
  ids: z.array(z.int()),
  yi_ids: z.array(z.int()),
  output: z.array(z.int()),
  text: z.string(),
});
type Turns = readonly z.infer<typeof turn>[];
const results = z.object({ versions: z.string(), cases: z.array(expected) });

interface Case {
  readonly theirs: z.infer<typeof expected>;
  readonly job: Job;
  readonly images: readonly SentImage[];
  readonly output: readonly number[];
  readonly text: string;
  /** Of each step. */
  readonly logits: readonly Float32Array[];
}

const folder = mkdtempSync(join(tmpdir(), "tessera-oracle-"));
const tokenizer = loadTokenizer(JSON.parse(readFileSync(join(WEIGHTS, "tokenizer.json"), "utf8")));
const vision = openNodeVision();
let cases: readonly Case[];
let engine: Engine;

beforeAll(async () => {
  const script = join(import.meta.dirname, "reference.py");
  const python = spawn(PYTHON, [script, WEIGHTS, YI_TOKENIZER, folder], {
    stdio: ["ignore", "inherit", "pipe"],
  });
  let errors = "";
  python.stderr.on("data", (text) => {
    errors += text;
  });
  const [code] = await once(python, "close");
  if (code !== 0) throw new Error(`The reference failed: ${errors}`);
  const reference = results.parse(JSON.parse(readFileSync(join(folder, "results.json"), "utf8")));
  console.log(`reference: ${reference.versions}`);

  const logits: Float32Array[] = [];
  const graphs = recording(await loadGraphs(WEIGHTS, THREADS, TINY.geometry.tile), logits);
  engine = engineOver(graphs, {
    model: TINY,
    vocabulary: tokenizer.size,
    slots: 8,
    onFailure: (_id, error) => {
      throw error;
    },
  });
  const all: Case[] = [];
  for (const theirs of reference.cases) {
    const { job, images } = await prepare(theirs.turns);
    logits.length = 0;
    all.push({ theirs, job, images, ...(await run(job)), logits: [...logits] });
  }
  cases = all;
});
afterAll(async () => {
  await engine?.close();
  rmSync(folder, { recursive: true });
});

/** The graphs, noting the first row's logits of every step. */
function recording(graphs: Graphs, logits: Float32Array[]): Graphs {
  const note = async <Output extends { readonly logits: readonly Float32Array[] }>(
    output: Promise<Output>,
  ) => {
    logits.push(...(await output).logits.slice(0, 1).map((row) => row.slice()));
    return output;
  };
  return {
    ...graphs,
    prefill: (embeddings) => note(graphs.prefill(embeddings)),
    decode: (embeddings, past) => note(graphs.decode(embeddings, past)),
  };
}

/** A case as the edge would send it to a worker, and the job that the worker makes of it. */
async function prepare(turns: Turns): Promise<{ job: Job; images: SentImage[] }> {
  const images = await Promise.all(turns.flatMap(({ images: files }) => files.map(prepareImage)));
  const sent = frame({ worker: "oracle", boot: "oracle" }, "", images, { maxTokens: MAX_TOKENS });
  const job = validateFrame(
    { ...sent, header: { ...sent.header, messages: messages(turns) } },
    TINY,
    tokenizer,
  );
  if (!job.ok) throw new Error(job.error.message);
  return { job: job.value, images };
}

function messages(turns: Turns) {
  let image = 0;
  return turns.map(({ role, text, images }) => ({
    role,
    parts: [...images.map(() => ({ image: image++ })), { text }],
  })) satisfies Message[];
}

async function prepareImage(file: string): Promise<SentImage> {
  const prepared = await vision.prepare(readFileSync(join(folder, file)), TINY.geometry, "reference");
  if (!prepared.ok) throw new Error(`${file}: ${prepared.error.message}`);
  const { width, height, grid, resized, base, view } = prepared.value;
  const pixels = new Uint8Array(base.length + view.length);
  pixels.set(base);
  pixels.set(view, base.length);
  const sha256 = createHash("sha256").update(pixels).digest("hex");
  return { image: { width, height, grid: [...grid], resized: [...resized], sha256 }, pixels };
}

async function run(job: Job): Promise<{ output: number[]; text: string }> {
  const output: number[] = [];
  let text = "";
  for await (const event of answer(job, engine, tokenizer, new AbortController().signal)) {
    if (event.type !== "token") continue;
    output.push(...event.ids);
    text += event.text;
  }
  return { output, text };
}

/** A prompt's ids with every image token in its place. */
function idsOf(pieces: readonly PromptPiece[], counts: readonly number[], imageToken: number): number[] {
  return pieces.flatMap((piece) =>
    "ids" in piece ? [...piece.ids] : Array.from({ length: counts[piece.image] ?? 0 }, () => imageToken),
  );
}

const countsOf = ({ images }: Case, { geometry } = TINY) =>
  images.map(({ image }) => imageTokens(image.width, image.height, geometry).total);

/** Looks at every case, and names the conversation where it is wrong. */
function each(check: (one: Case, name: string, index: number) => void): void {
  cases.forEach((one, index) => {
    check(one, JSON.stringify(one.theirs.turns), index);
  });
}

it("compares at least 200 pictures of every grid, alone and together, in conversations, and text alone", () => {
  const grids = cases.flatMap(({ images }) => images.map(({ image }) => String(image.grid)));
  expect(grids.length).toBeGreaterThanOrEqual(200);
  expect(new Set(grids)).toEqual(new Set(TINY.geometry.pinpoints.map(String)));
  const turns = cases.map(({ theirs }) => theirs.turns);
  expect(turns.some(([first]) => (first?.images.length ?? 0) > 2)).toBe(true);
  expect(turns.some(({ length }) => length > 1)).toBe(true);
  expect(turns.some(([first]) => first?.images.length === 0)).toBe(true);
  expect(turns.filter(([first]) => /\p{Script=Han}/u.test(first?.text ?? "")).length).toBeGreaterThan(50);
});

it("makes the same pixel values of every picture", () => {
  const hash = ({ image, pixels }: SentImage) => {
    const { data } = normalisedTiles({ frame: image, pixels }, TINY.geometry);
    return createHash("sha256").update(new Uint8Array(data.buffer)).digest("hex");
  };
  each((one, name) => expect.soft(one.images.map(hash), name).toEqual(one.theirs.pixels));
});

it("counts the same image tokens", () => {
  each((one, name) => expect.soft(countsOf(one), name).toEqual(one.theirs.image_tokens));
});

it("makes the same prompt ids", () => {
  each((one, name) => {
    const ids = idsOf(one.job.request.prompt, countsOf(one), TINY.imageToken);
    expect.soft(ids, name).toEqual(one.theirs.ids);
  });
});

it("makes the same prompt ids for the 34B model, with Yi's tokenizer", async () => {
  const model = findModel("llava-v1.6-34b");
  if (!model) throw new Error("The registry has no llava-v1.6-34b.");
  const yi = await readVocabulary(model);
  each((one, name) => {
    const { pieces } = tokenizePrompt(renderPrompt(model.template, messages(one.theirs.turns)), yi);
    expect.soft(idsOf(pieces, countsOf(one, model), model.imageToken), name).toEqual(one.theirs.yi_ids);
  });
});

it(`computes every step's logits within ${TOLERANCE}`, () => {
  let largest = 0;
  let steps = 0;
  each((one, name, index) => {
    const theirs = new Float32Array(new Uint8Array(readFileSync(join(folder, `${index}.logits`))).buffer);
    const ours = one.logits.flatMap((row) => [...row]);
    expect.soft(ours.length, name).toBe(theirs.length);
    ours.forEach((logit, at) => {
      largest = Math.max(largest, Math.abs(logit - (theirs[at] ?? Number.NaN)));
    });
    steps += one.logits.length;
  });
  console.log(`logits: at most ${largest.toExponential(1)} apart over ${steps} steps`);
  expect(largest).toBeLessThanOrEqual(TOLERANCE);
});

it("answers with the same greedy text", () => {
  const same = cases.filter(({ theirs, output }) => String(output) === String(theirs.output)).length;
  console.log(`greedy answers: ${same} of ${cases.length} the same`);
  each(({ theirs, output, text }, name) => {
    expect.soft([output, text], name).toEqual([theirs.output, theirs.text]);
  });
});

it("answers with the same text when all ask at once", async () => {
  const together = await Promise.all(cases.map(({ job }) => run(job)));
  expect(together.map(({ text }) => text)).toEqual(cases.map(({ text }) => text));
});
