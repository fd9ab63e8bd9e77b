import { evictDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { jobImageKey } from "../jobs/stored-question.ts";
import {
  ALL_USAGE,
  FACTS,
  inside,
  MINUTE,
  newAccount,
  outcome,
  ringAlarm,
  settlement,
  standStill,
  travel,
} from "./testing/fixture.ts";

standStill();

/** An account with something in every store: a request and a job that are open, and others that have ended. */
async function lived() {
  const made = await newAccount(1000);
  const { account, stub, keyHash } = made;
  const insert = env.DB.prepare("INSERT INTO account (id, name, created_at) VALUES (?, 'erased', 0)");
  await insert.bind(account).run();
  const ask = (job: string) => ({ keyHash, job, amount: 100, expiresAt: Date.now() + MINUTE, facts: FACTS });
  await stub.reserve(ask("chatcmpl-1"));
  await stub.settle(settlement("chatcmpl-1", 30));
  travel(MINUTE);
  await ringAlarm(stub);
  await stub.reserve(ask("chatcmpl-2"));
  const webhook = "https://hooks.customer.dev/";
  const stored = { job: "job_1", model: "tessera-tiny", request: "{}", webhook, idempotency: null };
  await stub.accept({ keyHash, job: "job_1", amount: 200, facts: FACTS }, stored);
  const attempt = await stub.startAttempt("job_1");
  if (!attempt) throw new Error("A waiting job starts.");
  await env.IMAGES.put(`${account}/sha256:0`, "an upload");
  await env.IMAGES.put(jobImageKey(account, "job_1", 0), "a job's image");
  await env.RESULTS.put(`${account}/0`, "{}");
  return { ...made, attempt };
}

/** Everything that is kept of any account outside of the objects. */
async function everything() {
  const [images, answers, accounts, usage] = await Promise.all([
    env.IMAGES.list(),
    env.RESULTS.list(),
    env.DB.prepare("SELECT * FROM account").all(),
    env.DB.prepare("SELECT * FROM usage").all(),
  ]);
  return [...images.objects, ...answers.keys, ...accounts.results, ...usage.results];
}

describe("a deleted account", () => {
  it("leaves nothing in any store, and its last ledger gives back what was held", async () => {
    const { account, stub } = await lived();
    const stores = (await stub.inventory()).map(({ store }) => store);
    expect(stores).toEqual(
      expect.arrayContaining([
        "account.key",
        "account.job",
        "account.hold",
        "account.receipt",
        "account.usage",
        "database.account",
        "database.usage",
        "bucket.images",
        "bucket.job_images",
        "cache.answers",
      ]),
    );
    expect(await stub.erase()).toEqual({
      ledger: { granted: 1000, balance: 970, held: 0, charged: 30 },
      kept: [],
    });
    expect(await stub.inventory()).toEqual([]);
    const left = JSON.stringify(await everything());
    expect(left).not.toContain(account);
    expect(await stub.erase()).toEqual({ ledger: null, kept: [] });
  });

  it("refuses its keys as unknown and every late outcome, also after a restart", async () => {
    const { stub, keyHash, attempt } = await lived();
    await stub.erase();
    for (let restart = 0; restart < 2; restart++) {
      const refused = { ok: false, error: { code: "invalid_api_key" } };
      expect(await stub.authorise(keyHash, "infer")).toEqual(refused);
      expect(await stub.job(keyHash, "job_1")).toEqual(refused);
      expect(await stub.receipts(keyHash, { order: "asc", limit: 1 })).toEqual(refused);
      expect(await stub.usage(keyHash, ALL_USAGE)).toEqual(refused);
      expect(await stub.settle(settlement("chatcmpl-2", 50))).toBe(false);
      expect(await stub.finish(outcome("job_1", 50, { attempt: 1, lease: attempt.lease }))).toBe(false);
      expect(await stub.startAttempt("job_1")).toBeNull();
      await stub.abandonAttempt({ job: "job_1", attempt: 1, lease: attempt.lease });
      expect(await stub.inventory()).toEqual([]);
      await evictDurableObject(stub);
    }
  });

  it("can't be opened again, and sweeps what is written late until its tombstone goes", async () => {
    const { account, stub } = await lived();
    await stub.erase();
    const reopen = () =>
      inside(stub, (object) => object.open({ name: "again", grant: { id: "a", amount: 1 } }));
    await expect(reopen()).rejects.toThrow("never used again");
    await env.RESULTS.put(`${account}/1`, "{}");
    await env.IMAGES.put(`${account}/sha256:1`, "a late upload");
    await evictDurableObject(stub);
    travel(MINUTE);
    await ringAlarm(stub);
    expect(await stub.inventory()).toEqual([]);
    expect(JSON.stringify(await everything())).not.toContain(account);
    travel(20 * MINUTE);
    await ringAlarm(stub);
    await inside(stub, async (_, state) => {
      const tables = state.storage.sql
        .exec("SELECT name FROM sqlite_master WHERE name NOT GLOB '_*'")
        .toArray();
      expect(tables).toEqual([]);
      expect(await state.storage.getAlarm()).toBeNull();
    });
    expect(await stub.erase()).toBeNull();
  });

  it("takes an account with it that has only its row in the database, and no other account", async () => {
    const [other, half] = await Promise.all([lived(), newAccount(0)]);
    const before = await other.stub.inventory();
    await half.stub.erase();
    expect(await other.stub.inventory()).toEqual(before);
    expect((await other.stub.authorise(other.keyHash, "infer")).ok).toBe(true);

    const never = env.ACCOUNT.get(env.ACCOUNT.idFromName("000000000000"));
    expect(await never.erase()).toBeNull();
    const insert = env.DB.prepare("INSERT INTO account (id, name, created_at) VALUES (?, 'half', 0)");
    await insert.bind("000000000000").run();
    expect(await never.erase()).toEqual({ ledger: null, kept: [] });
  });
});

describe("a job's images", () => {
  it("go when the account gives the job up, and at the latest with the job's row", async () => {
    const { account, stub, keyHash } = await newAccount(1000);
    const accept = (job: string) =>
      stub.accept(
        { keyHash, job, amount: 1, facts: FACTS },
        { job, model: "tessera-tiny", request: "{}", webhook: null, idempotency: null },
      );
    await accept("job_1");
    await env.IMAGES.put(jobImageKey(account, "job_1", 0), "an image");
    await env.IMAGES.put(jobImageKey(account, "job_1", 1), "an image");
    for (let attempt = 1; attempt <= 5; attempt++) {
      expect(await stub.startAttempt("job_1")).toMatchObject({ attempt });
      travel(3 * MINUTE);
    }
    const images = async () => (await env.IMAGES.list({ prefix: `jobs/${account}/` })).objects;
    expect(await images()).toHaveLength(2);
    await ringAlarm(stub);
    expect(await images()).toEqual([]);

    await accept("job_2");
    await env.IMAGES.put(jobImageKey(account, "job_2", 0), "an image");
    const attempt = await stub.startAttempt("job_2");
    await stub.finish(outcome("job_2", 1, { attempt: 1, lease: attempt?.lease ?? "" }));
    travel(25 * 60 * MINUTE);
    await ringAlarm(stub);
    expect(await images()).toEqual([]);
  });
});
