/**
 * The key that signs receipts, and those that did before it. Ed25519 is deterministic: a receipt is signed whenever it
 * is shown, outside of the transaction that wrote it, and always comes out the same.
 */
import { z } from "zod";
import {
  encodeBase64Url,
  keyIdOf,
  type PublicKey,
  publicKeySchema,
  signingInput,
} from "../../core/receipt.ts";
import type { Env } from "../env.ts";

type Settings = Pick<Env, "RECEIPT_KEY" | "RETIRED_RECEIPT_KEYS">;

const unnamedKey = publicKeySchema.omit({ kid: true });
const privateKey = unnamedKey.extend({ d: z.string() });
const retiredKeys = z.object({ keys: z.array(unnamedKey) });

export interface ReceiptKeys {
  /** Every key that ever signed a receipt, the present one first. */
  readonly published: readonly PublicKey[];
  /** The receipt with this payload, as a compact JWS. */
  sign(payload: string): Promise<string>;
}

let sound: string | undefined;

/** What is wrong with the settings, or null. Every request asks, so what was found sound is not read again. */
export function findReceiptKeyProblem({ RECEIPT_KEY, RETIRED_RECEIPT_KEYS }: Settings): string | null {
  const settings = `${RECEIPT_KEY}${RETIRED_RECEIPT_KEYS}`;
  if (settings === sound) return null;
  if (!parseJson(RECEIPT_KEY ?? "", privateKey)) return "RECEIPT_KEY is not a private Ed25519 key as a JWK.";
  if (!parseJson(RETIRED_RECEIPT_KEYS ?? "", retiredKeys))
    return "RETIRED_RECEIPT_KEYS is not a JWK Set of Ed25519 keys.";
  sound = settings;
  return null;
}

let loaded: { readonly settings: string; readonly keys: Promise<ReceiptKeys> } | undefined;

/** The keys of this deployment; importing them costs more than a signature, and an isolate sees one setting. */
export function receiptKeys({ RECEIPT_KEY, RETIRED_RECEIPT_KEYS }: Settings): Promise<ReceiptKeys> {
  const settings = RECEIPT_KEY + RETIRED_RECEIPT_KEYS;
  if (loaded?.settings !== settings) {
    loaded = { settings, keys: load({ RECEIPT_KEY, RETIRED_RECEIPT_KEYS }) };
  }
  return loaded.keys;
}

async function load(settings: Settings): Promise<ReceiptKeys> {
  const { kty, crv, x, d } = privateKey.parse(JSON.parse(settings.RECEIPT_KEY));
  const { keys: retired } = retiredKeys.parse(JSON.parse(settings.RETIRED_RECEIPT_KEYS));
  const key = await crypto.subtle.importKey("jwk", { kty, crv, x, d }, { name: "Ed25519" }, false, ["sign"]);
  const published = await Promise.all(
    [{ kty, crv, x }, ...retired.filter((each) => each.x !== x)].map(async (each) => ({
      ...each,
      kid: await keyIdOf(each),
    })),
  );
  const kid = await keyIdOf({ x });
  return {
    published,
    async sign(payload) {
      const input = signingInput(kid, payload);
      const signature = await crypto.subtle.sign({ name: "Ed25519" }, key, new TextEncoder().encode(input));
      return `${input}.${encodeBase64Url(new Uint8Array(signature))}`;
    },
  };
}

function parseJson<Schema extends z.ZodType>(text: string, schema: Schema): z.infer<Schema> | undefined {
  try {
    return schema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}
