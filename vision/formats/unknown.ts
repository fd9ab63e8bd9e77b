/** Names what is refused, so that its sender knows what to do. */
import { byteAt, startsWith } from "../bytes.ts";

const ADVICE = "Send JPEG, PNG, WebP or GIF instead.";

/** A message about a file of none of the supported formats. */
export function describeUnknown(bytes: Uint8Array): string {
  const name = NAMES.find(([, matches]) => matches(bytes))?.[0];
  return name ? `${name} is not supported. ${ADVICE}` : `The bytes are no known image format. ${ADVICE}`;
}

const NAMES: readonly (readonly [string, (bytes: Uint8Array) => boolean])[] = [
  ["AVIF", (bytes) => hasBrand(bytes, ["avif", "avis"])],
  ["HEIC", (bytes) => hasBrand(bytes, ["heic", "heix", "hevc", "hevx", "heim", "heis", "mif1", "msf1"])],
  ["BMP", (bytes) => startsWith(bytes, "BM")],
  ["TIFF", (bytes) => startsWith(bytes, "II*\0") || startsWith(bytes, "MM\0*")],
  ["ICO", (bytes) => startsWith(bytes, "\0\0\x01\0") || startsWith(bytes, "\0\0\x02\0")],
  ["JPEG XL", (bytes) => startsWith(bytes, "\xff\x0a") || startsWith(bytes, "JXL ", 4)],
  ["JPEG 2000", (bytes) => startsWith(bytes, "jP  ", 4) || startsWith(bytes, "\xff\x4f\xff\x51")],
  ["PSD", (bytes) => startsWith(bytes, "8BPS")],
  ["PDF", (bytes) => startsWith(bytes, "%PDF")],
  ["SVG", (bytes) => leadingText(bytes).includes("<svg")],
  ["HTML", (bytes) => /<(?:!doctype html|html)/i.test(leadingText(bytes))],
];

function hasBrand(bytes: Uint8Array, brands: readonly string[]): boolean {
  return startsWith(bytes, "ftyp", 4) && brands.some((brand) => startsWith(bytes, brand, 8));
}

/** The beginning as text, if it looks like markup. */
function leadingText(bytes: Uint8Array): string {
  const beginning = new TextDecoder().decode(bytes.subarray(0, 1024)).trimStart();
  return byteAt(bytes, 0) === 0 ? "" : beginning.startsWith("<") ? beginning : "";
}
