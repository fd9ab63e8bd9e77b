import { env } from "cloudflare:workers";
import { expect, it } from "vitest";
import { ANSWER } from "../account/testing/fixture.ts";
import { readResult, writeResult } from "./results.ts";

it("takes an answer in another form for none", async () => {
  await writeResult(env.RESULTS, "a/1", ANSWER);
  expect(await readResult(env.RESULTS, "a/1")).toEqual(ANSWER);
  await env.RESULTS.put("a/1", JSON.stringify({ ...ANSWER, usage: 3 }));
  expect(await readResult(env.RESULTS, "a/1")).toBeNull();
});
