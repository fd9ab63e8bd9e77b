import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { CommandError, UsageError } from "./command.ts";
import { findConnection, findDeveloper } from "./connection.ts";

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "tessera-cli-"));
});
afterEach(() => rmSync(home, { recursive: true }));

const keepDeveloper = (text: string) => writeFileSync(join(home, "dev.json"), text);
const LOCAL = { url: "http://127.0.0.1:8787", apiKey: "local-key", adminKey: "admin" };

describe("findConnection", () => {
  it("prefers options to the environment, and both to the running product", () => {
    keepDeveloper(JSON.stringify(LOCAL));
    const env = { TESSERA_HOME: home, TESSERA_URL: "https://env.example", TESSERA_API_KEY: "env-key" };
    expect(findConnection({ url: "https://option.example", key: "option-key" }, env)).toEqual({
      url: "https://option.example",
      key: "option-key",
    });
    expect(findConnection({}, env)).toEqual({ url: "https://env.example", key: "env-key" });
    expect(findConnection({}, { TESSERA_HOME: home })).toEqual({ url: LOCAL.url, key: LOCAL.apiKey });
  });

  it("never sends the local key to another server", () => {
    keepDeveloper(JSON.stringify(LOCAL));
    expect(() => findConnection({ url: "https://other.example" }, { TESSERA_HOME: home })).toThrow(
      CommandError,
    );
  });

  it("knows the local server with a closing slash too", () => {
    keepDeveloper(JSON.stringify(LOCAL));
    const connection = findConnection({ url: `${LOCAL.url}/` }, { TESSERA_HOME: home });
    expect(connection).toEqual({ url: LOCAL.url, key: LOCAL.apiKey });
  });

  it("takes another key to the local server", () => {
    keepDeveloper(JSON.stringify(LOCAL));
    expect(findConnection({ key: "other" }, { TESSERA_HOME: home })).toEqual({
      url: LOCAL.url,
      key: "other",
    });
  });

  it("says what to do when there is no server", () => {
    expect(() => findConnection({}, { TESSERA_HOME: home })).toThrow(/npm start.*--url/);
  });

  it("names a damaged file", () => {
    keepDeveloper("{");
    expect(() => findConnection({}, { TESSERA_HOME: home })).toThrow(/dev\.json is damaged/);
  });

  it("refuses a URL that is none, and drops a closing slash", () => {
    expect(() => findConnection({ url: "nowhere", key: "k" }, {})).toThrow(UsageError);
    expect(findConnection({ url: "https://a.example/", key: "k" }, {}).url).toBe("https://a.example");
  });
});

describe("findDeveloper", () => {
  const make = (...path: string[]) => {
    const file = join(home, ...path);
    mkdirSync(join(file, ".."), { recursive: true });
    writeFileSync(file, "{}");
    return file;
  };

  it("looks upwards as far as the project's root, and else in the clone", () => {
    const own = make("clone", ".tessera", "dev.json");
    make("clone", "package.json");
    make("clone", "docs", "page.md");
    make("work", "package.json");
    make("work", "src", "main.ts");
    const clone = join(home, "clone");
    expect(findDeveloper(join(clone, "docs"), clone)).toBe(own);
    expect(findDeveloper(join(home, "work", "src"), clone)).toBe(own);

    const beyond = make(".tessera", "dev.json");
    expect(findDeveloper(join(home, "work", "src"), clone)).toBe(own);
    rmSync(join(home, "work", "package.json"));
    expect(findDeveloper(join(home, "work", "src"), clone)).toBe(beyond);
  });

  it("finds nothing where nothing runs", () => {
    make("clone", "package.json");
    expect(findDeveloper(join(home, "clone"), join(home, "clone"))).toBeUndefined();
  });
});
