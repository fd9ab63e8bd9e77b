import { env } from "cloudflare:workers";
import { expect, it } from "vitest";
import { findMisconfiguration } from "./bindings.ts";

const good = {
  ...env,
  LOOPBACK_WEBHOOKS: "",
  KEY_SECRET: "k".repeat(32),
  POOL_SECRET: "p".repeat(32),
  ADMIN_KEY: "a".repeat(32),
};

it("takes a complete configuration", () => {
  expect(findMisconfiguration(good, true)).toBeNull();
});

it.each(["KEY_SECRET", "POOL_SECRET", "ADMIN_KEY"])("names a missing or short %s", (secret) => {
  expect(findMisconfiguration({ ...good, [secret]: "" }, false)).toContain(secret);
  expect(findMisconfiguration({ ...good, [secret]: "short" }, true)).toContain(secret);
});

it.each([
  ["RECEIPT_KEY", ""],
  ["RECEIPT_KEY", "a secret of some length"],
  ["RECEIPT_KEY", '{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}'],
  ["RETIRED_RECEIPT_KEYS", ""],
  ["RETIRED_RECEIPT_KEYS", '{"keys":[{"kty":"RSA","n":"1","e":"AQAB"}]}'],
])("names a %s that is no key: %s", (name, value) => {
  expect(findMisconfiguration({ ...good, [name]: value }, true)).toContain(name);
});

it.each(["LOOPBACK_WEBHOOKS", "IMAGE_ORIGINS", "REPLICATE_BASE_URL"])(
  "takes %s on a developer's machine only",
  (setting) => {
    expect(findMisconfiguration({ ...good, [setting]: "allow" }, false)).toBeNull();
    expect(findMisconfiguration({ ...good, [setting]: "allow" }, true)).toContain(setting);
  },
);
