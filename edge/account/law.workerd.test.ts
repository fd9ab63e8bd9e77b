import { evictDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import fc from "fast-check";
import { beforeEach, expect, it, vi } from "vitest";
import { newAccountId } from "../auth/key.ts";
import { DAY, inside, MINUTE, outcome, standStill, stubOf, travel } from "./testing/fixture.ts";
import { commands } from "./testing/law-commands.ts";
import { Model } from "./testing/law-model.ts";
import { Real } from "./testing/law-real.ts";

declare global {
  namespace Cloudflare {
    interface Env {
      /** How many interleavings to try. */
      readonly TESSERA_RUNS?: string;
    }
  }
}

const RUNS = Number(env.TESSERA_RUNS || 150);
const CREDIT = 1000;

/** Events that receivers took, by job. */
let received: Map<string, string[]>;
/** Every third delivery fails. */
let deliveries: number;

standStill();
beforeEach(() => {
  vi.spyOn(globalThis, "fetch").mockImplementation(async (_, init) => {
    if (deliveries++ % 3 === 0) return new Response(null, { status: 503 });
    const { id, data } = JSON.parse(String(init?.body));
    received.set(data.id, [...(received.get(data.id) ?? []), id]);
    return new Response(null, { status: 204 });
  });
});

it(`holds over ${RUNS} interleavings of requests, jobs, bookings, keys, alarms, crashes and evictions`, {
  timeout: 3_600_000,
}, async () => {
  const history = fc.commands(commands, { maxCommands: 40, size: "max" });
  // One object for all histories, emptied before each: thousands of objects would stay in the runtime's memory.
  const stub = stubOf(newAccountId());
  await fc.assert(
    fc.asyncProperty(history, history, async (before, after) => {
      received = new Map();
      deliveries = 0;
      const model = new Model(CREDIT);
      await inside(stub, (_, { storage }) => storage.deleteAll());
      await evictDurableObject(stub);
      await stub.open({ name: "law", grant: { id: "first", amount: CREDIT } });
      const keys = await inside(stub, async (_, state) => {
        const real = new Real(state);
        await real.newOwner();
        await real.newKey();
        await fc.asyncModelRun(() => ({ model, real }), before);
        const { keyId, keyHash, ownerHash, former } = real;
        return { keyId, keyHash, ownerHash, former };
      });
      await evictDurableObject(stub);
      await inside(stub, async (_, state) => {
        const real = Object.assign(new Real(state), keys);
        await fc.asyncModelRun(() => ({ model, real }), after);
        await endEverything(model, real);
      });
    }),
    { numRuns: RUNS },
  );
});

/** Brings every job to its end, and expects nothing left behind. */
async function endEverything(model: Model, real: Real): Promise<void> {
  model.suspended = false;
  await real.account.suspend(false);
  travel(5 * MINUTE);
  await real.account.alarm();
  model.sweep(Date.now());
  for (const [id, job] of model.jobs) {
    if (job.kind === "attached" || (job.state !== "queued" && job.state !== "running")) continue;
    const attempt = await real.account.startAttempt(id);
    if (!attempt) throw new Error("A waiting job starts.");
    expect(await real.account.finish(outcome(id, 1, attempt))).toBe(true);
    model.end(job, "succeeded", 1, Date.now());
  }
  await real.audit(model);
  expect(real.rows("hold")).toEqual([]);
  expect(model.ledger().held).toBe(0);

  for (let day = 0; day < 10; day++) {
    travel(DAY);
    for (let round = 0; round < 3; round++) await real.account.alarm();
  }
  model.sweep(Date.now());
  await real.audit(model);
  expect(real.rows("job")).toEqual([]);
  expect(real.rows("outbox")).toEqual([]);
  const told = [...model.jobs].filter(([, job]) => job.kind === "stored" && job.webhook).map(([id]) => id);
  expect([...received.keys()].sort()).toEqual(told.sort());
  for (const ids of received.values()) expect(new Set(ids).size).toBe(1);
}
