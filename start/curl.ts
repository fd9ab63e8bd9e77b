import { EXAMPLE_QUESTION } from "../core/example.ts";

/** One line for a shell that asks about an image. */
export function curlLine(url: string, apiKey: string): string {
  return [
    `curl ${url}/v1/chat/completions`,
    `-H "authorization: Bearer ${apiKey}"`,
    `-H "content-type: application/json"`,
    `-d '${JSON.stringify(EXAMPLE_QUESTION)}'`,
  ].join(" ");
}
