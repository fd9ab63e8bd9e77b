import { fail, ok, type Result } from "../../core/result.ts";
import { checkPublicUrl, type UrlRules } from "../outbound/url.ts";
import { readBytes } from "../read-bytes.ts";
import { DOWNLOAD_TIMEOUT_MS, MAX_REDIRECTS, tooManyBytes } from "./limits.ts";

export interface DownloadError {
  readonly code:
    | "url_invalid"
    | "url_not_public"
    | "image_unreachable"
    | "image_download_timeout"
    | "image_too_many_redirects"
    | "image_too_many_bytes";
  readonly message: string;
}

/** An image from the public web. Every hop is checked, time and bytes are bounded, and no answer's text leaks out. */
export async function downloadImage(
  text: string,
  rules: UrlRules,
  limit: number,
): Promise<Result<Uint8Array<ArrayBuffer>, DownloadError>> {
  const timeout = AbortSignal.timeout(DOWNLOAD_TIMEOUT_MS);
  let target = text;
  for (let hop = 0; hop <= MAX_REDIRECTS; hop++) {
    const url = checkPublicUrl(target, rules);
    if (!url.ok) return url;
    try {
      const response = await fetch(url.value, {
        redirect: "manual",
        signal: timeout,
        headers: { accept: "image/*", "user-agent": "Tessera" },
      });
      const location = response.status >= 300 && response.status < 400 && response.headers.get("location");
      if (location) {
        await response.body?.cancel();
        target = URL.parse(location, url.value)?.href ?? location;
        continue;
      }
      if (!response.ok) {
        await response.body?.cancel();
        return unreachable(`The image's server answered ${response.status}.`);
      }
      const bytes = await readBytes(response.body, limit);
      if (!bytes) {
        return fail({ code: "image_too_many_bytes", message: tooManyBytes(limit) });
      }
      return ok(bytes);
    } catch {
      if (timeout.aborted) {
        return fail({
          code: "image_download_timeout",
          message: `The image did not arrive within ${DOWNLOAD_TIMEOUT_MS / 1000} seconds.`,
        });
      }
      return unreachable("The image's server could not be reached.");
    }
  }
  return fail({
    code: "image_too_many_redirects",
    message: `The image's URL was redirected more than ${MAX_REDIRECTS} times.`,
  });
}

function unreachable(message: string): Result<never, DownloadError> {
  return fail({ code: "image_unreachable", message });
}
