/** What a page may load beyond its own scripts, as sources of a Content-Security-Policy. */
interface Allowed {
  readonly styles: string;
  readonly images: string;
}

/** A page's headers: only scripts that carry the nonce run, and nothing is asked of another origin. */
export function pageHeaders(nonce: string, { styles, images }: Allowed): Record<string, string> {
  return {
    "content-security-policy": [
      "default-src 'none'",
      `script-src 'nonce-${nonce}'`,
      `style-src ${styles}`,
      `img-src ${images}`,
      "connect-src 'self'",
      "form-action 'none'",
      "base-uri 'none'",
      "frame-ancestors 'none'",
    ].join("; "),
    "cache-control": "no-cache",
    "cross-origin-opener-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
  };
}
