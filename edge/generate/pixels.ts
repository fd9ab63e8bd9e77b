import type { FrameImage } from "../../core/frame.ts";
import type { Model } from "../../core/models.ts";
import { toHex } from "../../core/signature.ts";
import type { Env } from "../env.ts";
import { ApiError } from "../errors.ts";
import type { ResolvedImage } from "../images/resolve.ts";

/** An image as the job frame carries it. */
export interface FramePixels {
  readonly image: FrameImage;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/**
 * Decodes an image and resizes it for a model, in the vision Worker. Throws when it turns out to be unreadable, and when
 * the signal is aborted.
 */
export async function preparePixels(
  env: Env,
  model: Model,
  resolved: ResolvedImage,
  signal: AbortSignal,
): Promise<FramePixels> {
  const prepared = await env.VISION.prepare(resolved.bytes, {
    geometry: model.geometry,
    policy: "default",
    untilLeft: () => untilAborted(signal),
  });
  if (!prepared.ok) {
    throw new ApiError(prepared.error.code, prepared.error.message, { param: resolved.param });
  }
  const { width, height, grid, resized, base, view } = prepared.value;
  const bytes = new Uint8Array(base.length + (resolved.lowDetail ? 0 : view.length));
  bytes.set(base);
  if (!resolved.lowDetail) bytes.set(view, base.length);
  const sha256 = toHex(new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)));
  const shape = resolved.lowDetail
    ? { grid: null, resized: null }
    : {
        grid: [grid[0], grid[1]] satisfies [number, number],
        resized: [resized[0], resized[1]] satisfies [number, number],
      };
  return { image: { width, height, ...shape, sha256 }, bytes };
}

function untilAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
