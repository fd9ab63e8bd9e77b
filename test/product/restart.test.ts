/** Law: no accepted job is lost, and each ends once, whatever process dies. */
import { Webhook } from "standardwebhooks";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { type Account, openAccount } from "../helpers/account.ts";
import { engineLoad } from "../helpers/gpu-worker.ts";
import { acceptJob, endedJob, type Job, readJob } from "../helpers/jobs.ts";
import { findLongQuestion, type LongQuestion } from "../helpers/long-question.ts";
import { until } from "../helpers/poll.ts";
import { killAll } from "../helpers/processes.ts";
import { allGone, Product, temporaryHome } from "../helpers/product.ts";
import { completion, question } from "../helpers/question.ts";
import { streamEvents } from "../helpers/stream.ts";
import { WebhookReceiver } from "../helpers/webhook-receiver.ts";
import { workerProcess } from "../helpers/worker-process.ts";

const { home, remove } = temporaryHome();
/** The tests run in order, each with what the one before has left. */
let product: Product;
let account: Account;
let long: LongQuestion;
/** Processes that no test has seen the end of, so that a failed one leaves none behind either. */
let started: number[] = [];

async function start(): Promise<void> {
  product = await Product.start(home);
  started = product.processes();
}

beforeAll(async () => {
  await start();
  account = await openAccount(product.address);
  long = await findLongQuestion(account);
}, 240_000);
afterEach(({ task }) => {
  if (task.result?.state === "fail") console.error(`${product.output()}\n${product.logs()}`);
});
afterAll(async () => {
  killAll([...started, ...product.processes()]);
  await allGone(started);
  remove();
});

/** Starts the product again with the state that it has. The old key opens it. */
async function startAgain(): Promise<void> {
  const { apiKey } = product.address;
  await start();
  expect(product.address.apiKey).toBe(apiKey);
  account = account.movedTo(product.address);
}

/** Sends the question as a job and waits until the engine is at it. */
async function acceptAndWatch(webhook?: string): Promise<Job> {
  const job = await acceptJob(account, { ...long.body, webhook });
  await until(
    "a running job",
    async () => {
      const { running } = await engineLoad(account.product);
      return running > 0 && (await readJob(account, job.id)).status === "running";
    },
    { everyMs: 5 },
  );
  return job;
}

/** The job succeeded at a later attempt, was paid once, and the law holds. */
async function expectFinishedOnce(job: Job, chargedBefore: number): Promise<void> {
  const ended = await endedJob(account, job.id, 60_000);
  expect(ended).toMatchObject({ status: "succeeded", error: null });
  expect(ended.attempt).toBeGreaterThan(1);
  expect(ended.cost_microcredits).toBeGreaterThan(0);
  const { charged } = await account.settledLedger();
  expect(charged - chargedBefore).toBe(ended.cost_microcredits);
}

describe("a stream", { timeout: 180_000 }, () => {
  it("says when its worker is lost, and costs nothing", async () => {
    const { charged } = await account.settledLedger();
    const response = await account.post("/v1/chat/completions", { ...long.body, stream: true });
    const events = [];
    for await (const event of streamEvents(response)) {
      const shown = events.push(event);
      if (shown === 3) killAll([workerProcess(product.processes())]);
    }
    expect(events.at(-1)).toMatchObject({
      type: "error",
      error: { code: "worker_lost", type: "server_error" },
    });
    expect((await account.settledLedger()).charged).toBe(charged);
    // Requests are answered again as soon as the supervisor has started another worker.
    const next = await account.ask(question("Hi"));
    expect(next.usage.completion_tokens).toBeGreaterThan(0);
  });
});

describe("a stream with an idempotency key", { timeout: 180_000 }, () => {
  it("says when its worker is lost; the same key gets the answer, paid once", async () => {
    const { charged } = await account.settledLedger();
    const headers = { "idempotency-key": "lost on the way" };
    const streamed = { ...long.body, stream: true };
    const response = await account.post("/v1/chat/completions", streamed, headers);
    const events = [];
    for await (const event of streamEvents(response)) {
      const shown = events.push(event);
      if (shown === 3) killAll([workerProcess(product.processes())]);
    }
    expect(events.at(-1)).toMatchObject({ type: "error", error: { code: "worker_lost" } });
    const answer = await until(
      "the stored answer",
      async () => {
        const again = await account.post("/v1/chat/completions", long.body, headers);
        const body: unknown = await again.json();
        if (again.status === 409) return undefined;
        expect(again.headers.get("idempotent-replayed"), JSON.stringify(body)).toBe("true");
        return completion.parse(body);
      },
      { timeoutMs: 60_000, everyMs: 500 },
    );
    expect(answer.usage.completion_tokens).toBe(long.tokens);
    expect((await account.settledLedger()).charged - charged).toBe(long.charge);
  });
});

describe("a job", { timeout: 180_000 }, () => {
  it("survives SIGKILL of the GPU worker", async () => {
    const { charged } = await account.settledLedger();
    const job = await acceptAndWatch();
    const killed = workerProcess(product.processes());
    killAll([killed]);
    await expectFinishedOnce(job, charged);
    expect(product.output()).toMatch(/GPU worker ended \(SIGKILL\); starting it again/);
    expect(product.processes()).not.toContain(killed);
  });

  it("survives SIGKILL of every process at once, and is announced under one id", async () => {
    const { charged } = await account.settledLedger();
    await using receiver = await WebhookReceiver.open();
    const job = await acceptAndWatch(receiver.url);
    const processes = product.processes();
    await product.kill("everyone");
    await allGone(processes);
    await startAgain();
    await expectFinishedOnce(job, charged);
    await until("the webhook", () => receiver.received.length > 0);
    expect(new Set(receiver.received.map(({ headers }) => headers["webhook-id"])).size).toBe(1);
    for (const { body, headers } of receiver.received) {
      expect(new Webhook(account.webhookSecret).verify(body, headers)).toMatchObject({
        data: { id: job.id },
      });
    }
  });

  it("survives SIGKILL of the first process, which leaves no orphan", async () => {
    const { charged } = await account.settledLedger();
    const job = await acceptAndWatch();
    const orphans = product.processes();
    expect(orphans.length).toBeGreaterThanOrEqual(4);
    await product.kill("parent");
    await allGone(orphans);
    await startAgain();
    await expectFinishedOnce(job, charged);
  });

  it("survives SIGTERM, which leaves no process either", async () => {
    const { charged } = await account.settledLedger();
    const job = await acceptAndWatch();
    const processes = product.processes();
    expect((await product.stop()).code).toBe(0);
    await allGone(processes);
    await startAgain();
    const ended = await endedJob(account, job.id, 60_000);
    expect(ended.status).toBe("succeeded");
    expect((await account.settledLedger()).charged - charged).toBe(ended.cost_microcredits);
  });

  it("leaves nothing when the product is interrupted", async () => {
    const processes = product.processes();
    expect((await product.stop("SIGINT")).code).toBe(0);
    await allGone(processes);
  });
});
