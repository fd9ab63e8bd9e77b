import { createHash } from "node:crypto";
import { receiptSchema } from "../../../core/receipt.ts";
import { readLedger } from "../ledger.ts";

/**
 * What is wrong with the account's books: its totals against its entries and holds, and its holds against its jobs, and
 * its keys' running sums.
 * Empty when the law holds: granted = balance + held + charged, with no part below 0.
 */
export function checkLaw(sql: SqlStorage): string[] {
  const { granted, balance, held, charged } = readLedger(sql);
  const sum = (query: string) => sql.exec<{ total: number }>(query).one().total;
  const wrong: string[] = [];
  const expect = (what: string, found: number, right: number) => {
    if (found !== right) wrong.push(`${what}: ${found}, not ${right}`);
  };
  const booked = (more: string, less: string) =>
    sum(
      `SELECT coalesce(sum(iif(kind = '${more}', amount, -amount)), 0) AS total FROM entry WHERE kind IN ('${more}', '${less}')`,
    );
  expect("granted", granted, booked("grant", "take_back"));
  expect("charged", charged, booked("charge", "refund"));
  expect("held", held, sum("SELECT coalesce(sum(amount), 0) AS total FROM hold"));
  expect("granted", granted, balance + held + charged);
  for (const [what, amount] of Object.entries({ balance, held, charged })) {
    if (amount < 0) wrong.push(`${what}: ${amount}, below 0`);
  }
  const unfinished = "SELECT id FROM job WHERE state IN ('queued', 'running')";
  expect(
    "holds without a job",
    sum(`SELECT count(*) AS total FROM hold WHERE expires_at IS NULL AND job NOT IN (${unfinished})`),
    0,
  );
  expect(
    "jobs without a hold",
    sum(`SELECT count(*) AS total FROM (${unfinished}) WHERE id NOT IN (SELECT job FROM hold)`),
    0,
  );
  expect(
    "holds that have ended",
    sum(
      "SELECT count(*) AS total FROM hold WHERE job IN (SELECT id FROM entry WHERE kind IN ('charge', 'expired', 'forgiven'))",
    ),
    0,
  );
  const overcounted = sum(
    `SELECT count(*) AS total FROM key WHERE used_total <>
       (SELECT coalesce(sum(amount), 0) FROM (
          SELECT key, amount FROM entry WHERE kind = 'charge' UNION ALL SELECT key, amount FROM hold) AS spent
        WHERE key.id IN (SELECT value FROM json_each((SELECT lineage FROM key AS own WHERE own.id = spent.key))))`,
  );
  expect("keys whose use is not what they and their descendants spent", overcounted, 0);
  const overdrawn = sum(
    `SELECT count(*) AS total FROM key WHERE used_total < 0 OR used_day < 0 OR used_month < 0
       OR used_day > used_month OR used_month > used_total`,
  );
  expect("keys with impossible sums", overdrawn, 0);
  expect(
    "receipts",
    sum("SELECT count(*) AS total FROM receipt"),
    sum("SELECT count(*) AS total FROM entry WHERE kind IN ('charge', 'expired')"),
  );
  expect(
    "receipts that differ from their entry",
    sum(`SELECT count(*) AS total FROM receipt JOIN entry ON entry.id = payload ->> 'request'
         WHERE kind IN ('charge', 'expired') AND amount <> payload ->> 'cost_microcredits'`),
    0,
  );
  expect("the chain's breaks", breaks(sql), 0);
  return wrong;
}

/** How many receipts do not follow from the one before. */
function breaks(sql: SqlStorage): number {
  const rows = sql
    .exec<{ sequence: number; payload: string }>("SELECT sequence, payload FROM receipt ORDER BY sequence")
    .toArray();
  const hash = (text: string) => `sha256:${createHash("sha256").update(text).digest("hex")}`;
  return rows.filter(({ sequence, payload }, index) => {
    const before = rows[index - 1];
    const receipt = receiptSchema.parse(JSON.parse(payload));
    const previous = before ? hash(before.payload) : null;
    return sequence !== index + 1 || receipt.sequence !== sequence || receipt.previous !== previous;
  }).length;
}
