import type { IncomingMessage } from "node:http";
import type { Refusal } from "../core/refusal.ts";
import { fail, ok, type Result } from "../core/result.ts";

/** A request's body of at most `limit` bytes. */
export async function readBody(
  request: IncomingMessage,
  limit: number,
): Promise<Result<Uint8Array<ArrayBuffer>, Refusal>> {
  const tooLarge = fail({
    code: "body_too_large",
    message: `The body has more than ${limit} bytes.`,
  } as const);
  if (Number(request.headers["content-length"] ?? 0) > limit) return tooLarge;
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    // Ending the iteration early must leave the connection open for the answer.
    for await (const chunk of request.iterator({ destroyOnReturn: false })) {
      if (!Buffer.isBuffer(chunk)) throw new Error("The request has an encoding.");
      size += chunk.length;
      if (size > limit) return tooLarge;
      chunks.push(chunk);
    }
  } catch {
    return fail({ code: "frame_malformed", message: "The body ended early." });
  }
  const body = new Uint8Array(size);
  let at = 0;
  for (const chunk of chunks) {
    body.set(chunk, at);
    at += chunk.length;
  }
  return ok(body);
}
