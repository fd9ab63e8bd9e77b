import { env } from "cloudflare:workers";
import { afterEach, expect, it, vi } from "vitest";
import { createApp } from "./app.ts";

const app = createApp();

/** A request whose upload breaks off. */
async function breakOff(signal: AbortSignal): Promise<Response> {
  const body = new ReadableStream({
    pull: (controller) => controller.error(new Error("The connection was lost.")),
  });
  const request = new Request("http://127.0.0.1/internal/heartbeat", { method: "POST", body, signal });
  return app.request(request, {}, env);
}

afterEach(() => vi.restoreAllMocks());

it("logs what went wrong inside, with the request's id, and tells the caller nothing of it", async () => {
  const log = vi.spyOn(console, "error").mockImplementation(() => undefined);
  const response = await breakOff(new AbortController().signal);
  expect(response.status).toBe(500);
  expect(await response.text()).not.toContain("connection");
  expect(log.mock.calls.join()).toContain("The connection was lost.");
  expect(log.mock.calls.join()).toContain(response.headers.get("x-request-id"));
});

it("logs no fault where a client has left", async () => {
  const log = vi.spyOn(console, "error").mockImplementation(() => undefined);
  const leaving = new AbortController();
  leaving.abort();
  await breakOff(leaving.signal);
  expect(log).not.toHaveBeenCalled();
});
