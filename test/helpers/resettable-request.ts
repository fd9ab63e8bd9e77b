import { request } from "node:http";
import type { Account } from "./account.ts";
import type { ChatBody } from "./question.ts";

/**
 * Asks for a whole answer over a connection that can be reset. Cloudflare's network tells a Worker when its client has
 * left, however it left; workerd alone learns it from a reset, or when it next writes, which a whole answer does only
 * at its end.
 */
export function resettableRequest({ product, key }: Account, body: ChatBody): { reset(): void } {
  const sent = request(new URL("/v1/chat/completions", product.url), {
    method: "POST",
    agent: false,
    headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
  });
  sent.on("error", () => undefined);
  sent.end(JSON.stringify(body));
  return { reset: () => sent.socket?.resetAndDestroy() };
}
