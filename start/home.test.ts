import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { StartError } from "./error.ts";
import { Home } from "./home.ts";

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
  expect(new Set(Object.values(first)).size).toBe(3);
});

it("lets chosen secrets stand in for kept ones", () => {
  const kept = new Home(path).secrets({});
  expect(new Home(path).secrets({ poolSecret: "chosen-by-the-user" })).toEqual({
    ...kept,
    poolSecret: "chosen-by-the-user",
  });
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
