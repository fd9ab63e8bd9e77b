import { z } from "@hono/zod-openapi";
import { accountError, requireKey } from "../../auth/caller.ts";
import { ApiError } from "../../errors.ts";
import { jobBody, jobSchema, jobStatus } from "../../jobs/wire.ts";
import { readQuery } from "../../read-query.ts";
import { KEY_SECURITY, type Operation } from "../operation.ts";
import { pageBody, pageParameters, pageResponse } from "../page.ts";

const query = z.strictObject({
  status: jobStatus.optional().openapi({ description: "Only jobs that stand so" }),
  ...pageParameters("job", 20),
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
      200: pageResponse("A page of jobs", jobSchema),
    },
  },
  middleware: [requireKey],
  handler: async (context) => {
    const { status: state, ...range } = readQuery(context, query);
    const caller = context.get("caller");
    const page = await caller.object.jobs(caller.keyHash, { state, ...range });
    if (!page.ok) throw accountError(page.error);
    if (page.value === null) throw new ApiError("job_not_found", "There is no such job.", { param: "after" });
    const { items, more } = page.value;
    return context.json(pageBody({ items: items.map(jobBody), more }));
  },
};
