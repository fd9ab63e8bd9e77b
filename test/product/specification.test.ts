/** What /openapi.json says, and the page that shows it. */
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { newAccount, sharedProduct } from "../helpers/shared.ts";

const operation = z.looseObject({
  tags: z.array(z.string()),
  security: z.array(z.record(z.string(), z.array(z.string()))).optional(),
  requestBody: z
    .looseObject({ content: z.record(z.string(), z.looseObject({ example: z.unknown().optional() })) })
    .optional(),
  responses: z.record(z.string(), z.unknown()),
});
type Operation = z.infer<typeof operation>;

const exampleOf = ({ requestBody }: Operation) => requestBody?.content["application/json"]?.example;

const specification = z.looseObject({
  info: z.looseObject({ description: z.string() }),
  tags: z.array(z.looseObject({ name: z.string() })),
  paths: z.record(z.string(), z.record(z.string(), operation)),
});

async function read(path: string, headers: Record<string, string> = {}): Promise<Response> {
  const response = await fetch(new URL(path, sharedProduct().url), { headers });
  expect(response.status).toBe(200);
  return response;
}

describe("/openapi.json", () => {
  it("is docs/openapi.json; --update writes what has changed", async () => {
    const json: unknown = await (await read("/openapi.json")).json();
    await expect(`${JSON.stringify(json, null, 2)}\n`).toMatchFileSnapshot("../../docs/openapi.json");
  });

  it("has examples that the running product takes as they are", async () => {
    const { paths } = specification.parse(await (await read("/openapi.json")).json());
    const account = await newAccount();
    const asOperator = { authorization: `Bearer ${sharedProduct().adminKey}` };
    const asked = await account.post("/v1/chat/completions", exampleOf(paths["/v1/chat/completions"]!.post!));
    const { id: job } = z.object({ id: z.string() }).parse(await asked.json());
    const changed: Readonly<Record<string, object>> = {
      // Whose charge is given back differs each time.
      "/v1/admin/accounts/{id}/refunds": { job, amount_microcredits: 1 },
      // A price is every account's: so far ahead that no other test meets it.
      "/v1/admin/prices": { effective_at: 4_102_444_800 },
    };
    let tried = 0;
    for (const [path, methods] of Object.entries(paths)) {
      for (const [method, each] of Object.entries(methods)) {
        const example = exampleOf(each);
        if (example === undefined) continue;
        const { responses, security } = each;
        const byOperator = security?.some((scheme) => "adminKey" in scheme) ?? false;
        const key = path.startsWith("/v1/keys/{id}") ? (await account.makeKey({ name: "example" })).id : "";
        const body = { ...Object(example), ...changed[path] };
        const response = await account.fetch(path.replace("{id}", byOperator ? account.id : key), {
          method: method.toUpperCase(),
          headers: { "content-type": "application/json", ...(byOperator && asOperator) },
          body: JSON.stringify(body),
        });
        expect(responses, `${method} ${path}: ${await response.text()}`).toHaveProperty(
          String(response.status),
        );
        tried += 1;
      }
    }
    expect(tried).toBeGreaterThan(8);
  });

  it("groups every operation, the operator's last", async () => {
    const { paths, tags } = specification.parse(await (await read("/openapi.json")).json());
    const names = tags.map(({ name }) => name);
    for (const [path, methods] of Object.entries(paths)) {
      for (const [method, each] of Object.entries(methods)) {
        expect(each.tags, `${method} ${path}`).toHaveLength(1);
        expect(names).toContain(each.tags[0]);
        expect(each.tags[0] === "Operator", path).toBe(path.startsWith("/v1/admin/"));
      }
    }
    expect(names.at(-1)).toBe("Operator");
  });

  it("names every error code", async () => {
    const { info } = specification.parse(await (await read("/openapi.json")).json());
    const { ERROR_KINDS } = await import("../../edge/errors.ts");
    const headings = Array.from(info.description.matchAll(/^## \*(\w+)\*$/gm), ([, code]) => code);
    expect(headings).toEqual(Object.keys(ERROR_KINDS));
  });
});

describe("/docs", () => {
  it("may run its own scripts alone, and load from its own origin alone", async () => {
    const page = await read("/docs");
    const policy = page.headers.get("content-security-policy") ?? "";
    const nonce = /'nonce-([\w-]+)'/.exec(policy)?.[1] ?? "";
    expect((await page.text()).split(`nonce="${nonce}"`)).toHaveLength(3);
    expect(policy).toContain("default-src 'none'");
    expect(policy).not.toMatch(/https?:/);
  });

  it("gives its script packed to those who can unpack it, and as it is to others", async () => {
    const packed = await read("/docs/reference.js", { "accept-encoding": "gzip" });
    expect(packed.headers.get("content-encoding")).toBe("gzip");
    const plain = await read("/docs/reference.js", { "accept-encoding": "identity" });
    expect(plain.headers.get("content-encoding")).toBeNull();
    expect(await packed.text()).toBe(await plain.text());
  });
});
