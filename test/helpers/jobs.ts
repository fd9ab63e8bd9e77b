/** Stored requests: accepted now, answered later. */
import { expect } from "vitest";
import { z } from "zod";
import type { Account } from "./account.ts";
import { until } from "./poll.ts";
import { type ChatBody, completion } from "./question.ts";

const job = z.object({
  id: z.string().startsWith("job_"),
  object: z.literal("job"),
  model: z.string(),
  status: z.enum(["queued", "running", "succeeded", "failed", "canceled"]),
  attempt: z.int(),
  result: completion.nullable(),
  error: z.object({ code: z.string(), message: z.string() }).nullable(),
  cached: z.boolean(),
  cost_microcredits: z.int(),
});
export type Job = z.infer<typeof job>;

export const jobPage = z.object({ object: z.literal("list"), data: z.array(job), has_more: z.boolean() });

/** Sends a question as a job. */
export async function acceptJob(
  account: Account,
  body: ChatBody,
  headers: Readonly<Record<string, string>> = {},
): Promise<Job> {
  const response = await account.post("/v1/chat/completions", body, {
    prefer: "respond-async",
    ...headers,
  });
  const accepted: unknown = await response.json();
  expect(response.status, JSON.stringify(accepted)).toBe(202);
  const record = job.parse(accepted);
  expect(response.headers.get("location")).toBe(`/v1/jobs/${record.id}`);
  expect(response.headers.get("preference-applied")).toBe("respond-async");
  return record;
}

export async function readJob(account: Account, id: string): Promise<Job> {
  const response = await account.fetch(`/v1/jobs/${id}`);
  expect(response.status).toBe(200);
  return job.parse(await response.json());
}

/** The job once it has ended. */
export function endedJob(account: Account, id: string, timeoutMs = 45_000): Promise<Job> {
  return until(
    `the end of ${id}`,
    async () => {
      const record = await readJob(account, id);
      return record.status !== "queued" && record.status !== "running" && record;
    },
    { timeoutMs, everyMs: 100 },
  );
}
