import { env } from "cloudflare:workers";
import { expect, it } from "vitest";
import { createApp } from "../../app.ts";
import { readVersions } from "../../prices/book.ts";

const figures = { image_token_microcredits: 1, text_token_microcredits: 1, output_token_microcredits: 1 };

it.each([1e15, Number.MAX_SAFE_INTEGER])(
  "refuses a price for the second %i, which would make the book unreadable to every request",
  async (at) => {
    const response = await createApp().request(
      "http://127.0.0.1/v1/admin/prices",
      {
        method: "POST",
        headers: { authorization: `Bearer ${env.ADMIN_KEY}`, "content-type": "application/json" },
        body: JSON.stringify({ model: "tessera-tiny", ...figures, effective_at: at }),
      },
      env,
    );
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ error: { code: "invalid_value", param: "effective_at" } });
    expect(await readVersions(env.DB)).toEqual([]);
  },
);
