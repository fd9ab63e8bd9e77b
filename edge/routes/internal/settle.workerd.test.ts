import { env } from "cloudflare:workers";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { MODELS } from "../../../core/models.ts";
import { SETTLE_PATH, type SettleReport } from "../../../core/settle.ts";
import { NONCE_HEADER, SIGNATURE_HEADER, sign, TIMESTAMP_HEADER } from "../../../core/signature.ts";
import {
  ALL_USAGE,
  FACTS,
  law,
  MINUTE,
  newAccount,
  newOwner,
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
/** What the request was counted with. */
const MOST = { imageTokens: 0, textTokens: 20, outputTokens: 10 };

/** Sends a report as a worker with this secret does. */
async function send(report: object, secret = env.POOL_SECRET, settings = {}): Promise<Response> {
  const body = Uint8Array.from(new TextEncoder().encode(JSON.stringify(report)));
  const timestamp = String(Date.now());
  const nonce = crypto.randomUUID();
  const signed = { method: "POST", path: SETTLE_PATH, timestamp, nonce, body };
  const headers = {
    [TIMESTAMP_HEADER]: timestamp,
    [NONCE_HEADER]: nonce,
    [SIGNATURE_HEADER]: await sign(secret, signed),
  };
  return app.request(SETTLE_PATH, { method: "POST", headers, body }, { ...env, ...settings });
}

/** An account that holds 300 of its 1000 micro-credits for chatcmpl-1, and the claim of that request's worker. */
async function held() {
  const { account, stub, keyHash } = await newAccount(1000);
  const job = "chatcmpl-1";
  await stub.reserve({ keyHash, job, amount: 300, facts: FACTS, expiresAt: Date.now() + MINUTE });
  const claim: Claim = { account, job, attempt: 1, price, most: MOST, cache: "miss" };
  const report = async (changes: Partial<Claim> = {}): Promise<SettleReport> => ({
    claim: await sealClaim(env.KEY_SECRET, { ...claim, ...changes }),
    usage,
  });
  return { stub, job, claim, report, usageHash: await newOwner(stub) };
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

it("charges nothing for a prompt without a token", async () => {
  const { stub, report } = await held();
  await send({ ...(await report()), usage: { ...usage, outputTokens: 0 } });
  expect(await stub.ledger()).toMatchObject({ held: 0, charged: 0 });
});

it.each([11, 1_000_000, Number.MAX_SAFE_INTEGER])(
  "counts and charges no more than was asked for, though a worker reports %i tokens of each kind",
  async (absurd) => {
    const { stub, report, usageHash } = await held();
    const tokens = { imageTokens: absurd, textTokens: absurd, outputTokens: absurd };
    expect((await send({ ...(await report()), usage: tokens })).status).toBe(204);
    const charge = 20 * price.textToken + 10 * price.outputToken;
    expect(await stub.ledger()).toMatchObject({ held: 0, charged: charge });
    const receipt = await stub.receipt(usageHash, "rcpt_1");
    expect(JSON.parse((receipt.ok && receipt.value) || "null")).toMatchObject({
      usage: { image_tokens: 0, text_tokens: 20, output_tokens: 10 },
      cost_microcredits: charge,
    });
    const shown = await stub.usage(usageHash, ALL_USAGE);
    expect(shown).toMatchObject({ value: [{ ...MOST, charge }] });
  },
);

it("settles a request that was under way while the key secret was changed", async () => {
  const { stub, claim } = await held();
  const former = await sealClaim("the former secret", claim);
  const report = { claim: former, usage };
  expect((await send(report)).status).toBe(400);
  expect((await send(report, env.POOL_SECRET, { KEY_SECRET_PREVIOUS: "the former secret" })).status).toBe(
    204,
  );
  expect(await stub.ledger()).toMatchObject({ held: 0, charged: COST });
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
    most: MOST,
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
