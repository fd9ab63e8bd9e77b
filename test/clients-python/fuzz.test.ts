/**
 * schemathesis over /openapi.json: every operation, with keys that may do everything, within the specification and
 * against it.
 */
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { createReadStream } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { openAccount } from "../helpers/account.ts";
import { EXAMPLE } from "../helpers/examples.ts";
import { dataUrl } from "../helpers/picture.ts";
import { Product, temporaryHome } from "../helpers/product.ts";
import { question } from "../helpers/question.ts";
import { PYTHON } from "./tools.ts";

const KEYS = 6;
/** In each of schemathesis' modes, at most. */
const CASES_PER_OPERATION = 90;
const LEAST_CASES = 5_000;
/** Micro-credits: prices are fuzzed too. */
const CREDIT = 1e12;

/** One request, and the status of its answer; the operation by method and path. */
interface Case {
  readonly operation: string;
  readonly status: number;
}

/** What schemathesis said, whether it found nothing, and what it did. */
interface Round {
  readonly said: string;
  readonly passed: boolean;
  readonly cases: readonly Case[];
}

const recorder = z.object({
  cases: z.record(z.string(), z.object({ value: z.object({ method: z.string(), path: z.string() }) })),
  interactions: z.record(z.string(), z.object({ response: z.object({ status_code: z.int() }).nullable() })),
});
const event = z.record(z.string(), z.looseObject({ recorder: recorder.optional().catch(undefined) }));

const { home, remove } = temporaryHome();
/** Not the shared one: prices are changed and accounts deleted. */
let product: Product;
let round: Round;

beforeAll(async () => {
  product = await Product.start(home);
  round = await fuzz(product);
});
afterAll(async () => {
  await product.stop();
  remove();
});

async function fuzz({ address }: Product): Promise<Round> {
  const account = await openAccount(address, CREDIT);
  const limits = { requests_per_minute: 6_000, concurrency: 256 };
  const keys = await Promise.all(
    Array.from({ length: KEYS }, (_, index) => account.makeKey({ name: `fuzz ${index}`, ...limits })),
  );
  const digest = `sha256:${createHash("sha256").update(EXAMPLE.bytes).digest("hex")}`;
  await account.fetch(`/v1/images/${digest}`, { method: "PUT", body: EXAMPLE.bytes });
  const charged = await openAccount(address);
  const { id: job } = await charged.ask(question(EXAMPLE.question, EXAMPLE.bytes));

  const report = join(home, "fuzz.ndjson");
  const options = [
    ...[
      "--config-file",
      join(import.meta.dirname, "schemathesis.toml"),
      "run",
      `${address.url}/openapi.json`,
    ],
    // One worker: CPython's parser, which schemathesis describes its filters with, can fail where two threads use it at
    // once.
    ...["--no-color", "--workers", "1", "--max-examples", String(CASES_PER_OPERATION)],
    ...["--generation-database", "none", "--report", "ndjson", "--report-ndjson-path", report],
  ];
  const tool = spawn(PYTHON, ["-m", "schemathesis.cli", ...options], {
    cwd: home,
    stdio: ["ignore", "pipe", "inherit"],
    env: {
      ...process.env,
      PYTHONDONTWRITEBYTECODE: "1",
      TESSERA_HOOKS: join(import.meta.dirname, "hooks.py"),
      TESSERA_ADMIN_KEY: address.adminKey,
      TESSERA_KEYS: JSON.stringify(keys.map(({ key }) => key)),
      TESSERA_NEEDED_IDS: JSON.stringify([account.id, charged.id, ...keys.map(({ id }) => id)]),
      TESSERA_CHARGED: JSON.stringify({ account: charged.id, job }),
      TESSERA_PICTURE: dataUrl(EXAMPLE.bytes),
    },
  });
  const [said] = await Promise.all([text(tool.stdout), once(tool, "close")]);
  return { said, passed: tool.exitCode === 0, cases: await readCases(report) };
}

async function readCases(report: string): Promise<Case[]> {
  const found: Case[] = [];
  for await (const line of createInterface({ input: createReadStream(report) })) {
    for (const { recorder } of Object.values(event.parse(JSON.parse(line)))) {
      for (const [id, { response }] of Object.entries(recorder?.interactions ?? {})) {
        const { method, path } = recorder?.cases[id]?.value ?? {};
        if (response) found.push({ operation: `${method} ${path}`, status: response.status_code });
      }
    }
  }
  return found;
}

describe("schemathesis", () => {
  it("finds no server error and no answer that the specification does not tell of", () => {
    expect(round.passed, round.said).toBe(true);
  });

  it(`tries ${LEAST_CASES} cases or more, and each operation until it succeeds`, async () => {
    expect(round.cases.length).toBeGreaterThanOrEqual(LEAST_CASES);
    const response = await fetch(new URL("/openapi.json", product.address.url));
    const { paths } = z
      .object({ paths: z.record(z.string(), z.record(z.string(), z.unknown())) })
      .parse(await response.json());
    const operations = Object.entries(paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    );
    const succeeded = new Set(
      round.cases.filter(({ status }) => status < 300).map(({ operation }) => operation),
    );
    expect(operations.filter((operation) => !succeeded.has(operation))).toEqual([]);
    console.log(`${round.cases.length} cases over ${operations.length} operations`);
  });
});
