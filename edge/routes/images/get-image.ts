import { type RouteConfig, z } from "@hono/zod-openapi";
import { requireKey } from "../../auth/caller.ts";
import { ApiError } from "../../errors.ts";
import { imageKey } from "../../images/store.ts";
import { KEY_SECURITY, type Operation } from "../operation.ts";
import { digestParams, readDigest } from "./digest-param.ts";

export const getImage: Operation = {
  route: {
    method: "get",
    path: "/v1/images/{digest}",
    summary: "An uploaded image's bytes",
    security: KEY_SECURITY,
    request: { params: digestParams },
    responses: {
      200: {
        description: "The image",
        content: { "application/octet-stream": { schema: z.string().openapi({ format: "binary" }) } },
      },
    },
  },
  middleware: [requireKey],
  handler: async (context) => {
    const digest = readDigest(context);
    const caller = context.get("caller");
    await caller.authorise("infer");
    const key = imageKey(caller.account, digest);
    const missing = new ApiError("image_not_found", `There is no image ${digest}.`);
    // Hono answers HEAD through the GET route (hono `src/hono-base.ts`, #dispatch).
    if (context.req.raw.method === "HEAD") {
      const object = await context.env.IMAGES.head(key);
      if (!object) throw missing;
      return context.body(null, 200, headers(digest, object.size));
    }
    const object = await context.env.IMAGES.get(key);
    if (!object) throw missing;
    return context.body(object.body, 200, headers(digest, object.size));
  },
};

/** A stranger's bytes must not become a page of this origin. */
function headers(digest: string, size: number): Record<string, string> {
  return {
    "content-type": "application/octet-stream",
    "content-length": String(size),
    "content-disposition": "attachment",
    "x-content-type-options": "nosniff",
    etag: `"${digest}"`,
  };
}

/** Served by the same route; it stands in the specification by itself. */
export const headImageRoute: RouteConfig = {
  method: "head",
  path: "/v1/images/{digest}",
  summary: "Whether an image is kept",
  tags: ["Images"],
  security: KEY_SECURITY,
  request: { params: digestParams },
  responses: {
    200: { description: "It is kept; its size in bytes is in `Content-Length`." },
    default: { description: "An error's status, without its body" },
  },
};
