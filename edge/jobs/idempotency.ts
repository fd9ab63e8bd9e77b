/**
 * The Idempotency-Key header (draft-ietf-httpapi-idempotency-key-header) of a request, and the request that it stands
 * for.
 */
import { toHex } from "../../core/signature.ts";
import type { Idempotency } from "../account/job-contract.ts";
import { MAX_COST_HEADER } from "../chat/max-cost.ts";
import type { ChatRequestBody } from "../chat/schema.ts";
import { ApiError } from "../errors.ts";

export const IDEMPOTENCY_HEADER = "idempotency-key";
const MAX_CHARACTERS = 255;

/** Null without the header. The draft's quoted form and the bare one name the same key. `maxCost` in micro-credits. */
export async function readIdempotency(
  header: string | undefined,
  body: ChatRequestBody,
  maxCost: number | null,
): Promise<Idempotency | null> {
  if (header === undefined) return null;
  const key = /^"(?:[^"\\]|\\["\\])*"$/.test(header)
    ? header.slice(1, -1).replaceAll(/\\(["\\])/g, "$1")
    : header;
  if (key.length > MAX_CHARACTERS || !/^[\x20-\x7e]+$/.test(key)) {
    throw new ApiError(
      "idempotency_key_invalid",
      `An Idempotency-Key has 1 to ${MAX_CHARACTERS} printable ASCII characters.`,
      { param: IDEMPOTENCY_HEADER },
    );
  }
  // Whether an answer is streamed does not change it.
  const { stream: _, stream_options: __, ...asked } = body;
  const request = maxCost === null ? asked : { ...asked, [MAX_COST_HEADER]: maxCost };
  return { key: await sha256(key), fingerprint: await sha256(canonicalJson(request)) };
}

/** JSON with every object's fields in order of their names. */
function canonicalJson(value: object): string {
  return JSON.stringify(value, (_, each: unknown) =>
    typeof each === "object" && each !== null && !Array.isArray(each)
      ? Object.fromEntries(Object.entries(each).sort(([left], [right]) => (left < right ? -1 : 1)))
      : each,
  );
}

async function sha256(text: string): Promise<string> {
  return toHex(new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text))));
}
