/** What an account is, beside its money: written once, when it is opened. */
import { newWebhookSecret } from "../webhooks/sign.ts";
import { createTables } from "./schema.ts";

export interface Profile {
  /** Kept here because an alarm may wake the object without its name (cloudflare/workerd#6850). */
  readonly id: string;
  readonly name: string;
  readonly webhookSecret: string;
}

/** Creates tables and profile; an account that is open already stays as it is. */
export function openAccount(sql: SqlStorage, { id, name }: { id: string; name: string }): void {
  createTables(sql);
  sql.exec(
    `INSERT INTO account (one, id, name, webhook_secret, granted, held, charged) VALUES (1, ?, ?, ?, 0, 0, 0)
     ON CONFLICT DO NOTHING`,
    id,
    name,
    newWebhookSecret(),
  );
}

export function readProfile(sql: SqlStorage): Profile {
  return sql
    .exec<{ id: string; name: string; webhookSecret: string }>(
      "SELECT id, name, webhook_secret AS webhookSecret FROM account",
    )
    .one();
}
