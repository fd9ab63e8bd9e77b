import { z } from "@hono/zod-openapi";
import { requireOperator } from "../../auth/operator.ts";
import { toSeconds } from "../../seconds.ts";
import { ADMIN_SECURITY, jsonResponse, type Operation } from "../operation.ts";

const row = z.object({ id: z.string(), name: z.string(), created_at: z.int() });

const account = row.extend({ created_at: z.int().openapi({ description: "Unix seconds" }) });

export const listAccounts: Operation = {
  route: {
    method: "get",
    path: "/v1/admin/accounts",
    summary: "The latest accounts",
    security: ADMIN_SECURITY,
    responses: {
      200: jsonResponse(
        "At most 100, newest first",
        z.object({ object: z.literal("list"), data: z.array(account) }),
      ),
    },
  },
  middleware: [requireOperator],
  handler: async (context) => {
    const { results } = await context.env.DB.prepare(
      "SELECT id, name, created_at FROM account ORDER BY created_at DESC LIMIT 100",
    ).all();
    const data = z
      .array(row)
      .parse(results)
      .map((each) => ({ ...each, created_at: toSeconds(each.created_at) }));
    return context.json({ object: "list", data });
  },
};
