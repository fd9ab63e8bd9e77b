import { z } from "@hono/zod-openapi";
import type { Account } from "../../account/account.ts";
import type { Ledger } from "../../account/contract.ts";
import { isAccountId } from "../../auth/key.ts";
import type { Env } from "../../env.ts";
import { ApiError } from "../../errors.ts";
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

export const accountParams = z.object({ id: z.string() });

/** The path's account, if there is one: an object exists for every name, an account only for those opened. */
export async function findAccount(context: AppContext): Promise<DurableObjectStub<Account>> {
  const id = context.req.param("id") ?? "";
  const env: Env = context.env;
  const row = await env.DB.prepare("SELECT id FROM account WHERE id = ?").bind(id).first();
  if (!row) throw noSuchAccount();
  return objectOf(context, id);
}

/** The object of an account's id, whether or not there is such an account. */
export function objectOf(context: AppContext, id: string): DurableObjectStub<Account> {
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
