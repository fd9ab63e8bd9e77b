import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { Webhook } from "standardwebhooks";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { deliver } from "./deliver.ts";
import { newWebhookSecret } from "./sign.ts";

const secret = newWebhookSecret();
const event = { id: "evt_1", body: '{"id":"evt_1","text":"两只猫"}' };

let server: Server;
let url: string;
let answer: (request: IncomingMessage, response: ServerResponse, body: string) => void;
let calls: number;

beforeEach(async () => {
  calls = 0;
  server = createServer(async (request, response) => {
    calls++;
    let body = "";
    for await (const chunk of request.setEncoding("utf8")) body += chunk;
    answer(request, response, body);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("The server has no port.");
  url = `http://127.0.0.1:${address.port}/hook`;
});
afterEach(async () => {
  vi.useRealTimers();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

const send = (now = Date.now()) => deliver({ ...event, url }, { secret, loopback: true, now });
const status = (code: number, headers: Record<string, string> = {}) => {
  answer = (_, response) => response.writeHead(code, headers).end("thanks");
};

describe("an attempt", () => {
  it("is signed over the very bytes that are sent", async () => {
    let verified: unknown;
    answer = (request, response, body) => {
      verified = new Webhook(secret).verify(body, {
        "webhook-id": String(request.headers["webhook-id"]),
        "webhook-timestamp": String(request.headers["webhook-timestamp"]),
        "webhook-signature": String(request.headers["webhook-signature"]),
      });
      response.writeHead(204).end();
    };
    expect(await send()).toEqual({ kind: "delivered" });
    expect(verified).toEqual(JSON.parse(event.body));
  });

  it("succeeds with any 2xx and nothing else", async () => {
    for (const code of [200, 201, 202, 204, 299]) {
      status(code);
      expect(await send()).toEqual({ kind: "delivered" });
    }
    for (const code of [400, 401, 404, 409, 500, 503]) {
      status(code);
      expect(await send()).toEqual({ kind: "failed", retryAfterMs: null });
    }
  });

  it("follows no redirect", async () => {
    for (const code of [301, 302, 303, 307, 308]) {
      status(code, { location: url });
      expect(await send()).toEqual({ kind: "failed", retryAfterMs: null });
    }
    expect(calls).toBe(5);
  });

  it("takes 410 for the receiver's last word", async () => {
    status(410);
    expect(await send()).toEqual({ kind: "refused" });
  });

  it("passes on how long the receiver wants to be left alone", async () => {
    status(429, { "retry-after": "120" });
    expect(await send()).toEqual({ kind: "failed", retryAfterMs: 120_000 });
    status(503, { "retry-after": "Sun, 22 Nov 2026 12:01:00 GMT" });
    expect(await send(Date.UTC(2026, 10, 22, 12))).toEqual({ kind: "failed", retryAfterMs: 60_000 });
  });

  it("does not wait for the end of an answer", async () => {
    answer = (_, response) => void response.writeHead(200).write("and so on");
    expect(await send()).toEqual({ kind: "delivered" });
  });

  it("ends after 15 seconds without an answer", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const called = new Promise<void>((resolve) => {
      answer = () => resolve();
    });
    let outcome: unknown;
    const sent = send().then((value) => {
      outcome = value;
    });
    await called;
    await vi.advanceTimersByTimeAsync(14_999);
    expect(outcome).toBeUndefined();
    await vi.advanceTimersByTimeAsync(1);
    await sent;
    expect(outcome).toEqual({ kind: "failed", retryAfterMs: null });
  });

  it("fails when nobody listens or the connection is cut", async () => {
    answer = (request) => void request.socket.destroy();
    expect(await send()).toEqual({ kind: "failed", retryAfterMs: null });
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    expect(await send()).toEqual({ kind: "failed", retryAfterMs: null });
    server.listen(0);
  });

  it("goes nowhere that is not public", async () => {
    for (const target of [url, "https://169.254.169.254/latest", "https://localhost/", "nonsense"]) {
      const attempt = deliver({ ...event, url: target }, { secret, loopback: false, now: Date.now() });
      expect(await attempt).toEqual({ kind: "refused" });
    }
    expect(calls).toBe(0);
  });
});
