/** The contract between the vision Worker and everyone who asks it for tiles. */

import type { Geometry } from "./models.ts";
import type { Result } from "./result.ts";

/** Changes whenever any image's pixels would; part of every cache key. */
export const VISION_VERSION = "1";

/** `default`: EXIF orientation applied, alpha composited on white. `reference`: neither, as the authors' code does. */
export type ImagePolicy = "default" | "reference";

/** What an image's header says; nothing is decoded. Sizes in pixels, as stored (before orientation). */
export interface ImageProbe {
  readonly format: "jpeg" | "png" | "webp" | "gif";
  readonly width: number;
  readonly height: number;
  /** EXIF orientation, 1 to 8; 1 when the file has none. */
  readonly orientation: number;
  readonly frames: number;
  readonly hasAlpha: boolean;
}

/** An image's [width, height] as it is seen: EXIF orientations 5 to 8 turn it by a quarter. */
export function orientedSize({
  width,
  height,
  orientation,
}: Pick<ImageProbe, "width" | "height" | "orientation">): [number, number] {
  return orientation >= 5 ? [height, width] : [width, height];
}

/** An image ready for a model: 8-bit RGB, row-major, three bytes a pixel. */
export interface PreparedImage {
  /** Size of the image in pixels, after orientation. */
  readonly width: number;
  readonly height: number;
  /** The chosen canvas as [width, height] in pixels. */
  readonly grid: readonly [number, number];
  /** Size of the grid view in pixels, without padding. */
  readonly resized: readonly [number, number];
  /** The base view: the whole image squashed to tile × tile. */
  readonly base: Uint8Array;
  /** The grid view, `resized[0] * resized[1] * 3` bytes. */
  readonly view: Uint8Array;
}

/** Why an image is refused; every code is stable and listed in docs/errors.md. */
export interface ImageRefusal {
  readonly code:
    | "image_empty"
    | "image_format_unsupported"
    | "image_too_many_bytes"
    | "image_too_many_pixels"
    | "image_dimensions_invalid"
    | "image_truncated"
    | "image_corrupt"
    | "image_feature_unsupported";
  /** For people: what is wrong, with the limit and the measured value where there is one. */
  readonly message: string;
  readonly limit?: number;
  readonly value?: number;
}

export interface PrepareRequest {
  readonly geometry: Geometry;
  readonly policy: ImagePolicy;
  /** Settles when nobody waits for the image any more: decoding stops. A function, since signals can't be sent. */
  readonly untilLeft?: () => Promise<void>;
}

/** The vision Worker's door. */
export interface VisionService {
  /** What the header says; nothing is decoded. */
  probe(bytes: Uint8Array): Promise<Result<ImageProbe, ImageRefusal>>;
  /** Decodes, orients and resizes for a model's geometry. */
  prepare(bytes: Uint8Array, request: PrepareRequest): Promise<Result<PreparedImage, ImageRefusal>>;
}
