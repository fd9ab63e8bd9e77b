import { z } from "@hono/zod-openapi";
import type { Result } from "../../../core/result.ts";
import type { Account } from "../../account/account.ts";
import type { AccountProfile, BookingError, Ledger } from "../../account/contract.ts";
import { isAccountId } from "../../auth/key.ts";
import type { Env } from "../../env.ts";
import { ApiError } from "../../errors.ts";
import { toSeconds } from "../../seconds.ts";
import type { AppContext } from "../operation.ts";

/** Granted = balance + held + charged. */
export const ledgerSchema = z
  .object({
    object: z.literal("ledger"),
    granted_microcredits: z.int(),
    balance_microcredits: z.int(),
    held_microcredits: z.int(),
    charged_microcredits: z.int(),
  })
  .openapi("Ledger");

/** An account's money as the API shows it. */
export function ledgerBody({ granted, balance, held, charged }: Ledger): z.infer<typeof ledgerSchema> {
  return {
    object: "ledger",
    granted_microcredits: granted,
    balance_microcredits: balance,
    held_microcredits: held,
    charged_microcredits: charged,
  };
}

/** A million credits at once, in micro-credits. */
export const MAX_BOOKING = 1e12;

/** What the operator books. */
export const booking = z
  .strictObject({
    id: z.string().min(1).max(128).openapi({ description: "Names the booking: sent twice, it counts once." }),
    amount_microcredits: z.int().min(1).max(MAX_BOOKING),
  })
  .openapi("Booking");

/** The ledger after a booking. Throws when it was refused. */
export function ledgerOf(booked: Result<Ledger, BookingError>): z.infer<typeof ledgerSchema> {
  if (booked.ok) return ledgerBody(booked.value);
  const { error } = booked;
  switch (error.code) {
    case "account_not_found":
      throw noSuchAccount();
    case "entry_conflict":
      throw new ApiError(error.code, "This id names another booking.", { param: "id" });
    case "credit_not_free":
      throw new ApiError(
        error.code,
        `${error.balance} micro-credits are neither held nor charged; no more can be taken back.`,
        { param: "amount_microcredits" },
      );
    case "too_much_credit":
      throw new ApiError(error.code, `The account can be granted ${error.left} micro-credits more.`, {
        param: "amount_microcredits",
      });
    case "charge_not_found":
      throw new ApiError(error.code, "The account was not charged for such a job.", { param: "job" });
    case "refund_too_large":
      throw new ApiError(error.code, `${error.left} micro-credits of the charge are left to refund.`, {
        param: "amount_microcredits",
      });
  }
}

export const accountSchema = z
  .object({
    id: z.string(),
    object: z.literal("account"),
    name: z.string(),
    suspended_at: z.int().nullable().openapi({ description: "Unix seconds" }),
    ledger: ledgerSchema,
  })
  .openapi("Account");

export function accountBody(profile: AccountProfile, ledger: Ledger): z.infer<typeof accountSchema> {
  const { id, name, suspendedAt } = profile;
  return {
    id,
    object: "account",
    name,
    suspended_at: suspendedAt === null ? null : toSeconds(suspendedAt),
    ledger: ledgerBody(ledger),
  };
}

export const accountParams = z.object({ id: z.string() });

/**
 * The object of the path's account, which alone knows whether there is such an account: the list in D1 may be ahead of
 * it or behind.
 */
export function objectOf(context: AppContext): DurableObjectStub<Account> {
  const id = context.req.param("id") ?? "";
  if (!isAccountId(id)) throw noSuchAccount();
  const env: Env = context.env;
  return env.ACCOUNT.get(env.ACCOUNT.idFromName(id));
}

export function noSuchAccount(): ApiError {
  return new ApiError("account_not_found", "There is no such account.");
}

export const keptSchema = z
  .object({
    store: z
      .string()
      .openapi({ description: "Where, and what: `account.job`, `bucket.images`, `cache.answers`, …" }),
    count: z.int(),
  })
  .openapi("Kept");
