import { evictDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import type { Heartbeat } from "../../core/heartbeat.ts";
import type { Ticket } from "./contract.ts";

let pools = 0;

/** A pool of its own for each test. */
function newPool() {
  return env.POOL.get(env.POOL.idFromName(`pool-${pools++}`));
}

function report(changes: Partial<Heartbeat> = {}): Heartbeat {
  return {
    worker: "gpu-1",
    boot: "boot-1",
    target: "gpu-1",
    model: "tessera-tiny",
    revision: "test",
    state: "ready",
    slots: 2,
    running: 0,
    waiting: 0,
    capabilities: [],
    startMs: 1_000,
    ...changes,
  };
}

const ticket = (id: string, waitMs = 20): Ticket => ({ id, affinity: null, needs: [], waitMs });
const ORIGIN = "http://127.0.0.1:9";

describe("Pool", () => {
  it("goes by a worker's latest report, whichever comes last", async () => {
    const pool = newPool();
    const now = Date.now();
    await pool.heartbeat(report({ state: "draining" }), ORIGIN, now);
    await pool.heartbeat(report(), ORIGIN, now - 1_000);
    expect(await pool.ready()).toBe(false);
    await pool.heartbeat(report({ boot: "boot-2" }), ORIGIN, now + 1_000);
    expect(await pool.ready()).toBe(true);
  });

  it("has no worker until one reports", async () => {
    const pool = newPool();
    expect(await pool.acquire(ticket("a"))).toEqual({ kind: "no_worker" });
    expect(await pool.ready()).toBe(false);
    await pool.heartbeat(report(), ORIGIN, Date.now());
    expect(await pool.ready()).toBe(true);
    expect(await pool.acquire(ticket("b"))).toMatchObject({
      kind: "granted",
      lease: { worker: "gpu-1", boot: "boot-1", origin: ORIGIN },
    });
  });

  it("turns nobody away before its workers have had time to report again", async () => {
    const pool = newPool();
    await pool.heartbeat(report(), ORIGIN, Date.now());
    await evictDurableObject(pool);
    const served = pool.serves();
    const acquired = pool.acquire(ticket("a"));
    await pool.heartbeat(report(), ORIGIN, Date.now());
    expect(await served).toBe(true);
    expect(await acquired).toMatchObject({ kind: "granted" });
  });

  it("gives a request to a worker whose engine takes it, and lets others pass meanwhile", async () => {
    const pool = newPool();
    expect(await pool.capabilities()).toBeNull();
    const embedded = report({ worker: "gpu-1", slots: 1, capabilities: ["logprobs"] });
    const vllm = report({ worker: "gpu-2", slots: 1, capabilities: ["logprobs", "response_format"] });
    await pool.heartbeat(embedded, ORIGIN, Date.now());
    expect(await pool.capabilities()).toEqual(["logprobs"]);
    await pool.heartbeat(vllm, ORIGIN, Date.now());
    expect((await pool.capabilities())?.toSorted()).toEqual(["logprobs", "response_format"]);

    expect(await pool.readyFor("job_1", ["logprobs", "response_format"])).toBe(true);
    await pool.heartbeat({ ...vllm, state: "draining" }, ORIGIN, Date.now());
    expect(await pool.readyFor("job_1", ["logprobs"])).toBe(true);
    expect((await pool.demand()).waiting).toBe(0);
    expect(await pool.readyFor("job_1", ["logprobs", "response_format"])).toBe(false);
    expect((await pool.demand()).waiting).toBe(1);
    await pool.heartbeat(vllm, ORIGIN, Date.now());

    const schema = (id: string): Ticket => ({ ...ticket(id), needs: ["response_format"] });
    expect(await pool.acquire(schema("a"))).toMatchObject({ kind: "granted", lease: { worker: "gpu-2" } });
    expect(await pool.acquire(schema("b"))).toMatchObject({ kind: "waiting", position: 1 });
    const passing = await pool.acquire({ ...ticket("c"), needs: ["logprobs"] });
    expect(passing).toMatchObject({ kind: "granted", lease: { worker: "gpu-1" } });

    const waiting = pool.acquire({ ...schema("b"), waitMs: 5_000 });
    if (passing.kind !== "granted") throw new Error("The passing job is granted.");
    await pool.release(passing.lease.id, false);
    expect(await Promise.race([waiting, pool.acquire(schema("d"))])).toMatchObject({ kind: "waiting" });
    await pool.heartbeat({ ...vllm, boot: "boot-2" }, ORIGIN, Date.now() + 1_000);
    expect(await waiting).toMatchObject({ kind: "granted", lease: { worker: "gpu-2" } });
  });

  it("makes jobs wait for a worker that is starting", async () => {
    const pool = newPool();
    await pool.heartbeat(report({ state: "starting" }), ORIGIN, Date.now());
    expect(await pool.acquire(ticket("a"))).toMatchObject({ kind: "waiting", position: 1 });
    const waiting = pool.acquire(ticket("a", 5_000));
    await pool.heartbeat(report(), ORIGIN, Date.now());
    expect(await waiting).toMatchObject({ kind: "granted" });
  });

  it("grants no more leases than slots, and serves the line in order of arrival", async () => {
    const pool = newPool();
    await pool.heartbeat(report({ slots: 1 }), ORIGIN, Date.now());
    const held = await pool.acquire(ticket("a"));
    if (held.kind !== "granted") throw new Error("The first job is granted.");
    expect(await pool.acquire(ticket("b"))).toMatchObject({ kind: "waiting", position: 1 });
    expect(await pool.acquire(ticket("c"))).toMatchObject({ kind: "waiting", position: 2 });

    const order: string[] = [];
    const wait = (id: string) =>
      pool.acquire(ticket(id, 5_000)).then((acquired) => {
        if (acquired.kind === "granted") order.push(id);
        return acquired;
      });
    const second = wait("c");
    const first = wait("b");
    await pool.release(held.lease.id, false);
    const granted = await first;
    if (granted.kind !== "granted") throw new Error("The head of the line is granted.");
    await pool.release(granted.lease.id, false);
    await second;
    expect(order).toEqual(["b", "c"]);
  });

  it("lets the next in line through when the first leaves", async () => {
    const pool = newPool();
    await pool.heartbeat(report({ slots: 1, running: 1 }), ORIGIN, Date.now());
    expect(await pool.acquire(ticket("a"))).toMatchObject({ kind: "waiting", position: 1 });
    const second = pool.acquire(ticket("b", 5_000));
    await pool.leave("a");
    await pool.heartbeat(report({ slots: 1 }), ORIGIN, Date.now());
    expect(await second).toMatchObject({ kind: "granted" });
  });

  it("gives no job to a worker that was lost, until it reports again", async () => {
    const pool = newPool();
    await pool.heartbeat(report(), ORIGIN, Date.now());
    const held = await pool.acquire(ticket("a"));
    if (held.kind !== "granted") throw new Error("The first job is granted.");
    await pool.release(held.lease.id, true);
    expect(await pool.acquire(ticket("b"))).toMatchObject({ kind: "waiting" });
    await pool.heartbeat(report({ boot: "boot-2" }), ORIGIN, Date.now());
    expect(await pool.acquire(ticket("b"))).toMatchObject({ kind: "granted", lease: { boot: "boot-2" } });
  });

  it("forgets the leases of a worker's earlier boot", async () => {
    const pool = newPool();
    await pool.heartbeat(report({ slots: 1 }), ORIGIN, Date.now());
    expect(await pool.acquire(ticket("a"))).toMatchObject({ kind: "granted" });
    await pool.heartbeat(report({ slots: 1, boot: "boot-2" }), ORIGIN, Date.now());
    expect(await pool.acquire(ticket("b"))).toMatchObject({ kind: "granted", lease: { boot: "boot-2" } });
  });

  it("gives no job to a worker that drains", async () => {
    const pool = newPool();
    await pool.heartbeat(report(), ORIGIN, Date.now());
    await pool.heartbeat(report({ state: "draining" }), ORIGIN, Date.now());
    expect(await pool.ready()).toBe(false);
    expect(await pool.acquire(ticket("a"))).toMatchObject({ kind: "waiting" });
  });
});
