/** What vLLM and SGLang have in common: the machines that they are started on, and how many requests those hold. */
import type { Model } from "./models.ts";

/** Kinds of machines that flags are known for. `cpu` is for tests with tessera-tiny. */
export const GPUS = ["h100", "2xa100", "l40s", "cpu"] as const;
export type Gpu = (typeof GPUS)[number];

/** How an engine is started. */
export interface EngineStart {
  /** The Python module that runs. */
  readonly module: string;
  /** Variables beyond those that the engine finds. */
  readonly env: Readonly<Record<string, string>>;
  /** Without host and port. */
  readonly flags: readonly string[];
  readonly slots: number;
}

interface Machine {
  /** Memory of all its GPUs together, in bytes. */
  readonly memory: number;
  /** Bytes that a parameter takes there, what the form leaves in 16 bits included. */
  readonly bytesPerParameter: number;
  /** Bytes of a key or value. */
  readonly bytesPerCacheValue: number;
  /** More requests at once only make each of them slower. */
  readonly mostSlots: number;
}

const MIB = 2 ** 20;

/** The 34B model's weights take 69.5 GB in 16 bits: FP8 leaves an H100 room to batch, and only AWQ fits 48 GB. */
const MACHINES: Readonly<Record<Gpu, Machine>> = {
  h100: { memory: 81_559 * MIB, bytesPerParameter: 1.02, bytesPerCacheValue: 2, mostSlots: 64 },
  "2xa100": { memory: 2 * 40_960 * MIB, bytesPerParameter: 2, bytesPerCacheValue: 2, mostSlots: 64 },
  l40s: { memory: 46_068 * MIB, bytesPerParameter: 0.593, bytesPerCacheValue: 2, mostSlots: 64 },
  cpu: { memory: 4096 * MIB, bytesPerParameter: 4, bytesPerCacheValue: 4, mostSlots: 8 },
};

/** The share of the memory that the engine may take. */
export const MEMORY_SHARE = 0.92;
/** What it needs there beside weights and cache, in bytes. */
const OVERHEAD = 2.5e9;
/** A request's mean length in tokens, for how many the cache holds: a prompt of 3,000 and an answer of 130. */
const MEAN_TOKENS = 3130;

/** Requests of mean length that fit into a machine's cache beside the weights; less than 1 where it is too small. */
export function slotsFor({ weights }: Model, gpu: Gpu): number {
  const { memory, bytesPerParameter, bytesPerCacheValue, mostSlots } = MACHINES[gpu];
  const room = memory * MEMORY_SHARE - weights.parameters * bytesPerParameter - OVERHEAD;
  const request = MEAN_TOKENS * weights.cacheValuesPerToken * bytesPerCacheValue;
  return Math.min(Math.floor(room / request), mostSlots);
}
