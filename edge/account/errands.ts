/** What the account has others do, outside of its transactions. What fails is due again by the alarm. */
import type { Env } from "../env.ts";
import { deleteObjects } from "../erasure/stores.ts";
import { jobImagePrefix } from "../jobs/stored-question.ts";
import { shipUsage } from "../usage/database.ts";
import { deliver } from "../webhooks/deliver.ts";
import type { Round } from "./alarm.ts";
import { type DueDelivery, recordDelivery } from "./outbox.ts";
import { type Profile, readProfile } from "./profile.ts";
import type { Tables } from "./tables.ts";
import { recordFailure, recordShipment, type ShippedRow } from "./usage.ts";

/** Everything that a round of the alarm has found to be due. */
export async function runErrands(env: Env, tables: Tables, round: Round): Promise<void> {
  const profile = tables.step(readProfile);
  if (!profile) return;
  await Promise.all([
    ringDoorbells(env, profile.id, round.bells),
    deleteImages(env, profile.id, round.over),
    ship(env, tables, profile.id, round.shipment),
    ...round.deliveries.map((delivery) => send(env, tables, profile, delivery)),
  ]);
}

/** A doorbell that isn't heard rings again by alarm, so a failure here is only worth a line in the log. */
export async function ringDoorbells(env: Env, account: string, jobs: readonly string[]): Promise<void> {
  if (jobs.length === 0) return;
  try {
    await env.JOBS.sendBatch(jobs.map((job) => ({ body: { account, job } })));
  } catch (error) {
    console.error(JSON.stringify({ event: "doorbell_failed", jobs: jobs.length, reason: String(error) }));
  }
}

/** The images of jobs that are over; the bucket's lifecycle rule has the last word. */
async function deleteImages(env: Env, account: string, jobs: readonly string[]): Promise<void> {
  try {
    await Promise.all(jobs.map((job) => deleteObjects(env.IMAGES, jobImagePrefix(account, job))));
  } catch (error) {
    console.error(JSON.stringify({ event: "images_not_deleted", jobs, reason: String(error) }));
  }
}

/** Usage that D1 does not take is shipped again by alarm. */
async function ship(env: Env, tables: Tables, account: string, rows: readonly ShippedRow[]): Promise<void> {
  if (rows.length === 0) return;
  try {
    await shipUsage(env.DB, account, rows);
    tables.step((sql) => recordShipment(sql, rows));
  } catch (error) {
    console.error(JSON.stringify({ event: "usage_shipment_failed", reason: String(error) }));
    tables.step(recordFailure);
  }
}

async function send(
  env: Env,
  tables: Tables,
  { webhookSecret }: Profile,
  delivery: DueDelivery,
): Promise<void> {
  const outcome = await deliver(delivery, {
    secret: webhookSecret,
    loopback: env.LOOPBACK_WEBHOOKS === "allow",
    now: Date.now(),
  });
  tables.step((sql, now) => recordDelivery(sql, delivery, outcome, Math.random(), now));
}
