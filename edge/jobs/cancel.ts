import type { JobRecord } from "../account/job-contract.ts";
import { accountError, type Caller } from "../auth/caller.ts";
import type { Env } from "../env.ts";

/**
 * Cancels a job: an attempt that runs is stopped and pays for the tokens produced, a job that waits ends for nothing,
 * and one that has ended stays as it is. Null when there is no such job; throws when the account refuses.
 */
export async function cancelJob(env: Env, caller: Caller, job: string): Promise<JobRecord | null> {
  const found = await caller.object.job(caller.keyHash, job);
  if (!found.ok) throw accountError(found.error);
  if (!found.value || found.value.finishedAt !== null) return found.value;
  const run = env.JOB_RUN.get(env.JOB_RUN.idFromName(job));
  await run.cancel();
  const canceled = await caller.object.cancel(caller.keyHash, job);
  if (!canceled.ok) throw accountError(canceled.error);
  // An attempt that began in between is void, and need not go on.
  await run.cancel();
  await run.start({ account: caller.account, job });
  return canceled.value;
}
