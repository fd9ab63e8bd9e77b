/** EXIF with an orientation and nothing else. */

/** The TIFF block, without "Exif\0\0". */
export function exifBlock(orientation: number, littleEndian: boolean): number[] {
  const short = (value: number) => (littleEndian ? [value & 255, value >> 8] : [value >> 8, value & 255]);
  const long = (value: number) => (littleEndian ? [...short(value), 0, 0] : [0, 0, ...short(value)]);
  const order = littleEndian ? 0x49 : 0x4d;
  return [
    order,
    order,
    ...short(42),
    ...long(8),
    ...short(1),
    ...short(0x0112),
    ...short(3),
    ...long(1),
    ...short(orientation),
    0,
    0,
    ...long(0),
  ];
}

/** A JPEG APP1 segment. */
export function exifSegment(orientation: number, littleEndian: boolean): number[] {
  const body = [0x45, 0x78, 0x69, 0x66, 0, 0, ...exifBlock(orientation, littleEndian)];
  return [0xff, 0xe1, 0, body.length + 2, ...body];
}
