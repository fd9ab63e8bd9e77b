import { z } from "@hono/zod-openapi";
import { accountError, requireKey } from "../../auth/caller.ts";
import { ApiError } from "../../errors.ts";
import { jobBody, jobSchema, jobStatus } from "../../jobs/wire.ts";
import { readQuery } from "../../read-query.ts";
import { jsonResponse, KEY_SECURITY, type Operation } from "../operation.ts";

const query = z.strictObject({
  status: jobStatus.optional().openapi({ description: "Only jobs that stand so" }),
  after: z.string().optional().openapi({ description: "The id of the last job of the page before" }),
  limit: z.coerce.number().int().min(1).max(100).default(20),
});

export const listJobs: Operation = {
  route: {
    method: "get",
    path: "/v1/jobs",
    summary: "The account's jobs, the latest first",
    description:
      "Whatever key sent them; so the key needs the scope `jobs`. Jobs are listed until a day after their end. A page " +
      "with large answers ends before `limit`; `has_more` says whether others follow.",
    security: KEY_SECURITY,
    request: { query },
    responses: {
      200: jsonResponse(
        "A page of jobs",
        z.object({ object: z.literal("list"), data: z.array(jobSchema), has_more: z.boolean() }),
      ),
    },
  },
  middleware: [requireKey],
  handler: async (context) => {
    const { status, after, limit } = readQuery(context, query);
    const caller = context.get("caller");
    const range = { state: status ?? null, after: after ?? null, limit };
    const page = await caller.object.jobs(caller.keyHash, range);
    if (!page.ok) throw accountError(page.error);
    if (page.value === null) throw new ApiError("job_not_found", "There is no such job.", { param: "after" });
    return context.json({ object: "list", data: page.value.jobs.map(jobBody), has_more: page.value.more });
  },
};
