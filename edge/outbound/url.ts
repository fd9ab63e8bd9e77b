import { fail, ok, type Result } from "../../core/result.ts";

export interface UrlError {
  readonly code: "url_invalid" | "url_not_public";
  readonly message: string;
}

export interface UrlRules {
  /** Loopback origins allowed with their own scheme and port; only tests have any, and no other origin counts here. */
  readonly origins?: readonly string[];
  /** Whether http on loopback is allowed: webhooks on a developer's machine. */
  readonly loopback?: boolean;
}

const MAX_URL_CHARACTERS = 2048;

/** Names that resolve inside a network, never on the public web (RFC 6761, RFC 6762, RFC 8375 and common practice). */
const PRIVATE_SUFFIXES = [
  "localhost",
  "localdomain",
  "local",
  "internal",
  "intranet",
  "lan",
  "home",
  "corp",
  "private",
  "home.arpa",
  "test",
  "example",
  "invalid",
  "onion",
];

const LOOPBACK_HOSTS = new Set(["127.0.0.1", "localhost", "[::1]"]);

/**
 * Whether a stranger's URL may be called from the edge: https on 443, a public host name, no credentials. Literal
 * addresses are refused in every spelling; the URL parser has already turned `0x7f.1`, `2130706433` and full-width
 * digits into dotted form. A name may still resolve to a private address, which only the platform's network isolation
 * contains, so GPU workers demand signatures and never trust where a call comes from.
 */
export function checkPublicUrl(text: string, rules: UrlRules = {}): Result<URL, UrlError> {
  const url = text.length <= MAX_URL_CHARACTERS ? URL.parse(text) : null;
  if (!url) {
    return fail({
      code: "url_invalid",
      message: `The URL must be absolute and have at most ${MAX_URL_CHARACTERS} characters.`,
    });
  }
  if (url.username !== "" || url.password !== "")
    return refuse("The URL must not contain a user name or password.");
  const onLoopback = LOOPBACK_HOSTS.has(url.hostname);
  if (onLoopback && rules.origins?.includes(url.origin)) return ok(url);
  if (onLoopback && rules.loopback && url.protocol === "http:") return ok(url);
  if (url.protocol !== "https:") return refuse("The URL must begin with https://.");
  if (url.port !== "") return refuse("The URL must use port 443.");

  const host = url.hostname.replace(/\.+$/, "").toLowerCase();
  const labels = host.split(".");
  if (host.startsWith("[") || /^\d+$/.test(labels.at(-1) ?? "")) {
    return refuse("The URL must name a host, not an IP address.");
  }
  if (
    labels.length < 2 ||
    PRIVATE_SUFFIXES.some((suffix) => host === suffix || host.endsWith(`.${suffix}`))
  ) {
    return refuse("The URL's host is not on the public web.");
  }
  url.hostname = host;
  return ok(url);
}

function refuse(message: string): Result<never, UrlError> {
  return fail({ code: "url_not_public", message });
}
