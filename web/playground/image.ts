/** The image that is asked about: its bytes, its name by content, and its size. */
import { fail, ok, type Result } from "../../core/result.ts";
import { type Failure, pageFailure, send } from "../shared/api.ts";

export interface ChosenImage {
  /** Its file's name. */
  readonly name: string;
  /** Which of the page's own images it is. */
  readonly sample: string | null;
  readonly bytes: Blob;
  /** A `blob:` address to show it by. */
  readonly shown: string;
  /** [width, height] in pixels as it is seen, EXIF orientation applied; null where the browser can't read it. */
  readonly size: readonly [number, number] | null;
  /** `sha256:…` of the bytes; null where the browser hashes nothing, since the page did not come by https. */
  readonly digest: string | null;
}

export async function readImage(
  bytes: Blob,
  name: string,
  sample: string | null = null,
): Promise<Result<ChosenImage, Failure>> {
  if (bytes.type !== "" && !bytes.type.startsWith("image/")) {
    return fail({ code: "image_format_unsupported", message: "", requestId: null });
  }
  const shown = URL.createObjectURL(bytes);
  const [size, digest] = await Promise.all([sizeOf(shown), digestOf(bytes)]);
  return ok({ name, sample, bytes, shown, size, digest });
}

async function sizeOf(address: string): Promise<readonly [number, number] | null> {
  const image = new Image();
  image.src = address;
  try {
    await image.decode();
  } catch {
    return null;
  }
  return image.naturalWidth > 0 ? [image.naturalWidth, image.naturalHeight] : null;
}

async function digestOf(bytes: Blob): Promise<string | null> {
  if (!isSecureContext) return null;
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", await bytes.arrayBuffer()));
  return `sha256:${Array.from(hash, (byte) => byte.toString(16).padStart(2, "0")).join("")}`;
}

/** What is on its way to, or kept by, the server: by image, then by key. */
const uploads = new WeakMap<ChosenImage, Map<string, Promise<Result<string, Failure>>>>();

/**
 * The `image_url.url` of an image: its digest, after it was uploaded once for this key. A failed upload is tried again
 * by the next call.
 */
export function imageUrl(image: ChosenImage, key: string): Promise<Result<string, Failure>> {
  const byKey = uploads.get(image) ?? new Map<string, Promise<Result<string, Failure>>>();
  uploads.set(image, byKey);
  const begun = byKey.get(key);
  if (begun) return begun;
  const upload = uploadImage(image, key);
  byKey.set(key, upload);
  void upload.then(({ ok }) => ok || byKey.delete(key));
  return upload;
}

/** Makes the next `imageUrl` upload again: the server keeps images for a while only. */
export function forgetUpload(image: ChosenImage, key: string): void {
  uploads.get(image)?.delete(key);
}

async function uploadImage(image: ChosenImage, key: string): Promise<Result<string, Failure>> {
  if (image.digest === null) return ok(await dataUrl(image.bytes));
  const sent = await send(`/v1/images/${image.digest}`, { key, method: "PUT", bytes: image.bytes });
  return sent.ok ? ok(image.digest) : sent;
}

function dataUrl(bytes: Blob): Promise<string> {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(String(reader.result));
    reader.onerror = () => reject(reader.error);
    reader.readAsDataURL(bytes);
  });
}

/** The bytes of an image that the key's account keeps. */
export async function fetchImage(digest: string, key: string): Promise<Result<ChosenImage, Failure>> {
  const sent = await send(`/v1/images/${digest}`, { key });
  if (!sent.ok) return sent;
  try {
    return await readImage(new Blob([await sent.value.arrayBuffer()]), digest);
  } catch {
    return fail(pageFailure("unreachable"));
  }
}
