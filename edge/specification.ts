import ERRORS from "../docs/errors.md";
import type { App } from "./routes/operation.ts";

const INTRODUCTION = `Questions about images, answered by LLaVA-1.6. OpenAI's clients work unchanged.

# A first request

\`npm start\` prints a key, and \`.tessera/dev.json\` keeps it; an operator gives out others. With one,
[the account page](/account) makes more. On a server of your own:

\`\`\`sh
export TESSERA_API_KEY=tsr_…
curl http://127.0.0.1:8787/v1/chat/completions -H "authorization: Bearer $TESSERA_API_KEY" -H "content-type: application/json" -d '{"model":"tessera-tiny","messages":[{"role":"user","content":"Hello"}]}'
\`\`\`

[Ask about images](#tag/ask/POST/v1/chat/completions) has an example with an image. [The playground](/) writes the request for
an image of your own, in curl, JavaScript and Python; \`docs/quick-start.md\` of the repository goes through each client.`;

/** What /openapi.json says about the API as a whole. */
const SPECIFICATION = {
  openapi: "3.1.0",
  info: {
    title: "Tessera",
    version: "0.1.0",
    description: `${INTRODUCTION}\n\n${errorsSection()}`,
    license: { name: "Apache-2.0", identifier: "Apache-2.0" },
  },
  servers: [{ url: "/" }],
};

/**
 * Each error code of docs/errors.md as a heading, so that the reference has a place for it that can be linked to. Its
 * menu takes `_media_` for emphasis, whatever CommonMark says, unless the whole name is emphasized
 * (`@scalar/helpers` `markdown/get-markdown-headings`).
 */
function errorsSection(): string {
  const rows = ERRORS.matchAll(/^\| <a id="(\w+)"><\/a>.*?\| (\d{3}) +\| `(\w+)` +\| (.+?) *\| (.+?) *\|$/gm);
  const codes = Array.from(
    rows,
    ([, code, status, type, when, action]) => `## *${code}*\n\n${status}, \`${type}\`. ${when} *${action}*`,
  );
  return ["# Errors", "Every failure leaves in one envelope; its `code` is stable.", ...codes].join("\n\n");
}

/** Serves /openapi.json, made from the operations that are mounted; `tags` in the order in which they are shown. */
export function mountSpecification(app: App, tags: readonly string[]): void {
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
  app.doc31("/openapi.json", { ...SPECIFICATION, tags: tags.map((name) => ({ name })) });
}
