/** What requests cost, and what bounds it: credit, budgets, ceilings, prices and rates. */
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { EXAMPLE } from "../helpers/examples.ts";
import { expectBooked, operator } from "../helpers/operator.ts";
import { until } from "../helpers/poll.ts";
import { completion, envelope, question } from "../helpers/question.ts";
import { expectRefusal, expectUntouched } from "../helpers/refusal.ts";
import { newAccount } from "../helpers/shared.ts";
import { WebhookReceiver } from "../helpers/webhook-receiver.ts";

/** Costs the same each time: one token, never cached. */
const FIXED = { ...question("What is this?"), max_tokens: 1 };
const codeOf = async (response: Response) => envelope.parse(await response.json()).error.code;

const NO_STORE = { "cache-control": "no-store" };

describe("200 requests of a fixed cost at once", () => {
  it("spend a credit for exactly 50 to the last micro-credit", async () => {
    const { max_cost_microcredits: cost } = await (await newAccount()).count(FIXED);
    const account = await newAccount(50 * cost);
    const statuses = await Promise.all(
      Array.from({ length: 200 }, async () => {
        const response = await account.post("/v1/chat/completions", FIXED, NO_STORE);
        if (response.ok) {
          expect(completion.parse(await response.json()).usage.cost_microcredits).toBe(cost);
        } else {
          expect(response.headers.get("x-should-retry") ?? response.headers.get("retry-after")).toBeTruthy();
          await response.body?.cancel();
        }
        return response.status;
      }),
    );
    expect(statuses.filter((status) => status === 200)).toHaveLength(50);
    expect(statuses.filter((status) => status === 402 || status === 429)).toHaveLength(150);
    expect(await account.settledLedger()).toEqual({
      granted: 50 * cost,
      balance: 0,
      held: 0,
      charged: 50 * cost,
    });
  });

  it("spend a key's budget for exactly 50 to the last micro-credit", async () => {
    const account = await newAccount();
    const { max_cost_microcredits: cost } = await account.count(FIXED);
    const budget = { day_microcredits: 50 * cost };
    const limits = { concurrency: 250, requests_per_minute: 1000 };
    const { id, key } = await account.makeKey({ name: "budgeted", budget, ...limits });
    const headers = { authorization: `Bearer ${key}`, ...NO_STORE };
    const codes = await Promise.all(
      Array.from({ length: 200 }, async () => {
        const response = await account.post("/v1/chat/completions", FIXED, headers);
        if (!response.ok) return `${response.status} ${await codeOf(response)}`;
        await response.body?.cancel();
        return "answered";
      }),
    );
    expect(codes.filter((code) => code === "answered")).toHaveLength(50);
    expect(codes.filter((code) => code === "402 budget_exceeded")).toHaveLength(150);
    expect((await account.settledLedger()).charged).toBe(50 * cost);
    const spent = 50 * cost;
    expect(await (await account.fetch(`/v1/keys/${id}`)).json()).toMatchObject({
      used: { total_microcredits: spent, day_microcredits: spent, month_microcredits: spent },
    });
  });
});

describe("X-Max-Cost", () => {
  it("shortens the answer to what it affords, and says so", async () => {
    const account = await newAccount();
    const body = { ...question(EXAMPLE.question, EXAMPLE.bytes), max_tokens: 64 };
    const whole = await account.count(body);
    const one = await account.count({ ...body, max_tokens: 1 });
    const perToken = (whole.max_cost_microcredits - one.max_cost_microcredits) / 63;
    const ceiling = one.max_cost_microcredits + perToken;

    const counted = await account.post("/v1/preflight", body, { "x-max-cost": String(ceiling) });
    expect(counted.headers.get("x-max-cost-applied")).toBe("clamped; max_tokens=2");
    expect(await counted.json()).toMatchObject({ max_tokens: 2, max_cost_microcredits: ceiling });

    const headers = { "x-max-cost": String(ceiling), ...NO_STORE };
    const answered = await account.post("/v1/chat/completions", body, headers);
    expect(answered.headers.get("x-max-cost-applied")).toBe("clamped; max_tokens=2");
    const { usage, choices } = completion.parse(await answered.json());
    expect(usage.completion_tokens).toBeLessThanOrEqual(2);
    expect(usage.cost_microcredits).toBeLessThanOrEqual(ceiling);
    if (usage.completion_tokens === 2) expect(choices[0].finish_reason).toMatch(/length|stop/);

    const free = await account.post("/v1/chat/completions", body, { "x-max-cost": "1000000", ...NO_STORE });
    expect(free.headers.get("x-max-cost-applied")).toBe("unchanged");
    await free.body?.cancel();

    const job = await account.post("/v1/chat/completions", body, { prefer: "respond-async", ...headers });
    expect([job.status, job.headers.get("x-max-cost-applied")]).toEqual([202, "clamped; max_tokens=2"]);
    await job.body?.cancel();
    await account.settledLedger();
  });

  it("refuses what it can't afford, and what is no amount", async () => {
    const account = await newAccount();
    const body = question(EXAMPLE.question, EXAMPLE.bytes);
    const refused = await account.post("/v1/chat/completions", body, { "x-max-cost": "1" });
    expect(refused.headers.get("x-max-cost-applied")).toBe("refused");
    expect(refused.headers.get("x-should-retry")).toBe("false");
    const message = /costs at least \d+ micro-credits, and X-Max-Cost allows 1\./;
    await expectRefusal(refused, { status: 402, code: "max_cost_exceeded", message, param: "x-max-cost" });
    for (const ceiling of ["-1", "0.5", "1e3", "", "1".repeat(16), "many"]) {
      const response = await account.post("/v1/chat/completions", body, { "x-max-cost": ceiling });
      await expectRefusal(response, {
        status: 400,
        code: "invalid_value",
        message: /whole number of micro-credits/,
        param: "x-max-cost",
      });
    }
    await expectUntouched(account);
  });
});

describe("a key's limits", () => {
  it("are told in both families of headers, and never let a client come back too early", async () => {
    const account = await newAccount();
    const { key } = await account.makeKey({
      name: "two a minute",
      requests_per_minute: 2,
      tokens_per_minute: 10_000,
    });
    const ask = () =>
      account.post("/v1/chat/completions", FIXED, { authorization: `Bearer ${key}`, ...NO_STORE });
    const first = await ask();
    expect(first.status).toBe(200);
    expect(first.headers.get("x-ratelimit-limit-requests")).toBe("2");
    expect(first.headers.get("x-ratelimit-remaining-requests")).toBe("1");
    expect(first.headers.get("x-ratelimit-reset-requests")).toBe("30s");
    expect(first.headers.get("x-ratelimit-limit-tokens")).toBe("10000");
    expect(Number(first.headers.get("x-ratelimit-remaining-tokens"))).toBeLessThan(10_000);
    expect(first.headers.get("ratelimit-policy")).toBe(
      '"requests";q=2;w=60, "tokens";q=10000;w=60;tessera-unit="tokens"',
    );
    expect(first.headers.get("ratelimit")).toMatch(/^"requests";r=1;t=\d+, "tokens";r=\d+;t=\d+$/);
    expect((await ask()).status).toBe(200);
    const refused = await ask();
    const wait = Number(refused.headers.get("retry-after"));
    expect(Number(refused.headers.get("retry-after-ms"))).toBeGreaterThan(0);
    expect(Number(/"requests";r=0;t=(\d+)/.exec(refused.headers.get("ratelimit") ?? "")?.[1])).toBe(wait);
    expect(refused.headers.get("x-should-retry")).toBeNull();
    await expectRefusal(refused, {
      status: 429,
      code: "rate_limit_exceeded",
      message: /may send 2 requests a minute/,
      param: null,
    });
    await account.settledLedger();
  });

  it("bound calls that cost nothing too", async () => {
    const account = await newAccount();
    for (const [method, path, weight] of [
      ["GET", "/v1/models", 1],
      ["POST", "/v1/preflight", 5],
      ["POST", "/v1/keys", 60],
    ] as const) {
      const left = async () => {
        const response = await account.fetch("/v1/models");
        expect(response.headers.get("ratelimit-policy")).toBe('"calls";q=6000;w=60');
        return Number(response.headers.get("x-ratelimit-remaining-requests"));
      };
      const before = await left();
      const body = path === "/v1/keys" ? { name: "another" } : FIXED;
      const headers = { "content-type": "application/json" };
      await account.fetch(path, {
        method,
        headers,
        ...(method === "POST" && { body: JSON.stringify(body) }),
      });
      // Calls come back at 100 a second, so the weight shows only about.
      expect(before - (await left())).toBeLessThanOrEqual(weight + 1);
    }
  });
});

describe("every answer", () => {
  it("says what it cost: whole, streamed and cached", async () => {
    const account = await newAccount();
    const body = question(EXAMPLE.question, EXAMPLE.bytes);
    const whole = (await account.ask(body, NO_STORE)).usage;
    expect(whole.cost_microcredits).toBeGreaterThan(0);
    expect(whole.cost).toBe(whole.cost_microcredits / 1e6);
    const options = { stream: true, stream_options: { include_usage: true } };
    const streamed = await account.post("/v1/chat/completions", { ...body, ...options }, NO_STORE);
    const usage = [...(await streamed.text()).matchAll(/"usage":(\{.*\})\}/g)].at(-1)?.[1] ?? "";
    expect(JSON.parse(usage)).toMatchObject(whole);
    await account.ask(body);
    expect((await account.ask(body)).usage).toEqual({ ...whole, cost: 0, cost_microcredits: 0 });
    expect((await account.settledLedger()).charged).toBe(3 * whole.cost_microcredits);
  });
});

describe("an account that runs low", () => {
  it("is told once for each crossing", async () => {
    await using receiver = await WebhookReceiver.open();
    const account = await newAccount();
    const { max_cost_microcredits: cost } = await account.count(FIXED);
    const { granted } = await account.ledger();
    const endpoint = { url: receiver.url, balance_low_microcredits: granted - cost };
    const put = await account.fetch("/v1/webhooks", {
      method: "PUT",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(endpoint),
    });
    expect([put.status, await put.json()]).toEqual([200, { object: "webhook", ...endpoint }]);
    for (let request = 0; request < 4; request++) await account.ask(FIXED, NO_STORE);
    const told = () =>
      receiver.received
        .map(({ body }) => JSON.parse(body))
        .filter(({ type, data }) => type === "balance.low" && data.id === account.id);
    await until("the warning", () => told().length > 0);
    expect(told()[0].data).toMatchObject({ balance_low_microcredits: granted - cost });
    await expectBooked(account, "grants", { id: "more", amount_microcredits: 10 * cost });
    const back = { id: "back", amount_microcredits: 10 * cost };
    await expectBooked(account, "take-backs", back);
    await until("the second warning", () => told().length > 1);
    expect(told()).toHaveLength(2);
    const removed = await account.fetch("/v1/webhooks", { method: "DELETE" });
    expect(removed.status).toBe(200);
    expect(await (await account.fetch("/v1/webhooks")).json()).toMatchObject({ url: null });
  });
});

describe("the operator", () => {
  it("grants, takes back and refunds, each booking once and never against the books", async () => {
    const account = await newAccount(1_000_000);
    const answered = await account.ask(FIXED, NO_STORE);
    const cost = answered.usage.cost_microcredits;
    const refund = { id: "r1", job: answered.id, amount_microcredits: cost };
    await expectBooked(account, "refunds", refund);
    await expectBooked(account, "refunds", refund);
    expect(await account.settledLedger()).toMatchObject({ balance: 1_000_000, charged: 0 });

    const refusals = [
      ["refunds", { ...refund, id: "r2" }, 409, "refund_too_large"],
      ["refunds", { ...refund, id: "r3", job: "chatcmpl-unknown" }, 404, "charge_not_found"],
      ["refunds", { ...refund, amount_microcredits: 1 }, 409, "entry_conflict"],
      ["take-backs", { id: "t1", amount_microcredits: 1_000_001 }, 409, "credit_not_free"],
      ["grants", { id: "g1", amount_microcredits: 0 }, 400, "invalid_value"],
      ["grants", { id: "g1", amount_microcredits: -5 }, 400, "invalid_value"],
      ["grants", { id: "g1", amount_microcredits: 0.5 }, 400, "invalid_value"],
      ["grants", { id: "g1", amount_microcredits: 1e13 }, 400, "invalid_value"],
      ["grants", { id: "g1", amount_microcredits: "12" }, 400, "invalid_value"],
    ] as const;
    for (const [kind, body, status, code] of refusals) {
      const response = await operator(account, "POST", `/v1/admin/accounts/${account.id}/${kind}`, body);
      expect([response.status, await codeOf(response)], JSON.stringify(body)).toEqual([status, code]);
      expect(response.headers.get("x-should-retry")).toBe("false");
    }
    await expectUntouched(account);
  });

  it("suspends an account, whose keys then open nothing", async () => {
    const account = await newAccount();
    const path = `/v1/admin/accounts/${account.id}`;
    const suspended = await operator(account, "PATCH", path, { suspended: true });
    expect(await suspended.json()).toMatchObject({ id: account.id, suspended_at: expect.any(Number) });
    await expectRefusal(await account.post("/v1/chat/completions", FIXED), {
      status: 403,
      code: "account_suspended",
      message: /suspended/,
      param: null,
    });
    await operator(account, "PATCH", path, { suspended: false });
    expect((await account.fetch("/v1/models")).status).toBe(200);
    await expectUntouched(account);
  });

  it("lists prices, and adds a version a minute ahead at the earliest", async () => {
    const account = await newAccount();
    const figures = {
      image_token_microcredits: 2,
      text_token_microcredits: 2,
      output_token_microcredits: 8,
      minimum_microcredits: 50,
    };
    const before = Math.floor(Date.now() / 1000);
    // So far ahead that no other test meets it.
    const price = { model: "llava-v1.6-vicuna-7b", ...figures, effective_at: 4_102_444_800 };
    const added: unknown = await (await operator(account, "POST", "/v1/admin/prices", price)).json();
    expect(added).toMatchObject({ ...price, version: expect.stringMatching(/^llava-v1\.6-vicuna-7b\/\d+$/) });
    const listed = await operator(account, "GET", "/v1/admin/prices");
    const { data } = z.object({ data: z.array(z.unknown()) }).parse(await listed.json());
    expect(data).toContainEqual(added);
    expect(data[0]).toMatchObject({ model: "tessera-tiny", version: "tessera-tiny/1", effective_at: 0 });
    const wrong = [
      [{ ...price, effective_at: before + 30 }, "invalid_value"],
      [{ ...price, image_token_microcredits: -1 }, "invalid_value"],
      [{ ...price, image_token_microcredits: 0.5 }, "invalid_value"],
      [{ ...price, model: "no-such-model" }, "model_not_found"],
    ] as const;
    for (const [body, code] of wrong) {
      const response = await operator(account, "POST", "/v1/admin/prices", body);
      expect(await codeOf(response)).toBe(code);
    }
  });
});
