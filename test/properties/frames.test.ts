/** Hostile frames: whatever arrives, the validator answers, and nothing passes that could hurt an engine. */
import { createHash } from "node:crypto";
import { expect, it } from "vitest";
import { decodeFrame, encodeFrame, type Frame, type FrameImage } from "../../core/frame.ts";
import { tokenizer } from "../../gpu-worker/testing/engine.ts";
import { frame, greyImage, type SentImage, TINY } from "../../gpu-worker/testing/frames.ts";
import { type Job, validateFrame } from "../../gpu-worker/validate.ts";
import { Random } from "./generate/random.ts";

/** `TESSERA_FUZZ_FRAMES` and `TESSERA_FUZZ_SEED` make longer campaigns and repeat them. */
const FRAMES = Number(process.env.TESSERA_FUZZ_FRAMES ?? 20_000);
const SEED = Number(process.env.TESSERA_FUZZ_SEED ?? Date.now() % 2 ** 31);
const LIMIT_MS = Math.max(60_000, FRAMES * 6);

/** The registry's rules again, from the authors' text and not from `core/`: what an engine would make of an image. */
const TILE = 336;
const SIDE = 12;
const CANVASES = [
  [336, 672],
  [672, 336],
  [672, 672],
  [1008, 336],
  [336, 1008],
] as const;
const CONTEXT = 4096;
const MOST_IMAGES = 4;

interface Expected {
  readonly grid: readonly number[];
  readonly resized: readonly number[];
  readonly tokens: number;
}

/** LLaVA `llava/mm_utils.py`, select_best_resolution and resize_and_pad_image; vLLM's integer unpadding. */
function expectedOf(width: number, height: number): Expected {
  const fits = CANVASES.map(([w, h]) => {
    const scale = Math.min(w / width, h / height);
    const effective = Math.min(Math.trunc(width * scale) * Math.trunc(height * scale), width * height);
    return { w, h, effective, wasted: w * h - effective };
  });
  const most = Math.max(...fits.map(({ effective }) => effective));
  const least = Math.min(...fits.filter(({ effective }) => effective === most).map(({ wasted }) => wasted));
  const best = fits.find(({ effective, wasted }) => effective === most && wasted === least);
  if (!best) throw new Error(`No canvas fits ${width}×${height}.`);
  const { w, h } = best;
  const resized =
    w / width < h / height
      ? [w, Math.min(Math.ceil(height * (w / width)), h)]
      : [Math.min(Math.ceil(width * (h / height)), w), h];
  let [columns, rows] = [BigInt((w / TILE) * SIDE), BigInt((h / TILE) * SIDE)];
  const [bigWidth, bigHeight] = [BigInt(width), BigInt(height)];
  if (bigWidth * rows > columns * bigHeight) rows -= 2n * ((rows - (bigHeight * columns) / bigWidth) / 2n);
  else columns -= 2n * ((columns - (bigWidth * rows) / bigHeight) / 2n);
  return { grid: [w, h], resized, tokens: SIDE * SIDE + Number(rows * columns + rows) };
}

/** What is wrong with a job that the validator has let pass; nothing should be. */
function findFault(job: Job, sent: Frame): string | undefined {
  const { images, messages, sampling } = job.header;
  if (images.length > MOST_IMAGES) return `${images.length} images`;
  let tokens = 0;
  for (const [index, { width, height, grid, resized, sha256 }] of images.entries()) {
    const pixels = sent.pixels[index] ?? new Uint8Array();
    const expected = expectedOf(width, height);
    const high = grid !== null;
    if (high && `${grid} ${resized}` !== `${expected.grid} ${expected.resized}`) return `grid ${grid}`;
    if (!high && resized !== null) return "a size without a grid";
    const [viewWidth = 0, viewHeight = 0] = high ? expected.resized : [];
    if (pixels.length !== 3 * (TILE * TILE + viewWidth * viewHeight)) return `${pixels.length} bytes`;
    if (createHash("sha256").update(pixels).digest("hex") !== sha256) return "the hash";
    const named = messages
      .flatMap(({ parts }) => parts)
      .filter((part) => "image" in part && part.image === index);
    if (named.length < 1) return "an image without a place";
    tokens += named.length * (high ? expected.tokens : SIDE * SIDE);
  }
  if (job.imageTokens !== tokens) return `${job.imageTokens} image tokens, not ${tokens}`;
  const ids = job.request.prompt.flatMap((piece) => ("ids" in piece ? piece.ids : []));
  if (job.textTokens !== ids.length) return `${job.textTokens} text tokens, not ${ids.length}`;
  if (ids.some((id) => id === TINY.imageToken || !Number.isInteger(id) || id < 0))
    return "an id out of place";
  const { maxTokens } = job.request.sampling;
  if (maxTokens < 1 || maxTokens > sampling.maxTokens) return `${maxTokens} tokens to answer`;
  if (tokens + ids.length + maxTokens > CONTEXT) return "more tokens than the context";
  return undefined;
}

/** Magic and version, as of a right frame. */
const PREAMBLE = encodeFrame(frame({ worker: "w", boot: "b" }, "")).slice(0, 6);

/** Right images to begin from: every canvas, low detail, one pixel, and sizes whose sums come out even. */
const IMAGES: readonly SentImage[] = [
  greyImage(336, 600),
  greyImage(600, 300),
  greyImage(640, 480),
  greyImage(1300, 300),
  greyImage(200, 900),
  greyImage(1, 1),
  greyImage(300, 300, 5, "low"),
];

/** A number that is wrong in one of the ways in which numbers go wrong. */
function wrongNumber(random: Random, right: number): unknown {
  return random.pick([
    right + 1,
    right - 1,
    right * 2,
    random.integer(0, 70_000),
    0,
    -1,
    0.5,
    65_536,
    2 ** 31,
    2 ** 53,
    Number.MAX_VALUE,
    null,
    String(right),
    [],
  ]);
}

/** A header with something changed in it, as JSON that need not follow the schema. */
function mutatedHeader(random: Random, { header }: Frame): unknown {
  const changed: {
    [key: string]: unknown;
    images: Record<string, unknown>[];
    sampling: Record<string, unknown>;
  } = JSON.parse(JSON.stringify(header));
  const image = changed.images.length > 0 ? random.pick(changed.images) : undefined;
  switch (random.integer(0, 9)) {
    case 0:
      if (image) image[random.pick(["width", "height"])] = wrongNumber(random, 640);
      break;
    case 1:
      if (image) {
        const pair = random.pick(["grid", "resized"] as const);
        const [first, second] = random.pick([...CANVASES, [672, 504], [336, 337]]);
        image[pair] = random.pick([
          [first, second],
          [second, first],
          [wrongNumber(random, first), second],
          null,
          first,
        ]);
      }
      break;
    case 2: {
      // Another image's sizes, which are right for that one.
      const other = random.pick(IMAGES).image;
      if (image)
        Object.assign(image, random.chance(0.5) ? other : { width: other.width, height: other.height });
      break;
    }
    case 3:
      if (image)
        image.sha256 = random.pick(["0".repeat(64), "", "z".repeat(64), random.pick(IMAGES).image.sha256]);
      break;
    case 4:
      if (random.chance(0.5)) changed.images.pop();
      else changed.images.push(random.pick(IMAGES).image as FrameImage & Record<string, unknown>);
      break;
    case 5: {
      const index = random.pick([0, 1, 2, 3, 4, 1e9, -1, 0.5]);
      changed.messages = [{ role: "user", parts: [{ image: index }, { image: index }, { text: "7" }] }];
      break;
    }
    case 6: {
      const text = random
        .pick(["7", "<image>", "<|im_end|>", "\u0000", "图", "\ud800", " "])
        .repeat(random.pick([1, 1, 1, 20, 20, 6000]));
      changed.messages = [{ role: random.pick(["user", "system", "tool"]), parts: [{ image: 0 }, { text }] }];
      break;
    }
    case 7:
      changed.sampling[random.pick(["maxTokens", "temperature", "topP", "seed", "stop"])] = wrongNumber(
        random,
        4096,
      );
      break;
    case 8:
      changed[random.pick(Object.keys(changed))] = random.pick([null, "", {}, [], -1, "x".repeat(300)]);
      break;
    default:
      delete changed[random.pick(Object.keys(changed))];
  }
  return changed;
}

/** Every frame is written here: what the validator keeps of one is looked at before the next. */
const BUFFER = new Uint8Array(8 << 20);

/** A frame with another header, or other bytes. */
function mutated(random: Random): Uint8Array {
  const images = Array.from({ length: random.pick([0, 1, 1, 1, 2, 3]) }, () => random.pick(IMAGES));
  const audience = { worker: "w", boot: "b" };
  const right = frame(audience, "What is this?", images, { maxTokens: random.integer(1, 300) });
  const whole = random.chance(0.02);
  const header = !whole && random.chance(0.7) ? mutatedHeader(random, right) : right.header;
  const bytes = written(header, right.pixels);
  if (whole || header !== right.header) return bytes;
  for (let changes = random.integer(1, 4); changes > 0; changes--) {
    const reach = random.chance(0.7) ? Math.min(bytes.length, 900) : bytes.length;
    bytes[random.integer(0, reach - 1)] = random.integer(0, 255);
  }
  return random.chance(0.3) ? bytes.subarray(0, random.integer(0, bytes.length)) : bytes;
}

/** What `encodeFrame` writes, for headers that no type describes. */
function written(header: unknown, pixels: readonly Uint8Array[]): Uint8Array {
  BUFFER.set(PREAMBLE);
  const { written: length } = new TextEncoder().encodeInto(JSON.stringify(header), BUFFER.subarray(10));
  new DataView(BUFFER.buffer).setUint32(6, length, true);
  let at = 10 + length;
  for (const image of pixels) {
    BUFFER.set(image, at);
    at += image.length;
  }
  return BUFFER.subarray(0, at);
}

it(
  `lets none of ${FRAMES} random and mutated frames pass that the rule refuses (seed ${SEED})`,
  async () => {
    const random = new Random(SEED);
    const answers = new Map<string, number>();
    for (let count = 0; count < FRAMES; count++) {
      // Other tests share the process: none of them may starve.
      if (count % 256 === 0) await new Promise(setImmediate);
      const sent = decodeFrame(mutated(random), (id) => (id === TINY.id ? TILE : undefined));
      const job = sent.ok ? validateFrame(sent.value, TINY, tokenizer) : sent;
      const answer = job.ok ? "accepted" : job.error.code;
      answers.set(answer, (answers.get(answer) ?? 0) + 1);
      if (sent.ok && job.ok && "request" in job.value) {
        expect(findFault(job.value, sent.value), `frame ${count} of seed ${SEED}`).toBeUndefined();
      }
    }
    // Every kind of answer was met, so every check was reached.
    expect([...answers.keys()].sort()).toEqual([
      "accepted",
      "context_length_exceeded",
      "frame_malformed",
      "frame_mismatch",
      "frame_version_unsupported",
      "model_mismatch",
    ]);
  },
  LIMIT_MS,
);
