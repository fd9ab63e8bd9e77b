import script from "../../web/built/reference.js.gz";
import page from "../../web/reference.html";
import type { App } from "../routes/operation.ts";

const DAY_SECONDS = 86_400;

/** Serves the API reference at /docs: Scalar over /openapi.json, from this origin alone. */
export function mountReference(app: App): void {
  app.get("/docs", (context) => {
    const nonce = crypto.randomUUID();
    return context.html(page.replaceAll("%nonce%", nonce), 200, {
      "content-security-policy": [
        "default-src 'none'",
        `script-src 'nonce-${nonce}'`,
        // Scalar writes its styles itself, elements and attributes alike; neither can carry a nonce.
        "style-src 'unsafe-inline'",
        "img-src 'self' data: blob:",
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

  app.get("/docs/reference.js", (context) => {
    const packed = /\bgzip\b/.test(context.req.header("accept-encoding") ?? "");
    const headers = {
      "content-type": "text/javascript; charset=utf-8",
      "cache-control": `public, max-age=${DAY_SECONDS}`,
      vary: "accept-encoding",
      "x-content-type-options": "nosniff",
    };
    if (!packed) {
      const unpacked = new Response(script).body!.pipeThrough(new DecompressionStream("gzip"));
      return new Response(unpacked, { headers });
    }
    return new Response(script, {
      headers: { ...headers, "content-encoding": "gzip" },
      encodeBody: "manual",
    });
  });
}
