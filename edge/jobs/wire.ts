import { z } from "@hono/zod-openapi";
import type { JobRecord } from "../account/job-contract.ts";
import type { Completion } from "../chat/accepted.ts";
import { chatCompletion } from "../chat/schema.ts";
import { completionBody } from "../chat/wire.ts";
import { toSeconds } from "../seconds.ts";

const seconds = z.int().openapi({ description: "Unix seconds" });

export const jobStatus = z.enum(["queued", "running", "succeeded", "failed", "canceled"]);

export const jobSchema = z
  .object({
    id: z.string(),
    object: z.literal("job"),
    model: z.string(),
    status: jobStatus,
    attempt: z.int(),
    created_at: seconds,
    started_at: seconds.nullable(),
    finished_at: seconds.nullable(),
    // A union, as `nullable()` of a schema with a name is one in the specification that null does not fit.
    result: z.union([chatCompletion, z.null()]),
    error: z.object({ code: z.string(), message: z.string() }).nullable(),
    cached: z
      .boolean()
      .openapi({ description: "Whether the result came from the cache, at the price of a cached answer." }),
    cost_microcredits: z.int().openapi({ description: "What the ended job was charged; 0 until then" }),
  })
  .openapi("Job");

/** A job as the API shows it. */
export function jobBody(record: JobRecord): z.infer<typeof jobSchema> {
  return {
    id: record.id,
    object: "job",
    model: record.model,
    status: record.state,
    attempt: record.attempt,
    created_at: toSeconds(record.createdAt),
    started_at: record.startedAt === null ? null : toSeconds(record.startedAt),
    finished_at: record.finishedAt === null ? null : toSeconds(record.finishedAt),
    result: record.answer && completionBody(completionOf(record), record.answer, record.charge),
    error: record.failure,
    cached: record.cache === "hit",
    cost_microcredits: record.charge,
  };
}

/** The completion that a job's answer is. */
export function completionOf({ id, createdAt, model }: JobRecord): Completion {
  return { id: id.replace(/^job_/, "chatcmpl-"), created: toSeconds(createdAt), model };
}
