/** How a GPU worker refuses a request before any event: an HTTP status and `{"error":{"code","message"}}`. */
import { z } from "zod";

/** The status of every code. */
export const REFUSAL_STATUS = {
  frame_malformed: 400,
  frame_version_unsupported: 400,
  signature_missing: 401,
  signature_invalid: 401,
  signature_stale: 401,
  audience_mismatch: 403,
  route_unknown: 404,
  method_not_allowed: 405,
  nonce_replayed: 409,
  deadline_passed: 409,
  pixels_not_kept: 412,
  body_too_large: 413,
  model_mismatch: 422,
  frame_mismatch: 422,
  context_length_exceeded: 422,
  worker_busy: 429,
  worker_failed: 500,
  worker_starting: 503,
  worker_draining: 503,
} as const;

/**
 * Statuses that say something of this worker alone (another boot, busy, failed, draining): another may answer the same
 * request. The others say that the two sides disagree, which is a bug.
 */
export const ANOTHER_MAY_ANSWER: ReadonlySet<number> = new Set([403, 409, 429, 500, 503]);

export type RefusalCode = keyof typeof REFUSAL_STATUS;

export interface Refusal {
  readonly code: RefusalCode;
  /** For the operator; it holds no text of a customer. */
  readonly message: string;
}

const codes = Object.keys(REFUSAL_STATUS).filter((code): code is RefusalCode => code in REFUSAL_STATUS);

/** The body of a refusal. */
export const refusalBody = z.strictObject({
  error: z.strictObject({ code: z.enum(codes), message: z.string() }),
});
