import type { AppContext } from "../routes/operation.ts";

/** The token of `Authorization: Bearer …`, or undefined. */
export function bearerToken(context: AppContext): string | undefined {
  return /^bearer\s+(\S+)$/i.exec(context.req.header("authorization") ?? "")?.[1];
}

/** Whether two tokens are the same. Their digests are compared, so that neither length nor content shows in time. */
export async function sameToken(given: string, expected: string): Promise<boolean> {
  const [left, right] = await Promise.all([digest(given), digest(expected)]);
  return crypto.subtle.timingSafeEqual(left, right);
}

function digest(text: string): Promise<ArrayBuffer> {
  return crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
}
