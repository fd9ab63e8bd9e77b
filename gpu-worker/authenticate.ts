/** Who may ask this worker: the holder of the pool's secret, now, once, and for this worker's present boot only. */
import type { IncomingHttpHeaders } from "node:http";
import type { FrameHeader } from "../core/frame.ts";
import type { Refusal } from "../core/refusal.ts";
import { fail, ok, type Result } from "../core/result.ts";
import {
  NONCE_HEADER,
  SIGNATURE_HEADER,
  SIGNATURE_WINDOW_MS,
  TIMESTAMP_HEADER,
  verify,
} from "../core/signature.ts";

export interface Credentials {
  readonly timestamp: string;
  readonly nonce: string;
  readonly signature: string;
}

/** The credentials in the headers, if they are complete and fresh: enough to read the body for. */
export function readCredentials(headers: IncomingHttpHeaders, now: number): Result<Credentials, Refusal> {
  const timestamp = headers[TIMESTAMP_HEADER];
  const nonce = headers[NONCE_HEADER];
  const signature = headers[SIGNATURE_HEADER];
  const complete =
    typeof timestamp === "string" && typeof nonce === "string" && typeof signature === "string";
  if (!complete || !/^\d{1,15}$/.test(timestamp) || nonce.length < 1 || nonce.length > 128) {
    return refuse("signature_missing", "The request is not signed.");
  }
  if (Math.abs(now - Number(timestamp)) > SIGNATURE_WINDOW_MS) {
    return refuse("signature_stale", "The signature's timestamp is too far from this worker's clock.");
  }
  return ok({ timestamp, nonce, signature });
}

/** How often old nonces are looked for, in milliseconds: each time all of them are gone through. */
const SWEEP_MS = 1_000;

/** Remembers nonces for as long as their signatures are fresh, and little longer. */
export class Nonces {
  readonly #expiries = new Map<string, number>();
  #sweptAt = 0;

  /** Whether the nonce is new; from now on it is not. `timestamp` is that of the request, `now` this worker's time. */
  take(nonce: string, timestamp: number, now: number): boolean {
    if (now - this.#sweptAt >= SWEEP_MS) {
      this.#sweptAt = now;
      for (const [old, expiry] of this.#expiries) {
        if (expiry < now) this.#expiries.delete(old);
      }
    }
    if (this.#expiries.has(nonce)) return false;
    // A timestamp ahead of our clock stays fresh for longer than the window.
    this.#expiries.set(nonce, timestamp + SIGNATURE_WINDOW_MS);
    return true;
  }
}

/** Whether the body carries the secret's signature and was not seen before. */
export async function authenticate(
  request: { method: string; path: string; body: Uint8Array<ArrayBuffer> },
  credentials: Credentials,
  { secret, nonces, now }: { secret: string; nonces: Nonces; now: () => number },
): Promise<Result<void, Refusal>> {
  const { timestamp, nonce, signature } = credentials;
  if (!(await verify(secret, { ...request, timestamp, nonce }, signature))) {
    return refuse("signature_invalid", "The signature is not this request's.");
  }
  // Only signed nonces are kept, so that strangers can't fill the memory.
  if (!nonces.take(nonce, Number(timestamp), now())) {
    return refuse("nonce_replayed", "The request was received before.");
  }
  return ok(undefined);
}

/** Whether a frame is meant for this process and still worth running. */
export function checkAudience(
  { audience, deadline }: Pick<FrameHeader, "audience" | "deadline">,
  self: { readonly worker: string; readonly boot: string },
  now: number,
): Result<void, Refusal> {
  if (audience.worker !== self.worker || audience.boot !== self.boot) {
    return refuse("audience_mismatch", "The frame is for another worker or another boot of this one.");
  }
  if (deadline <= now) return refuse("deadline_passed", "The frame's deadline has passed.");
  return ok(undefined);
}

function refuse(code: Refusal["code"], message: string) {
  return fail({ code, message });
}
