import { relative } from "node:path";
import { curlLine } from "./curl.ts";

/** What a newcomer reads when the product is ready. */
export function greeting(product: { url: string; apiKey: string; home: string; took: string }): string {
  const { url, apiKey, home, took } = product;
  return `
Tessera is ready (${took}).

  URL         ${url}
  API key     ${apiKey}
  Playground  ${url}/#key=${apiKey}
  State       ${relative(process.cwd(), home) || home} (kept between starts; logs are in its logs folder)

Ask about an image:

  npx tessera ask models/tessera-tiny/examples/star.png "What color is the star?"

or with curl:

${curlLine(url, apiKey)}

Webhooks may go to http on this machine, which no deployment allows.
Ctrl-C stops everything.
`;
}
