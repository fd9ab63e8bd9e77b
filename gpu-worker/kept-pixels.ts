import type { Frame, FrameHeader } from "../core/frame.ts";
import { KEPT_PIXELS_MS } from "../core/kept-pixels.ts";

/** About ninety images on the largest canvas. */
const CAPACITY_BYTES = 128 << 20;
const SWEEP_MS = 60_000;

interface Kept {
  /** Counted with all of the buffer that they keep alive. */
  readonly pixels: Uint8Array;
  usedAt: number;
}

/**
 * Pixels of images asked about lately, in memory alone: another question about one comes without them. The least
 * recently used leave first. Keys hold the customer's namespace, so that nobody is answered, nor learns by timing, from
 * what another has sent.
 */
export class KeptPixels {
  /** In order of use. */
  readonly #kept = new Map<string, Kept>();
  readonly #now: () => number;
  #bytes = 0;
  #sweep: NodeJS.Timeout | undefined;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** The frame with the pixels that it leaves out, or undefined when one of them is not here. */
  complete(frame: Frame): Frame | undefined {
    const { header } = frame;
    if (!header.images.some((image) => image.kept)) return frame;
    const pixels = header.images.map((image, index) =>
      image.kept ? this.#find(nameOf(header, image)) : frame.pixels[index],
    );
    return pixels.every((each) => each !== undefined) ? { header, pixels } : undefined;
  }

  /** Keeps the pixels that came with a frame, whose hashes have been checked. */
  keep({ header, pixels }: Frame): void {
    for (const [index, image] of header.images.entries()) {
      const bytes = pixels[index];
      const name = nameOf(header, image);
      if (image.kept || !bytes || this.#find(name)) continue;
      // A part of a body holds all of it.
      const isNearlyWhole = bytes.byteLength > 0.9 * bytes.buffer.byteLength;
      const kept = isNearlyWhole ? bytes : bytes.slice();
      this.#kept.set(name, { pixels: kept, usedAt: this.#now() });
      this.#bytes += kept.buffer.byteLength;
    }
    for (const name of this.#kept.keys()) {
      if (this.#bytes <= CAPACITY_BYTES) break;
      this.#drop(name);
    }
    this.#sweepLater();
  }

  #find(name: string): Uint8Array | undefined {
    const found = this.#kept.get(name);
    if (!found) return undefined;
    this.#kept.delete(name);
    this.#kept.set(name, { ...found, usedAt: this.#now() });
    return found.pixels;
  }

  #drop(name: string): void {
    this.#bytes -= this.#kept.get(name)?.pixels.buffer.byteLength ?? 0;
    this.#kept.delete(name);
  }

  #sweepLater(): void {
    if (this.#sweep || this.#kept.size === 0) return;
    this.#sweep = setTimeout(() => {
      this.#sweep = undefined;
      const until = this.#now() - KEPT_PIXELS_MS;
      for (const [name, { usedAt }] of this.#kept) if (usedAt <= until) this.#drop(name);
      this.#sweepLater();
    }, SWEEP_MS).unref();
  }
}

function nameOf({ namespace }: Pick<FrameHeader, "namespace">, image: { readonly sha256: string }): string {
  return `${namespace}/${image.sha256}`;
}
