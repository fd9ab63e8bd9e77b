/**
 * The one door of the image pipeline: from a file's bytes to a model's views. It runs alike in workerd and in Node;
 * `worker.ts` and `node.ts` open it with the modules of their platform.
 */
import { planTiles } from "../core/anyres.ts";
import type { Geometry } from "../core/models.ts";
import { ok, type Result } from "../core/result.ts";
import type { ImagePolicy, ImageProbe, ImageRefusal, PreparedImage } from "../core/vision.ts";
import { type Engine, inflate, startEngine } from "./engine.ts";
import { describe, type ImageFile, openFile } from "./file.ts";
import type { Decoding } from "./formats/decoding.ts";
import { decodeGif } from "./formats/gif.ts";
import { decodeJpeg } from "./formats/jpeg.ts";
import { decodePng } from "./formats/png.ts";
import { decodeWebp } from "./formats/webp.ts";
import { DEFAULT_LIMITS, type ImageLimits } from "./limits.ts";
import { Line } from "./line.ts";
import { copyBase, copyGrid } from "./views.ts";
import { startWebp } from "./webp-decoder.ts";

export interface VisionModules {
  /** `vision/pixels.wasm`. */
  readonly pixels: WebAssembly.Module;
  /** `@jsquash/webp/codec/dec/webp_dec.wasm`. */
  readonly webp: WebAssembly.Module;
  /** Lets other work of the isolate run; called every few milliseconds of decoding. */
  readonly pause: () => Promise<unknown>;
}

export interface Vision {
  /**
   * Decodes, orients and resizes a picture. Refusals are values; limits are checked before anything is decoded.
   * `onHeap` hears the Wasm heap's size in bytes when the picture is done.
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
  readonly onHeap?: (bytes: number) => void;
}

/** An instance whose heap has grown beyond this is dropped, since Wasm memory never shrinks. */
const KEPT_HEAP_BYTES = 8 << 20;
/** Pictures of more pixels than this are decoded one at a time. */
const LARGE_PIXELS = 2_000_000;

export function openVision({ pixels, webp, pause }: VisionModules): Vision {
  const idle: Engine[] = [];
  const large = new Line();

  const withEngine = async <Value>(use: (engine: Engine) => Value | Promise<Value>): Promise<Value> => {
    const engine = idle.pop() ?? startEngine(pixels);
    const value = await use(engine);
    if (engine.memory.buffer.byteLength <= KEPT_HEAP_BYTES) idle.push(engine);
    return value;
  };
  const open = (engine: Engine, bytes: Uint8Array, limits: ImageLimits) =>
    openFile(bytes, limits, (compressed, limit) => inflate(engine, compressed, limit));

  return {
    probe(bytes, limits = DEFAULT_LIMITS) {
      const engine = idle.pop() ?? startEngine(pixels);
      const file = open(engine, bytes, limits);
      idle.push(engine);
      return file.ok ? ok(describe(file.value)) : file;
    },

    async prepare(bytes, geometry, policy, { limits = DEFAULT_LIMITS, onHeap } = {}) {
      const prepareWith = async (engine: Engine): Promise<Result<PreparedImage, ImageRefusal>> => {
        const file = open(engine, bytes, limits);
        if (!file.ok) return file;
        const run = async () => {
          const image = await decode(engine, bytes, file.value, geometry, policy, { webp, pause });
          onHeap?.(engine.memory.buffer.byteLength);
          return image;
        };
        const { width, height } = file.value.header;
        return width * height > LARGE_PIXELS ? large.whenFree(run) : run();
      };
      return withEngine(prepareWith);
    },
  };
}

async function decode(
  engine: Engine,
  bytes: Uint8Array,
  file: ImageFile,
  geometry: Geometry,
  policy: ImagePolicy,
  { webp, pause }: Pick<VisionModules, "webp" | "pause">,
): Promise<Result<PreparedImage, ImageRefusal>> {
  const { header } = file;
  const orientation = policy === "default" ? header.orientation : 1;
  const turned = orientation >= 5;
  const width = turned ? header.height : header.width;
  const height = turned ? header.width : header.height;
  const { grid, resized } = planTiles(width, height, geometry);
  const { tile } = geometry;

  engine.resetPicture();
  engine.beginPicture(header.width, header.height, ...resized, tile, orientation);
  const decoding = await startDecoding(engine, bytes, file, policy === "default", webp);
  for (;;) {
    const step = decoding.next();
    if (!step.done) {
      await pause();
      continue;
    }
    if (!step.value.ok) return step.value;
    const base = copyBase(engine, tile, orientation);
    const view = copyGrid(engine, resized, orientation);
    return ok({ width, height, grid, resized, base, view });
  }
}

async function startDecoding(
  engine: Engine,
  bytes: Uint8Array,
  file: ImageFile,
  onWhite: boolean,
  webp: WebAssembly.Module,
): Promise<Decoding> {
  switch (file.format) {
    case "jpeg":
      return decodeJpeg(engine, bytes, file.header);
    case "png":
      return decodePng(engine, file.header, onWhite);
    case "gif":
      return decodeGif(engine, bytes, file.header, onWhite);
    case "webp":
      return decodeWebp(engine, file.header, onWhite, await startWebp(webp));
  }
}
