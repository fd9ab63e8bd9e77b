import { applyD1Migrations } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { findModel, type Model } from "../../core/models.ts";
import { addVersion, currentPrice, LEAD_MS } from "./book.ts";

const found = findModel("tessera-tiny");
if (!found) throw new Error("The registry has tessera-tiny.");
const model: Model = found;
const figures = { imageToken: 2, textToken: 3, outputToken: 5, cacheHit: 7, minimum: 11 };

beforeEach(() => applyD1Migrations(env.DB, env.MIGRATIONS));
afterEach(() => vi.restoreAllMocks());

it("changes prices everywhere at one moment, whoever has read the book when", async () => {
  const now = Date.UTC(2040, 0, 1);
  expect(await currentPrice(env.DB, model, now)).toEqual(model.price);
  const effectiveAt = now + LEAD_MS;
  const next = await addVersion(env.DB, { model: model.id, price: figures, effectiveAt }, now);
  expect(next.price).toEqual({ ...figures, version: "tessera-tiny/2" });
  const later = { ...figures, imageToken: 4 };
  await addVersion(env.DB, { model: model.id, price: later, effectiveAt: effectiveAt + 1000 }, now);
  expect(await currentPrice(env.DB, model, effectiveAt - 1)).toEqual(model.price);
  expect(await currentPrice(env.DB, model, effectiveAt)).toEqual(next.price);
  expect(await currentPrice(env.DB, model, effectiveAt + 1000)).toMatchObject({
    version: "tessera-tiny/3",
    imageToken: 4,
  });
});

it("keeps to the prices that it knows while the book can't be read", async () => {
  const now = Date.UTC(2041, 0, 1);
  const known = await currentPrice(env.DB, model, now);
  const log = vi.spyOn(console, "error").mockImplementation(() => undefined);
  vi.spyOn(env.DB, "prepare").mockImplementation(() => {
    throw new Error("The database is away.");
  });
  expect(await currentPrice(env.DB, model, now + 3_600_000)).toEqual(known);
  expect(log).toHaveBeenCalled();
});
