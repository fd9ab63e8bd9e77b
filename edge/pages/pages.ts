import pages from "../../web/built/pages.html";
import type { App } from "../routes/operation.ts";

const PATHS = ["/", "/account"];

/**
 * Serves the pages for people; `web/` has their sources. They are one file, so that one request suffices, and only its one
 * script and one style sheet, named by a nonce, count: not even another file of this origin could be run.
 */
export function mountPages(app: App): void {
  app.on("GET", PATHS, (context) => {
    const nonce = crypto.randomUUID();
    return context.html(pages.replaceAll("%nonce%", nonce), 200, {
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
