/** Keys that open nothing, on every route that takes one. */
import { crc32 } from "node:zlib";
import { describe, expect, it } from "vitest";
import { encodeBase62 } from "../../../edge/auth/base62.ts";
import type { Account } from "../../helpers/account.ts";
import { EXAMPLE } from "../../helpers/examples.ts";
import { question } from "../../helpers/question.ts";
import { expectRefusal, expectUntouched } from "../../helpers/refusal.ts";
import { newAccount } from "../../helpers/shared.ts";

const DIGEST = `sha256:${"0".repeat(64)}`;

/** Every route that takes a key. */
const ROUTES: readonly (readonly [string, string])[] = [
  ["POST", "/v1/chat/completions"],
  ["POST", "/v1/preflight"],
  ["GET", "/v1/models"],
  ["GET", "/v1/models/tessera-tiny"],
  ["PUT", `/v1/images/${DIGEST}`],
  ["GET", `/v1/images/${DIGEST}`],
  ["DELETE", `/v1/images/${DIGEST}`],
  ["GET", "/v1/jobs/job_unknown"],
  ["GET", "/v1/keys"],
  ["POST", "/v1/keys"],
  ["DELETE", "/v1/keys/key_unknown"],
];

/** A request that would be a good one but for its key. */
function send(account: Account, method: string, path: string, authorization: string): Promise<Response> {
  const body = path.endsWith("keys") ? { name: "another" } : question(EXAMPLE.question, EXAMPLE.bytes);
  return account.fetch(path, {
    method,
    headers: { authorization, "content-type": "application/json" },
    ...(method !== "GET" && { body: JSON.stringify(body) }),
  });
}

/** Another secret under the same account and tag, with the checksum that belongs to it. */
function forge(key: string): string {
  const tagged = `${key.slice(0, 16)}${"0".repeat(30)}${key.slice(46, 57)}`;
  return tagged + encodeBase62(BigInt(crc32(tagged)), 6);
}

/** Two neighbours in the secret change places, or one becomes another. */
function mistype(key: string): string {
  const [before, one, other, after] = [key.slice(0, 20), key[20]!, key[21]!, key.slice(22)];
  return one === other ? `${before}${one === "a" ? "b" : "a"}${other}${after}` : before + other + one + after;
}

const INVALID = {
  status: 401,
  code: "invalid_api_key",
  message: /^The API key is not valid\.$/,
  param: null,
};

const KEYS: readonly (readonly [string, (account: Account) => Promise<string> | string])[] = [
  ["another product's", () => "sk-proj-abcdefghijklmnopqrstuvwxyz0123456789"],
  ["a mistyped", ({ key }) => mistype(key)],
  ["a shortened", ({ key }) => key.slice(0, -1)],
  ["a forged", ({ key }) => forge(key)],
  [
    "a revoked",
    async (account) => {
      const { id, key } = await account.makeKey({ name: "to be revoked" });
      expect(
        (await account.fetch("/v1/models", { headers: { authorization: `Bearer ${key}` } })).status,
      ).toBe(200);
      expect((await account.fetch(`/v1/keys/${id}`, { method: "DELETE" })).status).toBe(200);
      return key;
    },
  ],
];

describe.concurrent("a request", () => {
  it.each(KEYS)("with %s key is refused on every route", async (_, make) => {
    const account = await newAccount();
    const key = await make(account);
    for (const [method, path] of ROUTES) {
      const response = await send(account, method, path, `Bearer ${key}`);
      expect(response.headers.get("www-authenticate"), `${method} ${path}`).toBe("Bearer");
      await expectRefusal(response, INVALID);
    }
    await expectUntouched(account);
  });

  it("that is still being sent when its key is refused reads the refusal", async () => {
    const account = await newAccount();
    const body = question("What is this?", `data:image/png;base64,${"A".repeat(8 << 20)}`);
    for (let count = 0; count < 4; count++) {
      const headers = { authorization: "Bearer wrong" };
      await expectRefusal(await account.post("/v1/chat/completions", body, headers), INVALID);
    }
  });

  it("with an expired key is refused on every route", async () => {
    const account = await newAccount();
    const { key } = await account.makeKey({ name: "expired", expires_at: 1 });
    for (const [method, path] of ROUTES) {
      await expectRefusal(await send(account, method, path, `Bearer ${key}`), {
        status: 401,
        code: "api_key_expired",
        message: /^The API key has expired\.$/,
        param: null,
      });
    }
    await expectUntouched(account);
  });

  it.each([
    ["no credentials", ""],
    ["a key without its scheme", "tsr_key"],
    ["another scheme", "Basic dXNlcjpwYXNzd29yZA=="],
    ["an empty key", "Bearer "],
  ])("with %s is told to send a key", async (_, authorization) => {
    const account = await newAccount();
    for (const [method, path] of ROUTES) {
      await expectRefusal(await send(account, method, path, authorization), {
        status: 401,
        code: "missing_api_key",
        message: /Authorization: Bearer <key>/,
        param: null,
      });
    }
    await expectUntouched(account);
  });

  it("with a key that may do something else is told what it lacks", async () => {
    const account = await newAccount();
    const { key } = await account.makeKey({ name: "keys only", scopes: ["keys:write"] });
    const authorization = `Bearer ${key}`;
    const lacks = {
      status: 403,
      code: "insufficient_scope",
      message: /lacks the scope 'infer'/,
      param: null,
    };
    await expectRefusal(await send(account, "POST", "/v1/chat/completions", authorization), lacks);
    await expectRefusal(await send(account, "GET", "/v1/models", authorization), lacks);
    expect((await send(account, "GET", "/v1/keys", authorization)).status).toBe(200);
    await expectUntouched(account);
  });

  it("of an account that lacks the credit is refused before anything is done", async () => {
    const account = await newAccount(10);
    const response = await account.post("/v1/chat/completions", question(EXAMPLE.question, EXAMPLE.bytes));
    expect(response.headers.get("x-should-retry")).toBe("false");
    await expectRefusal(response, {
      status: 402,
      code: "insufficient_credit",
      message: /may cost up to \d+ micro-credits and 10 are left/,
      param: null,
    });
    await expectUntouched(account);
  });
});

describe("the operator's routes", () => {
  it("are closed to everybody else", async () => {
    const account = await newAccount();
    for (const path of ["/v1/admin/accounts", `/v1/admin/accounts/${account.id}/ledger`]) {
      await expectRefusal(await account.fetch(path), {
        status: 401,
        code: "invalid_api_key",
        message: /^The operator's key is not valid\.$/,
        param: null,
      });
    }
    const unsigned = await account.post("/internal/heartbeat", { worker: "stranger" });
    expect(unsigned.status).toBe(401);
    await expectUntouched(account);
  });
});
