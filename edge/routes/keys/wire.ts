import { z } from "@hono/zod-openapi";
import { MODELS } from "../../../core/models.ts";
import type { KeyChanges, KeyError, KeyOption, KeyRecord } from "../../account/keys/contract.ts";
import { MAX_GRANTED } from "../../account/ledger.ts";
import { SCOPES } from "../../account/scopes.ts";
import { accountError } from "../../auth/caller.ts";
import { ApiError } from "../../errors.ts";
import { LAST_SECOND, toSeconds } from "../../seconds.ts";

/** How many of a key's calls the making of a secret takes: it writes, and it lasts. */
export const SECRET_WEIGHT = 60;

const models = MODELS.map(({ id }) => id);
const budgetLimit = z.int().min(0).max(MAX_GRANTED).nullable();
const budget = z.strictObject({
  total_microcredits: budgetLimit,
  day_microcredits: budgetLimit.openapi({ description: "Each UTC day" }),
  month_microcredits: budgetLimit.openapi({ description: "Each UTC month" }),
});

const options = z.strictObject({
  name: z.string().min(1).max(128),
  scopes: z.array(z.enum(SCOPES)).min(1),
  models: z.array(z.enum(models)).min(1).nullable().openapi({ description: "null for all" }),
  expires_at: z.int().min(1).max(LAST_SECOND).nullable().openapi({ description: "Unix seconds" }),
  requests_per_minute: z.int().min(1).max(100_000),
  tokens_per_minute: z.int().min(1).max(1e9).nullable(),
  concurrency: z.int().min(1).max(10_000),
  budget: budget.partial(),
});

/** What a key's options are changed to; what is left out stays. */
export const keyChanges = options.partial().openapi("KeyChanges");

/** What a key is made with; what is left out is its maker's, or the usual limit if that is less. */
export const newKey = options.partial().required({ name: true }).openapi("NewKey");

export const keySchema = z
  .object({
    ...options.shape,
    id: z.string(),
    object: z.literal("key"),
    start: z.string().openapi({ description: "The key's first characters" }),
    budget,
    used: z
      .object({ total_microcredits: z.int(), day_microcredits: z.int(), month_microcredits: z.int() })
      .openapi({ description: "Charged and held, by this key and those made with it" }),
    created_by: z.string().nullable().openapi({ description: "The key that made it; null: the operator" }),
    created_at: z.int().openapi({ description: "Unix seconds" }),
    last_used_at: z.int().nullable().openapi({ description: "Unix seconds, at most an hour late" }),
    revoked_at: z.int().nullable(),
  })
  .openapi("Key");

export const shownKey = z.object({
  ...keySchema.shape,
  key: z.string().openapi({ description: "Shown only now" }),
});

/** A body's options in the account's terms. */
export function readOptions(body: z.infer<typeof keyChanges>): KeyChanges {
  return {
    name: body.name,
    scopes: body.scopes,
    models: body.models,
    expiresAt: body.expires_at && body.expires_at * 1000,
    limits: {
      requestsPerMinute: body.requests_per_minute,
      tokensPerMinute: body.tokens_per_minute,
      concurrency: body.concurrency,
    },
    budget: {
      total: body.budget?.total_microcredits,
      day: body.budget?.day_microcredits,
      month: body.budget?.month_microcredits,
    },
  };
}

/** A key as it is listed. */
export function keyBody(record: KeyRecord): z.infer<typeof keySchema> {
  const seconds = (time: number | null) => (time === null ? null : toSeconds(time));
  return {
    id: record.id,
    object: "key",
    name: record.name,
    start: record.start,
    scopes: [...record.scopes],
    models: record.models && [...record.models],
    requests_per_minute: record.limits.requestsPerMinute,
    tokens_per_minute: record.limits.tokensPerMinute,
    concurrency: record.limits.concurrency,
    budget: {
      total_microcredits: record.budget.total,
      day_microcredits: record.budget.day,
      month_microcredits: record.budget.month,
    },
    used: {
      total_microcredits: record.used.total,
      day_microcredits: record.used.day,
      month_microcredits: record.used.month,
    },
    created_by: record.createdBy,
    created_at: toSeconds(record.createdAt),
    expires_at: seconds(record.expiresAt),
    last_used_at: seconds(record.lastUsedAt),
    revoked_at: seconds(record.revokedAt),
  };
}

/** The refusal of a request about keys. */
export function keyError(error: KeyError): ApiError {
  switch (error.code) {
    case "key_not_found":
      return new ApiError(error.code, "There is no such key.");
    case "key_revoked":
      return new ApiError(error.code, "The key is revoked, for good.");
    case "too_many_keys":
      return new ApiError(
        error.code,
        error.what === "account"
          ? `The account has ${error.limit} keys that may be used, and can have no more; revoke one first.`
          : `A key descends from at most ${error.limit - 1} others; make it with one of those.`,
      );
    case "exceeds_own_key": {
      if (error.option === null) {
        return new ApiError(
          error.code,
          "The key does not descend from the asking key, so it can't manage it.",
        );
      }
      const param = FIELDS[error.option];
      return new ApiError(
        error.code,
        `The asking key has less than that by '${param}', so it can't give or manage it.`,
        { param },
      );
    }
    default:
      return accountError(error);
  }
}

const FIELDS: Readonly<Record<KeyOption, string>> = {
  scopes: "scopes",
  models: "models",
  expiresAt: "expires_at",
  requestsPerMinute: "requests_per_minute",
  tokensPerMinute: "tokens_per_minute",
  concurrency: "concurrency",
  "budget.total": "budget.total_microcredits",
  "budget.day": "budget.day_microcredits",
  "budget.month": "budget.month_microcredits",
};
