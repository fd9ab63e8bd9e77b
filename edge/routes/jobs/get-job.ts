import { z } from "@hono/zod-openapi";
import { RECEIPT_HEADER, receiptIdOf } from "../../../core/receipt.ts";
import { accountError, requireKey } from "../../auth/caller.ts";
import { ApiError } from "../../errors.ts";
import { jobBody, jobSchema } from "../../jobs/wire.ts";
import { jsonResponse, KEY_SECURITY, type Operation } from "../operation.ts";

export const getJob: Operation = {
  route: {
    method: "get",
    path: "/v1/jobs/{id}",
    summary: "A job's state and result",
    security: KEY_SECURITY,
    request: { params: z.object({ id: z.string() }) },
    responses: { 200: jsonResponse("The job", jobSchema) },
  },
  middleware: [requireKey],
  handler: async (context) => {
    const caller = context.get("caller");
    const job = await caller.object.job(caller.keyHash, context.req.param("id") ?? "");
    if (!job.ok) throw accountError(job.error);
    if (!job.value) throw new ApiError("job_not_found", "There is no such job.");
    return context.json(jobBody(job.value), 200, { [RECEIPT_HEADER]: receiptIdOf(job.value.id) });
  },
};
