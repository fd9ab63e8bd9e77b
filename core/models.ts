/**
 * The model registry: everything that differs between checkpoints. Adding a checkpoint means adding an entry here, and
 * its tokenizer where exact text tokens are wanted.
 */

/** A canvas of whole tiles, in pixels, read as [first, second] in the entry's pinpoint order. */
export type Pinpoint = readonly [number, number];

/** How a checkpoint cuts an image into tiles and counts its image tokens. */
export interface Geometry {
  /** Side of a square tile, in pixels. */
  readonly tile: number;
  /** Side of a square patch, in pixels; `tile / patch` squared is the image tokens of one tile. */
  readonly patch: number;
  /** Candidate canvases, in pixels; the order of the list decides ties. */
  readonly pinpoints: readonly Pinpoint[];
  /**
   * Whether a pinpoint reads (width, height), as the authors' code does, or (height, width), as Hugging Face's does.
   */
  readonly pinpointOrder: "wh" | "hw";
  /** How the unpadded feature map is rounded: the authors' `int()`, or exact integer division. */
  readonly unpad: "truncate" | "exact";
}

/** The prompt form of a checkpoint; `core/prompt.ts` renders it. */
export type PromptTemplate = "chatml_direct" | "vicuna_v1" | "mistral_instruct";

/** What a model's answers cost, in whole micro-credits. One credit is 1,000,000 micro-credits. */
export interface Price {
  /** Changes whenever a figure below does; written into every hold and charge. */
  readonly version: string;
  /** Per token. */
  readonly imageToken: number;
  readonly textToken: number;
  readonly outputToken: number;
  /** A cached answer, whatever its tokens. */
  readonly cacheHit: number;
  /** The least that an answer which is not cached costs. */
  readonly minimum: number;
}

export interface Model {
  readonly id: string;
  /**
   * Identifies the weights; part of every cache key. For embedded weights, the first 12 hex digits of their manifest's
   * SHA-256.
   */
  readonly revision: string;
  readonly ownedBy: string;
  /** Unix seconds, for OpenAI's model object. */
  readonly created: number;
  readonly geometry: Geometry;
  /** Whether `detail: "low"` may send the base view alone. */
  readonly lowDetail: boolean;
  readonly template: PromptTemplate;
  readonly tokenizer: "tessera-tiny" | "yi-34b" | "llama-2" | "mistral";
  /** Token ids that the engine needs; the prompt's control pieces map to ids in the tokenizer. */
  readonly imageToken: number;
  /** Strings at which generation ends; the engine also stops at the ids that encode them. */
  readonly stop: readonly string[];
  /** Prompt and output together, in tokens. */
  readonly contextLength: number;
  readonly defaults: {
    readonly temperature: number;
    readonly topP: number;
    readonly maxTokens: number;
  };
  /** The most tokens one request may ask for. */
  readonly maxOutputTokens: number;
  /** The most images one request may carry. */
  readonly maxImages: number;
  /** What the weights need of a GPU: their parameters, and the keys and values that one token leaves in the cache. */
  readonly weights: { readonly parameters: number; readonly cacheValuesPerToken: number };
  /** The price until the operator sets another (`edge/prices/`). */
  readonly price: Price;
  /** The same checkpoint at replicate.com ("owner/name"), which answers where the operator has a token and no GPU. */
  readonly replicate?: string;
}

/** The pinpoints of every published LLaVA-1.6 configuration. */
const PINPOINTS: readonly Pinpoint[] = [
  [336, 672],
  [672, 336],
  [672, 672],
  [1008, 336],
  [336, 1008],
];

/**
 * CLIP-L/14 at 336 pixels. The pinpoints are read as the authors read them, so the tiles are theirs; the unpadded map
 * is rounded as vLLM rounds it (with each pinpoint pair swapped by `--hf-overrides`), so the counts are the engine's.
 * The authors' own rounding gives other counts on 148 sizes up to 4096².
 */
const CLIP_L_336: Geometry = {
  tile: 336,
  patch: 14,
  pinpoints: PINPOINTS,
  pinpointOrder: "wh",
  unpad: "exact",
};

/**
 * The authors' command line samples at 0.2 without top_p; the context bounds the answer (haotian-liu/LLaVA
 * `llava/serve/cli.py`).
 */
const LLAVA_DEFAULTS = { temperature: 0.2, topP: 1, maxTokens: 512 } as const;

const LLAVA = {
  ownedBy: "liuhaotian",
  created: 1_706_659_200,
  geometry: CLIP_L_336,
  lowDetail: true,
  contextLength: 4096,
  defaults: LLAVA_DEFAULTS,
  maxOutputTokens: 1024,
  maxImages: 4,
} as const;

export const MODELS: readonly Model[] = [
  {
    id: "tessera-tiny",
    revision: "3bfd220ce38d",
    ownedBy: "tessera",
    created: 1_795_305_600,
    geometry: { ...CLIP_L_336, patch: 28 },
    lowDetail: true,
    template: "chatml_direct",
    tokenizer: "tessera-tiny",
    imageToken: 5,
    stop: ["<|im_end|>"],
    contextLength: 4096,
    defaults: { temperature: 0, topP: 1, maxTokens: 64 },
    maxOutputTokens: 256,
    maxImages: 4,
    weights: { parameters: 9.3e6, cacheValuesPerToken: 2 * 4 * 4 * 64 },
    price: {
      version: "tessera-tiny/1",
      imageToken: 1,
      textToken: 1,
      outputToken: 4,
      cacheHit: 0,
      minimum: 0,
    },
  },
  {
    ...LLAVA,
    id: "llava-v1.6-34b",
    revision: "llava-hf/llava-v1.6-34b-hf",
    template: "chatml_direct",
    tokenizer: "yi-34b",
    imageToken: 64_000,
    stop: ["<|im_end|>"],
    weights: { parameters: 34.75e9, cacheValuesPerToken: 2 * 60 * 8 * 128 },
    replicate: "yorickvp/llava-v1.6-34b",
    price: {
      version: "llava-v1.6-34b/1",
      imageToken: 1,
      textToken: 1,
      outputToken: 4,
      cacheHit: 0,
      minimum: 0,
    },
  },
  {
    ...LLAVA,
    // The authors' own checkpoint, as SGLang serves it: their rounding, and one image in full detail.
    id: "llava-v1.6-34b-sglang",
    revision: "liuhaotian/llava-v1.6-34b",
    geometry: { ...CLIP_L_336, unpad: "truncate" },
    lowDetail: false,
    maxImages: 1,
    template: "chatml_direct",
    tokenizer: "yi-34b",
    imageToken: 64_000,
    stop: ["<|im_end|>"],
    weights: { parameters: 34.75e9, cacheValuesPerToken: 2 * 60 * 8 * 128 },
    price: {
      version: "llava-v1.6-34b-sglang/1",
      imageToken: 1,
      textToken: 1,
      outputToken: 4,
      cacheHit: 0,
      minimum: 0,
    },
  },
  {
    ...LLAVA,
    id: "llava-v1.6-vicuna-13b",
    revision: "llava-hf/llava-v1.6-vicuna-13b-hf",
    template: "vicuna_v1",
    tokenizer: "llama-2",
    imageToken: 32_000,
    stop: ["</s>"],
    weights: { parameters: 13.35e9, cacheValuesPerToken: 2 * 40 * 40 * 128 },
    price: {
      version: "llava-v1.6-vicuna-13b/1",
      imageToken: 1,
      textToken: 1,
      outputToken: 3,
      cacheHit: 0,
      minimum: 0,
    },
  },
  {
    ...LLAVA,
    id: "llava-v1.6-vicuna-7b",
    revision: "llava-hf/llava-v1.6-vicuna-7b-hf",
    template: "vicuna_v1",
    tokenizer: "llama-2",
    imageToken: 32_000,
    stop: ["</s>"],
    weights: { parameters: 7.06e9, cacheValuesPerToken: 2 * 32 * 32 * 128 },
    price: {
      version: "llava-v1.6-vicuna-7b/1",
      imageToken: 1,
      textToken: 1,
      outputToken: 2,
      cacheHit: 0,
      minimum: 0,
    },
  },
  {
    ...LLAVA,
    id: "llava-v1.6-mistral-7b",
    revision: "llava-hf/llava-v1.6-mistral-7b-hf",
    template: "mistral_instruct",
    tokenizer: "mistral",
    imageToken: 32_000,
    stop: ["</s>"],
    weights: { parameters: 7.57e9, cacheValuesPerToken: 2 * 32 * 8 * 128 },
    price: {
      version: "llava-v1.6-mistral-7b/1",
      imageToken: 1,
      textToken: 1,
      outputToken: 2,
      cacheHit: 0,
      minimum: 0,
    },
  },
];

const BY_ID = new Map(MODELS.map((model) => [model.id, model]));

/** The entry for an id, or undefined. */
export function findModel(id: string): Model | undefined {
  return BY_ID.get(id);
}
