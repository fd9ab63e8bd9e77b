import { hashKey, mintKey, startOf } from "../../auth/key.ts";

/** A key's text, which is never stored, and what is stored of it. */
export interface Secret {
  readonly key: string;
  readonly hash: string;
  readonly start: string;
}

export async function newSecret(account: string, secret: string): Promise<Secret> {
  const key = await mintKey(account, secret);
  return { key, hash: await hashKey(key), start: startOf(key) };
}

export function insertSecret(sql: SqlStorage, id: string, { hash, start }: Secret, now: number): void {
  sql.exec("INSERT INTO secret (hash, key, start, created_at) VALUES (?, ?, ?, ?)", hash, id, start, now);
}
