import type { Standing } from "../account/limits.ts";

/**
 * Where a key stands, for both families of clients: OpenAI's `x-ratelimit-…` and the IETF's `RateLimit` and
 * `RateLimit-Policy` (draft-ietf-httpapi-ratelimit-headers-11). Tokens are no registered unit there, hence the vendor's
 * parameter. `t` is when the next unit comes back, so `retry-after` never lies before it.
 */
export function limitHeaders(standings: readonly Standing[]): Record<string, string> {
  if (standings.length === 0) return {};
  const headers: Record<string, string> = {
    "ratelimit-policy": standings.map(policy).join(", "),
    ratelimit: standings
      .map(({ name, remaining, nextMs }) => `"${name}";r=${remaining};t=${Math.ceil(nextMs / 1000)}`)
      .join(", "),
  };
  for (const { name, limit, remaining, fullMs } of standings) {
    const unit = name === "tokens" ? "tokens" : "requests";
    headers[`x-ratelimit-limit-${unit}`] = String(limit);
    headers[`x-ratelimit-remaining-${unit}`] = String(remaining);
    headers[`x-ratelimit-reset-${unit}`] = duration(fullMs);
  }
  return headers;
}

function policy({ name, limit }: Standing): string {
  return `"${name}";q=${limit};w=60${name === "tokens" ? ';tessera-unit="tokens"' : ""}`;
}

/** As OpenAI writes durations: 120ms, 6s, 1m0s. */
function duration(milliseconds: number): string {
  if (milliseconds < 1000) return `${milliseconds}ms`;
  const seconds = Math.ceil(milliseconds / 1000);
  return seconds < 60 ? `${seconds}s` : `${Math.floor(seconds / 60)}m${seconds % 60}s`;
}
