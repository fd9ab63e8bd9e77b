import { describe, expect, it } from "vitest";
import { UsageError } from "./command.ts";
import { readKeys } from "./keys.ts";

describe("readKeys", () => {
  it("reads a key's options", () => {
    const argv = ["create", "--name", "ci", "--scope", "infer", "--scope", "jobs", "--expires", "2027-01-31"];
    expect(readKeys([...argv, "--requests-per-minute", "60"]).action).toEqual({
      name: "create",
      body: {
        name: "ci",
        scopes: ["infer", "jobs"],
        expires_at: Date.UTC(2027, 0, 31) / 1000,
        requests_per_minute: 60,
      },
    });
  });

  it("reads changes, budgets and rotations", () => {
    const changes = ["update", "key_1", "--budget-day", "500", "--model", "tessera-tiny"];
    expect(readKeys(changes).action).toEqual({
      name: "update",
      id: "key_1",
      body: { models: ["tessera-tiny"], budget: { day_microcredits: 500 } },
    });
    expect(readKeys(["rotate", "key_1", "--overlap", "60"]).action).toEqual({
      name: "rotate",
      id: "key_1",
      body: { overlap_seconds: 60 },
    });
    expect(readKeys(["show", "key_1"]).action).toEqual({ name: "show", id: "key_1" });
  });

  it("reads list and revoke", () => {
    expect(readKeys(["list", "--json"])).toMatchObject({ json: true, action: { name: "list" } });
    expect(readKeys(["revoke", "key_1"]).action).toEqual({ name: "revoke", id: "key_1" });
  });

  it.each([
    [[], "create, list, show, update, rotate or revoke"],
    [["remove", "key_1"], "create, list, show, update, rotate or revoke"],
    [["list", "extra"], "create, list, show, update, rotate or revoke"],
    [["create"], "--name"],
    [["create", "--name", "ci", "--expires", "soon"], "not 'soon'"],
    [["revoke"], "name one key"],
    [["revoke", "key_1", "key_2"], "name one key"],
    [["update", "key_1"], "say what to change"],
    [["create", "--name", "ci", "--budget", "much"], "not 'much'"],
  ])("refuses %j", (argv, message) => {
    expect(() => readKeys(argv)).toThrow(UsageError);
    expect(() => readKeys(argv)).toThrow(message);
  });
});
