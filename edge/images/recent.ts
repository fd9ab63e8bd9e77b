/**
 * What this isolate remembers of pictures asked about lately, so that the next question about one is answered without
 * decoding it or sending its pixels again: its size, its shape in a frame, and the GPU workers that keep its pixels. No
 * picture and no pixel is here; an entry takes less than a kilobyte. Names begin with the account, so that nobody is answered, nor
 * learns by timing, from what another has sent.
 */
import type { FrameImage } from "../../core/frame.ts";
import { KEPT_PIXELS_MS } from "../../core/kept-pixels.ts";
import type { Digest } from "./digest.ts";

const MOST_PICTURES = 4096;
/** Of the workers that keep a picture, the last ones. */
const MOST_WORKERS = 8;

/** A picture as a model sees it, which some workers keep. */
export interface SentPicture {
  readonly image: FrameImage;
  /** The boots of those worker processes, the last one last. */
  readonly boots: readonly string[];
}

interface Recent {
  /** [width, height] in pixels, after orientation. */
  readonly size: readonly [number, number];
  /** By model and detail. */
  readonly sent: ReadonlyMap<string, SentPicture>;
  readonly usedAt: number;
}

export interface PictureName {
  readonly account: string;
  readonly digest: Digest;
}

/** In order of use. */
const pictures = new Map<string, Recent>();

/** The picture's size, or undefined for one that was not asked about lately. */
export function recentSize(picture: PictureName, now: number): readonly [number, number] | undefined {
  return find(picture, now)?.size;
}

export function rememberSize(picture: PictureName, size: readonly [number, number], now: number): void {
  remember(picture, { size, sent: find(picture, now)?.sent ?? new Map(), usedAt: now });
}

/** Who keeps a picture's pixels for a model (`form`). */
export function recentlySent(picture: PictureName, form: string, now: number): SentPicture | undefined {
  return find(picture, now)?.sent.get(form);
}

export function rememberSent(
  picture: PictureName,
  form: string,
  { image, boot }: { readonly image: FrameImage; readonly boot: string },
  now: number,
): void {
  const known = find(picture, now);
  const before = known?.sent.get(form)?.boots.filter((each) => each !== boot) ?? [];
  const boots = [...before, boot].slice(-MOST_WORKERS);
  const size = [image.width, image.height] as const;
  remember(picture, { size, sent: new Map(known?.sent).set(form, { image, boots }), usedAt: now });
}

/** Forgets that anybody keeps a picture. */
export function forgetSent(picture: PictureName): void {
  pictures.delete(nameOf(picture));
}

function find(picture: PictureName, now: number): Recent | undefined {
  const name = nameOf(picture);
  const found = pictures.get(name);
  if (!found) return undefined;
  pictures.delete(name);
  if (now - found.usedAt > KEPT_PIXELS_MS) return undefined;
  pictures.set(name, { ...found, usedAt: now });
  return found;
}

function remember(picture: PictureName, recent: Recent): void {
  const name = nameOf(picture);
  pictures.delete(name);
  pictures.set(name, recent);
  const [oldest] = pictures.keys();
  if (pictures.size > MOST_PICTURES && oldest !== undefined) pictures.delete(oldest);
}

function nameOf({ account, digest }: PictureName): string {
  return `${account}/${digest}`;
}
