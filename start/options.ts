import { resolve } from "node:path";
import { z } from "zod";
import { StartError } from "./error.ts";
import { type PrivateReceiptKey, privateReceiptKey } from "./receipt-key.ts";

const targets = z.record(z.string().min(1), z.url({ protocol: /^https?$/ }));
const PORT_RULE = "must be a number from 0 to 65535";
/** A variable that holds JSON; `example` tells how to write it. */
const json = (example: string) =>
  z.string().transform((text, context) => {
    try {
      const value: unknown = JSON.parse(text);
      return value;
    } catch {
      context.addIssue(`is not JSON; write it like ${example}`);
      return z.NEVER;
    }
  });
const secret = z.string().min(16, "needs at least 16 characters");

const environment = z.object({
  PORT: z.coerce.number(PORT_RULE).int(PORT_RULE).min(0, PORT_RULE).max(65_535, PORT_RULE).default(8787),
  HOST: z.string().min(1).default("127.0.0.1"),
  TESSERA_HOME: z.string().min(1).default(".tessera"),
  TESSERA_KEY_SECRET: secret.optional(),
  TESSERA_KEY_SECRET_PREVIOUS: secret.optional(),
  TESSERA_POOL_SECRET: secret.optional(),
  TESSERA_ADMIN_KEY: secret.optional(),
  TESSERA_RECEIPT_KEY: json('{"kty":"OKP","crv":"Ed25519","x":"…","d":"…"}')
    .pipe(privateReceiptKey)
    .optional(),
  TESSERA_POOL_TARGETS: json('{"my-gpu":"http://10.0.0.5:8000"}').pipe(targets).default({}),
  /** Reads how many GPU workers a model should have; without it nobody may. */
  TESSERA_SCALER_TOKEN: secret.optional(),
  REPLICATE_API_TOKEN: z.string().optional(),
  /** For tests alone: where Replicate's API is. */
  TESSERA_REPLICATE_URL: z.url().optional(),
  /** For tests alone: loopback origins, separated by spaces, that image URLs may name. */
  TESSERA_IMAGE_ORIGINS: z.string().optional(),
});

export interface Options {
  /** 0 asks for any free port. */
  readonly port: number;
  readonly host: string;
  /** Where state lives, as an absolute path. */
  readonly home: string;
  /** Secrets that the user chose; the others are generated and kept. */
  readonly secrets: {
    readonly keySecret?: string;
    readonly poolSecret?: string;
    readonly adminKey?: string;
    readonly receiptKey?: PrivateReceiptKey;
  };
  /** The user's own GPU workers: target name → origin. */
  readonly targets: Readonly<Record<string, string>>;
  /** The edge's settings that the user's own variables decide. */
  readonly edgeSettings: Readonly<Record<string, string>>;
}

/** The options of `npm start`, which are all environment variables. */
export function readOptions(env: Readonly<Record<string, string | undefined>>): Options {
  const set = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ""));
  const parsed = environment.safeParse(set);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new StartError(`${issue?.path.join(".")}: ${issue?.message}`);
  }
  const value = parsed.data;
  return {
    port: value.PORT,
    host: value.HOST,
    home: resolve(value.TESSERA_HOME),
    secrets: {
      ...(value.TESSERA_KEY_SECRET && { keySecret: value.TESSERA_KEY_SECRET }),
      ...(value.TESSERA_POOL_SECRET && { poolSecret: value.TESSERA_POOL_SECRET }),
      ...(value.TESSERA_ADMIN_KEY && { adminKey: value.TESSERA_ADMIN_KEY }),
      ...(value.TESSERA_RECEIPT_KEY && { receiptKey: value.TESSERA_RECEIPT_KEY }),
    },
    targets: value.TESSERA_POOL_TARGETS,
    edgeSettings: {
      ...(value.TESSERA_KEY_SECRET_PREVIOUS && { KEY_SECRET_PREVIOUS: value.TESSERA_KEY_SECRET_PREVIOUS }),
      ...(value.TESSERA_SCALER_TOKEN && { SCALER_TOKEN: value.TESSERA_SCALER_TOKEN }),
      ...(value.REPLICATE_API_TOKEN && { REPLICATE_API_TOKEN: value.REPLICATE_API_TOKEN }),
      ...(value.TESSERA_REPLICATE_URL && { REPLICATE_BASE_URL: value.TESSERA_REPLICATE_URL }),
      // Loopback origins that image URLs may name; tests serve images there.
      ...(value.TESSERA_IMAGE_ORIGINS && { IMAGE_ORIGINS: value.TESSERA_IMAGE_ORIGINS }),
    },
  };
}
