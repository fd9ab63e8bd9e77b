/** What the ledger's benchmark runs in workerd: pairs of `reserve` and `settle` against the real Account object. */
import { Account } from "../../edge/account/account.ts";
import { hashKey, newAccountId } from "../../edge/auth/key.ts";
import { randomId } from "../../edge/random-id.ts";
import type { Order, Seat } from "./order.ts";

interface Env {
  readonly ACCOUNT: DurableObjectNamespace<BenchAccount>;
}

const HOLD_MS = 210_000;
const FACTS = {
  requestHash: `sha256:${"0".repeat(64)}`,
  images: [`sha256:${"1".repeat(64)}`],
  model: "tessera-tiny",
  revision: "bench",
  priceVersion: "tessera-tiny/1",
  tokens: 500,
};
const END = {
  status: "succeeded",
  text: "A red square.",
  usage: { imageTokens: 432, textTokens: 20, outputTokens: 5 },
  cache: "miss",
  timings: null,
} as const;

/** The account, with a past. */
export class BenchAccount extends Account {
  /**
   * Writes the entries and receipts of `count` requests that ended before, as ids and times of their own would have
   * them.
   */
  writePast(count: number): void {
    const { sql } = this.ctx.storage;
    this.ctx.storage.transactionSync(() => {
      sql.exec(
        `WITH RECURSIVE number (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < ?)
         INSERT INTO entry (id, kind, amount, key, at)
         SELECT printf('chatcmpl-%012x%s', n, lower(hex(randomblob(10)))), 'charge', 0, 'key_past', n FROM number`,
        count,
      );
      sql.exec(
        `WITH RECURSIVE number (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < ?1),
           last (sequence, at, payload) AS (SELECT sequence, at, payload FROM receipt ORDER BY sequence DESC LIMIT 1)
         INSERT INTO receipt (sequence, id, at, payload)
         SELECT sequence + n, printf('rcpt_%012x%s', n, lower(hex(randomblob(10)))), at, payload FROM number, last`,
        count,
      );
      sql.exec("UPDATE meter SET counted = (SELECT max(sequence) FROM receipt)");
    });
  }
}

export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    const order: Order = await request.json();
    switch (order.kind) {
      case "open":
        return Response.json(await open(env, order.past));
      case "pairs":
        for (let pair = 0; pair < order.count; pair++) {
          const seat = order.seats[pair % order.seats.length];
          if (seat) await reserveAndSettle(env, seat);
        }
        return new Response();
      case "nothing":
        return new Response();
    }
  },
};

async function open(env: Env, past: number): Promise<Seat> {
  const account = newAccountId();
  const object = stubOf(env, account);
  await object.open({ name: "bench", grant: { id: "first", amount: 1e12 } });
  const { key } = await object.createKey({
    name: "bench",
    scopes: ["infer"],
    models: null,
    expiresAt: null,
    limits: { requestsPerMinute: 1e7, tokensPerMinute: 1e9, concurrency: 10_000 },
    budget: { total: 1e12, day: 1e12, month: 1e12 },
  });
  const seat = { account, keyHash: await hashKey(key) };
  await reserveAndSettle(env, seat);
  if (past > 0) await object.writePast(past);
  return seat;
}

async function reserveAndSettle(env: Env, { account, keyHash }: Seat): Promise<void> {
  const object = stubOf(env, account);
  const job = `chatcmpl-${randomId()}`;
  const expiresAt = Date.now() + HOLD_MS;
  const held = await object.reserve({ keyHash, job, amount: 500, expiresAt, facts: FACTS });
  if (!held.ok) throw new Error(held.error.code);
  if (!(await object.settle({ job, attempt: 1, charge: 472, end: END }))) throw new Error("It was held.");
}

function stubOf(env: Env, account: string): DurableObjectStub<BenchAccount> {
  return env.ACCOUNT.get(env.ACCOUNT.idFromName(account));
}
