/**
 * What is kept of an account outside of its own object. Every key and row begins with the account, so that all of it
 * can be listed and deleted.
 */
import { z } from "zod";
import type { Env } from "../env.ts";

type Stores = Pick<Env, "RESULTS" | "IMAGES" | "DB">;

/** Things of one kind that are kept of an account. */
export interface Kept {
  readonly store: string;
  readonly count: number;
}

/**
 * The tables of D1 that have rows of accounts, with the column that names the account; the account's own row goes
 * first.
 */
const TABLES = { account: "id", usage: "account" } as const;

/** How much one call deletes: a Worker may make 10,000 subrequests, and each cached answer takes one. */
const MAX_PAGES = 5;

const counted = z.object({ count: z.int() });

/** Where an account's images lie in the bucket: uploads, and the images of stored jobs. */
const imagePrefixes = (account: string) => ({ images: `${account}/`, job_images: `jobs/${account}/` });

/** Deletes an account's things; what a large account has beyond one call's share is left for the next. */
export async function deleteKept(env: Stores, account: string): Promise<void> {
  // Without its row nothing is shipped any more.
  await env.DB.batch(
    Object.entries(TABLES).map(([table, column]) =>
      env.DB.prepare(`DELETE FROM ${table} WHERE ${column} = ?`).bind(account),
    ),
  );
  for (const prefix of Object.values(imagePrefixes(account))) await deleteObjects(env.IMAGES, prefix);
  for (let page = 0; page < MAX_PAGES; page++) {
    const { keys, list_complete } = await env.RESULTS.list({ prefix: `${account}/` });
    await Promise.all(keys.map(({ name }) => env.RESULTS.delete(name)));
    if (list_complete) break;
  }
}

/** What is kept, kind by kind; empty when there is nothing. */
export async function listKept(env: Stores, account: string): Promise<Kept[]> {
  const kept: Kept[] = [];
  for (const [table, column] of Object.entries(TABLES)) {
    const found = await env.DB.prepare(`SELECT count(*) AS count FROM ${table} WHERE ${column} = ?`)
      .bind(account)
      .first();
    kept.push({ store: `database.${table}`, count: counted.parse(found).count });
  }
  for (const [name, prefix] of Object.entries(imagePrefixes(account))) {
    kept.push({ store: `bucket.${name}`, count: await countObjects(env.IMAGES, prefix) });
  }
  kept.push({ store: "cache.answers", count: await countAnswers(env.RESULTS, `${account}/`) });
  return kept.filter(({ count }) => count > 0);
}

/** Deletes what lies in the bucket under a prefix. */
export async function deleteObjects(bucket: R2Bucket, prefix: string): Promise<void> {
  for (let page = 0; page < MAX_PAGES; page++) {
    const { objects, truncated } = await bucket.list({ prefix });
    if (objects.length > 0) await bucket.delete(objects.map(({ key }) => key));
    if (!truncated) return;
  }
}

async function countObjects(bucket: R2Bucket, prefix: string): Promise<number> {
  let count = 0;
  let cursor: string | undefined;
  do {
    const page = await bucket.list({ prefix, ...(cursor && { cursor }) });
    count += page.objects.length;
    cursor = page.truncated ? page.cursor : undefined;
  } while (cursor);
  return count;
}

async function countAnswers(results: KVNamespace, prefix: string): Promise<number> {
  let count = 0;
  let cursor: string | null = null;
  do {
    const page: KVNamespaceListResult<unknown> = await results.list({ prefix, cursor });
    count += page.keys.length;
    cursor = page.list_complete ? null : page.cursor;
  } while (cursor);
  return count;
}
