/** What the JobRun object offers. */
import type { JobRecord } from "../account/job-contract.ts";
import type { Said } from "../chat/accepted.ts";
import type { Doorbell } from "./doorbell.ts";

/** What happens to a job while it runs. */
export type JobEvent =
  | { readonly type: "queued"; readonly position: number; readonly etaMs: number }
  | Said
  /** The attempt that said all the text so far was lost; `attempt` begins anew. */
  | { readonly type: "reset"; readonly attempt: number };

export type JobListener = (event: JobEvent) => void | Promise<void>;

export interface JobRunApi {
  /** Rings for a job; ringing twice is ringing once. */
  start(bell: Doorbell): Promise<void>;
  /** Stops the attempt that runs, if one does, and waits for its end. */
  cancel(): Promise<void>;
  /**
   * Rings, tells the listener what happens, beginning with the present attempt's text, and answers when the job has
   * ended.
   */
  watch(bell: Doorbell, listener: JobListener): Promise<JobRecord>;
}
