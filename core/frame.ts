/**
 * The job frame: what the edge sends to a GPU worker. One binary body:
 *
 *   bytes 0–3   magic "TSRA"
 *   bytes 4–5   version, unsigned 16-bit little-endian
 *   bytes 6–9   length of the header in bytes, unsigned 32-bit little-endian
 *   header      JSON in UTF-8, `frameHeader` below
 *   pixels      for each image in order: the base view, then the grid view without padding; 8-bit RGB, row-major;
 *               nothing for an image that the worker keeps from an earlier frame
 *
 * The worker pads and cuts: the frame stays small and exact. The signature covers all up to the pixels, and the header
 * names the SHA-256 of those, which the worker compares: no byte is hashed twice on either side.
 */
import { z } from "zod";
import { MOST_SCHEMA_CHARACTERS } from "./json-schema.ts";
import { MOST_TOP_LOGPROBS } from "./logprobs.ts";
import { fail, ok, type Result } from "./result.ts";
import { MAX_CLAIM_CHARACTERS } from "./settle.ts";

export const FRAME_VERSION = 3;
export const FRAME_CONTENT_TYPE = "application/vnd.tessera.frame";
/** Where a worker takes frames. */
export const FRAME_PATH = "/generate";

const MAGIC = new TextEncoder().encode("TSRA");
const PREAMBLE_BYTES = 10;
const MAX_HEADER_BYTES = 1 << 20;

const pixels = z.int().min(1).max(65_535);
const hex = (characters: number) => z.string().regex(new RegExp(`^[0-9a-f]{${characters}}$`));

const frameImage = z.strictObject({
  /** Size of the image in pixels, after orientation. */
  width: pixels,
  height: pixels,
  /** Canvas and grid view as [width, height] in pixels; null when the base view is sent alone (`detail: "low"`). */
  grid: z.tuple([pixels, pixels]).nullable(),
  resized: z.tuple([pixels, pixels]).nullable(),
  /** SHA-256 of this image's bytes in the frame. */
  sha256: hex(64),
  /**
   * The pixels are left out: the worker keeps them from an earlier frame of the same namespace, under their SHA-256.
   */
  kept: z.literal(true).optional(),
});
export type FrameImage = z.infer<typeof frameImage>;

export const frameMessage = z.strictObject({
  role: z.enum(["system", "user", "assistant"]),
  parts: z.array(z.union([z.strictObject({ text: z.string() }), z.strictObject({ image: z.int().min(0) })])),
});

export const sampling = z.strictObject({
  maxTokens: z.int().min(1),
  /** 0 is greedy. */
  temperature: z.number().min(0).max(2),
  topP: z.number().gt(0).max(1),
  seed: z.int().nullable(),
  /** The caller's stop strings, beside the model's own. */
  stop: z.array(z.string().min(1)).max(4),
  /** With how many alternatives each token's logarithm of probability is told; absent to tell none. */
  topLogprobs: z.int().min(0).max(MOST_TOP_LOGPROBS).optional(),
  /** The JSON Schema that the answer follows, as JSON; absent for free text. */
  jsonSchema: z.string().max(MOST_SCHEMA_CHARACTERS).optional(),
});
export type Sampling = z.infer<typeof sampling>;

const frameHeader = z.strictObject({
  job: z.string().min(1).max(128),
  /** Counts from 1; a later attempt supersedes an earlier one. */
  attempt: z.int().min(1),
  lease: z.string().min(1).max(128),
  /** The one worker process that may run this frame. */
  audience: z.strictObject({ worker: z.string().min(1).max(128), boot: z.string().min(1).max(128) }),
  /** HMAC of the account: keeps engines' caches apart between customers. */
  namespace: hex(64),
  model: z.string().min(1).max(128),
  revision: z.string().min(1).max(256),
  messages: z.array(frameMessage).min(1),
  sampling,
  images: z.array(frameImage).max(16),
  /** W3C traceparent, or null. */
  trace: z.string().max(128).nullable(),
  /** Unix milliseconds after which the answer is worth nothing. */
  deadline: z.int(),
  /** Sent back with a settle report if the stream is cut (`core/settle.ts`); null when nobody needs one. */
  claim: z.string().max(MAX_CLAIM_CHARACTERS).nullable(),
});
export type FrameHeader = z.infer<typeof frameHeader>;

export interface Frame {
  readonly header: FrameHeader;
  /** One array per image: base view, then grid view; empty for one that the worker keeps. */
  readonly pixels: readonly Uint8Array[];
}

export interface FrameError {
  readonly code: "frame_malformed" | "frame_version_unsupported";
  readonly message: string;
}

/** Bytes of one image's pixels for a model's tile side in pixels. */
export function frameImageBytes(image: Pick<FrameImage, "resized">, tile: number): number {
  const [width, height] = image.resized ?? [0, 0];
  return 3 * (tile * tile + width * height);
}

/** A frame as the bytes of a request body. */
export function encodeFrame(frame: Frame): Uint8Array<ArrayBuffer> {
  const header = new TextEncoder().encode(JSON.stringify(frame.header));
  const size = frame.pixels.reduce((sum, bytes) => sum + bytes.length, PREAMBLE_BYTES + header.length);
  const body = new Uint8Array(size);
  const view = new DataView(body.buffer);
  body.set(MAGIC);
  view.setUint16(4, FRAME_VERSION, true);
  view.setUint32(6, header.length, true);
  body.set(header, PREAMBLE_BYTES);
  let at = PREAMBLE_BYTES + header.length;
  for (const bytes of frame.pixels) {
    body.set(bytes, at);
    at += bytes.length;
  }
  return body;
}

/**
 * What the signature of a frame covers: preamble and header. Of a body that is no frame, all of it, so that only the
 * secret's holder is told what is wrong with it.
 */
export function signedPart(body: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  if (body.length < PREAMBLE_BYTES) return body;
  const header = new DataView(body.buffer, body.byteOffset).getUint32(6, true);
  return body.subarray(0, PREAMBLE_BYTES + header);
}

/**
 * The frame in a request body. Pixels are views into `body`, cut by the sizes that the header declares; whether those
 * sizes are right for the model is the worker's own check.
 */
export function decodeFrame(
  body: Uint8Array,
  tileOf: (model: string) => number | undefined,
): Result<Frame, FrameError> {
  const malformed = (message: string) => fail({ code: "frame_malformed", message } as const);
  if (body.length < PREAMBLE_BYTES || MAGIC.some((byte, index) => body[index] !== byte)) {
    return malformed("The body is not a job frame.");
  }
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength);
  const version = view.getUint16(4, true);
  if (version !== FRAME_VERSION) {
    return fail({
      code: "frame_version_unsupported",
      message: `The frame's version is ${version}; this worker reads ${FRAME_VERSION}.`,
    });
  }
  const headerBytes = view.getUint32(6, true);
  if (headerBytes > MAX_HEADER_BYTES || PREAMBLE_BYTES + headerBytes > body.length) {
    return malformed("The frame's header is longer than the frame.");
  }
  const header = parseHeader(body.subarray(PREAMBLE_BYTES, PREAMBLE_BYTES + headerBytes));
  if (!header) return malformed("The frame's header does not follow its schema.");
  const tile = tileOf(header.model);
  if (tile === undefined) return malformed("The frame names a model that this worker does not serve.");

  const images: Uint8Array[] = [];
  let at = PREAMBLE_BYTES + headerBytes;
  for (const image of header.images) {
    const size = image.kept ? 0 : frameImageBytes(image, tile);
    images.push(body.subarray(at, at + size));
    at += size;
  }
  if (at !== body.length) return malformed("The frame's pixels are not as many as its header declares.");
  return ok({ header, pixels: images });
}

function parseHeader(bytes: Uint8Array): FrameHeader | undefined {
  try {
    const json: unknown = JSON.parse(
      new TextDecoder("utf-8", { fatal: true, ignoreBOM: false }).decode(bytes),
    );
    return frameHeader.safeParse(json).data;
  } catch {
    return undefined;
  }
}
