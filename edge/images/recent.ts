/**
 * What this isolate remembers of images asked about lately, so that the next question about one is answered without
 * decoding it or sending its pixels again: its size, its shape in a frame, and the GPU workers that keep its pixels. No
 * image and no pixel is here; an entry takes less than a kilobyte. Names begin with the account, so that nobody is
 * answered, nor learns by timing, from what another has sent.
 */
import type { FrameImage } from "../../core/frame.ts";
import { KEPT_PIXELS_MS } from "../../core/kept-pixels.ts";
import type { Digest } from "./digest.ts";

const MOST_IMAGES = 4096;
/** Of the workers that keep an image, the last ones. */
const MOST_WORKERS = 8;

/** An image as a model sees it, which some workers keep. */
export interface SentImage {
  readonly image: FrameImage;
  /** The boots of those worker processes, the last one last. */
  readonly boots: readonly string[];
}

interface Recent {
  /** [width, height] in pixels, after orientation. */
  readonly size: readonly [number, number];
  /** By model and detail. */
  readonly sent: ReadonlyMap<string, SentImage>;
  readonly usedAt: number;
}

export interface ImageName {
  readonly account: string;
  readonly digest: Digest;
}

/** In order of use. */
const recent = new Map<string, Recent>();

/** The image's size, or undefined for one that was not asked about lately. */
export function recentSize(name: ImageName, now: number): readonly [number, number] | undefined {
  return find(name, now)?.size;
}

export function rememberSize(name: ImageName, size: readonly [number, number], now: number): void {
  remember(name, { size, sent: find(name, now)?.sent ?? new Map(), usedAt: now });
}

/** Who keeps an image's pixels for a model (`form`). */
export function recentlySent(name: ImageName, form: string, now: number): SentImage | undefined {
  return find(name, now)?.sent.get(form);
}

export function rememberSent(
  name: ImageName,
  form: string,
  { image, boot }: { readonly image: FrameImage; readonly boot: string },
  now: number,
): void {
  const known = find(name, now);
  const before = known?.sent.get(form)?.boots.filter((each) => each !== boot) ?? [];
  const boots = [...before, boot].slice(-MOST_WORKERS);
  const size = [image.width, image.height] as const;
  remember(name, { size, sent: new Map(known?.sent).set(form, { image, boots }), usedAt: now });
}

/** Forgets an image: its size, and who keeps its pixels. */
export function forgetImage(name: ImageName): void {
  recent.delete(keyOf(name));
}

function find(name: ImageName, now: number): Recent | undefined {
  const key = keyOf(name);
  const found = recent.get(key);
  if (!found) return undefined;
  recent.delete(key);
  if (now - found.usedAt > KEPT_PIXELS_MS) return undefined;
  recent.set(key, { ...found, usedAt: now });
  return found;
}

function remember(name: ImageName, entry: Recent): void {
  const key = keyOf(name);
  recent.delete(key);
  recent.set(key, entry);
  const [oldest] = recent.keys();
  if (recent.size > MOST_IMAGES && oldest !== undefined) recent.delete(oldest);
}

function keyOf({ account, digest }: ImageName): string {
  return `${account}/${digest}`;
}
