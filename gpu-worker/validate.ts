/** From a frame to a job that the engine may run. A wrong shape can kill an engine, so nothing is believed. */
import { createHash } from "node:crypto";
import { planTiles } from "../core/anyres.ts";
import { type Frame, type FrameHeader, type FrameImage, frameImageBytes } from "../core/frame.ts";
import { imageTokens } from "../core/image-tokens.ts";
import { schemaProblem } from "../core/json-schema.ts";
import type { Model } from "../core/models.ts";
import { renderPrompt } from "../core/prompt.ts";
import type { Refusal } from "../core/refusal.ts";
import { fail, ok, type Result } from "../core/result.ts";
import { type Tokenizer, tokenizePrompt } from "../core/tokenizer.ts";
import type { EngineRequest } from "./engines/engine.ts";

export interface Job {
  readonly header: FrameHeader;
  readonly request: EngineRequest;
  /** Tokens of the prompt. */
  readonly imageTokens: number;
  readonly textTokens: number;
  /** The caller's stop strings and the model's own. */
  readonly stop: readonly string[];
}

/** The job of a frame, its geometry recomputed from each image's width and height. */
export function validateFrame(frame: Frame, model: Model, tokenizer: Tokenizer): Result<Job, Refusal> {
  const { header } = frame;
  if (header.model !== model.id || header.revision !== model.revision) {
    return fail({ code: "model_mismatch", message: `This worker serves ${model.id} at ${model.revision}.` });
  }
  if (header.images.length > model.maxImages) {
    return mismatch(`The frame has ${header.images.length} images; the model takes ${model.maxImages}.`);
  }
  const counts: number[] = [];
  for (const [index, image] of header.images.entries()) {
    const wrong = checkImage(image, frame.pixels[index] ?? new Uint8Array(), model);
    if (wrong) return mismatch(`Image ${index}: ${wrong}`);
    counts.push(imageTokens(image.width, image.height, model.geometry, image.grid ? "high" : "low").total);
  }

  const { jsonSchema } = header.sampling;
  const wrong = jsonSchema === undefined ? undefined : schemaProblem(parseJson(jsonSchema));
  if (wrong !== undefined) return mismatch(`The schema of the answer: ${wrong}.`);

  const prompt = tokenizePrompt(renderPrompt(model.template, header.messages), tokenizer);
  const used = prompt.pieces.flatMap((piece) => ("image" in piece ? [piece.image] : []));
  if (used.some((index) => index >= counts.length) || counts.some((_, index) => !used.includes(index))) {
    return mismatch("The messages and the images of the frame do not belong together.");
  }
  const allImageTokens = used.reduce((sum, index) => sum + (counts[index] ?? 0), 0);
  const room = model.contextLength - allImageTokens - prompt.textTokens;
  if (room < 1) {
    const message = `The prompt has ${allImageTokens + prompt.textTokens} tokens; with the answer at most ${model.contextLength} fit.`;
    return fail({ code: "context_length_exceeded", message });
  }

  const { maxTokens, stop, ...sampling } = header.sampling;
  return ok({
    header,
    imageTokens: allImageTokens,
    textTokens: prompt.textTokens,
    stop: [...model.stop, ...stop],
    request: {
      id: `${header.job}/${header.attempt}`,
      namespace: header.namespace,
      prompt: prompt.pieces,
      images: header.images.map((image, index) => ({
        frame: image,
        pixels: frame.pixels[index] ?? new Uint8Array(),
      })),
      sampling: { ...sampling, maxTokens: Math.min(maxTokens, room) },
      endIds: model.stop.flatMap((name) => tokenizer.control(name) ?? []),
    },
  });
}

/** The value of a JSON text, or undefined. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** What is wrong with an image of a frame, or undefined. */
function checkImage(image: FrameImage, pixels: Uint8Array, model: Model): string | undefined {
  const { width, height, grid, resized } = image;
  if (!grid || !resized) {
    if (grid || resized) return "grid and resized must be given together.";
    if (!model.lowDetail) return "the model takes no base view alone.";
  } else {
    const plan = planTiles(width, height, model.geometry);
    if (!samePair(grid, plan.grid)) {
      return `${width}×${height} lies on ${plan.grid.join("×")}, not ${grid.join("×")}.`;
    }
    if (!samePair(resized, plan.resized)) {
      return `${width}×${height} becomes ${plan.resized.join("×")}, not ${resized.join("×")}.`;
    }
  }
  const expected = frameImageBytes(image, model.geometry.tile);
  if (pixels.length !== expected) return `${pixels.length} bytes of pixels, not ${expected}.`;
  // Pixels that the worker keeps were compared when they came.
  if (!image.kept && createHash("sha256").update(pixels).digest("hex") !== image.sha256) {
    return "the pixels do not have the declared SHA-256.";
  }
  return undefined;
}

function samePair(a: readonly [number, number], b: readonly [number, number]): boolean {
  return a[0] === b[0] && a[1] === b[1];
}

function mismatch(message: string) {
  return fail({ code: "frame_mismatch", message } as const);
}
