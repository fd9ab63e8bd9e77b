/** Accounts of a running product, each with a ledger of its own, so that a test's money can be counted exactly. */
import { expect } from "vitest";
import { z } from "zod";
import { until } from "./poll.ts";
import type { Address } from "./product.ts";
import { type ChatBody, type Completion, completion, type Preflight, preflight } from "./question.ts";

const opened = z.object({
  id: z.string(),
  key: z.object({ id: z.string(), key: z.string() }),
  webhook_secret: z.string(),
});

const ledger = z
  .object({
    granted_microcredits: z.int(),
    balance_microcredits: z.int(),
    held_microcredits: z.int(),
    charged_microcredits: z.int(),
  })
  .transform((body) => ({
    granted: body.granted_microcredits,
    balance: body.balance_microcredits,
    held: body.held_microcredits,
    charged: body.charged_microcredits,
  }));
/** Micro-credits. */
export type Ledger = z.infer<typeof ledger>;

const newKey = z.object({ id: z.string(), key: z.string() });

type Headers = Readonly<Record<string, string>>;

export class Account {
  readonly product: Address;
  readonly id: string;
  readonly key: string;
  readonly webhookSecret: string;
  readonly #opened: z.infer<typeof opened>;

  constructor(product: Address, account: z.infer<typeof opened>) {
    this.product = product;
    this.id = account.id;
    this.key = account.key.key;
    this.webhookSecret = account.webhook_secret;
    this.#opened = account;
  }

  /** The same account after its product was started again. */
  movedTo(product: Address): Account {
    return new Account(product, this.#opened);
  }

  /** A request with the account's key; headers given here replace it. */
  async fetch(path: string, init: RequestInit & { headers?: Headers } = {}): Promise<Response> {
    return fetch(new URL(path, this.product.url), {
      ...init,
      headers: { authorization: `Bearer ${this.key}`, ...init.headers },
    });
  }

  /** A JSON body sent with POST. */
  async post(path: string, body: unknown, headers: Headers = {}, signal?: AbortSignal): Promise<Response> {
    return this.fetch(path, {
      method: "POST",
      headers: { "content-type": "application/json", ...headers },
      body: JSON.stringify(body),
      ...(signal && { signal }),
    });
  }

  /** A question's whole answer; fails with what the API says when there is none. */
  async ask(body: ChatBody, headers: Headers = {}): Promise<Completion> {
    const response = await this.post("/v1/chat/completions", body, headers);
    const answer: unknown = await response.json();
    expect(response.status, JSON.stringify(answer)).toBe(200);
    return completion.parse(answer);
  }

  /** What a question would cost. */
  async count(body: ChatBody): Promise<Preflight> {
    const response = await this.post("/v1/preflight", body);
    const counted: unknown = await response.json();
    expect(response.status, JSON.stringify(counted)).toBe(200);
    return preflight.parse(counted);
  }

  async makeKey(options: object): Promise<z.infer<typeof newKey>> {
    const response = await this.post("/v1/keys", options);
    expect(response.status).toBe(201);
    return newKey.parse(await response.json());
  }

  /** Granted, balance, held and charged, after checking that the law holds. */
  async ledger(): Promise<Ledger> {
    const response = await fetch(new URL(`/v1/admin/accounts/${this.id}/ledger`, this.product.url), {
      headers: { authorization: `Bearer ${this.product.adminKey}` },
    });
    expect(response.status).toBe(200);
    const read = ledger.parse(await response.json());
    expect(read.granted).toBe(read.balance + read.held + read.charged);
    return read;
  }

  /** The ledger once nothing is held any more: what every test must leave behind. */
  async settledLedger(): Promise<Ledger> {
    return until("a ledger without holds", async () => {
      const read = await this.ledger();
      return read.held === 0 && read;
    });
  }
}

/** A new account with this much credit, in micro-credits. */
export async function openAccount(product: Address, credit = 10_000_000): Promise<Account> {
  const response = await fetch(new URL("/v1/admin/accounts", product.url), {
    method: "POST",
    headers: { authorization: `Bearer ${product.adminKey}`, "content-type": "application/json" },
    body: JSON.stringify({ name: "test", credit_microcredits: credit }),
  });
  expect(response.status).toBe(201);
  return new Account(product, opened.parse(await response.json()));
}
