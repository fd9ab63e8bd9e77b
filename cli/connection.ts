import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { z } from "zod";
import { CommandError, UsageError } from "./command.ts";

/** Where the API is, and the key that opens it. */
export interface Connection {
  readonly url: string;
  readonly key: string;
}

/** Options of every command that talks to a server. */
export interface ConnectionOptions {
  readonly url?: string | undefined;
  readonly key?: string | undefined;
}

const developer = z.object({
  url: z.string(),
  apiKey: z.string(),
  adminKey: z.string(),
  workerUrl: z.string().optional(),
});

type Environment = Readonly<Record<string, string | undefined>>;

/** From options, else the environment, else the file that a running `npm start` keeps. */
export function findConnection(options: ConnectionOptions, env: Environment = process.env): Connection {
  const { url, local } = findServer(options.url, env);
  const key = options.key || env.TESSERA_API_KEY || local?.apiKey;
  if (!key) {
    throw new CommandError(`there is no key for ${url}. Give --key, or set TESSERA_API_KEY.`, {
      code: "no_key",
    });
  }
  return { url, key };
}

/** The same with the operator's key. */
export function findOperator(
  options: { url?: string | undefined; adminKey?: string | undefined },
  env: Environment = process.env,
): Connection {
  const { url, local } = findServer(options.url, env);
  const key = options.adminKey || env.TESSERA_ADMIN_KEY || local?.adminKey;
  if (!key) {
    throw new CommandError(
      `there is no operator's key for ${url}. Give --admin-key, or set TESSERA_ADMIN_KEY.`,
      { code: "no_key" },
    );
  }
  return { url, key };
}

/** The server, and the local keys if it is the local one: no other may see them. */
export function findServer(option: string | undefined, env: Environment = process.env) {
  const local = readDeveloper(env);
  const url = option || env.TESSERA_URL || local?.url;
  if (!url) {
    throw new CommandError("no server is running here. Start one with npm start, or give --url and --key.", {
      code: "no_server",
      advice:
        "npm start, in the folder of Tessera, runs the whole product on this machine and makes a key by itself.",
    });
  }
  if (!URL.canParse(url)) throw new UsageError(`--url needs a URL, not '${url}'`);
  const server = withoutSlashes(url);
  return { url: server, local: local && withoutSlashes(local.url) === server ? local : undefined };
}

function withoutSlashes(url: string): string {
  return url.replace(/\/+$/, "");
}

/** The folder that holds `cli/`. */
export const CLONE = dirname(import.meta.dirname);

/** What a running `npm start` tells of itself. */
export function readDeveloper(env: Environment): z.infer<typeof developer> | undefined {
  const file = env.TESSERA_HOME ? join(env.TESSERA_HOME, "dev.json") : findDeveloper(process.cwd(), CLONE);
  if (!file) return undefined;
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
  try {
    return developer.parse(JSON.parse(text));
  } catch {
    throw new CommandError(`${file} is damaged; start again with npm start.`, { code: "home_damaged" });
  }
}

/** The nearest `.tessera/dev.json`, from `folder` up to the root of its project, else that of the clone. */
export function findDeveloper(folder: string, clone: string): string | undefined {
  const file = join(folder, ".tessera", "dev.json");
  if (existsSync(file)) return file;
  const parent = dirname(folder);
  const isRoot = parent === folder || ["package.json", ".git"].some((name) => existsSync(join(folder, name)));
  if (!isRoot) return findDeveloper(parent, clone);
  return folder === clone ? undefined : findDeveloper(clone, clone);
}
