/** Deleting an account of the real product, with work under way, and looking into every store afterwards. */
import { createHash } from "node:crypto";
import { globSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { type Account, openAccount } from "../helpers/account.ts";
import { EXAMPLE } from "../helpers/examples.ts";
import { acceptJob, endedJob } from "../helpers/jobs.ts";
import { findLongQuestion, type LongQuestion } from "../helpers/long-question.ts";
import { until } from "../helpers/poll.ts";
import { killAll } from "../helpers/processes.ts";
import { allGone, Product, temporaryHome } from "../helpers/product.ts";
import { envelope, question } from "../helpers/question.ts";

const example = { ...question(EXAMPLE.question, EXAMPLE.bytes), temperature: 0 };
const kept = z.array(z.object({ store: z.string(), count: z.int() }));
const inventoryBody = z.object({ object: z.literal("list"), data: kept });
const erased = z.object({
  id: z.string(),
  object: z.literal("account.deleted"),
  ledger: z
    .object({
      granted_microcredits: z.int(),
      balance_microcredits: z.int(),
      held_microcredits: z.int(),
      charged_microcredits: z.int(),
    })
    .nullable(),
  kept,
});

let product: Product;
let long: LongQuestion;
/** So that a test that fails leaves no process behind. */
let started: number[] = [];
const { home, remove } = temporaryHome();

beforeAll(async () => {
  product = await Product.start(home);
  started = product.processes();
  long = await findLongQuestion(await openAccount(product.address));
}, 240_000);
afterAll(async () => {
  killAll([...started, ...product.processes()]);
  await allGone(started);
  remove();
});

function admin(path: string, method = "GET"): Promise<Response> {
  return fetch(new URL(`/v1/admin/accounts/${path}`, product.address.url), {
    method,
    headers: { authorization: `Bearer ${product.address.adminKey}` },
  });
}

async function inventory(account: Account): Promise<string[]> {
  const { data } = inventoryBody.parse(await (await admin(`${account.id}/inventory`)).json());
  return data.map(({ store }) => store).sort();
}

/**
 * Something in every store: cached answers, an upload, an ended job, and one that waits for a worker that never comes.
 */
async function live(account: Account): Promise<void> {
  await account.ask(example);
  const digest = `sha256:${createHash("sha256").update(EXAMPLE.bytes).digest("hex")}`;
  const body = new Uint8Array(EXAMPLE.bytes);
  expect((await account.fetch(`/v1/images/${digest}`, { method: "PUT", body })).status).toBe(201);
  const { id } = await acceptJob(account, example, { "cache-control": "no-cache" });
  expect((await endedJob(account, id)).status).toBe("succeeded");
  await acceptJob(account, { ...example, model: "llava-v1.6-vicuna-7b" });
  await until("usage in the database", async () => (await inventory(account)).includes("database.usage"));
}

/** Where the stopped product's files name a text: database files with their tables. */
function tablesNaming(text: string): string[] {
  return globSync(join(home, "state/**/*.sqlite")).flatMap((file) => {
    const database = new DatabaseSync(file, { readOnly: true, readBigInts: true });
    try {
      const tables = database.prepare("SELECT name FROM sqlite_master WHERE type = 'table'").all();
      return tables.flatMap(({ name }) => {
        const rows = database.prepare(`SELECT * FROM "${name}"`).all();
        return JSON.stringify(rows, readable).includes(text) ? [String(name)] : [];
      });
    } finally {
      database.close();
    }
  });
}

function readable(_: string, value: unknown): unknown {
  if (typeof value === "bigint") return String(value);
  return value instanceof Uint8Array ? Buffer.from(value).toString("latin1") : value;
}

describe("a deleted account", () => {
  it("is gone from every store, and its neighbour is as before", async () => {
    const [account, neighbour] = await Promise.all([
      openAccount(product.address),
      openAccount(product.address),
    ]);
    await Promise.all([live(account), live(neighbour)]);
    const before = await inventory(neighbour);
    expect(before).toEqual(
      expect.arrayContaining([
        "account.hold",
        "account.job",
        "account.receipt",
        "bucket.images",
        "bucket.job_images",
        "cache.answers",
        "database.account",
        "database.usage",
      ]),
    );

    const waiting = (await account.ledger()).held;
    expect(waiting).toBeGreaterThan(0);
    // A stream and an answer that will be cached are under way when the account goes.
    const stream = await account.post("/v1/chat/completions", { ...long.body, stream: true });
    const reader = stream.body?.getReader();
    await reader?.read();
    const pending = account.post("/v1/chat/completions", { ...long.body, temperature: 0 });
    const { granted, charged } = await until("holds of the job and both requests", async () => {
      const ledger = await account.ledger();
      return ledger.held > waiting + long.promptTokens && ledger;
    });

    const response = await admin(account.id, "DELETE");
    expect(response.status).toBe(200);
    const { ledger, kept: left } = erased.parse(await response.json());
    expect(left).toEqual([]);
    expect(ledger).toMatchObject({ granted_microcredits: granted, held_microcredits: 0 });
    expect(ledger?.charged_microcredits).toBeGreaterThanOrEqual(charged);
    expect(ledger?.balance_microcredits).toBe(granted - (ledger?.charged_microcredits ?? 0));

    // Its keys are unknown at once, on every route.
    for (const [path, init] of [
      ["/v1/models", {}],
      ["/v1/keys", {}],
      ["/v1/usage", {}],
      ["/v1/receipts", {}],
      ["/v1/jobs/job_0", {}],
    ] as const) {
      const refused = await account.fetch(path, init);
      expect(refused.status, path).toBe(401);
      expect(envelope.parse(await refused.json()).error.code).toBe("invalid_api_key");
    }
    expect((await account.post("/v1/chat/completions", example)).status).toBe(401);
    expect((await admin(`${account.id}/ledger`)).status).toBe(404);
    expect(await (await admin("")).text()).not.toContain(account.id);

    // What was under way ends, and leaves nothing behind.
    while (!(await reader?.read())?.done);
    await (await pending).text();
    expect(await inventory(account)).toEqual([]);
    expect(erased.parse(await (await admin(account.id, "DELETE")).json())).toMatchObject({
      ledger: null,
      kept: [],
    });

    expect(await inventory(neighbour)).toEqual(before);
    await neighbour.ask(example);
    for (const path of ["0".repeat(12), "jobs", "nobody"]) {
      expect((await admin(path, "DELETE")).status).toBe(404);
    }

    expect((await product.stop()).code).toBe(0);
    expect(tablesNaming(neighbour.id).length).toBeGreaterThan(3);
    // The tombstone, and the alarm that will take it away.
    expect(tablesNaming(account.id).sort()).toEqual(["_cf_ALARM", "tombstone"]);
  });
});
