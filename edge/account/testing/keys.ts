/** What the tests of keys share. */
import { hashKey } from "../../auth/key.ts";
import type { NewKey } from "../keys/contract.ts";
import { SCOPES } from "../scopes.ts";
import { FACTS, inAMinute, newAccount, type Stub } from "./fixture.ts";

export const INVALID = { ok: false, error: { code: "invalid_api_key" } };
export const EXPIRED = { ok: false, error: { code: "api_key_expired" } };

/** The page of all of an account's keys. */
export const ALL_KEYS = { limit: 100 };

/** An account whose key may do everything. */
export const newOwnedAccount = (credit: number) => newAccount(credit, { scopes: SCOPES });

/** A key made by another. */
export async function derive(stub: Stub, makerHash: string, options: Partial<NewKey> = {}) {
  const made = await stub.deriveKey(makerHash, { name: "made", ...options });
  if (!made.ok) throw new Error(made.error.code);
  const { key, record } = made.value;
  return { key, keyHash: await hashKey(key), keyId: record.id, record };
}

let jobs = 0;

/** Holds an amount for a request of its own. */
export const reserve = (stub: Stub, keyHash: string, amount: number, changes = {}) =>
  stub.reserve({ facts: FACTS, keyHash, job: `job_${jobs++}`, amount, expiresAt: inAMinute(), ...changes });
