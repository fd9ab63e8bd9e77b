import { readFile } from "node:fs/promises";
import { z } from "zod";
import {
  checkChain,
  keySetSchema,
  type PublicKey,
  type VerifiedReceipt,
  verifyReceipt,
} from "../core/receipt.ts";
import { readArguments } from "./arguments.ts";
import { type Command, CommandError, UsageError } from "./command.ts";
import { findConnection } from "./connection.ts";

const KEY_SET_PATH = "/.well-known/jwks.json";

/** What the API answers: one receipt, or a list of them. */
const answered = z.union([
  z.object({ jws: z.string() }).transform(({ jws }) => [jws]),
  z
    .object({ data: z.array(z.object({ jws: z.string() })) })
    .transform(({ data }) => data.map(({ jws }) => jws)),
]);

const options = { jwks: { type: "string" }, json: { type: "boolean" } } as const;

export const verify: Command = {
  summary: "check receipts, and that none of their chain is missing",
  help: `Usage: tessera verify RECEIPT… [--jwks FILE|URL]

Each RECEIPT is a file with receipts (one a line, or the API's JSON), - for standard input, or a receipt itself. Several
are checked as a chain: that each follows from the one before, and none between them is missing.

  --jwks FILE|URL       the operator's public keys; else those of the server that TESSERA_URL or npm start names.
                        With a file, nothing is asked over the network.
  --json                print each receipt's payload as one line of JSON

Exit code 0 says that every signature is valid and the chain holds.`,

  async run(argv) {
    const { values, positionals } = readArguments(argv, options);
    if (positionals.length === 0) throw new UsageError("name a receipt to check");
    const receipts = (await Promise.all(positionals.map(readReceipts))).flat();
    if (receipts.length === 0) throw new CommandError("there is no receipt in it");
    const keys = await readKeySet(values.jwks ?? findConnection({}).url + KEY_SET_PATH);

    const verified: VerifiedReceipt[] = [];
    const problems: string[] = [];
    for (const [index, jws] of receipts.entries()) {
      const checked = await verifyReceipt(jws, keys);
      if (checked.ok) verified.push(checked.value);
      else
        problems.push(`${receipts.length > 1 ? `receipt ${index + 1} of the input: ` : ""}${checked.error}`);
    }
    problems.push(...checkChain(verified));
    for (const each of verified) console.log(values.json ? JSON.stringify(each.receipt) : describe(each));
    for (const problem of problems) console.error(`tessera verify: ${problem}`);
    return problems.length === 0 ? 0 : 1;
  },
};

/** The receipts that an argument names or is. */
async function readReceipts(argument: string): Promise<string[]> {
  const text = isReceipt(argument) ? argument : await readText(argument);
  if (!text.trimStart().startsWith("{")) return text.split(/\s+/).filter((line) => line !== "");
  const parsed = answered.safeParse(parseJson(text));
  if (!parsed.success) throw new CommandError(`${argument} holds JSON that is no answer of the API`);
  return parsed.data;
}

function isReceipt(argument: string): boolean {
  return /^[\w-]+\.[\w-]+\.[\w-]+$/.test(argument) && argument.startsWith("eyJ");
}

async function readKeySet(place: string): Promise<PublicKey[]> {
  const text = /^https?:/.test(place) ? await download(place) : await readText(place);
  const parsed = keySetSchema.safeParse(parseJson(text));
  if (!parsed.success) throw new CommandError(`${place} is not a JWK Set`);
  return parsed.data;
}

async function download(url: string): Promise<string> {
  try {
    const response = await fetch(url);
    if (response.ok) return await response.text();
  } catch {
    // Told below, as any other failure.
  }
  throw new CommandError(`the public keys can't be read from ${url}`);
}

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path === "-" ? "/dev/stdin" : path, "utf8");
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : String(error);
    throw new CommandError(`${path} can't be read (${code})`);
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function describe({ receipt, kid }: VerifiedReceipt): string {
  const { sequence, id, created_at, model, status, cost_microcredits } = receipt;
  const time = new Date(created_at * 1000).toISOString().replace(".000", "");
  return `${sequence}  ${id}  ${time}  ${model}  ${status}  ${cost_microcredits} micro-credits  signed by ${kid}`;
}
