const MIB = 1 << 20;

/** Bytes of all `data:` images of a request together, decoded. Larger images are uploaded first. */
export const MAX_DATA_BYTES = 10 * MIB;

/** Bytes of one image, however it arrives. */
export const MAX_IMAGE_BYTES = 20 * MIB;

/** Bytes of all images of a request, however they arrive: an isolate has 128 MB for every request that it serves. */
const MAX_REQUEST_IMAGE_BYTES = 40 * MIB;

/** The most bytes of each image of a request that has so many. Images are loaded side by side, so each has its share. */
export function mostImageBytes(images: number): number {
  return Math.min(MAX_IMAGE_BYTES, Math.floor(MAX_REQUEST_IMAGE_BYTES / images));
}

/** Why an image is refused that has more bytes than it may. */
export function tooManyBytes(limit: number): string {
  const of = limit < MAX_IMAGE_BYTES ? " of each of so many images in a request" : "";
  return `The image has more than ${limit} bytes, the most that is taken${of}.`;
}

/** A JSON body: the data images in base64, and room for the conversation. */
export const MAX_BODY_BYTES = 15 * MIB;

/** How long a remote server may take to send an image, in milliseconds. */
export const DOWNLOAD_TIMEOUT_MS = 10_000;

/** Redirects followed, each checked like the first URL. */
export const MAX_REDIRECTS = 3;
