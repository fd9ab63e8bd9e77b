/** This machine: its Node, and settings that change how programs reach a server. */
import { type Check, type Environment, failure, ok, warning } from "./check.ts";

/** Since it Node runs TypeScript as it is. */
const NODE = [22, 18] as const;

export function checkMachine(env: Environment, version: string = process.versions.node): Check[] {
  return [checkNode(version), ...checkNetworkSettings(env)];
}

function checkNode(version: string): Check {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  if (major > NODE[0] || (major === NODE[0] && minor >= NODE[1])) return ok("node", version);
  const wanted = NODE.join(".");
  return failure(
    "node",
    `${version} is too old`,
    `Install Node ${wanted} or later, or use npx tessera, which brings its own.`,
  );
}

function checkNetworkSettings(env: Environment): Check[] {
  const checks: Check[] = [];
  if (env.NODE_TLS_REJECT_UNAUTHORIZED === "0") {
    checks.push(
      warning(
        "tls",
        "NODE_TLS_REJECT_UNAUTHORIZED=0 lets anybody between here and the server read the key",
        "Unset it; name the certificate's authority in NODE_EXTRA_CA_CERTS.",
      ),
    );
  }
  const proxy = ["https_proxy", "HTTPS_PROXY", "http_proxy", "HTTP_PROXY"].find((name) => env[name]);
  if (proxy && env.NODE_USE_ENV_PROXY !== "1") {
    checks.push(
      warning(
        "proxy",
        `${proxy} is set, and Node does not use it`,
        "Set NODE_USE_ENV_PROXY=1 if the server is behind the proxy.",
      ),
    );
  }
  return checks;
}
