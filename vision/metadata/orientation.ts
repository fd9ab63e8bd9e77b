/** EXIF orientation as Pillow 12 finds it: the tag in IFD 0, and failing that the same property in XMP. */
import { byteAt, startsWith, text, uint16, uint32 } from "../bytes.ts";

const ORIENTATION_TAG = 0x0112;
const EXIF_PREFIX = "Exif\0\0";
const ENTRY_BYTES = 12;
/** TIFF types that hold one integer in the entry itself, and its bytes. */
const INTEGER_BYTES = new Map([
  [3, 2],
  [4, 4],
  [6, 1],
  [8, 2],
  [9, 4],
  [13, 4],
]);

/** 1 to 8; 1 when neither block names an orientation. */
export function orientationOf(exif: Uint8Array | undefined, xmp: Uint8Array | undefined): number {
  const tagged = exif && exifOrientation(exif);
  const value = tagged ?? (xmp && xmpOrientation(xmp)) ?? 1;
  return value >= 1 && value <= 8 ? value : 1;
}

/** The tag's value, 0 when it is no single integer, undefined when there is no such tag. */
function exifOrientation(block: Uint8Array): number | undefined {
  let tiff = block;
  while (startsWith(tiff, EXIF_PREFIX)) tiff = tiff.subarray(EXIF_PREFIX.length);
  const order = text(tiff, 0, 2);
  if (order !== "II" && order !== "MM") return undefined;
  const littleEndian = order === "II";
  const magic = uint16(tiff, 2, littleEndian);
  if (magic !== 0x002a && magic !== 0x2a00) return undefined;

  const directory = uint32(tiff, 4, littleEndian);
  const entries = uint16(tiff, directory, littleEndian);
  let found: number | undefined;
  for (let index = 0; index < entries; index++) {
    const entry = directory + 2 + index * ENTRY_BYTES;
    if (entry + ENTRY_BYTES > tiff.length) break;
    if (uint16(tiff, entry, littleEndian) !== ORIENTATION_TAG) continue;
    const size = INTEGER_BYTES.get(uint16(tiff, entry + 2, littleEndian));
    const single = uint32(tiff, entry + 4, littleEndian) === 1;
    found = single && size ? integer(tiff, entry + 8, size, littleEndian) : 0;
  }
  return found;
}

function integer(tiff: Uint8Array, at: number, size: number, littleEndian: boolean): number {
  if (size === 1) return byteAt(tiff, at);
  return size === 2 ? uint16(tiff, at, littleEndian) : uint32(tiff, at, littleEndian);
}

function xmpOrientation(packet: Uint8Array): number | undefined {
  const found = /tiff:Orientation(?:="|>)([0-9])/.exec(new TextDecoder("latin1").decode(packet));
  return found?.[1] === undefined ? undefined : Number(found[1]);
}
