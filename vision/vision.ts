/**
 * The one door of the image pipeline: from a file's bytes to a model's views. It runs alike in workerd and in Node;
 * `worker.ts` and `node.ts` open it with the modules of their platform.
 */
import type { Geometry } from "../core/models.ts";
import { ok, type Result } from "../core/result.ts";
import type { ImagePolicy, ImageProbe, ImageRefusal, PreparedImage } from "../core/vision.ts";
import { type Engine, inflate, startEngine } from "./engine.ts";
import { describe, openFile } from "./file.ts";
import { DEFAULT_LIMITS, type ImageLimits } from "./limits.ts";
import { Line } from "./line.ts";
import { prepareFile } from "./prepare.ts";
import { NO_LIBWEBP, startWebp } from "./webp-decoder.ts";

export interface VisionModules {
  /** `vision/pixels.wasm`. */
  readonly pixels: WebAssembly.Module;
  /** `@jsquash/webp/codec/dec/webp_dec.wasm`. */
  readonly webp: WebAssembly.Module;
  /** Lets other work of the isolate run for so many milliseconds; 0 every few milliseconds of decoding. */
  readonly wait: (milliseconds: number) => Promise<unknown>;
}

export interface Vision {
  /**
   * Decodes, orients and resizes an image. Refusals are values; limits are checked before anything is decoded. Throws
   * the signal's reason when it is aborted, and holds no memory of the image then.
   */
  prepare(
    bytes: Uint8Array,
    geometry: Geometry,
    policy: ImagePolicy,
    options?: PrepareOptions,
  ): Promise<Result<PreparedImage, ImageRefusal>>;
  /** What the header says; nothing is decoded. */
  probe(bytes: Uint8Array, limits?: ImageLimits): Result<ImageProbe, ImageRefusal>;
}

export interface PrepareOptions {
  readonly limits?: ImageLimits;
  /** Aborted when nobody waits for the image any more. */
  readonly signal?: AbortSignal | undefined;
  /** Hears the Wasm heap's size in bytes when the image is done. */
  readonly onHeap?: (bytes: number) => void;
}

/** Instances that wait for the next image; one whose heap has grown is dropped, since Wasm memory never shrinks. */
const KEPT_ENGINES = 2;
const KEPT_HEAP_BYTES = 8 << 20;
/** Images of more pixels than this are decoded one at a time. */
const LARGE_PIXELS = 2_000_000;

export function openVision({ pixels, webp, wait }: VisionModules): Vision {
  const idle: Engine[] = [];
  const large = new Line(wait);
  const take = () => idle.pop() ?? startEngine(pixels);
  const giveBack = (engine: Engine) => {
    const isSmall = engine.memory.buffer.byteLength <= KEPT_HEAP_BYTES;
    if (isSmall && idle.length < KEPT_ENGINES) idle.push(engine);
  };

  const open = (bytes: Uint8Array, limits: ImageLimits) => {
    const engine = take();
    const file = openFile(bytes, limits, (compressed, limit) => inflate(engine, compressed, limit));
    giveBack(engine);
    return file;
  };

  return {
    probe(bytes, limits = DEFAULT_LIMITS) {
      const file = open(bytes, limits);
      return file.ok ? ok(describe(file.value)) : file;
    },

    async prepare(bytes, geometry, policy, { limits = DEFAULT_LIMITS, signal, onHeap = () => {} } = {}) {
      const file = open(bytes, limits);
      if (!file.ok) return file;
      const run = async (move = () => {}) => {
        const pause = async () => {
          move();
          await wait(0);
          signal?.throwIfAborted();
        };
        const engine = take();
        const libwebp =
          file.value.format === "webp" && !file.value.header.keyFrame ? await startWebp(webp) : NO_LIBWEBP;
        const prepared = await prepareFile(engine, libwebp, bytes, file.value, {
          geometry,
          policy,
          limits,
          pause,
        });
        onHeap(engine.memory.buffer.byteLength + libwebp.heapBytes());
        giveBack(engine);
        return prepared;
      };
      const { width, height } = file.value.header;
      return width * height > LARGE_PIXELS ? large.whenFree(run, signal) : run();
    },
  };
}
