/** What the tests of stored jobs share. */
import type { Attempt } from "../job-contract.ts";
import { FACTS, newAccount, type Stub } from "./fixture.ts";

export const STORED = {
  job: "job_1",
  model: "tessera-tiny",
  request: '{"q":1}',
  webhook: null,
  idempotency: null,
};

/** An account with 1000 micro-credits, 300 of them held by job_1. */
export async function accepted() {
  const account = await newAccount(1000);
  const accepted = await account.stub.accept(
    { facts: FACTS, keyHash: account.keyHash, job: "job_1", amount: 300 },
    STORED,
  );
  if (!accepted.ok) throw new Error(accepted.error.code);
  return { ...account, record: accepted.value.record };
}

/** Starts the next attempt at job_1. */
export async function start(stub: Stub): Promise<Attempt> {
  const attempt = await stub.startAttempt("job_1");
  if (!attempt) throw new Error("No attempt was started.");
  return attempt;
}

/** What names an attempt in its outcome. */
export const of = ({ attempt, lease }: Attempt) => ({ attempt, lease });
