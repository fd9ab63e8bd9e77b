/** What the Pool object offers. Times are milliseconds. */
import type { Capability } from "../../core/capability.ts";

/** The right to run one job on one worker process. */
export interface Lease {
  readonly id: string;
  readonly worker: string;
  readonly boot: string;
  /** The worker's origin, from the operator's list. */
  readonly origin: string;
}

export type Acquired =
  | { readonly kind: "granted"; readonly lease: Lease }
  /** In line: ask again with the same ticket. `position` counts from 1. */
  | { readonly kind: "waiting"; readonly position: number; readonly etaMs: number }
  /** No worker serves this model, nor is one starting. */
  | { readonly kind: "no_worker" };

export interface Ticket {
  /** Names the place in line; unique for each attempt at a job. */
  readonly id: string;
  /** What the worker may hold in its caches, or null: the namespaced digest of the first image. */
  readonly affinity: string | null;
  /** What the worker's engine must take. */
  readonly needs: readonly Capability[];
  /** How long this call may wait for a free slot. */
  readonly waitMs: number;
}
