import type { App } from "./routes/operation.ts";

/** What /openapi.json says about the API as a whole. */
export const SPECIFICATION = {
  openapi: "3.1.0",
  info: {
    title: "Tessera",
    version: "0.1.0",
    description: "Questions about images, answered by LLaVA-1.6. OpenAI's clients work unchanged.",
    license: { name: "Apache-2.0", identifier: "Apache-2.0" },
  },
} as const;

/** Serves /openapi.json, made from the operations that are mounted. */
export function mountSpecification(app: App): void {
  app.openAPIRegistry.registerComponent("securitySchemes", "apiKey", {
    type: "http",
    scheme: "bearer",
    description: "An account's key (`tsr_…`)",
  });
  app.openAPIRegistry.registerComponent("securitySchemes", "adminKey", {
    type: "http",
    scheme: "bearer",
    description: "The operator's key",
  });
  app.doc31("/openapi.json", SPECIFICATION);
}
