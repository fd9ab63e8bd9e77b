/** From an image in a request to bytes whose digest and size are known. */
import { orientedSize } from "../../core/vision.ts";
import type { Caller } from "../auth/caller.ts";
import type { RequestedImage } from "../chat/request.ts";
import type { Env } from "../env.ts";
import { ApiError } from "../errors.ts";
import { type Digest, digestOf } from "./digest.ts";
import { downloadImage } from "./download.ts";
import { mostImageBytes } from "./limits.ts";
import { type ImageName, recentSize, rememberSize } from "./recent.ts";
import { getImage } from "./store.ts";

export interface ResolvedImage {
  readonly digest: Digest;
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Pixels, after orientation. */
  readonly width: number;
  readonly height: number;
  readonly lowDetail: boolean;
  readonly param: string;
}

/** Bytes, digests and sizes of a request's images. Nothing is decoded; the web is asked only for a key that may. */
export async function resolveImages(
  env: Env,
  caller: Caller,
  images: readonly RequestedImage[],
): Promise<ResolvedImage[]> {
  if (images.some((image) => image.source.kind === "url")) await caller.authorise("infer");
  const limit = mostImageBytes(images.length);
  return Promise.all(images.map((image) => resolve(env, caller, image, limit)));
}

async function resolve(
  env: Env,
  caller: Caller,
  image: RequestedImage,
  limit: number,
): Promise<ResolvedImage> {
  const { bytes, digest } = await load(env, caller, image, limit);
  const [width, height] = await sizeOf(env, { account: caller.account, digest }, bytes, image.param);
  return { digest, bytes, width, height, lowDetail: image.lowDetail, param: image.param };
}

/** [width, height] in pixels, after orientation. */
async function sizeOf(
  env: Env,
  name: ImageName,
  bytes: Uint8Array<ArrayBuffer>,
  param: string,
): Promise<readonly [number, number]> {
  const known = recentSize(name, Date.now());
  if (known) return known;
  const probe = await env.VISION.probe(bytes);
  if (!probe.ok) throw new ApiError(probe.error.code, probe.error.message, { param });
  const size = orientedSize(probe.value);
  rememberSize(name, size, Date.now());
  return size;
}

async function load(
  env: Env,
  caller: Caller,
  { source, param }: RequestedImage,
  limit: number,
): Promise<{ bytes: Uint8Array<ArrayBuffer>; digest: Digest }> {
  switch (source.kind) {
    case "bytes":
      return { bytes: source.bytes, digest: await digestOf(source.bytes) };
    case "stored": {
      const stored = await getImage(env.IMAGES, caller.account, source.digest, limit);
      if (!stored.ok) throw new ApiError(stored.error.code, stored.error.message, { param });
      return { bytes: stored.value, digest: source.digest };
    }
    case "url": {
      const origins = env.IMAGE_ORIGINS?.split(" ") ?? [];
      const download = await downloadImage(source.url, { origins }, limit);
      if (!download.ok) throw new ApiError(download.error.code, download.error.message, { param });
      return { bytes: download.value, digest: await digestOf(download.value) };
    }
  }
}
