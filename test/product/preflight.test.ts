/** Law: preflight's numbers are the worker's numbers, for the same request. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { dataUrl, stripes } from "../helpers/picture.ts";
import { MODEL } from "../helpers/question.ts";
import { bodyOf, countAll, randomRequest } from "../helpers/random-request.ts";
import { newAccount } from "../helpers/shared.ts";

const ROUNDS = 25;
const REQUESTS_A_ROUND = 8;

describe("preflight", () => {
  it(`equals usage for ${ROUNDS * REQUESTS_A_ROUND} random requests`, { timeout: 180_000 }, async () => {
    const account = await newAccount(1_000_000_000);
    const seed = Date.now() % 2 ** 31;
    console.log(`preflight's random requests: seed ${seed}`);
    const seen = { requests: 0, pictures: 0, cost: 0 };
    await fc.assert(
      fc.asyncProperty(
        fc.array(randomRequest, { minLength: REQUESTS_A_ROUND, maxLength: REQUESTS_A_ROUND }),
        async (requests) => {
          const bodies = requests.map((each) => bodyOf(each, MODEL, 4));
          for (const { exact, before, after, hasPicture, cost } of await countAll(account, bodies)) {
            expect(exact).toBe(true);
            expect(before).toEqual(after);
            expect(after[0]).toBe((after[1] ?? 0) + (after[2] ?? 0));
            seen.requests++;
            seen.pictures += hasPicture ? 1 : 0;
            seen.cost += cost;
          }
        },
      ),
      { numRuns: ROUNDS, seed, endOnFailure: true },
    );
    expect(seen.requests).toBeGreaterThan(0.9 * ROUNDS * REQUESTS_A_ROUND);
    expect(seen.pictures).toBeGreaterThan(seen.requests / 4);
    expect((await account.settledLedger()).charged).toBe(seen.cost);
  });

  it("shows each picture's tiles, and costs nothing", async () => {
    const account = await newAccount(1);
    const response = await account.post("/v1/preflight", {
      model: MODEL,
      max_tokens: 10,
      messages: [
        {
          role: "user",
          content: [
            {
              type: "image_url",
              image_url: { url: dataUrl(stripes(672, 336, 1)) },
            },
            {
              type: "image_url",
              image_url: { url: dataUrl(stripes(10, 10, 1)), detail: "low" },
            },
          ],
        },
      ],
    });
    expect(response.status).toBe(200);
    // Two tiles of 12 × 12 patches beside each other, 12 newlines, and the base view.
    expect(await response.json()).toMatchObject({
      image_tokens: 144 + 288 + 12 + 144,
      max_tokens: 10,
      images: [
        { width: 672, height: 336, grid: [672, 336], resized: [672, 336], tiles: 3, tokens: { total: 444 } },
        { width: 10, height: 10, grid: null, resized: null, tiles: 1, tokens: { total: 144 } },
      ],
    });
    expect(await account.ledger()).toMatchObject({ balance: 1, held: 0, charged: 0 });
  });
});
