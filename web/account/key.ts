/** A key as the API shows it. */
import * as z from "zod/mini";

const amounts = <Amount extends z.ZodMiniType>(amount: Amount) =>
  z.object({ total_microcredits: amount, day_microcredits: amount, month_microcredits: amount });

/** Everything that a key may be allowed to do (docs/accounts.md). */
export const SCOPES = ["infer", "jobs", "usage:read", "keys:write", "webhooks:write"] as const;
export type Scope = (typeof SCOPES)[number];

export const apiKey = z.object({
  id: z.string(),
  name: z.string(),
  start: z.string(),
  scopes: z.array(z.enum(SCOPES)),
  models: z.nullable(z.array(z.string())),
  budget: amounts(z.nullable(z.int())),
  used: amounts(z.int()),
  expires_at: z.nullable(z.int()),
  last_used_at: z.nullable(z.int()),
  revoked_at: z.nullable(z.int()),
});
export type ApiKey = z.infer<typeof apiKey>;

/** A key's text, which is shown once. */
export const shownKey = z.object({ id: z.string(), name: z.string(), key: z.string() });
export type ShownKey = z.infer<typeof shownKey>;
