import type { ActiveJobs } from "./active-jobs.ts";
import type { Lifecycle } from "./lifecycle.ts";

/**
 * Takes the worker out of service: new work is refused at once, running work may go on for `graceMs`, and what is left
 * then ends with the error `worker_draining`. Settles when no job is left.
 */
export async function drain(lifecycle: Lifecycle, jobs: ActiveJobs, graceMs: number): Promise<void> {
  lifecycle.drain();
  const timer = setTimeout(() => jobs.stopAll("worker_draining"), graceMs);
  await jobs.idle();
  clearTimeout(timer);
}
