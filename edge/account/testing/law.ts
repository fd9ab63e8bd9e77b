import { createHash } from "node:crypto";
import { receiptSchema } from "../../../core/receipt.ts";
import { readLedger } from "../ledger.ts";

/**
 * What is wrong with the account's books: its totals against its entries and holds, and its holds against its jobs.
 * Empty when the law holds: granted = balance + held + charged, with no part below 0.
 */
export function checkLaw(sql: SqlStorage): string[] {
  const { granted, balance, held, charged } = readLedger(sql);
  const sum = (query: string) => sql.exec<{ total: number }>(query).one().total;
  const wrong: string[] = [];
  const expect = (what: string, found: number, right: number) => {
    if (found !== right) wrong.push(`${what}: ${found}, not ${right}`);
  };
  expect("granted", granted, sum("SELECT coalesce(sum(amount), 0) AS total FROM entry WHERE kind = 'grant'"));
  expect(
    "charged",
    charged,
    sum("SELECT coalesce(sum(amount), 0) AS total FROM entry WHERE kind = 'charge'"),
  );
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
    sum("SELECT count(*) AS total FROM hold WHERE job IN (SELECT id FROM entry WHERE kind <> 'grant')"),
    0,
  );
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
