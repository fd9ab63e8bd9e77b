/** The server: whether it answers, what it is, and what the key may do there. */
import { createServer } from "node:net";
import { z } from "zod";
import { readAnswer, reasonOf, requestJson } from "../api.ts";
import { CommandError } from "../command.ts";
import { type Connection, type ConnectionOptions, findConnection, findServer } from "../connection.ts";
import { readiness } from "../models.ts";
import { VERSION } from "../version.ts";
import { type Check, type Environment, failure, ok, warning } from "./check.ts";

const alive = z.object({ status: z.literal("ok") });
const specification = z.looseObject({ info: z.looseObject({ version: z.string() }) });
const limit = z.number().nullable();
const ownKey = z.looseObject({
  id: z.string(),
  name: z.string(),
  scopes: z.array(z.string()),
  models: z.array(z.string()).nullable(),
  expires_at: z.number().nullable(),
  budget: z.looseObject({ total_microcredits: limit, day_microcredits: limit, month_microcredits: limit }),
  used: z.looseObject({
    total_microcredits: z.number(),
    day_microcredits: z.number(),
    month_microcredits: z.number(),
  }),
});
type OwnKey = z.infer<typeof ownKey>;
const account = z.looseObject({
  suspended_at: z.number().nullable(),
  ledger: z.looseObject({ balance_microcredits: z.number() }),
});

/** A server that has not answered by then is taken for one that does not, in milliseconds. */
const PATIENCE_MS = 10_000;
/** Edge and GPU workers refuse each other's signatures from a minute's difference on; an answer takes its time too. */
const SKEW_SECONDS = 30;
const EXPIRY_SECONDS = 7 * 86_400;
const DEFAULT_PORT = 8787;

/** Looks no further than the first thing without which nothing else can be told. */
export async function checkServer(
  options: ConnectionOptions & { readonly model?: string | undefined },
  env: Environment,
): Promise<Check[]> {
  let url: string;
  try {
    url = findServer(options.url, env).url;
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    return [failure("server", error.text, error.advice ?? "See docs/operating.md."), await checkPort(env)];
  }
  const { checks, answers } = await checkAnswer(url, env);
  if (!answers) return checks;
  return [
    ...checks,
    await checkVersion(url),
    ...(await checkModels(url, options.model)),
    ...(await checkKey(options, env)),
  ];
}

/** Whether a new `npm start` could listen. */
async function checkPort(env: Environment): Promise<Check> {
  const port = Number(env.PORT || DEFAULT_PORT);
  const taken = await new Promise<boolean>((resolve) => {
    const probe = createServer();
    probe.once("error", () => resolve(true));
    probe.listen({ host: env.HOST || "127.0.0.1", port, exclusive: true }, () =>
      probe.close(() => resolve(false)),
    );
  });
  if (!taken) return ok("port", `${port} is free for npm start`);
  return failure(
    "port",
    `another program listens on ${port}`,
    `Start with another one: PORT=${port + 1} npm start.`,
  );
}

async function checkAnswer(url: string, env: Environment): Promise<{ checks: Check[]; answers: boolean }> {
  let response: Response;
  try {
    response = await fetch(`${url}/healthz`, { signal: AbortSignal.timeout(PATIENCE_MS) });
  } catch (error) {
    const reason = reasonOf(error);
    return {
      checks: [failure("server", `no answer from ${url} (${reason})`, adviceFor(reason, url, env))],
      answers: false,
    };
  }
  if (response.status >= 500) {
    return {
      checks: [failure("server", `${url} answers ${response.status} to everything`, SECRET_MISSING)],
      answers: false,
    };
  }
  if (!alive.safeParse(await response.json().catch(() => undefined)).success) {
    const advice = "Check --url and TESSERA_URL; the address ends before /v1.";
    return { checks: [failure("server", `${url} is not Tessera`, advice)], answers: false };
  }
  return {
    checks: [ok("server", `${url} answers`), ...checkPrivacy(url), ...checkClock(response)],
    answers: true,
  };
}

const SECRET_MISSING = [
  "A deployment with a missing secret answers nothing else: compare npx wrangler secret list with docs/operating.md;",
  "npx wrangler tail shows which.",
].join(" ");

function adviceFor(reason: string, url: string, env: Environment): string {
  if (/CERT|TLS|SSL|ISSUER/.test(reason)) {
    return "Its certificate is not trusted here; name the authority in NODE_EXTRA_CA_CERTS, or mend the certificate.";
  }
  if (reason === "ENOTFOUND" || reason === "EAI_AGAIN")
    return "The name is unknown here; check it, and this machine's DNS.";
  if (env.TESSERA_URL === undefined && isLoopback(url))
    return "npm start runs a server here; its state is kept.";
  return "Check the address, the firewall between, and that the server runs.";
}

function isLoopback(url: string): boolean {
  return /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(new URL(url).hostname);
}

function checkPrivacy(url: string): Check[] {
  if (url.startsWith("https:") || isLoopback(url)) return [];
  return [
    warning(
      "tls",
      `${url} is not https: the key and the images can be read on the way`,
      "Use the https address.",
    ),
  ];
}

function checkClock(response: Response): Check[] {
  const told = response.headers.get("date");
  if (!told) return [];
  const skew = Math.round(Math.abs(Date.now() - Date.parse(told)) / 1000);
  if (skew <= SKEW_SECONDS) return [ok("clock", "agrees with the server's")];
  const advice =
    "Set the time by NTP: GPU workers on this machine would be refused from a minute's difference on.";
  return [warning("clock", `this machine's and the server's differ by ${skew} s`, advice)];
}

async function checkVersion(url: string): Promise<Check> {
  const { info } = await readAnswer(url, "/openapi.json", specification);
  if (info.version === VERSION) return ok("version", VERSION);
  return warning(
    "version",
    `the server has ${info.version}, this command ${VERSION}`,
    "Use the command of the server's version.",
  );
}

async function checkModels(url: string, wanted: string | undefined): Promise<Check[]> {
  const { models } = await readAnswer(url, "/readyz", readiness);
  const up = Object.keys(models).filter((id) => models[id]);
  const advice =
    "Attach a GPU worker (docs/operating.md), or read its log; --job lets a question wait for one.";
  if (wanted !== undefined && !models[wanted])
    return [failure("models", `no worker is ready for ${wanted}`, advice)];
  if (up.length === 0) return [failure("models", "no model has a ready worker", advice)];
  const down = Object.keys(models).length - up.length;
  return [ok("models", `${up.join(", ")} up${down > 0 ? `, ${down} others without a worker` : ""}`)];
}

async function checkKey(options: ConnectionOptions, env: Environment): Promise<Check[]> {
  let connection: Connection;
  let key: OwnKey;
  try {
    connection = findConnection(options, env);
    key = await requestJson(connection, { method: "GET", path: "/v1/key" }, ownKey);
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    const advice = error.advice ?? "Ask whoever runs the server for a key.";
    return [failure("key", error.text, error.code === "invalid_api_key" ? WRONG_KEY : advice)];
  }
  return [checkScopes(key), ...checkExpiry(key), await checkBalance(connection), ...checkBudgets(key)];
}

const WRONG_KEY =
  "Check --key and TESSERA_API_KEY for a missing character; a lost key can't be read again, only made anew.";

function checkScopes({ name, scopes, models }: OwnKey): Check {
  const said = `'${name}' may ${scopes.join(", ")}${models ? `; asks ${models.join(", ")} alone` : ""}`;
  if (scopes.includes("infer")) return ok("key", said);
  return warning("key", said, "It can't ask questions, which needs the scope infer.");
}

function checkExpiry({ expires_at }: OwnKey): Check[] {
  if (expires_at === null || expires_at - Date.now() / 1000 > EXPIRY_SECONDS) return [];
  const end = new Date(expires_at * 1000).toISOString();
  return [warning("key", `it ends at ${end}`, "Make another in time with tessera keys create.")];
}

async function checkBalance(connection: Connection): Promise<Check> {
  try {
    const { ledger } = await requestJson(connection, { method: "GET", path: "/v1/account" }, account);
    const { balance_microcredits: balance } = ledger;
    if (balance > 0) return ok("balance", `${balance} micro-credits`);
    return failure("balance", "no credit is left", "Have the operator add some: tessera accounts grant.");
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    const advice =
      error.code === "insufficient_scope" ? "A key with the scope usage:read shows it." : error.text;
    return warning("balance", "can't be seen with this key", advice);
  }
}

function checkBudgets({ id, budget, used }: OwnKey): Check[] {
  const periods = { total: "in all", day: "today", month: "this month" } as const;
  return (["total", "day", "month"] as const).flatMap((period) => {
    const allowed = budget[`${period}_microcredits`];
    if (allowed === null) return [];
    const left = allowed - used[`${period}_microcredits`];
    const said = `${Math.max(left, 0)} of ${allowed} micro-credits left ${periods[period]}`;
    if (left > 0) return [ok("budget", said)];
    return [
      failure(
        "budget",
        said,
        `Raise it with tessera keys update ${id}${period === "total" ? "" : `, or wait for the next ${period}`}.`,
      ),
    ];
  });
}
