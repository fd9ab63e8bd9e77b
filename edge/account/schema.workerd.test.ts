import { evictDurableObject } from "cloudflare:test";
import { expect, it } from "vitest";
import { bringUpToDate } from "./schema.ts";
import {
  ALL_USAGE,
  FACTS,
  inside,
  law,
  MINUTE,
  newAccount,
  newOwner,
  type Stub,
  settlement,
} from "./testing/fixture.ts";

const stepsOf = (stub: Stub) =>
  inside(
    stub,
    (_, { storage }) => storage.sql.exec<{ steps: number }>("SELECT steps FROM version").one().steps,
  );

it("brings an object up to date when it wakes, with its money", async () => {
  const { stub, keyHash } = await newAccount(1000);
  const ask = async (job: string, charge: number) => {
    const expiresAt = Date.now() + MINUTE;
    expect(await stub.reserve({ keyHash, job, amount: 100, expiresAt, facts: FACTS })).toMatchObject({
      ok: true,
    });
    expect(await stub.settle(settlement(job, charge))).toBe(true);
  };
  await ask("chatcmpl-1", 40);
  // As an object is left by code that counts no usage and has no versions.
  await inside(stub, (_, { storage }) => {
    for (const table of ["usage", "meter", "version"]) storage.sql.exec(`DROP TABLE ${table}`);
  });
  await evictDurableObject(stub);

  await ask("chatcmpl-2", 60);
  expect(await stub.ledger()).toEqual({ granted: 1000, balance: 900, held: 0, charged: 100 });
  const usage = await stub.usage(await newOwner(stub), ALL_USAGE);
  expect(usage).toMatchObject({ value: [{ requests: 2, charge: 100 }] });
  expect(await law(stub)).toEqual([]);
});

it("takes each step once and whole, and serves code that knows fewer", async () => {
  const { stub } = await newAccount(1000);
  const known = await stepsOf(stub);
  const take = (...further: string[]) =>
    inside(stub, (_, { storage }) =>
      storage.transactionSync(() =>
        bringUpToDate(storage.sql, [...new Array<string>(known).fill("SELECT 1"), ...further]),
      ),
    );
  const colour = "ALTER TABLE key ADD COLUMN colour TEXT";
  await expect(take(colour, "ALTER TABLE nothing ADD COLUMN colour TEXT")).rejects.toThrow("nothing");
  expect(await stepsOf(stub)).toBe(known);
  await take(colour);
  await take(colour);
  await take();
  expect(await stepsOf(stub)).toBe(known + 1);
  await evictDurableObject(stub);
  expect(await stub.ledger()).toMatchObject({ granted: 1000 });
});
