/** What a GPU worker tells its model's Pool object, about once a second. */
import { z } from "zod";
import { capability } from "./capability.ts";

/** Where heartbeats go at the edge. */
export const HEARTBEAT_PATH = "/internal/heartbeat";
/** A worker silent for this long has lost its leases, in milliseconds. */
export const HEARTBEAT_EXPIRY_MS = 10_000;

export const workerState = z.enum(["starting", "ready", "draining", "failed"]);
export type WorkerState = z.infer<typeof workerState>;

export const heartbeat = z.strictObject({
  /** Stable name of the worker. */
  worker: z.string().min(1).max(128),
  /** New on every start of the process. */
  boot: z.string().min(1).max(128),
  /** Name of an entry in the operator's list of targets, never a URL. */
  target: z.string().min(1).max(128),
  model: z.string().min(1).max(128),
  revision: z.string().min(1).max(256),
  state: workerState,
  /** Requests it decodes at once. */
  slots: z.int().min(0).max(4096),
  running: z.int().min(0),
  waiting: z.int().min(0),
  /** What its engine takes beyond what every engine does. */
  capabilities: z.array(capability).default([]),
  /** Measured time from process start to ready, or null before that, in milliseconds. */
  startMs: z.number().nullable(),
});
export type Heartbeat = z.infer<typeof heartbeat>;
