import { env } from "cloudflare:workers";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { MODELS } from "../../../core/models.ts";
import { SETTLE_PATH, type SettleReport } from "../../../core/settle.ts";
import { NONCE_HEADER, SIGNATURE_HEADER, sign, TIMESTAMP_HEADER } from "../../../core/signature.ts";
import {
  FACTS,
  law,
  MINUTE,
  newAccount,
  ringAlarm,
  rows,
  settlement,
  stopClock,
  travel,
} from "../../account/testing/fixture.ts";
import { createApp } from "../../app.ts";
import { type Claim, sealClaim } from "../../generate/claim.ts";

beforeEach(stopClock);
afterEach(() => {
  vi.useRealTimers();
});

const app = createApp();
const [model] = MODELS;
if (!model) throw new Error("The registry has no model.");
const { price } = model;

const usage = { imageTokens: 0, textTokens: 20, outputTokens: 5 };
const COST = 20 * price.textToken + 5 * price.outputToken;

/** Sends a report as a worker with this secret does. */
async function send(report: object, secret = env.POOL_SECRET): Promise<Response> {
  const body = Uint8Array.from(new TextEncoder().encode(JSON.stringify(report)));
  const timestamp = String(Date.now());
  const nonce = crypto.randomUUID();
  const signed = { method: "POST", path: SETTLE_PATH, timestamp, nonce, body };
  const headers = {
    [TIMESTAMP_HEADER]: timestamp,
    [NONCE_HEADER]: nonce,
    [SIGNATURE_HEADER]: await sign(secret, signed),
  };
  return app.request(SETTLE_PATH, { method: "POST", headers, body }, env);
}

/** An account that holds 300 of its 1000 micro-credits for chatcmpl-1, and the claim of that request's worker. */
async function held() {
  const { account, stub, keyHash } = await newAccount(1000);
  const job = "chatcmpl-1";
  await stub.reserve({ keyHash, job, amount: 300, facts: FACTS, expiresAt: Date.now() + MINUTE });
  const report = async (changes: Partial<Claim> = {}): Promise<SettleReport> => ({
    claim: await sealClaim(env.KEY_SECRET, { account, job, attempt: 1, price, cache: "miss", ...changes }),
    usage,
  });
  return { stub, job, report };
}

it("charges what was computed, once", async () => {
  const { stub, report } = await held();
  const sent = await report();
  for (let time = 0; time < 3; time++) expect((await send(sent)).status).toBe(204);
  expect(await stub.ledger()).toEqual({ granted: 1000, balance: 1000 - COST, held: 0, charged: COST });
  expect(await law(stub)).toEqual([]);
});

it("changes nothing after the edge has settled, and ends the hold before it", async () => {
  const { stub, job, report } = await held();
  await stub.settle(settlement(job, 7));
  expect((await send(await report())).status).toBe(204);
  expect(await stub.ledger()).toMatchObject({ held: 0, charged: 7 });

  const other = await held();
  await send(await other.report());
  expect(await other.stub.settle(settlement(other.job, 7))).toBe(false);
  expect(await other.stub.ledger()).toMatchObject({ held: 0, charged: COST });
});

it("charges nothing for a prompt without a token, and never more than was held", async () => {
  const idle = await held();
  await send({ ...(await idle.report()), usage: { ...usage, outputTokens: 0 } });
  expect(await idle.stub.ledger()).toMatchObject({ held: 0, charged: 0 });
  const greedy = await held();
  await send({ ...(await greedy.report()), usage: { ...usage, outputTokens: 1_000_000 } });
  expect(await greedy.stub.ledger()).toMatchObject({ held: 0, charged: 300 });
});

it("leaves alone what another attempt has taken over", async () => {
  const { stub, job, report } = await held();
  await stub.supersede({ job, attempt: 2 });
  expect((await send(await report())).status).toBe(204);
  expect(await stub.ledger()).toMatchObject({ held: 300, charged: 0 });
  await send(await report({ attempt: 2 }));
  expect(await stub.ledger()).toMatchObject({ held: 0, charged: COST });
});

it("is forgiven when it comes after the hold has expired", async () => {
  const { stub, report } = await held();
  const sent = await report();
  travel(MINUTE);
  await ringAlarm(stub);
  for (let time = 0; time < 2; time++) expect((await send(sent)).status).toBe(204);
  expect(await stub.ledger()).toMatchObject({ balance: 1000, held: 0, charged: 0 });
  const kinds = (await rows(stub, "entry")).map(({ kind }) => kind);
  expect(kinds.slice(1)).toEqual(["expired", "forgiven"]);
  expect(await law(stub)).toEqual([]);
});

it("is refused from strangers, and for claims that this edge did not seal", async () => {
  const { stub, report } = await held();
  const sent = await report();
  expect((await send(sent, "another pool's secret")).status).toBe(401);
  const foreign = await sealClaim("another edge's secret", {
    account: "000000000001",
    job: "chatcmpl-1",
    attempt: 1,
    price,
    cache: "miss",
  });
  const last = sent.claim.at(-2) === "A" ? "B" : "A";
  for (const claim of [foreign, `${sent.claim.slice(0, -2)}${last}${sent.claim.at(-1)}`, "x", "é"]) {
    expect((await send({ ...sent, claim })).status).toBe(400);
  }
  for (const wrong of [{ ...sent, usage: { ...usage, outputTokens: -1 } }, { claim: sent.claim }, null, []]) {
    expect((await send(wrong ?? [])).status).toBe(400);
  }
  expect(await stub.ledger()).toMatchObject({ held: 300, charged: 0 });
});
