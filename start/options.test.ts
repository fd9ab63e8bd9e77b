import { resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { StartError } from "./error.ts";
import { readOptions } from "./options.ts";

describe("readOptions", () => {
  it("needs nothing", () => {
    expect(readOptions({})).toMatchObject({
      port: 8787,
      host: "127.0.0.1",
      home: resolve(".tessera"),
      secrets: {},
      targets: {},
    });
  });

  it("takes what an empty variable does not say from the defaults", () => {
    expect(readOptions({ PORT: "", TESSERA_HOME: "" })).toEqual(readOptions({}));
  });

  it("takes the user's own secrets and GPU workers", () => {
    const options = readOptions({
      PORT: "0",
      TESSERA_POOL_SECRET: "a-secret-of-mine-1",
      TESSERA_POOL_TARGETS: '{"my-gpu":"http://10.0.0.5:8000"}',
    });
    expect(options).toMatchObject({
      port: 0,
      secrets: { poolSecret: "a-secret-of-mine-1" },
      targets: { "my-gpu": "http://10.0.0.5:8000" },
    });
  });

  it.each([
    [{ PORT: "80 80" }, /^PORT: must be a number from 0 to 65535$/],
    [{ PORT: "70000" }, /^PORT: must be a number from 0 to 65535$/],
    [{ TESSERA_POOL_SECRET: "short" }, /^TESSERA_POOL_SECRET: .*16 characters/],
    [{ TESSERA_POOL_TARGETS: "my-gpu" }, /^TESSERA_POOL_TARGETS: .*not JSON/],
    [{ TESSERA_RECEIPT_KEY: "secret" }, /^TESSERA_RECEIPT_KEY: .*not JSON/],
    [{ TESSERA_RECEIPT_KEY: '{"kty":"RSA"}' }, /^TESSERA_RECEIPT_KEY.*: must be a private Ed25519 key/],
    [{ TESSERA_POOL_TARGETS: '{"my-gpu":"10.0.0.5"}' }, /^TESSERA_POOL_TARGETS\.my-gpu: /],
  ])("refuses %j in one line", (env, message) => {
    expect(() => readOptions(env)).toThrow(StartError);
    expect(() => readOptions(env)).toThrow(message);
  });
});
