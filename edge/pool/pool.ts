import { DurableObject } from "cloudflare:workers";
import type { Capability } from "../../core/capability.ts";
import { HEARTBEAT_EXPIRY_MS, type Heartbeat } from "../../core/heartbeat.ts";
import type { Demand } from "../../core/scaling.ts";
import type { Env } from "../env.ts";
import { chooseWorker } from "./choose.ts";
import type { Acquired, Lease, Ticket } from "./contract.ts";

/** Outlasts the longest decode; a lease that nobody gives back ends by itself. */
const LEASE_MS = 10 * 60_000;
/** A ticket that nobody asks about for this long has left the line. */
const TICKET_EXPIRY_MS = 5_000;
/** Assumed until a job has been measured. */
const FIRST_JOB_MS = 2_000;
/** Assumed until a worker has reported: what the smallest deployment's engine decodes at once. */
const FIRST_SLOTS = 8;
/** Within this every worker has reported to an object that has just begun, though one report may fail. */
const FIRST_REPORTS_MS = 2_000;
/** Who was turned away for want of a worker counts as waiting for this long: it is why one should be started. */
const UNSERVED_MS = 60_000;

interface Worker {
  readonly heartbeat: Heartbeat;
  readonly origin: string;
  readonly seenAt: number;
  /** By the worker's own clock, in Unix milliseconds. */
  readonly sentAt: number;
}

interface Held {
  readonly worker: string;
  readonly boot: string;
  readonly grantedAt: number;
}

interface Waiting {
  readonly ticket: Ticket;
  askedAt: number;
  /** Answers the pending call, when there is one. */
  wake: (() => void) | null;
}

/**
 * One model's line and its workers. All of it is in memory: workers report every second, so a restarted object soon
 * knows them again and turns nobody away before, their own counts bound what it grants, and whoever waits asks again.
 */
export class Pool extends DurableObject<Env> {
  readonly #workers = new Map<string, Worker>();
  readonly #leases = new Map<string, Held>();
  /** In order of arrival. */
  readonly #line = new Map<string, Waiting>();
  /** Requests without any worker, and when they stop to count, in Unix milliseconds. */
  readonly #unserved = new Map<string, number>();
  #jobMs = FIRST_JOB_MS;
  #slots = FIRST_SLOTS;
  readonly #begunAt = Date.now();
  readonly #firstReport = Promise.withResolvers<void>();

  /** Takes a report from a worker whose target is in the operator's list, unless a later one has come before it. */
  heartbeat(heartbeat: Heartbeat, origin: string, sentAt: number): void {
    this.#expire();
    const before = this.#workers.get(heartbeat.worker);
    if (before && sentAt < before.sentAt) return;
    this.#workers.set(heartbeat.worker, { heartbeat, origin, seenAt: Date.now(), sentAt });
    this.#firstReport.resolve();
    if (heartbeat.slots > 0) this.#slots = heartbeat.slots;
    if (before && before.heartbeat.boot !== heartbeat.boot) this.#dropLeases(heartbeat.worker);
    this.#serveLine();
  }

  /** A slot on a worker; or, when none comes free within the ticket's wait, its place in line. */
  async acquire(ticket: Ticket): Promise<Acquired> {
    await this.#firstReports();
    this.#expire();
    if (this.#workers.size === 0) return this.#turnAway(ticket.id);
    const waiting = this.#join(ticket);
    const until = Date.now() + ticket.waitMs;
    for (;;) {
      const granted = this.#tryGrant(ticket.id);
      if (granted) return granted;
      const left = until - Date.now();
      if (left <= 0) return this.#place(ticket.id);
      await this.#woken(waiting, left);
    }
  }

  /** Leaves the line. */
  leave(ticket: string): void {
    this.#line.delete(ticket);
    this.#serveLine();
  }

  /** Gives a slot back. A worker reported lost gets no job until it reports again. */
  release(lease: string, lost: boolean): void {
    const held = this.#leases.get(lease);
    if (!held) return;
    this.#leases.delete(lease);
    const worker = this.#workers.get(held.worker);
    if (!lost) {
      this.#jobMs = 0.8 * this.#jobMs + 0.2 * (Date.now() - held.grantedAt);
    } else if (worker?.heartbeat.boot === held.boot) {
      this.#workers.set(held.worker, { ...worker, heartbeat: { ...worker.heartbeat, state: "failed" } });
    }
    this.#serveLine();
  }

  /** Whether any worker of this model is there, ready or starting. */
  async serves(): Promise<boolean> {
    await this.#firstReports();
    this.#expire();
    return this.#workers.size > 0;
  }

  /** What some worker of this model takes, ready or not; null when there is none. */
  capabilities(): Capability[] | null {
    this.#expire();
    if (this.#workers.size === 0) return null;
    return [...new Set([...this.#workers.values()].flatMap(({ heartbeat }) => heartbeat.capabilities))];
  }

  /** Whether any worker of this model is ready. */
  ready(): boolean {
    this.#expire();
    return this.#ready().length > 0;
  }

  /** Whether one is ready that has all of a stored job's needs; the job counts as waiting while it goes on asking. */
  readyFor(job: string, needs: readonly Capability[]): boolean {
    this.#expire();
    if (this.#ready().some((worker) => takes(worker, needs))) return true;
    this.#unserved.set(job, Date.now() + TICKET_EXPIRY_MS);
    return false;
  }

  /** What is asked of this model at the moment. */
  demand(): Demand {
    this.#expire();
    const reported = this.#ready().reduce((sum, worker) => sum + worker.load, 0);
    return {
      running: Math.max(reported, this.#leases.size),
      waiting: this.#line.size + this.#unserved.size,
      slots: this.#slots,
    };
  }

  /** Until a worker has reported, or all would have. */
  async #firstReports(): Promise<void> {
    const left = this.#begunAt + FIRST_REPORTS_MS - Date.now();
    if (this.#workers.size > 0 || left <= 0) return;
    await Promise.race([this.#firstReport.promise, scheduler.wait(left)]);
  }

  #join(ticket: Ticket): Waiting {
    const known = this.#line.get(ticket.id);
    if (known) {
      known.askedAt = Date.now();
      return known;
    }
    const waiting: Waiting = { ticket, askedAt: Date.now(), wake: null };
    this.#line.set(ticket.id, waiting);
    return waiting;
  }

  /** Until the line moves, or for `left` milliseconds. */
  async #woken(waiting: Waiting, left: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    waiting.wake = resolve;
    const timer = setTimeout(resolve, left);
    await promise;
    clearTimeout(timer);
    waiting.wake = null;
    waiting.askedAt = Date.now();
  }

  /** Grants only to the next in the line. */
  #tryGrant(id: string): Acquired | null {
    this.#expire();
    const next = this.#next();
    if (!next || next.waiting.ticket.id !== id) return null;
    const { chosen } = next;
    this.#line.delete(id);
    this.#unserved.delete(id);
    const lease: Lease = {
      id: crypto.randomUUID(),
      worker: chosen.worker,
      boot: chosen.boot,
      origin: chosen.origin,
    };
    this.#leases.set(lease.id, { worker: chosen.worker, boot: chosen.boot, grantedAt: Date.now() });
    this.#serveLine();
    return { kind: "granted", lease };
  }

  /** First come, first served, but nobody waits behind one that needs what no free worker takes. */
  #next() {
    const ready = this.#ready();
    for (const waiting of this.#line.values()) {
      const { needs, affinity } = waiting.ticket;
      const able = ready.filter((worker) => takes(worker, needs));
      const chosen = chooseWorker(able, affinity);
      if (chosen) return { waiting, chosen };
    }
    return undefined;
  }

  #place(id: string): Acquired {
    if (this.#workers.size === 0) {
      this.#line.delete(id);
      return this.#turnAway(id);
    }
    const position = [...this.#line.keys()].indexOf(id) + 1;
    const slots = this.#ready().reduce((sum, worker) => sum + worker.slots, 0);
    return { kind: "waiting", position, etaMs: Math.round((position * this.#jobMs) / Math.max(1, slots)) };
  }

  #turnAway(id: string): Acquired {
    this.#unserved.set(id, Date.now() + UNSERVED_MS);
    return { kind: "no_worker" };
  }

  #ready() {
    const held = Map.groupBy(this.#leases.values(), (lease) => lease.worker);
    return [...this.#workers.values()]
      .filter(({ heartbeat }) => heartbeat.state === "ready")
      .map(({ heartbeat, origin }) => ({
        worker: heartbeat.worker,
        boot: heartbeat.boot,
        origin,
        slots: heartbeat.slots,
        capabilities: heartbeat.capabilities,
        // Leases count what the worker has not reported yet; its report counts what this object has forgotten.
        load: Math.max(held.get(heartbeat.worker)?.length ?? 0, heartbeat.running + heartbeat.waiting),
      }));
  }

  /** Lets the next in the line try; it grants itself and wakes the one after it. */
  #serveLine(): void {
    this.#next()?.waiting.wake?.();
  }

  #expire(): void {
    const now = Date.now();
    for (const [name, worker] of this.#workers) {
      if (now - worker.seenAt > HEARTBEAT_EXPIRY_MS) {
        this.#workers.delete(name);
        this.#dropLeases(name);
      }
    }
    for (const [id, held] of this.#leases) {
      if (now - held.grantedAt > LEASE_MS) this.#leases.delete(id);
    }
    for (const [id, until] of this.#unserved) {
      if (now > until) this.#unserved.delete(id);
    }
    for (const [id, waiting] of this.#line) {
      if (!waiting.wake && now - waiting.askedAt > TICKET_EXPIRY_MS) this.#line.delete(id);
    }
  }

  #dropLeases(worker: string): void {
    for (const [id, held] of this.#leases) {
      if (held.worker === worker) this.#leases.delete(id);
    }
  }
}

/** Whether a worker's engine has everything that a request needs. */
function takes({ capabilities }: Pick<Heartbeat, "capabilities">, needs: readonly Capability[]): boolean {
  return needs.every((need) => capabilities.includes(need));
}
