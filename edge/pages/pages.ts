import pages from "../../web/built/pages.html";
import type { App } from "../routes/operation.ts";
import { pageHeaders } from "./headers.ts";

const PATHS = ["/", "/account"];

/**
 * Serves the pages for people; `web/` has their sources. They are one file, so that one request suffices, and only its
 * one script and one style sheet, named by a nonce, count: not even another file of this origin could be run.
 */
export function mountPages(app: App): void {
  app.on("GET", PATHS, (context) => {
    const nonce = crypto.randomUUID();
    const headers = pageHeaders(nonce, { styles: `'nonce-${nonce}'`, images: "data: blob:" });
    return context.html(pages.replaceAll("%nonce%", nonce), 200, headers);
  });
}
