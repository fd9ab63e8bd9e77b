import type { CacheVerdict } from "../../core/receipt.ts";

/** What a request's Cache-Control (RFC 9111 §5.2.1) says about cached answers. */
export interface CacheDirectives {
  /** May a stored answer be given? */
  readonly read: boolean;
  /** May this answer be stored? */
  readonly write: boolean;
}

export function readCacheDirectives(header: string | undefined): CacheDirectives {
  const directives = new Set((header ?? "").split(",").map((directive) => directive.trim().toLowerCase()));
  const store = !directives.has("no-store");
  return { read: store && !directives.has("no-cache"), write: store };
}

/** The Cache-Status header (RFC 9211) of an answer. */
export function cacheStatus(verdict: CacheVerdict): string {
  switch (verdict) {
    case "hit":
      return "tessera; hit";
    case "miss":
      return "tessera; fwd=uri-miss";
    case "bypass":
      return "tessera; fwd=request";
    case "uncacheable":
      return "tessera; fwd=bypass";
  }
}
