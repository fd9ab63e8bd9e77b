import { env } from "cloudflare:workers";
import fc from "fast-check";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { hashKey } from "../auth/key.ts";
import { readShippedUsage } from "../usage/database.ts";
import { BUCKETS, type Bucket, MOST_ROWS, type UsageSum } from "../usage/query.ts";
import { Account } from "./account.ts";
import {
  ALL_USAGE,
  FACTS,
  inside,
  keyOptions,
  MINUTE,
  newAccount,
  settlement,
  standStill,
  travel,
} from "./testing/fixture.ts";

const HOUR = 60 * MINUTE;

standStill();
beforeEach(() => {
  vi.spyOn(console, "error").mockImplementation(() => undefined);
});

/** What happens to a shipment: also that it arrives and nobody hears of it, and that an old one comes once more. */
const fates = ["arrives", "is lost", "arrives unheard", "arrives twice", "is followed by old ones"] as const;
type Fate = (typeof fates)[number];

/** D1 behind a network that does to each statement what `fate` says. */
function unreliable(fate: () => Fate): D1Database {
  const sent: D1PreparedStatement[] = [];
  const run = vi.fn(async (statement: D1PreparedStatement) => {
    const now = fate();
    if (now === "is lost") throw new Error("D1 cannot be reached.");
    const result = await statement.run();
    if (now === "is followed by old ones") for (const old of sent) await old.run();
    sent.push(statement);
    if (now === "arrives twice") await statement.run();
    if (now === "arrives unheard") throw new Error("The connection broke.");
    return result;
  });
  return new Proxy(env.DB, {
    get: (database, name) => {
      if (name !== "prepare") return Reflect.get(database, name);
      return (query: string) => ({
        bind: (...values: unknown[]) => {
          const statement = database.prepare(query).bind(...values);
          return { run: () => run(statement) };
        },
      });
    },
  });
}

const sumOf = (rows: readonly UsageSum[], field: "requests" | "charge" | "outputTokens") =>
  rows.reduce((sum, row) => sum + row[field], 0);

/** Where the present time's bucket begins. */
function beginning(bucket: Bucket): number {
  const date = new Date(Math.floor(Date.now() / HOUR) * HOUR);
  if (bucket !== "hour") date.setUTCHours(0);
  if (bucket === "month") date.setUTCDate(1);
  return date.getTime();
}

describe("usage", () => {
  const step = fc.oneof(
    { weight: 3, arbitrary: fc.record({ charge: fc.nat(50), key: fc.nat(1), failed: fc.boolean() }) },
    { weight: 1, arbitrary: fc.record({ travel: fc.constantFrom(1, MINUTE, HOUR) }) },
    { weight: 2, arbitrary: fc.record({ alarm: fc.constantFrom(...fates) }) },
    { weight: 1, arbitrary: fc.constant({ restart: true }) },
  );

  it("adds up to the ledger in the object and in D1, whatever becomes of its shipments", {
    timeout: 600_000,
  }, async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 40 }), async (history) => {
        const { account, stub, keyHash } = await newAccount(1_000_000);
        await env.DB.prepare("INSERT INTO account (id, name, created_at) VALUES (?, 'usage', 0)")
          .bind(account)
          .run();
        await inside(stub, async (_, state) => {
          let fate: Fate = "arrives";
          const DB = unreliable(() => fate);
          let object = new Account(state, { ...env, DB });
          const second = await object.createKey({
            ...keyOptions,
            name: "second",
            scopes: ["infer", "usage:read"],
          });
          const keys = [keyHash, await hashKey(second.key)] as const;
          let job = 0;
          let requests = 0;
          for (const act of history) {
            if ("charge" in act) {
              const id = `chatcmpl-${job++}`;
              const expiresAt = Date.now() + MINUTE;
              const asked = {
                keyHash: keys[act.key] ?? keyHash,
                job: id,
                amount: 50,
                expiresAt,
                facts: FACTS,
              };
              expect((await object.reserve(asked)).ok).toBe(true);
              requests++;
              // What fails here is left to expire.
              if (!act.failed) expect(await object.settle(settlement(id, act.charge))).toBe(true);
            } else if ("travel" in act) travel(act.travel);
            else if ("restart" in act) object = new Account(state, { ...env, DB });
            else {
              fate = act.alarm;
              travel(MINUTE);
              await object.alarm();
            }
          }
          travel(HOUR);
          fate = "arrives";
          for (let round = 0; round < 3; round++) {
            await object.alarm();
            travel(HOUR);
          }
          const ledger = await object.ledger();
          const own = await object.usage(keys[1], ALL_USAGE);
          if (!own.ok) throw new Error(own.error.code);
          expect(ledger.held).toBe(0);
          expect(sumOf(own.value, "charge")).toBe(ledger.charged);
          expect(sumOf(own.value, "requests")).toBe(requests);
          const shipped = await readShippedUsage(env.DB, account, ALL_USAGE);
          expect(shipped).toEqual(own.value.map((row) => ({ account, ...row })));
        });
      }),
      { numRuns: 60 },
    );
  });

  it("counts by hour, key, model and status, and what was cached", async () => {
    const { stub, keyHash, keyId } = await newAccount(1000, { scopes: ["infer", "usage:read"] });
    const hour = Math.floor(Date.now() / HOUR) * HOUR;
    vi.setSystemTime(hour + 5 * MINUTE);
    for (const [index, minutes] of [0, 10, 50].entries()) {
      travel(minutes * MINUTE);
      const job = `job_${index}`;
      await stub.reserve({ keyHash, job, amount: 9, expiresAt: Date.now() + MINUTE, facts: FACTS });
      await stub.settle(settlement(job, 3));
    }
    const one = {
      key: keyId,
      model: FACTS.model,
      status: "succeeded",
      cached: 0,
      imageTokens: 144,
      textTokens: 20,
    };
    expect(await stub.usage(keyHash, ALL_USAGE)).toEqual({
      ok: true,
      value: [
        { ...one, start: hour, requests: 2, imageTokens: 288, textTokens: 40, outputTokens: 6, charge: 6 },
        { ...one, start: hour + HOUR, requests: 1, outputTokens: 3, charge: 3 },
      ],
    });
    expect(await stub.usage(keyHash, { ...ALL_USAGE, from: hour + HOUR, to: hour + 2 * HOUR })).toMatchObject(
      {
        value: [{ requests: 1 }],
      },
    );
  });

  it("is summed by the hour, day and month in UTC, and loses and invents nothing", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ hours: fc.nat(24 * 40), charge: fc.nat(9) }), { minLength: 1, maxLength: 12 }),
        async (requests) => {
          const { stub, keyHash } = await newAccount(1_000_000, { scopes: ["infer", "usage:read"] });
          const wanted = new Map(BUCKETS.map((bucket) => [bucket, new Map<number, number>()]));
          for (const [index, { hours, charge }] of requests.entries()) {
            travel(hours * HOUR);
            const job = `job_${index}`;
            const asked = { keyHash, job, amount: 9, expiresAt: Date.now() + MINUTE, facts: FACTS };
            expect((await stub.reserve(asked)).ok).toBe(true);
            await stub.settle(settlement(job, charge));
            for (const [bucket, sums] of wanted) {
              const start = beginning(bucket);
              sums.set(start, (sums.get(start) ?? 0) + charge);
            }
          }
          for (const [bucket, sums] of wanted) {
            const read = await stub.usage(keyHash, { ...ALL_USAGE, bucket });
            if (!read.ok) throw new Error(read.error.code);
            expect(read.value.map(({ start, charge }) => [start, charge])).toEqual([...sums]);
            expect(sumOf(read.value, "requests")).toBe(requests.length);
          }
        },
      ),
      { numRuns: 10 },
    );
  });

  it("is that of one key, model or outcome where that is asked for", async () => {
    const { stub, keyHash, keyId } = await newAccount(1000, { scopes: ["infer", "usage:read"] });
    await stub.reserve({ keyHash, job: "job_1", amount: 9, expiresAt: Date.now() + MINUTE, facts: FACTS });
    await stub.settle(settlement("job_1", 9));
    for (const own of [{ key: keyId }, { model: FACTS.model }, { status: "succeeded" }]) {
      expect(await stub.usage(keyHash, { ...ALL_USAGE, ...own })).toMatchObject({ value: [{ charge: 9 }] });
    }
    for (const other of [{ key: "key_other" }, { model: "other" }, { status: "failed" }]) {
      expect(await stub.usage(keyHash, { ...ALL_USAGE, ...other })).toEqual({ ok: true, value: [] });
    }
  });

  it("is never more than one row above what an answer may have", async () => {
    const { stub, keyHash } = await newAccount(1000, { scopes: ["infer", "usage:read"] });
    await inside(stub, (_, { storage }) =>
      storage.sql.exec(
        `WITH RECURSIVE number (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < 12000)
         INSERT INTO usage SELECT n * 3600000, 'key', 'model', 'succeeded', 1, 0, 0, 0, 0, 0, n FROM number`,
      ),
    );
    const read = await stub.usage(keyHash, ALL_USAGE);
    expect(read.ok && read.value.length).toBe(MOST_ROWS + 1);
    const months = await stub.usage(keyHash, { ...ALL_USAGE, bucket: "month" });
    expect(months.ok && sumOf(months.value, "requests")).toBe(12_000);
  });

  it("is what was charged before refunds, which are entries of their own", async () => {
    const { stub, keyHash } = await newAccount(1000, { scopes: ["infer", "usage:read"] });
    await stub.reserve({ keyHash, job: "job_1", amount: 9, expiresAt: Date.now() + MINUTE, facts: FACTS });
    await stub.settle(settlement("job_1", 9));
    expect((await stub.refund({ id: "refund_1", job: "job_1", amount: 4 })).ok).toBe(true);
    expect(await stub.ledger()).toMatchObject({ charged: 5 });
    expect(await stub.usage(keyHash, ALL_USAGE)).toMatchObject({ value: [{ charge: 9 }] });
  });

  it("is not shipped for an account that D1 does not list", async () => {
    const { account, stub, keyHash } = await newAccount(1000);
    await stub.reserve({ keyHash, job: "job_1", amount: 9, expiresAt: Date.now() + MINUTE, facts: FACTS });
    await stub.settle(settlement("job_1", 3));
    travel(MINUTE);
    await inside(stub, (object) => object.alarm());
    expect(await readShippedUsage(env.DB, account, ALL_USAGE)).toEqual([]);
  });
});
