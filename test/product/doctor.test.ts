/** `tessera doctor` over set-ups that are really broken. */
import { once } from "node:events";
import { cpSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { z } from "zod";
import { newAccount, sharedProduct } from "../helpers/shared.ts";
import { MAIN, runProgram, tessera } from "../helpers/tessera.ts";

const report = z.strictObject({
  object: z.literal("doctor"),
  ok: z.boolean(),
  checks: z.array(
    z.strictObject({
      name: z.string(),
      status: z.enum(["ok", "warning", "failure"]),
      message: z.string(),
      advice: z.string().nullable(),
    }),
  ),
});

/** What is not ok, as `name: status`. */
async function examine(env: Readonly<Record<string, string>>, ...argv: readonly string[]): Promise<string[]> {
  const own = { TESSERA_HOME: "/nowhere", ...env };
  const { code, out, err } = await runProgram(process.execPath, [MAIN, "doctor", "--json", ...argv], own);
  const { ok, checks } = report.parse(JSON.parse(out));
  expect({ code, err }).toEqual({ code: ok ? 0 : 1, err: "" });
  for (const { status, advice } of checks) expect(advice === null).toBe(status === "ok");
  return checks.filter(({ status }) => status !== "ok").map(({ name, status }) => `${name}: ${status}`);
}

it("finds nothing wrong with a product that runs", async () => {
  const account = await newAccount();
  expect(await tessera(account, "doctor")).toMatchObject({ code: 0, err: "" });
});

it("tells a wrong key, no credit, a spent budget and a model without a worker", async () => {
  const { url: TESSERA_URL } = sharedProduct();
  expect(await examine({ TESSERA_URL }, "--key", "tsr_wrong")).toEqual(["key: failure"]);
  expect(await examine({ TESSERA_URL })).toEqual(["key: failure"]);

  const poor = await newAccount(0);
  expect(await examine({ TESSERA_URL, TESSERA_API_KEY: poor.key })).toEqual(["balance: failure"]);

  const account = await newAccount();
  const narrow = await tessera(account, "keys", "create", "--name", "n", "--scope", "infer", "--budget", "0");
  expect(await examine({ TESSERA_URL, TESSERA_API_KEY: narrow.out.trim() })).toEqual([
    "balance: warning",
    "budget: failure",
  ]);
  const cold = ["--model", "llava-v1.6-vicuna-7b"];
  expect(await examine({ TESSERA_URL, TESSERA_API_KEY: account.key }, ...cold)).toEqual(["models: failure"]);
});

it("tells no server, a taken port, a server that is another or fails at everything", async () => {
  expect(await examine({ PORT: "0" })).toEqual(["server: failure"]);
  let status = 200;
  const other = createServer((_, response) => response.writeHead(status).end("{}")).listen(0, "127.0.0.1");
  await once(other, "listening");
  const { port } = other.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}`;
  expect(await examine({ PORT: String(port) })).toEqual(["server: failure", "port: failure"]);
  expect(await examine({}, "--url", url)).toEqual(["server: failure"]);
  status = 500;
  expect(await examine({}, "--url", url)).toEqual(["server: failure"]);
  other.close();
  other.closeAllConnections();
  await once(other, "close");
  expect(await examine({}, "--url", url)).toEqual(["server: failure"]);
});

it("tells altered weights, and a worker that could not report", async () => {
  const account = await newAccount();
  const server = { TESSERA_URL: account.product.url, TESSERA_API_KEY: account.key };
  const folder = mkdtempSync(join(tmpdir(), "tessera-doctor-"));
  cpSync(join(import.meta.dirname, "../../models/tessera-tiny/weights"), folder, { recursive: true });
  expect(await examine({ ...server, TESSERA_WEIGHTS: folder })).toEqual([]);
  writeFileSync(join(folder, "tokenizer.json"), "{}");
  expect(await examine({ ...server, TESSERA_WEIGHTS: folder })).toEqual(["weights: failure"]);
  rmSync(folder, { recursive: true });

  const edge = { ...server, TESSERA_EDGE_URL: "http://127.0.0.1:65535", TESSERA_POOL_SECRET: "short" };
  expect(await examine(edge)).toEqual(["edge: failure", "secret: failure"]);
});
