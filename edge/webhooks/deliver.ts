import { checkPublicUrl } from "../outbound/url.ts";
import { type DeliveryOutcome, parseRetryAfter } from "./schedule.ts";
import { signedHeaders } from "./sign.ts";

const TIMEOUT_MS = 15_000;

export interface Delivery {
  /** The event's id, the same over all attempts: receivers drop what they have seen. */
  readonly id: string;
  readonly url: string;
  readonly body: string;
}

/**
 * One attempt at an event: only a 2xx counts as received. The URL is checked again because rules may have become
 * stricter since it was accepted, and redirects are not followed because they would lead past the check.
 */
export async function deliver(
  { id, url, body }: Delivery,
  { secret, loopback, now }: { secret: string; loopback: boolean; now: number },
): Promise<DeliveryOutcome> {
  const target = checkPublicUrl(url, { loopback });
  if (!target.ok) return { kind: "refused" };
  const signed = await signedHeaders(secret, { id, timestamp: Math.floor(now / 1000), body });
  const abort = new AbortController();
  // Cleared below: a timer left behind would keep the calling object awake, and paid for.
  const timer = setTimeout(() => abort.abort(), TIMEOUT_MS);
  try {
    const response = await fetch(target.value.href, {
      method: "POST",
      headers: { "content-type": "application/json", "user-agent": "Tessera-Webhooks/1", ...signed },
      body,
      redirect: "manual",
      signal: abort.signal,
    });
    // Unread: what an answer says beyond its status changes nothing.
    await response.body?.cancel().catch(() => {});
    if (response.ok) return { kind: "delivered" };
    if (response.status === 410) return { kind: "refused" };
    return { kind: "failed", retryAfterMs: parseRetryAfter(response.headers.get("retry-after"), now) };
  } catch {
    // Unreachable, too slow, or cut: all of them the receiver's trouble, and worth another attempt.
    return { kind: "failed", retryAfterMs: null };
  } finally {
    clearTimeout(timer);
  }
}
