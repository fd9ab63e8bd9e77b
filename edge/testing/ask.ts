/** Requests to the whole app, sent as a client sends them. */
import { createExecutionContext, waitOnExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { createApp } from "../app.ts";

const app = createApp();

/** A question that needs no image. */
export const QUESTION = {
  model: "tessera-tiny",
  messages: [{ role: "user", content: "Hi" }],
  max_tokens: 3,
  temperature: 0,
} as const;

/** Sends a request with this key and waits for everything that it leaves running. */
export async function send(
  key: string,
  path: string,
  {
    method = "POST",
    headers = {},
    body,
  }: { method?: string; headers?: Record<string, string>; body?: object } = {},
): Promise<{ readonly status: number; readonly headers: Headers; readonly text: string }> {
  const context = createExecutionContext();
  const request = {
    method,
    headers: { authorization: `Bearer ${key}`, "content-type": "application/json", ...headers },
    ...(body && { body: JSON.stringify(body) }),
  };
  const response = await app.request(path, request, env, context);
  const text = await response.text();
  await waitOnExecutionContext(context);
  return { status: response.status, headers: response.headers, text };
}
