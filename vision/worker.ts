/// <reference path="./wasm.d.ts" />
/** The image pipeline as a Worker of its own: a large decode can't take the edge's memory. Reached by service binding. */
import { WorkerEntrypoint } from "cloudflare:workers";
import webp from "@jsquash/webp/codec/dec/webp_dec.wasm";
import type { Result } from "../core/result.ts";
import type {
  ImageProbe,
  ImageRefusal,
  PreparedImage,
  PrepareRequest,
  VisionService,
} from "../core/vision.ts";
import { type ImageBody, readBody } from "./body.ts";
import { DEFAULT_LIMITS } from "./limits.ts";
import pixels from "./pixels.wasm";
import { openVision } from "./vision.ts";

const vision = openVision({ pixels, webp, wait: (milliseconds) => scheduler.wait(milliseconds) });

export default class VisionWorker extends WorkerEntrypoint implements VisionService {
  /** What the header says; nothing is decoded. */
  async probe(body: ImageBody): Promise<Result<ImageProbe, ImageRefusal>> {
    const bytes = await readBody(body, DEFAULT_LIMITS.bytes);
    return bytes.ok ? vision.probe(bytes.value) : bytes;
  }

  /** Decodes, orients and resizes for a model's geometry. */
  async prepare(
    body: ImageBody,
    { geometry, policy, untilLeft }: PrepareRequest,
  ): Promise<Result<PreparedImage, ImageRefusal>> {
    const bytes = await readBody(body, DEFAULT_LIMITS.bytes);
    return bytes.ok
      ? vision.prepare(bytes.value, geometry, policy, { signal: untilLeft && signalOf(untilLeft) })
      : bytes;
  }
}

/** Aborted when the caller says that nobody waits, and when the caller is gone itself. */
function signalOf(untilLeft: () => Promise<void>): AbortSignal {
  const controller = new AbortController();
  const leave = () => controller.abort();
  untilLeft().then(leave, leave);
  return controller.signal;
}
