import type { OpenAPIHono, RouteConfig } from "@hono/zod-openapi";
import { z } from "@hono/zod-openapi";
import type { Context, MiddlewareHandler } from "hono";
import type { AppEnv } from "../app-env.ts";

export type App = OpenAPIHono<AppEnv>;
export type AppContext = Context<AppEnv>;

/** One operation of the API: what the specification says of it, and what it does. */
export interface Operation {
  readonly route: RouteConfig;
  /** What must hold before the handler runs, such as a key. */
  readonly middleware?: readonly MiddlewareHandler<AppEnv>[];
  readonly handler: (context: AppContext) => Response | Promise<Response>;
}

/**
 * Mounts an operation and adds it to the specification, under its tag. Handlers read their own bodies (`readJson`), so
 * that every wrong one is refused in the API's envelope.
 */
export function mount(app: App, { route, middleware = [], handler }: Operation, tag: string): void {
  app.openAPIRegistry.registerPath({
    ...route,
    tags: [tag],
    responses: { ...route.responses, default: errorResponse },
  });
  const path = route.path.replaceAll(/\{(\w+)\}/g, ":$1");
  app.on([route.method.toUpperCase()], [path], ...middleware, handler);
}

/** A JSON response in the specification. */
export function jsonResponse<Schema extends z.ZodType>(description: string, schema: Schema) {
  return { description, content: { "application/json": { schema } } };
}

/** A pair of whole numbers. The schema of a tuple by itself is one that OpenAPI 3.1 does not take. */
export function pair(description: string) {
  const items = { type: "integer" as const };
  return z.tuple([z.int(), z.int()]).openapi({ description, type: "array", items, minItems: 2, maxItems: 2 });
}

/** A JSON request body in the specification, with an example that a running product takes as it is. */
export function jsonBody<Schema extends z.ZodType>(schema: Schema, example: z.input<Schema>) {
  return { body: { required: true, content: { "application/json": { schema, example } } } };
}

export const KEY_SECURITY = [{ apiKey: [] }];
export const ADMIN_SECURITY = [{ adminKey: [] }];

const errorResponse = jsonResponse(
  "An error in the API's one envelope; `code` is stable.",
  z
    .object({
      error: z.object({
        message: z.string(),
        type: z.string(),
        param: z.string().nullable(),
        code: z.string(),
      }),
    })
    .openapi("Error"),
);
