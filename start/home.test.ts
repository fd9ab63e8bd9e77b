import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { StartError } from "./error.ts";
import { Home } from "./home.ts";
import { newReceiptKey } from "./receipt-key.ts";

let path: string;
beforeEach(() => {
  path = mkdtempSync(join(tmpdir(), "tessera-home-"));
});
afterEach(() => rmSync(path, { recursive: true }));

const account = { id: "acc_1", apiKey: "key", webhookSecret: "whsec_1" };
const developer = {
  url: "http://127.0.0.1:1",
  apiKey: "key",
  adminKey: "admin",
  webhookSecret: "whsec_1",
  workerUrl: "http://127.0.0.1:2",
};

it("keeps generated secrets, and what was seeded with them", () => {
  const first = new Home(path).secrets({});
  new Home(path).saveSecrets({ ...first, account });
  expect(new Home(path).secrets({})).toEqual({ ...first, account });
  const { keySecret, poolSecret, adminKey, receiptKey } = first;
  expect(new Set([keySecret, poolSecret, adminKey, receiptKey.d]).size).toBe(4);
});

it("lets chosen secrets stand in for kept ones", () => {
  const kept = new Home(path).secrets({});
  expect(new Home(path).secrets({ poolSecret: "chosen-by-the-user" })).toEqual({
    ...kept,
    poolSecret: "chosen-by-the-user",
  });
});

it("keeps the public half of a receipt key that another has replaced, and no private one", () => {
  const first = new Home(path).secrets({}).receiptKey;
  const second = newReceiptKey();
  const { kty, crv, x } = first;
  for (let start = 0; start < 2; start++) {
    expect(new Home(path).secrets({ receiptKey: second })).toMatchObject({
      receiptKey: second,
      retiredReceiptKeys: [{ kty, crv, x }],
    });
  }
  expect(readFileSync(join(path, "secrets.json"), "utf8")).not.toContain(first.d);
  const again = new Home(path).secrets({ receiptKey: first });
  expect(again.retiredReceiptKeys.map((key) => key.x)).toEqual([second.x]);
});

it("makes a receipt key where secrets were kept without one", () => {
  const { receiptKey, retiredReceiptKeys, ...older } = new Home(path).secrets({});
  writeFileSync(join(path, "secrets.json"), JSON.stringify(older));
  expect(new Home(path).secrets({})).toMatchObject({ ...older, retiredReceiptKeys: [] });
});

it("writes what is secret for its owner alone, and leaves no draft", () => {
  const home = new Home(path);
  home.secrets({});
  home.writeDeveloper(developer);
  expect(readdirSync(path).sort()).toEqual(["dev.json", "logs", "secrets.json"]);
  for (const file of ["secrets.json", "dev.json"])
    expect(statSync(join(path, file)).mode & 0o777).toBe(0o600);
});

it("has no developer's file before it is written and after it is removed", () => {
  const home = new Home(path);
  expect(home.developer()).toBeUndefined();
  home.writeDeveloper(developer);
  expect(home.developer()).toEqual(developer);
  home.removeDeveloper();
  expect(home.developer()).toBeUndefined();
});

it("names a damaged file instead of making new secrets", () => {
  writeFileSync(join(path, "secrets.json"), '{"keySecret":');
  expect(() => new Home(path).secrets({})).toThrow(StartError);
  expect(() => new Home(path).secrets({})).toThrow(/secrets\.json is damaged/);
});

it("says why the directory can't be made", () => {
  writeFileSync(join(path, "file"), "");
  expect(() => new Home(join(path, "file"))).toThrow(/can't be made/);
});
