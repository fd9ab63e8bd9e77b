import { evictDurableObject } from "cloudflare:test";
import { Webhook } from "standardwebhooks";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Outcome } from "./job-contract.ts";
import {
  DAY,
  FACTS,
  MINUTE,
  newAccount,
  newOwner,
  outcome,
  recordBells,
  ringAlarm,
  rows,
  type Stub,
  stopClock,
  travel,
} from "./testing/fixture.ts";

const URL = "https://hooks.customer.dev/tessera";

/** What the receiver saw. */
let received: { url: string; headers: Record<string, string>; body: string }[];
/** What the receiver answers, in turn; 204 when nothing is left. */
let answers: (() => Response)[];

beforeEach(() => {
  received = [];
  answers = [];
  recordBells();
  vi.spyOn(globalThis, "fetch").mockImplementation(async (input, init) => {
    const request = new Request(input, init);
    received.push({
      url: request.url,
      headers: Object.fromEntries(request.headers),
      body: await request.text(),
    });
    expect(request.method).toBe("POST");
    expect(request.redirect).toBe("manual");
    return answers.shift()?.() ?? new Response(null, { status: 204 });
  });
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

/** An account whose job has ended, its event due. */
async function finished(url = URL, end: Partial<Pick<Outcome, "state" | "answer" | "failure">> = {}) {
  const account = await newAccount(1000);
  const stored = { job: "job_1", model: "tessera-tiny", request: "{}", webhook: url, idempotency: null };
  await account.stub.accept({ facts: FACTS, keyHash: account.keyHash, job: "job_1", amount: 300 }, stored);
  const attempt = await account.stub.startAttempt("job_1");
  if (!attempt) throw new Error("No attempt was started.");
  const { lease } = attempt;
  await account.stub.finish(outcome("job_1", 10, { ...end, attempt: 1, lease }));
  return account;
}

/** An answer of this status, made where it is given: workerd binds a body to the request it was made in. */
const failing =
  (status: number, headers: Record<string, string> = {}) =>
  () =>
    new Response("no", { status, headers });

const unreachable = () => {
  throw new Error("connection refused");
};

/** The state of the account's only event. */
async function event(stub: Stub) {
  const [row] = await rows(stub, "outbox");
  return row;
}

describe("with the clock stopped", () => {
  beforeEach(stopClock);

  it("sends a thin event that the receiver can verify", async () => {
    const { stub } = await finished();
    await ringAlarm(stub);
    expect(received).toHaveLength(1);
    const { url, headers, body } = received[0] ?? { url: "", headers: {}, body: "" };
    expect(url).toBe(URL);
    expect(headers["content-type"]).toBe("application/json");
    expect(new Webhook(await stub.webhookSecret()).verify(body, headers)).toEqual({
      id: headers["webhook-id"],
      object: "event",
      type: "job.succeeded",
      created_at: Math.floor(Date.now() / 1000),
      data: { id: "job_1", object: "job", status: "succeeded" },
    });
    expect(headers["webhook-id"]).toMatch(/^evt_[0-9A-Za-z]{22}$/);
    expect(await event(stub)).toMatchObject({ state: "delivered", attempt: 1 });
    await ringAlarm(stub);
    expect(received).toHaveLength(1);
  });

  it("tells of failures too, and of jobs without an attempt left", async () => {
    const failure = { code: "engine_failed", message: "The engine stopped." };
    const { stub } = await finished(URL, { state: "failed", answer: null, failure });
    await ringAlarm(stub);
    expect(received[0]?.body).toContain('"type":"job.failed"');

    const { stub: other, keyHash } = await newAccount(1000);
    const stored = { job: "job_2", model: "tessera-tiny", request: "{}", webhook: URL, idempotency: null };
    await other.accept({ facts: FACTS, keyHash, job: "job_2", amount: 300 }, stored);
    for (let attempt = 0; attempt < 5; attempt++) {
      await other.startAttempt("job_2");
      travel(2 * MINUTE);
    }
    await ringAlarm(other);
    await ringAlarm(other);
    expect(received[1]?.body).toContain('"data":{"id":"job_2","object":"job","status":"failed"}');
  });

  it("is sent again under the same id and a new signature until it is received", async () => {
    answers = [failing(500), unreachable, failing(302, { location: "https://elsewhere.dev/" })];
    const { stub } = await finished();
    const waits: number[] = [];
    for (let attempt = 1; attempt <= 4; attempt++) {
      await ringAlarm(stub);
      expect(received).toHaveLength(attempt);
      const row = await event(stub);
      waits.push(Number(row?.due_at) - Date.now());
      if (attempt === 2) await evictDurableObject(stub);
      if (attempt < 4) travel(Number(row?.due_at) - Date.now() - 1);
      await ringAlarm(stub);
      expect(received).toHaveLength(attempt);
      travel(1);
    }
    expect(await event(stub)).toMatchObject({ state: "delivered", attempt: 4 });
    [5_000, 5 * MINUTE, 30 * MINUTE].forEach((wait, index) => {
      expect(waits[index]).toBeGreaterThanOrEqual(wait);
      expect(waits[index]).toBeLessThanOrEqual(wait * 1.1);
    });
    expect(new Set(received.map(({ headers }) => headers["webhook-id"])).size).toBe(1);
    expect(new Set(received.map(({ body }) => body)).size).toBe(1);
    expect(new Set(received.map(({ headers }) => headers["webhook-timestamp"])).size).toBe(4);
    expect(new Set(received.map(({ headers }) => headers["webhook-signature"])).size).toBe(4);
  });

  it("waits as long as the receiver asks", async () => {
    answers = [failing(429, { "retry-after": "600" })];
    const { stub } = await finished();
    await ringAlarm(stub);
    expect(await event(stub)).toMatchObject({ state: "pending", due_at: Date.now() + 600_000 });
  });

  it("is given up when the receiver is gone, or after ten attempts", async () => {
    answers = [failing(410)];
    const gone = await finished();
    await ringAlarm(gone.stub);
    expect(await event(gone.stub)).toMatchObject({ state: "given_up", attempt: 1 });

    answers = Array.from({ length: 10 }, () => failing(503));
    const failed = await finished();
    for (let attempt = 0; attempt < 12; attempt++) {
      await ringAlarm(failed.stub);
      const row = await event(failed.stub);
      if (row?.state === "pending") travel(Number(row.due_at) - Date.now());
    }
    expect(await event(failed.stub)).toMatchObject({ state: "given_up", attempt: 10 });
    expect(received).toHaveLength(11);
  });

  it("is never sent to an address that is not public", async () => {
    const { stub } = await finished("https://10.0.0.1/hook");
    await ringAlarm(stub);
    expect(received).toEqual([]);
    expect(await event(stub)).toMatchObject({ state: "given_up" });
  });

  it("goes to plain http on loopback on a developer's machine", async () => {
    await ringAlarm((await finished("http://127.0.0.1:9999/hook")).stub);
    expect(received[0]?.url).toBe("http://127.0.0.1:9999/hook");
  });

  it("is shown with its attempts, and sent once more when its account asks for that", async () => {
    answers = [failing(500), failing(410)];
    const { stub, keyHash } = await finished();
    const owner = await newOwner(stub);
    const shown = async () => {
      const read = await stub.deliveries(owner, { limit: 10 });
      return read.ok ? read.value?.items[0] : read.error;
    };
    const told = { type: "job.succeeded", about: "job_1", url: URL };
    expect(await shown()).toMatchObject({ ...told, state: "pending", attempts: 0, nextAt: Date.now() });
    await ringAlarm(stub);
    expect(await shown()).toMatchObject({ ...told, state: "pending", attempts: 1 });
    travel(MINUTE);
    await ringAlarm(stub);
    expect(await shown()).toMatchObject({ ...told, state: "given_up", attempts: 2, nextAt: null });

    const id = String((await event(stub))?.id);
    expect(await stub.redeliver(owner, id)).toMatchObject({ value: { id, state: "pending" } });
    await ringAlarm(stub);
    expect(await shown()).toMatchObject({ ...told, state: "delivered", attempts: 3, nextAt: null });
    await stub.redeliver(owner, id);
    await ringAlarm(stub);
    expect(received.map(({ headers }) => headers["webhook-id"])).toEqual([id, id, id, id]);

    expect(await stub.redeliver(owner, "evt_none")).toEqual({ ok: true, value: null });
    const refused = { ok: false, error: { code: "insufficient_scope", scope: "webhooks:write" } };
    expect(await stub.redeliver(keyHash, id)).toEqual(refused);
    expect(await stub.deliveries(keyHash, { limit: 10 })).toEqual(refused);
    const stranger = await newAccount(1000, { scopes: ["webhooks:write"] });
    expect(await stranger.stub.redeliver(stranger.keyHash, id)).toEqual({ ok: true, value: null });
    expect(await stranger.stub.deliveries(stranger.keyHash, { after: id, limit: 10 })).toEqual({
      ok: true,
      value: null,
    });
  });

  it("is listed page by page with the others, the latest first", async () => {
    const { stub, keyHash } = await finished();
    for (const job of ["job_2", "job_3"]) {
      const stored = { job, model: "tessera-tiny", request: "{}", webhook: URL, idempotency: null };
      await stub.accept({ facts: FACTS, keyHash, job, amount: 300 }, stored);
      await stub.cancel(keyHash, job);
    }
    const owner = await newOwner(stub);
    const page = async (after?: string) => {
      const read = await stub.deliveries(owner, { after, limit: 2 });
      if (!read.ok || !read.value) throw new Error("There is no such page.");
      return read.value;
    };
    const first = await page();
    expect(first).toMatchObject({ items: [{ about: "job_3" }, { about: "job_2" }], more: true });
    expect(await page(first.items[1]!.id)).toMatchObject({
      items: [{ about: "job_1" }],
      more: false,
    });
  });

  it("is deleted a day after it was received", async () => {
    const { stub } = await finished();
    await ringAlarm(stub);
    travel(DAY - 1);
    await ringAlarm(stub);
    expect(await rows(stub, "outbox")).toHaveLength(1);
    travel(1);
    await ringAlarm(stub);
    expect(await rows(stub, "outbox")).toEqual([]);
  });
});

it("is sent by itself, by the real alarm", async () => {
  const { stub } = await finished();
  await vi.waitFor(async () => expect(await event(stub)).toMatchObject({ state: "delivered" }), {
    timeout: 10_000,
    interval: 50,
  });
  expect(received).toHaveLength(1);
});
