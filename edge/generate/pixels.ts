/** A question's images on their way into job frames. */
import type { FrameImage } from "../../core/frame.ts";
import type { Model } from "../../core/models.ts";
import { toHex } from "../../core/signature.ts";
import type { Env } from "../env.ts";
import { ApiError } from "../errors.ts";
import { forgetImage, recentlySent, rememberSent } from "../images/recent.ts";
import type { ResolvedImage } from "../images/resolve.ts";

/** An image as the job frame carries it. */
export interface FramePixels {
  readonly image: FrameImage;
  /** Empty for an image that the worker keeps. */
  readonly bytes: Uint8Array<ArrayBuffer>;
}

const NO_BYTES = new Uint8Array(0);

/** Decoded when a worker needs its pixels, and at most once. */
export class OutgoingImage {
  readonly #env: Env;
  readonly #model: Model;
  readonly #resolved: ResolvedImage;
  readonly #signal: AbortSignal;
  readonly #name: { readonly account: string; readonly digest: ResolvedImage["digest"] };
  readonly #form: string;
  #whole: FramePixels | undefined;

  /** The signal is aborted when nobody waits for the image any more. */
  constructor(env: Env, account: string, model: Model, resolved: ResolvedImage, signal: AbortSignal) {
    this.#env = env;
    this.#model = model;
    this.#resolved = resolved;
    this.#signal = signal;
    this.#name = { account, digest: resolved.digest };
    this.#form = `${model.id} ${resolved.lowDetail ? "low" : "high"}`;
  }

  /**
   * Decodes it unless some worker keeps it. Throws when it turns out to be unreadable, and when the signal is aborted.
   */
  async prepare(): Promise<void> {
    if (!recentlySent(this.#name, this.#form, Date.now())) await this.whole();
  }

  /** With its pixels. Throws as `prepare` does. */
  async whole(): Promise<FramePixels> {
    this.#whole ??= await decode(this.#env, this.#model, this.#resolved, this.#signal);
    return this.#whole;
  }

  /** For one worker process: without its pixels where they are kept. */
  async forWorker(boot: string): Promise<FramePixels> {
    const sent = recentlySent(this.#name, this.#form, Date.now());
    return sent?.boots.includes(boot)
      ? { image: { ...sent.image, kept: true }, bytes: NO_BYTES }
      : this.whole();
  }

  /** Notes that a worker process has taken it as it was sent. */
  taken({ kept, ...image }: FrameImage, boot: string): void {
    if (!kept) rememberSent(this.#name, this.#form, { image, boot }, Date.now());
  }

  /** Notes that a worker process does not keep it. */
  forget(): void {
    forgetImage(this.#name);
  }
}

/** Decodes an image and resizes it for a model, in the vision Worker. */
async function decode(
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
