/**
 * Counts a request exactly before anything is computed: what preflight shows, the account reserves and usage repeats.
 */
import { planTiles } from "../../core/anyres.ts";
import { type ImageTokens, imageTokens } from "../../core/image-tokens.ts";
import type { Model, Price } from "../../core/models.ts";
import { affordableTokens, worstCase } from "../../core/price.ts";
import { type Message, renderPrompt } from "../../core/prompt.ts";
import { type Tokenizer, tokenizePrompt } from "../../core/tokenizer.ts";
import type { Usage } from "../../core/usage.ts";
import { ApiError } from "../errors.ts";
import type { ResolvedImage } from "../images/resolve.ts";
import { MAX_COST_APPLIED, MAX_COST_HEADER } from "./max-cost.ts";

export interface PlannedImage {
  /** Pixels, after orientation. */
  readonly width: number;
  readonly height: number;
  /** Canvas and grid view as [width, height]; null when the base view is sent alone. */
  readonly grid: readonly [number, number] | null;
  readonly resized: readonly [number, number] | null;
  readonly tiles: number;
  readonly tokens: ImageTokens;
}

export interface RequestPlan {
  readonly images: readonly PlannedImage[];
  /** The prompt's tokens, and those of the longest answer. */
  readonly most: Usage;
  readonly price: Price;
  /** The worst case, in micro-credits. */
  readonly maxCharge: number;
  /** The caller's own ceiling, in micro-credits, and whether it made the longest answer shorter. */
  readonly maxCost: number | null;
  readonly clamped: boolean;
}

/** What the caller allows a request. */
interface Allowance {
  /** Tokens of the answer; null asks for the model's default, or as much of it as the context leaves. */
  readonly maxTokens: number | null;
  /** The most that the request may cost, in micro-credits; null for no ceiling. */
  readonly maxCost: number | null;
}

/**
 * The plan of a request whose images' sizes are known. Throws when prompt and answer don't fit the context, or not even
 * one token of an answer fits the caller's ceiling.
 */
export function planRequest(
  model: Model,
  tokenizer: Tokenizer,
  price: Price,
  messages: readonly Message[],
  { maxTokens: allowed, maxCost }: Allowance,
  resolved: readonly ResolvedImage[],
): RequestPlan {
  const images = resolved.map((image) => planImage(model, image));
  const imageTokenCount = images.reduce((sum, image) => sum + image.tokens.total, 0);
  const { textTokens } = tokenizePrompt(renderPrompt(model.template, messages), tokenizer);
  const promptTokens = imageTokenCount + textTokens;
  const room = model.contextLength - promptTokens;
  if (room < (allowed ?? 1)) {
    const asked = allowed === null ? "at least 1 for the answer" : `${allowed} for the answer`;
    throw new ApiError(
      "context_length_exceeded",
      `The prompt has ${promptTokens} tokens (${imageTokenCount} of images, ${textTokens} of text) and needs ${asked}; ${model.id} fits ${model.contextLength} in all.`,
      { param: "messages" },
    );
  }
  const asked = allowed ?? Math.min(model.defaults.maxTokens, room);
  const prompt = { imageTokens: imageTokenCount, textTokens };
  const affordable = maxCost === null ? asked : affordableTokens(price, prompt, maxCost);
  if (affordable < 1) {
    throw new ApiError(
      "max_cost_exceeded",
      `The request costs at least ${worstCase(price, { ...prompt, outputTokens: 1 })} micro-credits, and X-Max-Cost allows ${maxCost}.`,
      { param: MAX_COST_HEADER, headers: { [MAX_COST_APPLIED]: "refused" } },
    );
  }
  const maxTokens = Math.min(asked, affordable);
  const most = { ...prompt, outputTokens: maxTokens };
  return {
    images,
    most,
    price,
    maxCharge: worstCase(price, most),
    maxCost,
    clamped: maxTokens < asked,
  };
}

function planImage(model: Model, { width, height, lowDetail }: ResolvedImage): PlannedImage {
  const tokens = imageTokens(width, height, model.geometry, lowDetail ? "low" : "high");
  if (lowDetail) return { width, height, grid: null, resized: null, tiles: 1, tokens };
  const { grid, resized } = planTiles(width, height, model.geometry);
  const tiles = 1 + (grid[0] / model.geometry.tile) * (grid[1] / model.geometry.tile);
  return { width, height, grid, resized, tiles, tokens };
}
