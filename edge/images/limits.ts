const MIB = 1 << 20;

/** Bytes of all `data:` images of a request together, decoded. Larger images are uploaded first. */
export const MAX_DATA_BYTES = 10 * MIB;

/** Bytes of one image, however it arrives. */
export const MAX_IMAGE_BYTES = 20 * MIB;

/** A JSON body: the data images in base64, and room for the conversation. */
export const MAX_BODY_BYTES = 15 * MIB;

/** How long a remote server may take to send an image, in milliseconds. */
export const DOWNLOAD_TIMEOUT_MS = 10_000;

/** Redirects followed, each checked like the first URL. */
export const MAX_REDIRECTS = 3;
