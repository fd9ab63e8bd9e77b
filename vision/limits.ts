/**
 * What the pipeline takes, checked before anything is decoded. An isolate has 128 MB for all its requests; docs/images.md
 * shows how each figure follows from what decoding holds.
 */
export interface ImageLimits {
  readonly bytes: number;
  /** Width × height of formats whose rows are decoded one after another. */
  readonly pixels: {
    readonly jpeg: number;
    readonly png: number;
    readonly gif: number;
    readonly webp: number;
  };
  /** Width × height of an interlaced PNG, which has to be held whole. */
  readonly interlacedPixels: number;
  /** Width × height of a WebP that is lossless, has alpha or a smaller first frame: libwebp holds it whole, twice. */
  readonly libwebpPixels: number;
  /**
   * A JPEG of several scans gathers coefficients: of bands of at most so many bytes, in a heap of at most so many, by
   * reading all scans again for each of at most so many bands.
   */
  readonly bands: { readonly bytes: number; readonly heapBytes: number; readonly count: number };
  /** Frames of an animation; only the first is decoded, but all are counted. */
  readonly frames: number;
}

const MEGA = 1_000_000;

export const DEFAULT_LIMITS: ImageLimits = {
  bytes: 24 * 1024 * 1024,
  pixels: { jpeg: 100 * MEGA, png: 100 * MEGA, gif: 25 * MEGA, webp: 100 * MEGA },
  interlacedPixels: 16 * MEGA,
  libwebpPixels: 8 * MEGA,
  bands: { bytes: 38 * MEGA, heapBytes: 68 * MEGA, count: 24 },
  frames: 10_000,
};

/** The longest side that any of the formats is taken with; JPEG and GIF can say no more. */
export const MAX_SIDE = 65_535;
