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

  it("reads list and revoke", () => {
    expect(readKeys(["list", "--json"])).toMatchObject({ json: true, action: { name: "list" } });
    expect(readKeys(["revoke", "key_1"]).action).toEqual({ name: "revoke", id: "key_1" });
  });

  it.each([
    [[], "create, list or revoke"],
    [["remove", "key_1"], "create, list or revoke"],
    [["list", "extra"], "create, list or revoke"],
    [["create"], "--name"],
    [["create", "--name", "ci", "--expires", "soon"], "not 'soon'"],
    [["revoke"], "name one key"],
    [["revoke", "key_1", "key_2"], "name one key"],
  ])("refuses %j", (argv, message) => {
    expect(() => readKeys(argv)).toThrow(UsageError);
    expect(() => readKeys(argv)).toThrow(message);
  });
});
