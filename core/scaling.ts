/** How many GPU workers a model should have. Pure; the same rule for every scaler. */

/** What a model's pool is asked for at one moment, in requests. */
export interface Demand {
  /** Being answered. */
  readonly running: number;
  /** In line, or turned away for want of a worker a moment ago. */
  readonly waiting: number;
  /** Requests that one worker answers at once. */
  readonly slots: number;
}

/**
 * Enough workers that every request has a slot, and none without requests. It has no memory: whoever acts on it damps
 * it (HPA's stabilisation window, KEDA's cooldown).
 */
export function desiredWorkers({ running, waiting, slots }: Demand): number {
  return Math.ceil((running + waiting) / Math.max(1, slots));
}
