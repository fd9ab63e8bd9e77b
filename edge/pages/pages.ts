import playground from "../../web/built/playground.html";
import type { App } from "../routes/operation.ts";

/**
 * Serves the pages for people; `web/` has their sources. A page is one file, so that it is there after one request, and
 * only its one script and one style sheet, named by a nonce, count: not even another file of this origin could be run.
 */
export function mountPages(app: App): void {
  mountPage(app, "/", playground);
}

function mountPage(app: App, path: string, html: string): void {
  app.get(path, (context) => {
    const nonce = crypto.randomUUID();
    return context.html(html.replaceAll("%nonce%", nonce), 200, {
      "content-security-policy": [
        "default-src 'none'",
        `script-src 'nonce-${nonce}'`,
        `style-src 'nonce-${nonce}'`,
        "img-src data: blob:",
        "connect-src 'self'",
        "form-action 'none'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
      ].join("; "),
      "cache-control": "no-cache",
      "cross-origin-opener-policy": "same-origin",
      "referrer-policy": "no-referrer",
      "x-content-type-options": "nosniff",
    });
  });
}
