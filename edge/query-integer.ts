import { z } from "@hono/zod-openapi";

/** A whole number of a query in plain digits: an empty parameter is no 0, and 0x10 no 16. */
export function queryInteger(range: z.ZodNumber) {
  const read = (text: unknown) => (typeof text === "string" && /^\d+$/.test(text) ? Number(text) : text);
  return z.preprocess(read, range);
}
