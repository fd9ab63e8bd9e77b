/**
 * From the worker's request to the engine's: token ids, one tensor of all images, where they stand, and what names them
 * in caches.
 */
import { createHash } from "node:crypto";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { planTiles } from "../../../core/anyres.ts";
import { imageTokens } from "../../../core/image-tokens.ts";
import type { Geometry, Model } from "../../../core/models.ts";
import { normalisedTiles } from "../../normalise.ts";
import type { EngineImage, EngineRequest, EngineStep, SampledLogprob } from "../engine.ts";
import type { GenerateRequestSchema, GenerateStreamChunk } from "./protocol_pb.ts";

/** The engine's number for the modality of an image. */
export const IMAGE = 1;

export type GenerateRequestInit = MessageInitShape<typeof GenerateRequestSchema>;

/** What is added to the logits of ids. */
export type LogitBias = Readonly<Record<number, number>>;

/** Rules out the ids that only fill the rows of logits up to a round number: no tokenizer can read them. */
export function withoutPadding(vocabulary: number, rows: number): LogitBias {
  const padding = Array.from({ length: Math.max(0, rows - vocabulary) }, (_, index) => vocabulary + index);
  return Object.fromEntries(padding.map((id) => [id, Number.NEGATIVE_INFINITY]));
}

/**
 * How many alternatives the engine is asked for, so that `count` of the vocabulary are among them: those that are ruled
 * out keep their probabilities, and the sampled id comes first and takes a place.
 */
function askedLogprobs(count: number, logitBias: LogitBias): number {
  return count === 0 ? 0 : 1 + count + Object.keys(logitBias).length;
}

/** The ids of a step that belong to the answer, with the logprobs that were asked for. */
export function tokensOf(
  { tokenIds, outputLogprobs }: Pick<GenerateStreamChunk, "tokenIds" | "outputLogprobs">,
  { endIds, sampling }: EngineRequest,
  logitBias: LogitBias,
): Extract<EngineStep, { type: "tokens" }> {
  const ids = tokenIds.filter((id) => !endIds.includes(id));
  const { topLogprobs: count } = sampling;
  if (count === undefined) return { type: "tokens", ids };
  const logprobs = (outputLogprobs?.tokenIds ?? []).flatMap((id, index): SampledLogprob[] => {
    if (endIds.includes(id)) return [];
    const { tokenIds: others = [], values = [] } = outputLogprobs?.topLogprobs[index] ?? {};
    const top = others
      .map((other, place) => ({ id: other, logprob: values[place] ?? Number.NaN }))
      // What a grammar rules out has no probability.
      .filter((other) => !(other.id in logitBias) && other.logprob !== Number.NEGATIVE_INFINITY)
      .sort((a, b) => b.logprob - a.logprob || a.id - b.id)
      .slice(0, count);
    return [{ id, logprob: outputLogprobs?.tokenLogprobs[index] ?? Number.NaN, top }];
  });
  return { type: "tokens", ids, logprobs };
}

/** A request under an id that no other request of the engine has. */
export function generateRequest(
  id: string,
  request: EngineRequest,
  model: Model,
  logitBias: LogitBias,
): GenerateRequestInit {
  const { maxTokens, temperature, topP, seed, topLogprobs, jsonSchema } = request.sampling;
  const prompt = layOut(request, model);
  return {
    requestId: id,
    stream: true,
    tokenized: { inputIds: prompt.ids },
    samplingParams: {
      temperature,
      topP,
      maxTokens,
      // The registry says where an answer ends, not the checkpoint's own configuration; a grammar ends with the latter.
      ignoreEos: jsonSchema === undefined,
      stopTokenIds: [...request.endIds],
      logitBias,
      ...(jsonSchema !== undefined && { jsonSchema }),
      ...(topLogprobs !== undefined && { logprobs: askedLogprobs(topLogprobs, logitBias) }),
      ...(seed !== null && { seed: Number(BigInt.asUintN(31, BigInt(seed))) }),
    },
    mmInputs: prompt.images.length > 0 ? imageInputs(request, prompt, model) : textSalt(request),
  };
}

interface PlacedImage {
  readonly image: EngineImage;
  /** Where its tokens begin and how many there are. */
  readonly offset: number;
  readonly length: number;
}

interface LaidOut {
  readonly ids: number[];
  /** In the order of the prompt. */
  readonly images: readonly PlacedImage[];
}

function layOut({ prompt, images }: EngineRequest, { geometry, imageToken }: Model): LaidOut {
  const ids: number[] = [];
  const placed: PlacedImage[] = [];
  for (const piece of prompt) {
    if ("ids" in piece) {
      for (const id of piece.ids) ids.push(id);
      continue;
    }
    const image = images[piece.image];
    if (!image) throw new Error("A prompt names an image that the request lacks.");
    const length = imageTokensOf(image, geometry);
    placed.push({ image, offset: ids.length, length });
    for (let count = 0; count < length; count += 1) ids.push(imageToken);
  }
  return { ids, images: placed };
}

function imageInputs(
  request: EngineRequest,
  { images }: LaidOut,
  { geometry, imageToken }: Model,
): GenerateRequestInit["mmInputs"] {
  const { tile } = geometry;
  const alone = images.every(({ image }) => image.frame.grid === null);
  const count = Math.max(...images.map(({ image }) => (alone ? 1 : tilesFor(image, geometry))));
  const size = count * 3 * tile * tile;
  const pixels = new Float32Array(images.length * size);
  const sizes = new BigInt64Array(2 * images.length);
  images.forEach(({ image }, index) => {
    normalisedTiles(image, geometry, pixels.subarray(index * size));
    const [width, height] = declaredSize(image, tile);
    sizes.set([BigInt(height), BigInt(width)], 2 * index);
  });
  return {
    pixelValues: {
      shape: [images.length, count, 3, tile, tile],
      dtype: "float32",
      inline: new Uint8Array(pixels.buffer),
    },
    modelSpecificTensors: {
      image_sizes: { shape: [images.length, 2], dtype: "int64", inline: new Uint8Array(sizes.buffer) },
    },
    imTokenId: imageToken,
    // The first range begins with the prompt: the engine's prefix cache then keys the text before the image by the
    // image's hash too, and so by the customer. Only image tokens within a range take features.
    mmPlaceholders: images.map(({ offset, length }, index) =>
      index === 0 ? { offset: 0, length: offset + length } : { offset, length },
    ),
    mmHashes: images.map(({ image }) => imageHash(request.namespace, image)),
    batchedKeys: ["pixel_values", "image_sizes"],
    keepOnCpuKeys: ["image_sizes"],
    modality: IMAGE,
  };
}

/** Without pixels the engine takes the hash as the salt of its prefix cache. */
function textSalt({ namespace }: EngineRequest): GenerateRequestInit["mmInputs"] {
  return { mmHashes: [namespace], modality: IMAGE };
}

/** What the engine's caches know an image by. The worker has checked the pixels' own hash. */
export function imageHash(namespace: string, { frame }: EngineImage): string {
  const detail = frame.grid ? "high" : "low";
  return createHash("sha256")
    .update(`${namespace}/${frame.sha256}/${frame.width}x${frame.height}/${detail}`)
    .digest("hex");
}

function imageTokensOf({ frame }: EngineImage, geometry: Geometry): number {
  return imageTokens(frame.width, frame.height, geometry, frame.grid ? "high" : "low").total;
}

/**
 * The size that the engine derives an image's grid from. A base view alone is declared as one tile: next to images with
 * grids its tensor is as long as theirs, the engine cuts the smallest grid from it, and its placeholder takes the base
 * view's features, which come first.
 */
function declaredSize({ frame }: EngineImage, tile: number): readonly [number, number] {
  return frame.grid ? [frame.width, frame.height] : [tile, tile];
}

/** The least tiles with which the engine can cut the grid of an image's declared size: fewer would end its process. */
function tilesFor(image: EngineImage, geometry: Geometry): number {
  const { grid } = planTiles(...declaredSize(image, geometry.tile), geometry);
  return 1 + Math.floor(grid[0] / geometry.tile) * Math.floor(grid[1] / geometry.tile);
}
