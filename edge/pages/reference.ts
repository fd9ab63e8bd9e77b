import script from "../../web/built/reference.js.gz";
import page from "../../web/reference.html";
import type { App } from "../routes/operation.ts";
import { pageHeaders } from "./headers.ts";

const DAY_SECONDS = 86_400;

/** Serves the API reference at /docs: Scalar over /openapi.json, from this origin alone. */
export function mountReference(app: App): void {
  app.get("/docs", (context) => {
    const nonce = crypto.randomUUID();
    // Scalar writes its styles itself, elements and attributes alike; neither can carry a nonce.
    const headers = pageHeaders(nonce, { styles: "'unsafe-inline'", images: "'self' data: blob:" });
    return context.html(page.replaceAll("%nonce%", nonce), 200, headers);
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
