import type { App } from "../routes/operation.ts";
import html from "./index.html";

/** Serves the page at `/`, with its own address filled in. Only the page's one script, named by a nonce, may run. */
export function mountPage(app: App): void {
  app.get("/", (context) => {
    const nonce = crypto.randomUUID();
    const page = html
      .replaceAll("{{origin}}", new URL(context.req.url).origin)
      .replaceAll("{{nonce}}", nonce);
    return context.html(page, 200, {
      "content-security-policy": [
        "default-src 'none'",
        `script-src 'nonce-${nonce}'`,
        `style-src 'nonce-${nonce}'`,
        "img-src 'self' data: blob:",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
      ].join("; "),
      "x-content-type-options": "nosniff",
      "referrer-policy": "no-referrer",
    });
  });
}
