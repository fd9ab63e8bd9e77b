/** One image: from an opened file to a model's views. */
import { planTiles } from "../core/anyres.ts";
import type { Geometry } from "../core/models.ts";
import { ok, type Result } from "../core/result.ts";
import { type ImagePolicy, type ImageRefusal, orientedSize, type PreparedImage } from "../core/vision.ts";
import type { Engine } from "./engine.ts";
import type { ImageFile } from "./file.ts";
import type { Decoding } from "./formats/decoding.ts";
import { decodeGif } from "./formats/gif.ts";
import { decodeJpeg } from "./formats/jpeg.ts";
import { decodePng } from "./formats/png.ts";
import { decodeKeyFrame, decodeWebp } from "./formats/webp.ts";
import type { ImageLimits } from "./limits.ts";
import { refuse } from "./refusal.ts";
import { copyBase, copyGrid } from "./views.ts";
import type { Libwebp } from "./webp-decoder.ts";

export interface Preparation {
  readonly geometry: Geometry;
  readonly policy: ImagePolicy;
  readonly limits: ImageLimits;
  readonly pause: () => Promise<unknown>;
}

/**
 * Prepares one image. An image that outgrows the module's memory is refused: extreme ratios that are to be turned
 * hold hundreds of long rows.
 */
export async function prepareFile(
  engine: Engine,
  libwebp: Libwebp,
  bytes: Uint8Array,
  file: ImageFile,
  preparation: Preparation,
): Promise<Result<PreparedImage, ImageRefusal>> {
  try {
    return await prepareInMemory(engine, libwebp, bytes, file, preparation);
  } catch (error) {
    if (engine.isFull() === 0) throw error;
    const { width, height } = file.header;
    return refuse(
      "image_too_many_pixels",
      `An image of ${width}×${height} pixels in this form needs too much memory. Send it smaller, or upright.`,
    );
  }
}

async function prepareInMemory(
  engine: Engine,
  libwebp: Libwebp,
  bytes: Uint8Array,
  file: ImageFile,
  { geometry, policy, limits, pause }: Preparation,
): Promise<Result<PreparedImage, ImageRefusal>> {
  const { header } = file;
  const { width, height, orientation } = uprightSize(file, policy);
  const { grid, resized } = planTiles(width, height, geometry);
  engine.resetImage();
  engine.beginImage(header.width, header.height, ...resized, geometry.tile, orientation);
  const decoding = startDecoding(engine, bytes, file, policy === "default", limits, libwebp);
  const decoded = await finish(decoding, pause);
  if (!decoded.ok) return decoded;
  const base = copyBase(engine, geometry.tile, orientation);
  const view = copyGrid(engine, resized, orientation);
  return ok({ width, height, grid, resized, base, view });
}

/** Size in pixels as a viewer sees it, and the EXIF orientation to apply; none under the reference policy. */
function uprightSize({ header }: ImageFile, policy: ImagePolicy) {
  const orientation = policy === "default" ? header.orientation : 1;
  const [width, height] = orientedSize({ ...header, orientation });
  return { width, height, orientation };
}

/** Runs a decoding to its end, with pauses. */
async function finish(
  decoding: Decoding,
  pause: () => Promise<unknown>,
): Promise<Result<undefined, ImageRefusal>> {
  for (;;) {
    const step = decoding.next();
    if (step.done) return step.value;
    await pause();
  }
}

function startDecoding(
  engine: Engine,
  bytes: Uint8Array,
  file: ImageFile,
  onWhite: boolean,
  { bands }: ImageLimits,
  { decodeStill }: Libwebp,
): Decoding {
  switch (file.format) {
    case "jpeg":
      return decodeJpeg(engine, bytes, file.header, bands);
    case "png":
      return decodePng(engine, file.header, onWhite);
    case "gif":
      return decodeGif(engine, bytes, file.header, onWhite);
    case "webp": {
      const { keyFrame } = file.header;
      return keyFrame
        ? decodeKeyFrame(engine, file.header, keyFrame)
        : decodeWebp(engine, file.header, onWhite, decodeStill);
    }
  }
}
