/** What may happen to an account, each with what should come of it. */
import fc from "fast-check";
import { expect } from "vitest";
import type { Result } from "../../../core/result.ts";
import type { BookingError, Ledger } from "../contract.ts";
import type { Attempt, Outcome } from "../job-contract.ts";
import { FACTS, MINUTE, outcome, settlement, travel } from "./fixture.ts";
import type { Model } from "./law-model.ts";
import type { Real } from "./law-real.ts";

type Act = (model: Model, real: Real) => Promise<void>;

class Command implements fc.AsyncCommand<Model, Real> {
  readonly #name: string;
  readonly #act: Act;

  constructor(name: string, act: Act) {
    this.#name = name;
    this.#act = act;
  }

  check(): boolean {
    return true;
  }

  async run(model: Model, real: Real): Promise<void> {
    await this.#act(model, real);
    await real.audit(model);
  }

  toString(): string {
    return this.#name;
  }
}

const job = fc.constantFrom("job_1", "job_2", "job_3", "job_4", "job_5", "job_6");
const amount = fc.integer({ min: 0, max: 400 });
const which = fc.nat({ max: 4 });
const attemptNumber = fc.integer({ min: 1, max: 3 });
const key = fc.constantFrom("a", "b");
const fingerprint = fc.constantFrom("1", "2");
const idempotency = fc.option(fc.record({ key, fingerprint }), { freq: 1 });
/** At which statement the account crashes, if at all. */
const crash = fc.option(fc.nat({ max: 8 }), { freq: 3 });

function command<Arguments extends unknown[]>(
  name: string,
  args: { [Key in keyof Arguments]: fc.Arbitrary<Arguments[Key]> },
  act: (...args: Arguments) => Act,
): fc.Arbitrary<Command> {
  return fc
    .tuple<Arguments>(...args)
    .map(
      (values) =>
        new Command(`${name}(${values.map((value) => JSON.stringify(value)).join(", ")})`, act(...values)),
    );
}

/** One of a job's attempts, past or present, or one that never was. */
function attemptOf(model: Model, id: string, index: number): Pick<Attempt, "attempt" | "lease"> {
  const attempts = model.stored(id)?.attempts ?? [];
  return attempts[attempts.length - 1 - index] ?? { attempt: 1, lease: "never" };
}

const isPresent = (model: Model, id: string, lease: string) => {
  const stored = model.stored(id);
  return stored?.state === "running" && stored.attempts.at(-1)?.lease === lease;
};

function expectBooked(refusal: string | null, verdict: Result<Ledger, BookingError>): void {
  expect(verdict).toMatchObject(refusal === null ? { ok: true } : { ok: false, error: { code: refusal } });
}

const start =
  (id: string, at: number | null): Act =>
  async (model, real) => {
    const stored = model.stored(id);
    const attempt = await real.call(at, (account) => account.startAttempt(id));
    if (!stored || !model.isWaiting(stored, Date.now()) || model.exhaust(stored, Date.now())) {
      expect(attempt).toBeNull();
      return;
    }
    expect(attempt).toMatchObject({ attempt: stored.attempts.length + 1 });
    if (attempt) stored.attempts.push(attempt);
    stored.state = "running";
  };

const abandon =
  (id: string, index: number, at: number | null): Act =>
  async (model, real) => {
    const { attempt, lease } = attemptOf(model, id, index);
    const present = isPresent(model, id, lease);
    await real.call(at, (account) => account.abandonAttempt({ job: id, attempt, lease }));
    const stored = model.stored(id);
    if (present && stored && !model.exhaust(stored, Date.now())) stored.state = "queued";
  };

export const commands = [
  command(
    "reserve",
    [job, amount, fc.integer({ min: 1, max: 5 }), crash],
    (id, worst, minutes, at) => async (model, real) => {
      const expiresAt = Date.now() + minutes * MINUTE;
      const now = Date.now();
      const { balance } = model.ledger();
      const reservation = { facts: FACTS, keyHash: real.keyHash, job: id, amount: worst, expiresAt };
      const verdict = await real.call(at, (account) => account.reserve(reservation));
      if (model.jobs.has(id) && !model.suspended) {
        expect(verdict).toMatchObject({ ok: true, value: { balance } });
        return;
      }
      const refusal = model.refusal(worst, true, now);
      if (refusal === null) {
        expect(verdict).toMatchObject({ ok: true, value: { balance: balance - worst } });
        model.jobs.set(id, {
          kind: "attached",
          key: model.key,
          amount: worst,
          acceptedAt: now,
          charge: 0,
          expiresAt,
          attempt: 1,
          end: null,
        });
      } else {
        expect(verdict).toMatchObject({ error: { code: refusal } });
      }
    },
  ),

  command(
    "accept",
    [job, amount, fc.boolean(), idempotency, crash],
    (id, worst, webhook, idempotency, at) => async (model, real) => {
      const stored = {
        job: id,
        model: "m",
        request: "{}",
        webhook: webhook ? "https://hooks.customer.dev/" : null,
        idempotency,
      };
      const accept = () => {
        const reservation = { keyHash: real.keyHash, job: id, amount: worst, facts: FACTS };
        return real.call(at, (account) => account.accept(reservation, stored));
      };
      const now = Date.now();
      const recalled = idempotency && model.recall(idempotency.key);
      const known = recalled?.[1] ?? model.stored(id);
      if (model.suspended) {
        expect(await accept()).toEqual({ ok: false, error: { code: "account_suspended" } });
      } else if (recalled && recalled[1].idempotency?.fingerprint !== idempotency.fingerprint) {
        expect(await accept()).toEqual({ ok: false, error: { code: "idempotency_key_reused" } });
      } else if (known && known.state !== "deleted") {
        const record = { id: recalled?.[0] ?? id, state: known.state, attempt: known.attempts.length };
        expect(await accept()).toMatchObject({ value: { replayed: true, record } });
      } else if (model.jobs.has(id)) {
        await expect(accept()).rejects.toThrow("never used again");
      } else {
        const refusal = model.refusal(worst, false, now);
        const verdict = refusal === null ? { value: { replayed: false } } : { error: { code: refusal } };
        expect(await accept()).toMatchObject(verdict);
        if (refusal !== null) return;
        const money = { key: model.key, amount: worst, acceptedAt: now, charge: 0 };
        const fresh = { kind: "stored", ...money, webhook, idempotency, finishedAt: 0 } as const;
        model.jobs.set(id, { ...fresh, attempts: [], state: "queued" });
      }
    },
  ),

  command("recall", [key, fingerprint], (key, fingerprint) => async (model, real) => {
    const recalled = model.recall(key);
    const verdict = await real.account.recall(real.keyHash, { key, fingerprint });
    if (model.suspended) expect(verdict).toEqual({ ok: false, error: { code: "account_suspended" } });
    else if (!recalled) expect(verdict).toEqual({ ok: true, value: null });
    else if (recalled[1].idempotency?.fingerprint === fingerprint) {
      expect(verdict).toMatchObject({ value: { id: recalled[0], state: recalled[1].state } });
    } else expect(verdict).toEqual({ ok: false, error: { code: "idempotency_key_reused" } });
  }),

  command("settle", [job, attemptNumber, amount, crash], (id, attempt, charge, at) => async (model, real) => {
    const attached = model.attached(id);
    const wins = attached?.end === null && attached.attempt === attempt;
    expect(await real.call(at, (account) => account.settle(settlement(id, charge, attempt)))).toBe(wins);
    if (!attached || !wins) return;
    attached.end = "charged";
    attached.charge = Math.min(charge, attached.amount);
    model.charged += attached.charge;
  }),

  command("supersede", [job, attemptNumber, crash], (id, attempt, at) => async (model, real) => {
    const attached = model.attached(id);
    const wins = attached?.end === null && attached.attempt <= attempt;
    expect(await real.call(at, (account) => account.supersede({ job: id, attempt }))).toBe(wins);
    if (attached && wins) attached.attempt = attempt;
  }),

  command("start", [job, crash], start),

  command(
    "finish",
    [job, which, amount, fc.constantFrom<Outcome["state"]>("succeeded", "failed", "canceled"), crash],
    (id, index, charge, state, at) => async (model, real) => {
      const { attempt, lease } = attemptOf(model, id, index);
      const wins = isPresent(model, id, lease);
      const end = outcome(id, charge, { attempt, lease, state });
      expect(await real.call(at, (account) => account.finish(end))).toBe(wins);
      const stored = model.stored(id);
      if (wins && stored) model.end(stored, state, charge, Date.now());
    },
  ),

  command("cancel", [job, crash], (id, at) => async (model, real) => {
    const stored = model.stored(id);
    const verdict = await real.call(at, (account) => account.cancel(real.keyHash, id));
    if (model.suspended) {
      expect(verdict).toEqual({ ok: false, error: { code: "account_suspended" } });
      return;
    }
    if (!stored || stored.state === "deleted") {
      expect(verdict).toEqual({ ok: true, value: null });
      return;
    }
    if (stored.state === "queued" || stored.state === "running") {
      model.end(stored, "canceled", 0, Date.now());
    }
    expect(verdict).toMatchObject({ value: { id, state: stored.state } });
  }),

  command("abandon", [job, which, crash], abandon),

  command("tryAgain", [job, fc.integer({ min: 2, max: 5 })], (id, times) => async (model, real) => {
    for (let time = 0; time < times; time++) {
      await start(id, null)(model, real);
      await abandon(id, 0, null)(model, real);
    }
  }),

  command(
    "grant",
    [fc.constantFrom("a", "b", "c", "d"), fc.nat({ max: 600 }), crash],
    (id, given, at) => async (model, real) => {
      const refusal = model.bookingRefusal("grant", id, given);
      expectBooked(refusal, await real.call(at, (account) => account.grant({ id, amount: given })));
      if (refusal === null) model.book("grant", id, given);
    },
  ),

  command(
    "takeBack",
    [fc.constantFrom("a", "b", "c", "d"), fc.nat({ max: 600 }), crash],
    (id, taken, at) => async (model, real) => {
      const refusal = model.bookingRefusal("take_back", id, taken);
      expectBooked(refusal, await real.call(at, (account) => account.takeBack({ id, amount: taken })));
      if (refusal === null) model.book("take_back", id, taken);
    },
  ),

  command(
    "refund",
    [fc.constantFrom("a", "b", "c", "d"), job, fc.nat({ max: 200 }), crash],
    (id, charged, given, at) => async (model, real) => {
      const refusal = model.bookingRefusal("refund", id, given, charged);
      const booking = { id, job: charged, amount: given };
      expectBooked(refusal, await real.call(at, (account) => account.refund(booking)));
      if (refusal === null) model.book("refund", id, given, charged);
    },
  ),

  command("suspend", [fc.boolean(), crash], (suspended, at) => async (model, real) => {
    await real.call(at, (account) => account.suspend(suspended));
    model.suspended = suspended;
  }),

  command(
    "setBudget",
    [fc.constantFrom("total", "day", "month"), fc.option(fc.nat({ max: 600 }), { freq: 3 }), crash],
    (period, limit, at) => async (model, real) => {
      const changes = { budget: { [period]: limit } };
      const verdict = await real.call(at, (account) =>
        account.updateKey(real.ownerHash, real.keyId, changes),
      );
      if (model.suspended) {
        expect(verdict).toMatchObject({ error: { code: "account_suspended" } });
        return;
      }
      model.budget = { ...model.budget, [period]: limit };
      expect(verdict).toMatchObject({
        value: { budget: model.budget, used: { total: model.used(() => true) } },
      });
    },
  ),

  command(
    "alarm",
    [fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 5 * MINUTE }), fc.constant(25 * 60 * MINUTE)), crash],
    (later, at) => async (model, real) => {
      travel(later);
      await real.call(at, (account) => account.alarm());
      model.sweep(Date.now());
    },
  ),

  command("revoke", [job, crash], (id, at) => async (model, real) => {
    if (model.suspended) return;
    const { keyHash, keyId } = real;
    model.key++;
    model.budget = { total: null, day: null, month: null };
    await real.newKey();
    const revoked = await real.call(at, (account) => account.revokeKey(real.ownerHash, keyId));
    expect(revoked).toMatchObject({ ok: true });
    const refused = { ok: false, error: { code: "invalid_api_key" } };
    const reservation = { facts: FACTS, keyHash, job: id, amount: 0, expiresAt: 0 };
    expect(await real.account.reserve(reservation)).toEqual(refused);
    expect(await real.account.job(keyHash, id)).toEqual(refused);
  }),

  command("rotate", [fc.nat({ max: 3 }), crash], (minutes, at) => async (model, real) => {
    if (model.suspended) return;
    const former = real.keyHash;
    await real.rotateKey(at, minutes * MINUTE);
    const ends = Date.now() + minutes * MINUTE;
    for (const earlier of real.former) {
      if (earlier.keyId === real.keyId) earlier.ends = Math.min(earlier.ends, ends);
    }
    real.former.push({ hash: former, keyId: real.keyId, ends });
  }),

  command("useFormer", [which], (index) => async (model, real) => {
    const former = real.former.at(-1 - index);
    if (!former || model.suspended) return;
    const verdict = await real.account.authorise(former.hash, "infer");
    const revoked = { error: { code: "invalid_api_key" } };
    const expired = { error: { code: "api_key_expired" } };
    if (former.keyId !== real.keyId) expect(verdict).toMatchObject(revoked);
    else if (former.ends <= Date.now()) expect(verdict).toMatchObject(expired);
    else expect(verdict).toMatchObject({ ok: true, value: { keyId: real.keyId } });
  }),

  command("restart", [], () => async (_, real) => real.restart()),
];
