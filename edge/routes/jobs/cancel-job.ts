import { z } from "@hono/zod-openapi";
import { requireKey } from "../../auth/caller.ts";
import { ApiError } from "../../errors.ts";
import { cancelJob } from "../../jobs/cancel.ts";
import { jobBody, jobSchema } from "../../jobs/wire.ts";
import { jsonResponse, KEY_SECURITY, type Operation } from "../operation.ts";

export const cancelJobRoute: Operation = {
  route: {
    method: "post",
    path: "/v1/jobs/{id}/cancel",
    summary: "Cancel a job",
    description:
      "A job that waits ends for nothing; one that runs is stopped and pays for its prompt and the tokens produced; " +
      "one that has ended stays as it is.",
    security: KEY_SECURITY,
    request: { params: z.object({ id: z.string() }) },
    responses: { 200: jsonResponse("The job as it ended", jobSchema) },
  },
  middleware: [requireKey],
  handler: async (context) => {
    const job = await cancelJob(context.env, context.get("caller"), context.req.param("id") ?? "");
    if (!job) throw new ApiError("job_not_found", "There is no such job.");
    return context.json(jobBody(job));
  },
};
