/** What an account is, beside its money. */
import { newWebhookSecret } from "../webhooks/sign.ts";
import type { AccountProfile } from "./contract.ts";
import { bringUpToDate } from "./schema.ts";

/** Its id is kept here because an alarm may wake the object without its name (cloudflare/workerd#6850). */
export interface Profile extends AccountProfile {
  readonly webhookSecret: string;
}

/** Creates tables and profile; an account that is open already stays as it is. */
export function openAccount(sql: SqlStorage, { id, name }: { id: string; name: string }): void {
  bringUpToDate(sql);
  sql.exec(
    `INSERT INTO account (one, id, name, webhook_secret, granted, held, charged) VALUES (1, ?, ?, ?, 0, 0, 0)
     ON CONFLICT DO NOTHING`,
    id,
    name,
    newWebhookSecret(),
  );
}

/** What of it is shown. */
export function shownProfile(sql: SqlStorage): AccountProfile {
  const { id, name, suspendedAt } = readProfile(sql);
  return { id, name, suspendedAt };
}

export function readProfile(sql: SqlStorage): Profile {
  return sql
    .exec<{ id: string; name: string; suspendedAt: number | null; webhookSecret: string }>(
      "SELECT id, name, suspended_at AS suspendedAt, webhook_secret AS webhookSecret FROM account",
    )
    .one();
}

/** Suspending twice keeps the first time. */
export function suspendAccount(sql: SqlStorage, suspended: boolean, now: number): AccountProfile {
  sql.exec(
    "UPDATE account SET suspended_at = iif(?, coalesce(suspended_at, ?), NULL)",
    suspended ? 1 : 0,
    now,
  );
  return shownProfile(sql);
}
