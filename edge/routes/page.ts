/** Lists as the API shows them, page by page. */
import { z } from "@hono/zod-openapi";
import type { Page } from "../account/page.ts";
import { queryInteger } from "../query-integer.ts";
import { jsonResponse } from "./operation.ts";

/** The parameters of a list of `what`, such as "job", with the length of a page unless another is asked for. */
export function pageParameters(what: string, usual: number) {
  return {
    after: z
      .string()
      .optional()
      .openapi({ description: `The id of the last ${what} of the page before` }),
    limit: queryInteger(z.int().min(1).max(100)).default(usual),
  };
}

/** A page in the specification. */
export function pageResponse<Item extends z.ZodType>(description: string, item: Item) {
  const page = z.object({ object: z.literal("list"), data: z.array(item), has_more: z.boolean() });
  return jsonResponse(description, page);
}

/** A page whose items are shown already. */
export function pageBody<Item>({ items, more }: Page<Item>) {
  return { object: "list" as const, data: items, has_more: more };
}
