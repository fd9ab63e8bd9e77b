import { env } from "cloudflare:workers";
import { expect, it } from "vitest";
import { newAccount } from "../account/testing/fixture.ts";
import { createApp } from "../app.ts";

const NEXT = "the next key secret of the tests";

/** How an edge with these secrets answers a key that was made with the present one. */
async function answer(key: string, secrets: object): Promise<number> {
  const headers = { authorization: `Bearer ${key}` };
  return (await createApp().request("/v1/jobs/job_unknown", { headers }, { ...env, ...secrets })).status;
}

it("takes keys of the former secret until the operator removes it", async () => {
  const { key } = await newAccount(0);
  expect(await answer(key, {})).toBe(404);
  expect(await answer(key, { KEY_SECRET: NEXT, KEY_SECRET_PREVIOUS: env.KEY_SECRET })).toBe(404);
  expect(await answer(key, { KEY_SECRET: NEXT })).toBe(401);
});
