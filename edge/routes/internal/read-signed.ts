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
 * A GPU worker's report as JSON, signed with the pool's secret; undefined when it is no JSON. Nonces are not kept: a report
 * that is replayed within the window changes nothing.
 */
export async function readSigned(context: AppContext, path: string): Promise<unknown> {
  const body = await readBytes(context.req.raw.body, MAX_BYTES);
  if (!body) throw new ApiError("body_too_large", `A report has at most ${MAX_BYTES} bytes.`);
  const timestamp = context.req.header(TIMESTAMP_HEADER) ?? "";
  const nonce = context.req.header(NONCE_HEADER) ?? "";
  const fresh = Math.abs(Date.now() - Number(timestamp)) <= SIGNATURE_WINDOW_MS;
  const signature = context.req.header(SIGNATURE_HEADER) ?? "";
  const request = { method: "POST", path, timestamp, nonce, body };
  if (!fresh || !(await verify(context.env.POOL_SECRET, request, signature))) {
    throw new ApiError("invalid_api_key", "The signature is not valid.");
  }
  try {
    return JSON.parse(new TextDecoder().decode(body));
  } catch {
    return undefined;
  }
}
