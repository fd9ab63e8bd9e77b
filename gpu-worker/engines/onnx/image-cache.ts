import type { EngineImage } from "../engine.ts";

/**
 * Packed features of images seen lately, so that a conversation about one image encodes it once. The least recently
 * used leave first. Keys hold the customer's namespace: nobody can learn by timing what another customer has asked.
 */
export class ImageCache {
  readonly #features = new Map<string, Float32Array>();
  readonly #capacity: number;
  #bytes = 0;
  encoded = 0;
  reused = 0;

  /** `capacity` in bytes. */
  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  /** The features of a customer's image, from `encode` when they are not here. */
  async get(
    namespace: string,
    { frame }: EngineImage,
    encode: () => Promise<Float32Array>,
  ): Promise<Float32Array> {
    // The worker has checked the hash against the pixels; how they are packed depends on the image's own size.
    const key = `${namespace}/${frame.sha256}/${frame.width}x${frame.height}`;
    const known = this.#features.get(key);
    if (known) {
      this.#features.delete(key);
      this.#features.set(key, known);
      this.reused += 1;
      return known;
    }
    const features = await encode();
    this.encoded += 1;
    this.#features.set(key, features);
    this.#bytes += features.byteLength;
    for (const [oldest, { byteLength }] of this.#features) {
      if (this.#bytes <= this.#capacity) break;
      this.#features.delete(oldest);
      this.#bytes -= byteLength;
    }
    return features;
  }
}
