/** Who may call what, over every route that the app has: a fresh one is held to this from its first day. */
import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { newAccount, newOwner } from "../account/testing/fixture.ts";
import { createApp } from "../app.ts";
import { mintKey } from "./key.ts";

const app = createApp();

/** Whom a route serves by the beginning of its path; everything else takes an account's key. */
const OTHERS = [
  ["the operator", /^\/v1\/admin\//],
  ["GPU workers and scalers", /^\/internal\//],
  ["everybody", /^\/(healthz|readyz|openapi\.json|\.well-known\/jwks\.json)$/],
  ["everybody", /^\/(account|docs)?$/],
  ["everybody", /^\/(assets|docs)\//],
] as const;

const routes = [
  ...new Set(
    app.routes.filter(({ method }) => method !== "ALL").map(({ method, path }) => `${method} ${path}`),
  ),
].sort();
const keyed = routes.filter((route) => !OTHERS.some(([, path]) => path.test(route.split(" ")[1] ?? "")));
const parameters: Readonly<Record<string, string>> = { digest: `sha256:${"0".repeat(64)}` };

/** How a route answers a request that says nothing but its key. */
async function answer(route: string, key: string | null): Promise<string> {
  const [method = "", path = ""] = route.split(" ");
  const filled = path.replaceAll(/:(\w+)/g, (_, name: string) => parameters[name] ?? "unknown");
  const headers = {
    "content-type": "application/json",
    ...(key !== null && { authorization: `Bearer ${key}` }),
  };
  const body = ["GET", "HEAD"].includes(method) ? {} : { body: "{}" };
  const response = await app.request(filled, { method, headers, ...body }, env);
  const text = await response.text();
  return `${response.status} ${text.startsWith("{") ? JSON.parse(text).error?.code : ""}`.trim();
}

/** Keys that must open nothing, by what is wrong with them. */
const bad: Record<string, string> = {};

beforeAll(async () => {
  const { account, stub, key, keyId } = await newAccount(1000, { scopes: ["infer", "jobs", "usage:read"] });
  const owner = await newOwner(stub);
  const other = await newAccount(0);
  bad.revoked = key;
  bad["never made"] = await mintKey(account, env.KEY_SECRET);
  bad["of no account"] = await mintKey("000000000000", env.KEY_SECRET);
  bad.forged = await mintKey(account, "another secret of the tests");
  bad["with one character changed"] = other.key.slice(0, -1) + (other.key.endsWith("0") ? "1" : "0");
  bad["that is no key"] = "secret";
  await stub.revokeKey(owner, keyId);
});

describe("every route that takes a key", () => {
  it("says so in the specification, and every other does not", async () => {
    const specification = z.object({
      paths: z.record(
        z.string(),
        z.record(z.string(), z.object({ security: z.array(z.looseObject({})).optional() })),
      ),
    });
    const response = await app.request("/openapi.json", {}, env);
    const { paths } = specification.parse(await response.json());
    const said = Object.entries(paths).flatMap(([path, methods]) =>
      Object.entries(methods)
        .filter(([, { security = [] }]) => security.some((each) => "apiKey" in each))
        .map(([method]) => `${method.toUpperCase()} ${path.replaceAll(/\{(\w+)\}/g, ":$1")}`)
        // Hono answers HEAD by the route of GET.
        .filter((route) => !route.startsWith("HEAD ")),
    );
    expect(said.sort()).toEqual(keyed);
  });

  it.each(keyed)("%s wants one", async (route) => {
    expect(await answer(route, null)).toBe("401 missing_api_key");
  });

  it.each(keyed)("%s says the same to every bad key, whatever is wrong with it", async (route) => {
    for (const key of Object.values(bad)) expect(await answer(route, key)).toBe("401 invalid_api_key");
  });
});

it.each(routes.filter((route) => route.includes(" /v1/admin/")))(
  "%s is the operator's alone",
  async (route) => {
    const { key } = await newAccount(0);
    expect(await answer(route, null)).toBe("401 missing_api_key");
    expect(await answer(route, key)).toBe("401 invalid_api_key");
  },
);

it.each(routes.filter((route) => route.includes(" /internal/")))(
  "%s takes no customer's key",
  async (route) => {
    const { key } = await newAccount(0);
    for (const given of [null, key]) expect(await answer(route, given)).toMatch(/^(401|404) /);
  },
);
