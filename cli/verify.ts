import { readFile } from "node:fs/promises";
import { z } from "zod";
import {
  checkChain,
  keySetSchema,
  type PublicKey,
  type VerifiedReceipt,
  verifyReceipt,
} from "../core/receipt.ts";
import { CommandError, examples, print, printingCommand, Unsuccessful, unreadable } from "./command.ts";
import { findServer } from "./connection.ts";
import { paint } from "./terminal.ts";

const KEY_SET_PATH = "/.well-known/jwks.json";

/** What the API answers: one receipt, or a list of them. */
const answered = z.union([
  z.object({ jws: z.string() }).transform(({ jws }) => [jws]),
  z
    .object({ data: z.array(z.object({ jws: z.string() })) })
    .transform(({ data }) => data.map(({ jws }) => jws)),
]);

export function verify() {
  return printingCommand("verify", "check receipts, and that none of their chain is missing")
    .argument(
      "<file...>",
      "files with receipts (one a line, or the API's JSON), - for standard input, or receipts themselves",
    )
    .option(
      "--jwks <file|url>",
      "the operator's public keys; else those of the server that TESSERA_URL or npm start names",
    )
    .addHelpText(
      "after",
      `
Several receipts are checked as a chain: that each follows from the one before, and none between them is missing.
With --jwks FILE nothing is asked over the network. Exit code 0 says that every signature is valid and the chain
holds. With --json each receipt's payload is one line.
${examples("tessera receipts > receipts.txt", "tessera verify receipts.txt")}`,
    )
    .action(async (places, { jwks, json }) => {
      const receipts = (await Promise.all(places.map(readReceipts))).flat();
      if (receipts.length === 0) throw new CommandError("there is no receipt in it", { code: "no_receipt" });
      const keys = await readKeySet(jwks ?? findServer(undefined).url + KEY_SET_PATH);

      const verified: VerifiedReceipt[] = [];
      const problems: string[] = [];
      for (const [index, jws] of receipts.entries()) {
        const checked = await verifyReceipt(jws, keys);
        if (checked.ok) verified.push(checked.value);
        else {
          const which = receipts.length > 1 ? `receipt ${index + 1} of the input: ` : "";
          problems.push(which + checked.error);
        }
      }
      problems.push(...checkChain(verified));
      for (const each of verified) print(json, each.receipt, () => describe(each));
      if (problems.length === 0) return;
      if (json) throw new CommandError(problems.join("; "), { code: "receipts_invalid" });
      for (const problem of problems) console.error(`${paint("red", "tessera verify")}: ${problem}`);
      throw new Unsuccessful();
    });
}

/** The receipts that an argument names or is. */
async function readReceipts(argument: string): Promise<string[]> {
  const text = isReceipt(argument) ? argument : await readText(argument);
  if (!text.trimStart().startsWith("{")) return text.split(/\s+/).filter((line) => line !== "");
  const parsed = answered.safeParse(parseJson(text));
  if (!parsed.success)
    throw new CommandError(`${argument} holds JSON that is no answer of the API`, { code: "no_receipt" });
  return parsed.data;
}

function isReceipt(argument: string): boolean {
  return /^[\w-]+\.[\w-]+\.[\w-]+$/.test(argument) && argument.startsWith("eyJ");
}

async function readKeySet(place: string): Promise<PublicKey[]> {
  const text = /^https?:/.test(place) ? await download(place) : await readText(place);
  const parsed = keySetSchema.safeParse(parseJson(text));
  if (!parsed.success) throw new CommandError(`${place} is not a JWK Set`, { code: "no_key_set" });
  return parsed.data;
}

async function download(url: string): Promise<string> {
  try {
    const response = await fetch(url);
    if (response.ok) return await response.text();
  } catch {
    // Told below, as any other failure.
  }
  throw new CommandError(`the public keys can't be read from ${url}`, { code: "no_key_set", later: true });
}

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path === "-" ? "/dev/stdin" : path, "utf8");
  } catch (error) {
    throw unreadable(path, error);
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
