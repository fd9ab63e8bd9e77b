import { z } from "@hono/zod-openapi";
import { receiptStatus } from "../../../core/receipt.ts";
import { ApiError } from "../../errors.ts";
import { queryInteger } from "../../query-integer.ts";
import { LAST_SECOND, toSeconds } from "../../seconds.ts";
import { toCsv } from "../../usage/csv.ts";
import { BUCKETS, MOST_ROWS, type UsageRange, type UsageSum } from "../../usage/query.ts";
import { type AppContext, jsonResponse } from "../operation.ts";

const HOUR_MS = 3_600_000;
const DEFAULT_RANGE_MS = 30 * 24 * HOUR_MS;

const hour = queryInteger(
  z.int().min(0).max(LAST_SECOND).multipleOf(3600, "it must be a whole hour, in Unix seconds"),
).openapi({ multipleOf: 3600 });

export const usageQuery = z.strictObject({
  bucket: z.enum(BUCKETS).default("day").openapi({ description: "In UTC" }),
  from: hour
    .optional()
    .openapi({ description: "Unix seconds, a whole hour; 30 days before `to` unless given" }),
  to: hour
    .optional()
    .openapi({ description: "Unix seconds, a whole hour that no longer counts; the next one unless given" }),
  key: z.string().optional().openapi({ description: "Only this key, by its id" }),
  model: z.string().optional(),
  status: receiptStatus.optional(),
  format: z.enum(["json", "csv"]).optional().openapi({ description: "`csv` also by `Accept: text/csv`" }),
});

const row = z.object({
  start: z.int().openapi({ description: "The bucket's beginning, in Unix seconds" }),
  key: z.string(),
  model: z.string(),
  status: receiptStatus,
  requests: z.int(),
  cached_requests: z.int().openapi({ description: "How many of them were answered from the cache" }),
  image_tokens: z.int(),
  text_tokens: z.int(),
  output_tokens: z.int(),
  cost_microcredits: z.int(),
});

const list = z
  .object({
    object: z.literal("list"),
    data: z.array(row),
    total: row.pick({ requests: true, cost_microcredits: true }),
  })
  .openapi("UsageReport");

const adminList = z
  .object({
    object: z.literal("list"),
    data: z.array(row.extend({ account: z.string() })),
    total: row.pick({ requests: true, cost_microcredits: true }),
  })
  .openapi("UsageOfAccounts");

/** CSV's columns across accounts. */
export const ADMIN_COLUMNS = ["account", ...Object.keys(row.shape)];

const csv = { "text/csv": { schema: z.string() } };
const described = (schema: z.ZodType) => {
  const { description, content } = jsonResponse("Sums, and their total", schema);
  return { description, content: { ...content, ...csv } };
};
export const usageResponse = described(list);
export const adminUsageResponse = described(adminList);

/** What a query asks for. */
export function readRange({ from, to, ...query }: z.infer<typeof usageQuery>, now: number): UsageRange {
  const next = Math.floor(now / HOUR_MS + 1) * HOUR_MS;
  const end = to === undefined ? next : to * 1000;
  const begin = from === undefined ? end - DEFAULT_RANGE_MS : from * 1000;
  if (begin >= end) throw new ApiError("invalid_value", "'from' must be before 'to'.", { param: "from" });
  const { bucket, key = null, model = null, status = null } = query;
  return { bucket, from: begin, to: end, key, model, status };
}

const COLUMNS = Object.keys(row.shape);

/** Sums in the form that is asked for; across accounts each says whose it is, and `columns` are CSV's. */
export function usageAnswer(
  context: AppContext,
  sums: readonly (UsageSum & { readonly account?: string })[],
  { format }: Pick<z.infer<typeof usageQuery>, "format">,
  columns: readonly string[] = COLUMNS,
): Response {
  if (sums.length > MOST_ROWS) {
    throw new ApiError(
      "invalid_value",
      `This has more than ${MOST_ROWS} rows, the most of one answer: ask for a shorter time or larger buckets.`,
      { param: "from" },
    );
  }
  const data = sums.map(({ account, ...each }) => ({
    start: toSeconds(each.start),
    ...(account !== undefined && { account }),
    key: each.key,
    model: each.model,
    status: each.status,
    requests: each.requests,
    cached_requests: each.cached,
    image_tokens: each.imageTokens,
    text_tokens: each.textTokens,
    output_tokens: each.outputTokens,
    cost_microcredits: each.charge,
  }));
  const accept = context.req.header("accept") ?? "";
  if (format === "csv" || (format === undefined && /\btext\/csv\b/i.test(accept))) {
    return context.body(toCsv(data, columns), 200, {
      "content-type": "text/csv; charset=utf-8",
      "content-disposition": 'attachment; filename="usage.csv"',
    });
  }
  const sum = (field: "requests" | "cost_microcredits") =>
    data.reduce((total, each) => total + each[field], 0);
  const total = { requests: sum("requests"), cost_microcredits: sum("cost_microcredits") };
  return context.json({ object: "list", data, total });
}
