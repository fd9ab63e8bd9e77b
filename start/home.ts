/** The state directory: secrets, the developer's file, logs, and the local databases. */
import { randomBytes } from "node:crypto";
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { StartError } from "./error.ts";
import type { Options } from "./options.ts";
import { newReceiptKey, privateReceiptKey, publicReceiptKey, retire } from "./receipt-key.ts";

const seededAccount = z.strictObject({ id: z.string(), apiKey: z.string(), webhookSecret: z.string() });
export type SeededAccount = z.infer<typeof seededAccount>;

const savedSecrets = z.strictObject({
  keySecret: z.string(),
  poolSecret: z.string(),
  adminKey: z.string(),
  receiptKey: privateReceiptKey.default(newReceiptKey),
  /** The public keys that signed receipts before it. */
  retiredReceiptKeys: z.array(publicReceiptKey).default([]),
  /** The account that `npm start` made for its user. */
  account: seededAccount.optional(),
});
export type Secrets = z.infer<typeof savedSecrets>;

/** What a program on this machine needs to use the running product. */
const developer = z.strictObject({
  url: z.string(),
  apiKey: z.string(),
  adminKey: z.string(),
  webhookSecret: z.string(),
  /** The embedded GPU worker's own address, for its load and metrics. */
  workerUrl: z.string(),
});
export type Developer = z.infer<typeof developer>;

export class Home {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
    try {
      mkdirSync(this.logs, { recursive: true });
    } catch (cause) {
      throw new StartError(`The state directory ${path} can't be made: ${messageOf(cause)}`);
    }
  }

  get state(): string {
    return join(this.path, "state");
  }

  get logs(): string {
    return join(this.path, "logs");
  }

  /** The path of a log that does not exist yet; the last start's is gone. */
  newLog(name: string): string {
    const file = join(this.logs, `${name}.log`);
    rmSync(file, { force: true });
    return file;
  }

  /** The kept secrets, generated where none are; what the user chose now stands in for what was kept. */
  secrets(chosen: Options["secrets"]): Secrets {
    const kept = this.#read("secrets.json", savedSecrets);
    const secrets: Secrets = { ...generateSecrets(), ...kept, ...chosen };
    const { receiptKey, retiredReceiptKeys } = secrets;
    if (kept) secrets.retiredReceiptKeys = retire(kept.receiptKey, receiptKey, retiredReceiptKeys);
    this.saveSecrets(secrets);
    return secrets;
  }

  saveSecrets(secrets: Secrets): void {
    this.#writePrivate("secrets.json", secrets);
  }

  /** Left by a product that runs, or that had no time to stop. */
  developer(): Developer | undefined {
    return this.#read("dev.json", developer);
  }

  /** Only a product that answers has this file. */
  writeDeveloper(value: Developer): void {
    this.#writePrivate("dev.json", value);
  }

  removeDeveloper(): void {
    rmSync(join(this.path, "dev.json"), { force: true });
  }

  #read<Value>(name: string, schema: z.ZodType<Value>): Value | undefined {
    const file = join(this.path, name);
    let text: string;
    try {
      text = readFileSync(file, "utf8");
    } catch {
      return undefined;
    }
    try {
      return schema.parse(JSON.parse(text));
    } catch {
      throw new StartError(`${file} is damaged. Restore it, or delete ${this.path} to begin anew.`);
    }
  }

  /** Written beside and renamed, so that a reader never sees half a file. */
  #writePrivate(name: string, value: unknown): void {
    const file = join(this.path, name);
    const draft = `${file}.new`;
    try {
      writeFileSync(draft, `${JSON.stringify(value, null, 2)}\n`, { mode: 0o600 });
      renameSync(draft, file);
    } catch (cause) {
      throw new StartError(`${file} can't be written: ${messageOf(cause)}`);
    }
  }
}

function generateSecrets(): Secrets {
  const secret = () => randomBytes(32).toString("base64url");
  return {
    keySecret: secret(),
    poolSecret: secret(),
    adminKey: secret(),
    receiptKey: newReceiptKey(),
    retiredReceiptKeys: [],
  };
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
