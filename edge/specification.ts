import ERRORS from "../docs/errors.md";
import type { App } from "./routes/operation.ts";

/** What /openapi.json says about the API as a whole. */
const SPECIFICATION = {
  openapi: "3.1.0",
  info: {
    title: "Tessera",
    version: "0.1.0",
    description: `Questions about images, answered by LLaVA-1.6. OpenAI's clients work unchanged.\n\n${errorsSection()}`,
    license: { name: "Apache-2.0", identifier: "Apache-2.0" },
  },
  servers: [{ url: "/" }],
};

/** Each error code of docs/errors.md as a heading, so that the reference has a place for it that can be linked to. */
function errorsSection(): string {
  const rows = ERRORS.matchAll(/^\| <a id="(\w+)"><\/a>.*?\| (\d{3}) +\| `(\w+)` +\| (.+?) *\| (.+?) *\|$/gm);
  const codes = Array.from(
    rows,
    ([, code, status, type, when, action]) =>
      `## ${code?.replaceAll("_", "\\_")}\n\n${status}, \`${type}\`. ${when} *${action}*`,
  );
  return ["# Errors", "Every failure leaves in one envelope; its `code` is stable.", ...codes].join("\n\n");
}

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
