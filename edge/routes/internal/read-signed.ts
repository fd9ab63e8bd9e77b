import {
  NONCE_HEADER,
  SIGNATURE_HEADER,
  SIGNATURE_WINDOW_MS,
  TIMESTAMP_HEADER,
  verify,
} from "../../../core/signature.ts";
import { ApiError } from "../../errors.ts";
import { readBytes } from "../../read-bytes.ts";
import type { AppContext } from "../operation.ts";

const MAX_BYTES = 4 << 10;

/**
 * A GPU worker's report as JSON, undefined when it is none, signed with the pool's secret at `sentAt` (Unix
 * milliseconds). Nonces are not kept: a settlement counts once, and a heartbeat only while it is the worker's latest.
 */
export async function readSigned(
  context: AppContext,
  path: string,
): Promise<{ report: unknown; sentAt: number }> {
  const body = await readBytes(context.req.raw.body, MAX_BYTES);
  if (!body) throw new ApiError("body_too_large", `A report has at most ${MAX_BYTES} bytes.`);
  const timestamp = context.req.header(TIMESTAMP_HEADER) ?? "";
  const nonce = context.req.header(NONCE_HEADER) ?? "";
  const sentAt = Number(timestamp);
  const fresh = Math.abs(Date.now() - sentAt) <= SIGNATURE_WINDOW_MS;
  const signature = context.req.header(SIGNATURE_HEADER) ?? "";
  const request = { method: "POST", path, timestamp, nonce, body };
  if (!fresh || !(await verify(context.env.POOL_SECRET, request, signature))) {
    throw new ApiError("invalid_api_key", "The signature is not valid.");
  }
  try {
    return { report: JSON.parse(new TextDecoder().decode(body)), sentAt };
  } catch {
    return { report: undefined, sentAt };
  }
}
