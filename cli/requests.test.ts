/** The requests that commands send, read by a server on loopback. */
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { stripVTControlCharacters } from "node:util";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { run } from "./program.ts";

let server: Server;
let url: string;
let received: { method: string; path: string; authorization: string; body: unknown }[] = [];
let refused: string[] = [];

beforeAll(async () => {
  server = createServer(async (request, response) => {
    const body = await text(request);
    const { method = "", url: path = "", headers } = request;
    const { authorization = "" } = headers;
    received.push({ method, path, authorization, body: body && JSON.parse(body) });
    response.writeHead(402, { "x-should-retry": "false" });
    response.end(
      '{"error":{"message":"No.","type":"billing_error","param":null,"code":"insufficient_credit"}}',
    );
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => server.close());
beforeEach(() => {
  received = [];
  refused = [];
  vi.spyOn(console, "error").mockImplementation((line: string) =>
    refused.push(stripVTControlCharacters(line)),
  );
});
afterEach(() => vi.restoreAllMocks());

describe("tessera accounts", () => {
  const ROOT = "/v1/admin/accounts";
  it.each([
    [["list"], "GET", ROOT, ""],
    [["show", "a1"], "GET", `${ROOT}/a1`, ""],
    [
      ["create", "--name", "Ada", "--credit", "5000000"],
      "POST",
      ROOT,
      { name: "Ada", credit_microcredits: 5_000_000 },
    ],
    [
      ["grant", "a1", "500", "--id", "invoice-7"],
      "POST",
      `${ROOT}/a1/grants`,
      { id: "invoice-7", amount_microcredits: 500 },
    ],
    [
      ["take-back", "a1", "500", "--id", "b"],
      "POST",
      `${ROOT}/a1/take-backs`,
      { id: "b", amount_microcredits: 500 },
    ],
    [
      ["refund", "a1", "5", "--id", "c", "--job", "chatcmpl-1"],
      "POST",
      `${ROOT}/a1/refunds`,
      { id: "c", amount_microcredits: 5, job: "chatcmpl-1" },
    ],
    [["suspend", "a1"], "PATCH", `${ROOT}/a1`, { suspended: true }],
    [["resume", "a1"], "PATCH", `${ROOT}/a1`, { suspended: false }],
  ])("sends %j", async (argv, method, path, body) => {
    expect(await run(["accounts", ...argv, "--url", url, "--admin-key", "operator"])).toBe(1);
    expect(received).toEqual([{ method, path, authorization: "Bearer operator", body }]);
  });

  it.each([
    [["remove", "a1"], "unknown command 'remove'"],
    [["create"], "--name"],
    [["show"], "'account'"],
    [["grant", "a1", "500"], "--id"],
    [["grant", "a1", "--id", "x"], "'amount'"],
    [["grant", "a1", "much", "--id", "x"], "'much' is no amount"],
    [["grant", "a1", "0.5", "--id", "x"], "whole micro-credits: 0.5 credits = 500000"],
    [["refund", "a1", "5", "--id", "x"], "--job"],
  ])("refuses %j", async (argv, message) => {
    expect(await run(["accounts", ...argv, "--url", url, "--admin-key", "operator"])).toBe(2);
    expect(refused.join()).toContain(message);
    expect(received).toEqual([]);
  });
});

describe("tessera keys", () => {
  it.each([
    [
      "create --name ci --scope infer --scope jobs --expires 2027-01-31 --requests-per-minute 60",
      "POST",
      "/v1/keys",
      {
        name: "ci",
        scopes: ["infer", "jobs"],
        expires_at: Date.UTC(2027, 0, 31) / 1000,
        requests_per_minute: 60,
      },
    ],
    ["list", "GET", "/v1/keys", ""],
    ["show key_1", "GET", "/v1/keys/key_1", ""],
    [
      "update key_1 --budget-day 500 --model tessera-tiny",
      "PATCH",
      "/v1/keys/key_1",
      { models: ["tessera-tiny"], budget: { day_microcredits: 500 } },
    ],
    ["rotate key_1 --overlap 60", "POST", "/v1/keys/key_1/rotate", { overlap_seconds: 60 }],
    ["revoke key_1", "DELETE", "/v1/keys/key_1", ""],
  ])("sends %s", async (line, method, path, body) => {
    expect(await run(["keys", ...line.split(" "), "--url", url, "--key", "mine"])).toBe(1);
    expect(received).toEqual([{ method, path, authorization: "Bearer mine", body }]);
  });

  it.each([
    ["remove key_1", "unknown command 'remove'"],
    ["list extra", "too many arguments"],
    ["create", "--name"],
    ["create --name ci --expires soon", "'soon' is invalid"],
    ["create --name ci --budget much", "'much' is invalid"],
    ["create --name ci --budget 0.5", "option '--budget <n>' argument '0.5' is invalid"],
    ["create --name ci --budget-day 0.5", "whole micro-credits: 0.5 credits = 500000"],
    ["create --name ci --concurrency 0", "'--concurrency <n>' argument '0' is invalid"],
    ["create --name ci --scope foo", "option '--scope <scope>' argument 'foo' is invalid. Scopes are infer,"],
    ["show small", "begins with key_; tessera keys list shows it"],
    ["revoke small", "begins with key_; tessera keys list shows it"],
    ["revoke", "'id'"],
    ["revoke key_1 key_2", "too many arguments"],
    ["update key_1", "say what to change"],
  ])("refuses %s", async (line, message) => {
    expect(await run(["keys", ...line.split(" "), "--url", url, "--key", "mine"])).toBe(2);
    expect(refused.join()).toContain(message);
    expect(received).toEqual([]);
  });
});

describe("an error", () => {
  it("is a line for people, and one on what to do", async () => {
    expect(await run(["keys", "list", "--url", url, "--key", "mine"])).toBe(1);
    expect(refused).toEqual([
      "tessera keys list: insufficient_credit: No.",
      "  Ask for a smaller --max-tokens, or have the operator add credit.",
    ]);
  });

  it("is the API's own envelope for programs", async () => {
    expect(await run(["keys", "list", "--url", url, "--key", "mine", "--json"])).toBe(1);
    expect(refused.map((line) => JSON.parse(line))).toEqual([
      { error: { message: "No.", type: "billing_error", param: null, code: "insufficient_credit" } },
    ]);
  });

  it("is an envelope also where the command was called wrongly", async () => {
    expect(await run(["keys", "list", "--jsn", "--json"])).toBe(2);
    expect(refused.map((line) => JSON.parse(line))).toEqual([
      {
        error: {
          message: "unknown option '--jsn' (Did you mean --json?)",
          type: "cli_error",
          param: null,
          code: "usage",
        },
      },
    ]);
  });
});
