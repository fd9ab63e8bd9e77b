/** A job that its owner cancels ends at once: for nothing while it waits, for what was produced while it runs. */
import { beforeAll, describe, expect, it } from "vitest";
import type { Account } from "../helpers/account.ts";
import { EXAMPLE } from "../helpers/examples.ts";
import { engineLoad, workerMetric } from "../helpers/gpu-worker.ts";
import { acceptJob, endedJob, type Job, readJob } from "../helpers/jobs.ts";
import { findLongQuestion, type LongQuestion } from "../helpers/long-question.ts";
import { until } from "../helpers/poll.ts";
import { question } from "../helpers/question.ts";
import { expectRefusal } from "../helpers/refusal.ts";
import { newAccount, sharedProduct } from "../helpers/shared.ts";
import { WebhookReceiver } from "../helpers/webhook-receiver.ts";

let long: LongQuestion;

beforeAll(async () => {
  long = await findLongQuestion(await newAccount());
}, 240_000);

/** The job as the API shows it after the cancellation. */
async function cancel(account: Account, job: Job): Promise<unknown> {
  const response = await account.post(`/v1/jobs/${job.id}/cancel`, {});
  expect(response.status).toBe(200);
  return response.json();
}

const engineRuns = () =>
  until("a request in the engine", async () => (await engineLoad(sharedProduct())).running > 0, {
    everyMs: 5,
  });

describe("a job that is canceled", () => {
  it("while it runs stops the engine, and pays for the tokens produced", async () => {
    const account = await newAccount();
    await using receiver = await WebhookReceiver.open();
    const aborts = await workerMetric(sharedProduct(), "aborts_total");
    const steps = await workerMetric(sharedProduct(), "engine_steps_total");
    const job = await acceptJob(account, { ...long.body, webhook: receiver.url });
    await until(
      "the first steps",
      async () => (await workerMetric(sharedProduct(), "engine_steps_total")) >= steps + 3,
      { everyMs: 5 },
    );
    const canceled = await cancel(account, job);
    expect(canceled).toMatchObject({ id: job.id, status: "canceled", result: null, error: null });
    await until("the worker's count of aborts", async () => {
      return (await workerMetric(sharedProduct(), "aborts_total")) === aborts + 1;
    });
    const { charged } = await account.settledLedger();
    expect(charged).toBeGreaterThan(long.promptTokens);
    expect(charged).toBeLessThan(long.charge);
    expect((charged - long.promptTokens) % 4).toBe(0);
    expect(await readJob(account, job.id)).toMatchObject({ cost_microcredits: charged });
    await until("the webhook", () => receiver.received.length > 0);
    expect(JSON.parse(receiver.received[0]!.body)).toMatchObject({
      type: "job.canceled",
      data: { id: job.id },
    });
  });

  it("while it waits costs nothing and never runs", async () => {
    const account = await newAccount();
    const body = { ...question("Who?", EXAMPLE.bytes), model: "llava-v1.6-vicuna-13b" };
    const job = await acceptJob(account, body);
    expect((await account.ledger()).held).toBeGreaterThan(0);
    expect(await cancel(account, job)).toMatchObject({ status: "canceled", attempt: 0 });
    expect(await account.ledger()).toMatchObject({ held: 0, charged: 0 });
  });

  it("after its end stays as it was", async () => {
    const account = await newAccount();
    const job = await acceptJob(account, question("Hi"));
    const ended = await endedJob(account, job.id);
    expect(await cancel(account, job)).toMatchObject(ended);
  });

  it("tells whoever waits for it or comes back with its key", async () => {
    const account = await newAccount();
    const ask = (headers = {}) =>
      account.post("/v1/chat/completions", long.body, { "idempotency-key": "regretted", ...headers });
    const waiting = ask();
    await engineRuns();
    const job = await acceptJob(account, long.body, { "idempotency-key": "regretted" });
    await cancel(account, job);
    const canceled = { status: 409, code: "job_canceled", message: /was canceled/, param: null };
    await expectRefusal(await waiting, canceled);
    const again = await ask();
    expect(again.headers.get("x-should-retry")).toBe("false");
    await expectRefusal(again, canceled);
  });

  it("is its owner's to cancel", async () => {
    const [owner, stranger] = await Promise.all([newAccount(), newAccount()]);
    const job = await acceptJob(owner, question("Hi"));
    const foreign = await stranger.post(`/v1/jobs/${job.id}/cancel`, {});
    const missing = await stranger.post("/v1/jobs/job_00000000000000000000000000000000/cancel", {});
    expect([foreign.status, missing.status]).toEqual([404, 404]);
    expect((await endedJob(owner, job.id)).status).toBe("succeeded");
  });
});
