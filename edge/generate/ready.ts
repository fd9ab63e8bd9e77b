import type { Capability } from "../../core/capability.ts";
import { findModel, type Model } from "../../core/models.ts";
import type { Env } from "../env.ts";
import { replicateModel } from "../replicate/support.ts";

/** A stored job, and what an engine must have for it. */
export interface AskingJob {
  readonly id: string;
  readonly needs: readonly Capability[];
}

/**
 * Whether a model could answer at once: by Replicate, or by a worker of its pool. A job asks for a worker that takes
 * it, and counts as waiting there.
 */
export async function isReady(env: Env, id: string, job?: AskingJob): Promise<boolean> {
  const model = findModel(id);
  if (model && replicateModel(env, model)) return true;
  const pool = env.POOL.get(env.POOL.idFromName(id));
  return job === undefined ? pool.ready() : pool.readyFor(job.id, job.needs);
}

/** Whether anybody will answer a model soon: Replicate, or a worker that is ready or starting. */
export async function isServed(env: Env, model: Model): Promise<boolean> {
  return replicateModel(env, model) !== undefined || env.POOL.get(env.POOL.idFromName(model.id)).serves();
}
