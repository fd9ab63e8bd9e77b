/** What surrounds the API: its specification, its health, its page, and who may call it from a browser. */
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { question } from "../helpers/question.ts";
import { newAccount, sharedProduct } from "../helpers/shared.ts";

function get(path: string, init?: RequestInit): Promise<Response> {
  return fetch(new URL(path, sharedProduct().url), init);
}

/** Every operation that the first form of the API has. */
const OPERATIONS = [
  "post /v1/chat/completions",
  "post /v1/preflight",
  "get /v1/models",
  "get /v1/models/{id}",
  "get /v1/usage",
  "get /v1/receipts",
  "get /v1/receipts/{id}",
  "put /v1/images/{digest}",
  "get /v1/images/{digest}",
  "head /v1/images/{digest}",
  "delete /v1/images/{digest}",
  "get /v1/jobs",
  "get /v1/jobs/{id}",
  "post /v1/jobs/{id}/cancel",
  "get /v1/account",
  "get /v1/key",
  "post /v1/keys",
  "get /v1/keys",
  "get /v1/keys/{id}",
  "patch /v1/keys/{id}",
  "post /v1/keys/{id}/rotate",
  "delete /v1/keys/{id}",
  "put /v1/webhooks",
  "get /v1/webhooks",
  "delete /v1/webhooks",
  "get /v1/webhooks/deliveries",
  "post /v1/webhooks/deliveries/{id}/redeliver",
  "post /v1/admin/accounts",
  "get /v1/admin/accounts",
  "get /v1/admin/accounts/{id}",
  "patch /v1/admin/accounts/{id}",
  "get /v1/admin/accounts/{id}/ledger",
  "get /v1/admin/usage",
  "get /v1/admin/accounts/{id}/inventory",
  "delete /v1/admin/accounts/{id}",
  "post /v1/admin/accounts/{id}/grants",
  "post /v1/admin/accounts/{id}/take-backs",
  "post /v1/admin/accounts/{id}/refunds",
  "get /v1/admin/prices",
  "post /v1/admin/prices",
  "get /.well-known/jwks.json",
  "get /healthz",
  "get /readyz",
];

/** What answers without a key. */
const PUBLIC = new Set(["get /.well-known/jwks.json", "get /healthz", "get /readyz"]);

const specification = z.object({
  openapi: z.literal("3.1.0"),
  info: z.object({ title: z.string(), version: z.string() }),
  paths: z.record(
    z.string(),
    z.record(
      z.string(),
      z.object({
        summary: z.string(),
        security: z.array(z.record(z.string(), z.array(z.string()))).optional(),
        responses: z.record(z.string(), z.object({ description: z.string() })),
      }),
    ),
  ),
  components: z.object({
    schemas: z.record(z.string(), z.unknown()),
    securitySchemes: z.record(z.string(), z.unknown()),
  }),
});

describe("/openapi.json", () => {
  it("describes every operation, and refers only to what it holds", async () => {
    const response = await get("/openapi.json");
    expect(response.status).toBe(200);
    const text = await response.text();
    const { paths, components } = specification.parse(JSON.parse(text));
    const described = Object.entries(paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method} ${path}`),
    );
    expect(described.sort()).toEqual([...OPERATIONS].sort());
    const references = [...text.matchAll(/"#\/components\/schemas\/(\w+)"/g)].map(([, name]) => name);
    expect(references.length).toBeGreaterThan(5);
    for (const name of references) expect(Object.keys(components.schemas)).toContain(name);
    const schemes = Object.keys(components.securitySchemes);
    for (const [path, methods] of Object.entries(paths)) {
      for (const { security = [] } of Object.values(methods)) {
        expect(security.length > 0, path).toBe(path.startsWith("/v1/"));
        for (const scheme of security.flatMap(Object.keys)) expect(schemes).toContain(scheme);
      }
    }
  });

  it("describes operations that are there: none answers 404 or 405 to an empty request", async () => {
    for (const operation of OPERATIONS.filter((each) => !PUBLIC.has(each))) {
      const [method = "", path = ""] = operation.split(" ");
      const response = await get(path.replace("{digest}", "sha256:0").replace("{id}", "none"), {
        method: method.toUpperCase(),
      });
      expect(response.status, operation).toBe(401);
    }
  });
});

describe("health", () => {
  it("is told without a key", async () => {
    const alive = await get("/healthz");
    expect([alive.status, await alive.json()]).toEqual([200, { status: "ok" }]);
    const ready = await get("/readyz");
    expect(ready.status).toBe(200);
    expect(await ready.json()).toMatchObject({
      status: "ready",
      models: { "tessera-tiny": true, "llava-v1.6-34b": false },
    });
  });
});

describe("the page", () => {
  it("is one file, and runs no script but its own", async () => {
    const response = await get("/");
    expect(response.status).toBe(200);
    const html = await response.text();
    expect(html).not.toContain("%nonce%");
    expect(html).not.toMatch(/<(script|link|img)\b[^>]*\b(src|href)="(?!data:)/);
    const policy = response.headers.get("content-security-policy") ?? "";
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).not.toContain("unsafe");
    const nonce = /script-src 'nonce-([^']+)'/.exec(policy)?.[1];
    expect(nonce).toBeDefined();
    const [head = "", ...scripts] = html.split("<script ");
    expect(scripts).toHaveLength(1);
    expect(scripts[0]?.startsWith(`nonce="${nonce}"`)).toBe(true);
    expect(head).toContain(`<style nonce="${nonce}">`);
    expect((await get("/")).headers.get("content-security-policy")).not.toBe(policy);
  });
});

describe("another origin's page", () => {
  const origin = "https://app.example.com";

  function askFirst(path: string, method: string): Promise<Response> {
    return get(path, {
      method: "OPTIONS",
      headers: {
        origin,
        "access-control-request-method": method,
        "access-control-request-headers": "authorization,content-type",
      },
    });
  }

  it.each([
    ["/v1/chat/completions", "POST"],
    ["/v1/preflight", "POST"],
    ["/v1/models", "GET"],
    ["/v1/models/tessera-tiny", "GET"],
    ["/v1/images/sha256:0", "PUT"],
    ["/v1/jobs", "GET"],
    ["/v1/jobs/job_1", "GET"],
    ["/v1/keys", "POST"],
    ["/v1/keys/key_1", "DELETE"],
    ["/v1/keys/key_1", "PATCH"],
    ["/v1/keys/key_1/rotate", "POST"],
    ["/v1/account", "GET"],
    ["/v1/key", "GET"],
    ["/v1/webhooks", "PUT"],
    ["/v1/webhooks/deliveries", "GET"],
    ["/v1/webhooks/deliveries/evt_1/redeliver", "POST"],
  ])("may call %s with %s", async (path, method) => {
    const response = await askFirst(path, method);
    expect(response.status).toBe(204);
    expect(response.headers.get("access-control-allow-origin")).toBe("*");
    expect(response.headers.get("access-control-allow-methods")).toContain(method);
    expect(response.headers.get("access-control-allow-headers")).toMatch(/authorization/i);
    // Keys are sent by hand; no browser may add credentials of its own.
    expect(response.headers.get("access-control-allow-credentials")).toBe(null);
  });

  it("reads answers and refusals, with the headers that matter", async () => {
    const account = await newAccount();
    const body = { ...question("Hi"), max_tokens: 1 };
    const answer = await account.post("/v1/chat/completions", body, { origin });
    const refusal = await account.post("/v1/chat/completions", {}, { origin });
    expect([answer.status, refusal.status]).toEqual([200, 400]);
    for (const { headers } of [answer, refusal]) {
      expect(headers.get("access-control-allow-origin")).toBe("*");
      expect(headers.get("access-control-expose-headers")).toContain("x-request-id");
    }
  });

  it.each(["/v1/admin/accounts", "/v1/admin/accounts/a/ledger", "/internal/heartbeat", "/"])(
    "may not call %s",
    async (path) => {
      for (const response of [await askFirst(path, "POST"), await get(path, { headers: { origin } })]) {
        expect(response.headers.get("access-control-allow-origin")).toBe(null);
      }
    },
  );
});
