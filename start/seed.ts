import { z } from "zod";
import { StartError } from "./error.ts";
import type { Secrets, SeededAccount } from "./home.ts";
import { knowsKey } from "./ready.ts";

/** 100 credits, in micro-credits. */
const CREDIT = 100_000_000;

const created = z.object({
  id: z.string(),
  key: z.object({ key: z.string() }),
  webhook_secret: z.string(),
});

/** The user's own account: the kept one while its key works, else a new one with credit. */
export async function seededAccount(url: string, { adminKey, account }: Secrets): Promise<SeededAccount> {
  return account && (await knowsKey(url, account.apiKey)) ? account : createAccount(url, adminKey);
}

async function createAccount(url: string, adminKey: string): Promise<SeededAccount> {
  const response = await fetch(`${url}/v1/admin/accounts`, {
    method: "POST",
    headers: { authorization: `Bearer ${adminKey}`, "content-type": "application/json" },
    body: JSON.stringify({ name: "developer", credit_microcredits: CREDIT }),
  });
  if (!response.ok) throw new StartError(`The first account was refused: ${await response.text()}`);
  const { id, key, webhook_secret } = created.parse(await response.json());
  return { id, apiKey: key.key, webhookSecret: webhook_secret };
}
