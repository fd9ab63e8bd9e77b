import { ok, type Result } from "../core/result.ts";
import type { ImageRefusal } from "../core/vision.ts";
import { refuseBeyond } from "./refusal.ts";

/** How an image may come to the vision Worker. */
export type ImageBody = ReadableStream<Uint8Array> | ArrayBuffer | Uint8Array;

/** All bytes of a body; a stream is left as soon as it is longer than `limit`. */
export async function readBody(body: ImageBody, limit: number): Promise<Result<Uint8Array, ImageRefusal>> {
  if (body instanceof Uint8Array) return ok(body);
  if (body instanceof ArrayBuffer) return ok(new Uint8Array(body));
  const parts: Uint8Array[] = [];
  let size = 0;
  // Leaving the loop cancels the stream.
  for await (const part of body) {
    size += part.length;
    if (size > limit) {
      return refuseBeyond(
        "image_too_many_bytes",
        `The image has more than ${limit} bytes, which is the limit.`,
        limit,
        size,
      );
    }
    parts.push(part);
  }
  const bytes = new Uint8Array(size);
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return ok(bytes);
}
