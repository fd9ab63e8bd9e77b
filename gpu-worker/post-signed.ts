/** Reports to the edge, signed with the pool's secret. */
import { randomUUID } from "node:crypto";
import { fail, ok, type Result } from "../core/result.ts";
import { NONCE_HEADER, SIGNATURE_HEADER, sign, TIMESTAMP_HEADER } from "../core/signature.ts";

const TIMEOUT_MS = 2000;
const MAX_PROBLEM_CHARACTERS = 500;

export interface Problem {
  readonly message: string;
  /** Whether the edge has refused the report; then sending it again would not help. */
  readonly refused: boolean;
}

export async function postSigned(
  url: URL,
  report: object,
  { secret, now }: { readonly secret: string; readonly now: () => number },
): Promise<Result<void, Problem>> {
  const body = new TextEncoder().encode(JSON.stringify(report));
  const timestamp = String(now());
  const nonce = randomUUID();
  try {
    const signature = await sign(secret, { method: "POST", path: url.pathname, timestamp, nonce, body });
    const response = await fetch(url, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        [TIMESTAMP_HEADER]: timestamp,
        [NONCE_HEADER]: nonce,
        [SIGNATURE_HEADER]: signature,
      },
      body,
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    // The edge says why, such as a target or revision that it does not know.
    const text = await response.text();
    if (response.ok) return ok(undefined);
    const message = `status ${response.status}: ${text.slice(0, MAX_PROBLEM_CHARACTERS)}`;
    return fail({ message, refused: response.status < 500 });
  } catch (error) {
    return fail({ message: error instanceof Error ? error.message : "unknown", refused: false });
  }
}
