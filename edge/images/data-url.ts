import { fail, ok, type Result } from "../../core/result.ts";

/** The bytes of a base64 `data:` URL (RFC 2397). Its media type is not read: the bytes themselves say what they are. */
export function decodeDataUrl(url: string): Result<Uint8Array<ArrayBuffer>, string> {
  const comma = url.indexOf(",");
  const header = comma < 0 ? "" : url.slice(0, comma).toLowerCase();
  if (!header.startsWith("data:") || !header.endsWith(";base64")) {
    return fail("The data URL must have the form data:<media type>;base64,<data>.");
  }
  try {
    return ok(Uint8Array.fromBase64(url.slice(comma + 1)));
  } catch {
    return fail("The data URL's base64 is invalid.");
  }
}
