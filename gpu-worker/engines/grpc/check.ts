/**
 * Whether an engine that answers is the one that the worker needs: its model, its counts of image tokens, its aborts.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { imageTokens } from "../../../core/image-tokens.ts";
import type { Model } from "../../../core/models.ts";
import { fail, ok, type Result } from "../../../core/result.ts";
import type { EngineClient } from "./client.ts";
import { IMAGE } from "./request.ts";

/**
 * Two black images that fit into one tile: all grids of two tiles tie, so the order of the pinpoints decides. An engine
 * with another order, another patch or other pinpoints counts other tokens for one of them.
 */
export const KNOWN_IMAGES = [
  {
    width: 200,
    height: 300,
    url: "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAMgAAAEsAQAAAACugcETAAAAHklEQVR42u3BMQEAAADCoPVPbQdvoAAAAAAAAADgNx54AAG94zQeAAAAAElFTkSuQmCC",
  },
  {
    width: 300,
    height: 200,
    url: "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAASwAAADIAQAAAAB6pOH4AAAAHklEQVR42u3BMQEAAADCoPVPbQdvoAAAAAAAAADgNx54AAG94zQeAAAAAElFTkSuQmCC",
  },
] as const;

const ABORTED_TOKENS = 512;
const ABORT_MS = 30_000;

/**
 * Refuses an engine of another model or geometry, then aborts one generation: the first abort of an engine is slow.
 * Gives the number of ids that the engine can sample: its rows of logits, padding included.
 */
export async function checkEngine(client: EngineClient, model: Model): Promise<Result<number, string>> {
  const { vocabSize } = await client.getModelInfo({});
  if (vocabSize <= model.imageToken) {
    return fail(`the engine knows ${vocabSize} ids; ${model.id} marks images with ${model.imageToken}`);
  }
  for (const { width, height, url } of KNOWN_IMAGES) {
    const expected = imageTokens(width, height, model.geometry).total;
    const counted = await engineImageTokens(client, model, url);
    if (counted !== expected) {
      const counts = `${counted} tokens for an image of ${width}×${height}, and ${model.id} has ${expected}`;
      const reasons = "it serves another model, or reads the pinpoints in another order";
      return fail(`the engine counts ${counts}: ${reasons}`);
    }
  }
  const aborted = await abortOne(client, model);
  return aborted.ok ? ok(vocabSize) : aborted;
}

/** The tokens that the engine, given the whole image, computes by itself. */
export async function engineImageTokens(client: EngineClient, model: Model, url: string): Promise<number> {
  const replies = client.generate({
    requestId: `known-image-${crypto.randomUUID()}`,
    stream: true,
    tokenized: { inputIds: [model.imageToken] },
    samplingParams: { temperature: 0, maxTokens: 1, ignoreEos: true },
    mediaRefs: { items: [{ modality: IMAGE, url }] },
  });
  let counted = 0;
  for await (const { response } of replies) if (response.case) counted = response.value.promptTokens;
  return counted;
}

async function abortOne(client: EngineClient, { imageToken }: Model): Promise<Result<void, string>> {
  const requestId = `abort-${crypto.randomUUID()}`;
  const replies = client.generate({
    requestId,
    stream: true,
    tokenized: { inputIds: [imageToken === 0 ? 1 : 0] },
    samplingParams: { temperature: 0, maxTokens: ABORTED_TOKENS, ignoreEos: true },
  });
  let asked = false;
  for await (const _ of replies) {
    if (!asked) await client.abort({ requestIds: [requestId] });
    asked = true;
  }
  const end = Date.now() + ABORT_MS;
  while (Date.now() < end) {
    const { loads } = await client.getLoads({});
    if (loads.every(({ numRunningReqs }) => numRunningReqs === 0)) return ok(undefined);
    await sleep(100);
  }
  return fail("the engine does not free what is aborted");
}
