/** Law: no accepted job is lost, and each ends once, whatever process dies. */
import { createServer } from "node:net";
import { afterAll, afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Account, openAccount } from "../helpers/account.ts";
import { engineLoad } from "../helpers/gpu-worker.ts";
import { acceptJob, endedJob, type Job, readJob } from "../helpers/jobs.ts";
import { findLongQuestion, type LongQuestion } from "../helpers/long-question.ts";
import { until } from "../helpers/poll.ts";
import { killAll, processTree } from "../helpers/processes.ts";
import { allGone, Product, runStart, temporaryHome } from "../helpers/product.ts";
import { workerProcess } from "../helpers/worker-process.ts";

let state: ReturnType<typeof temporaryHome>;
/** Everything that a test has started, so that a failed one leaves nothing behind either. */
let started: number[];
let last: Product | undefined;

beforeEach(() => {
  state = temporaryHome();
  started = [];
  last = undefined;
});
afterEach(async ({ task }) => {
  if (last && task.result?.state === "fail") console.error(`${last.output()}\n${last.logs()}`);
  killAll(started.flatMap(processTree));
  killAll(started);
  await allGone(started);
  state.remove();
});

async function start(): Promise<Product> {
  const product = await Product.start(state.home);
  started.push(...product.processes());
  last = product;
  return product;
}

/** Sends the question as a job and waits until the engine is at it. */
async function acceptAndWatch(account: Account, { body }: LongQuestion): Promise<Job> {
  const job = await acceptJob(account, body);
  await until(
    "a running job",
    async () =>
      (await engineLoad(account.product)).running > 0 &&
      (await readJob(account, job.id)).status === "running",
    { everyMs: 5 },
  );
  return job;
}

/** The job succeeded at a later attempt, was paid once, and the law holds. */
async function expectFinishedOnce(account: Account, job: Job, before: number): Promise<void> {
  const ended = await endedJob(account, job.id, 60_000);
  expect(ended).toMatchObject({ status: "succeeded", error: null });
  expect(ended.attempt).toBeGreaterThan(1);
  const { charged } = await account.settledLedger();
  expect(charged - before).toBe(Math.round(ended.cost * 1e6));
  expect(ended.cost).toBeGreaterThan(0);
}

describe("a job", { timeout: 180_000 }, () => {
  it("survives SIGKILL of the GPU worker", async () => {
    const product = await start();
    const account = await openAccount(product.address);
    const long = await findLongQuestion(account);
    const { charged } = await account.settledLedger();
    const job = await acceptAndWatch(account, long);
    const killed = workerProcess(product.processes());
    killAll([killed]);
    await expectFinishedOnce(account, job, charged);
    expect(product.output()).toMatch(/GPU worker ended \(SIGKILL\); starting it again/);
    const tree = product.processes();
    started.push(...tree);
    expect(tree).not.toContain(killed);
    expect((await product.stop()).code).toBe(0);
    await allGone(tree);
  });

  it("survives SIGKILL of every process, and of the first one alone", async () => {
    const first = await start();
    const account = await openAccount(first.address);
    const long = await findLongQuestion(account);
    let { charged } = await account.settledLedger();
    let job = await acceptAndWatch(account, long);
    const tree = first.processes();
    await first.kill("everyone");
    await allGone(tree);

    const second = await start();
    expect(second.address.apiKey).toBe(first.address.apiKey);
    const moved = account.movedTo(second.address);
    await expectFinishedOnce(moved, job, charged);

    ({ charged } = await moved.settledLedger());
    job = await acceptAndWatch(moved, long);
    const orphans = second.processes();
    await second.kill("parent");
    await allGone(orphans);

    const third = await start();
    await expectFinishedOnce(account.movedTo(third.address), job, charged);
    const last = third.processes();
    expect((await third.stop("SIGINT")).code).toBe(0);
    await allGone(last);
  });
});

describe("npm start", { timeout: 120_000 }, () => {
  const blocker = createServer();
  afterAll(() => {
    blocker.close();
  });

  it("says in one line that its port is taken", async () => {
    const port = await new Promise<number>((resolve) => {
      blocker.listen(0, "127.0.0.1", () => {
        const address = blocker.address();
        resolve(typeof address === "object" && address ? address.port : 0);
      });
    });
    const { code, output } = await runStart(state.home, { PORT: String(port) });
    expect(code).toBe(1);
    expect(output.trim().split("\n")).toHaveLength(1);
    expect(output).toContain(`Port ${port} is taken`);
  });

  it("says in one line that its state is in use, and leaves the first alone", async () => {
    const product = await start();
    const { code, output } = await runStart(state.home);
    expect(code).toBe(1);
    expect(output.trim()).toBe(
      `Tessera: it already runs at ${product.address.url}, with the state in ${state.home}.`,
    );
    expect((await fetch(new URL("/readyz", product.address.url))).status).toBe(200);
    const tree = product.processes();
    expect((await product.stop()).code).toBe(0);
    await allGone(tree);
  });
});
