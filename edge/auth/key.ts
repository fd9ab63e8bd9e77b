/**
 * API keys: `tsr_` · account (12) · secret (30) · tag (11) · checksum (6), all base62.
 *
 * The tag is an HMAC over what stands before it, so a key that was never issued is refused at the edge and reaches no
 * storage. The checksum lets secret scanners tell a key from other text; anyone can compute it, so it proves nothing.
 */

import { crc32 } from "../../core/crc32.ts";
import { hmacKey, toHex } from "../../core/signature.ts";
import { encodeBase62, randomBase62 } from "./base62.ts";

const ACCOUNT_LENGTH = 12;
const SECRET_LENGTH = 30;
/** 64 bits of the HMAC. */
const TAG_LENGTH = 11;
const CHECKSUM_LENGTH = 6;
/** Enough of the secret to tell an account's keys apart; 26 characters stay unknown. */
const START_LENGTH = "tsr_".length + ACCOUNT_LENGTH + 4;

const KEY = new RegExp(
  `^((tsr_([0-9A-Za-z]{${ACCOUNT_LENGTH}})[0-9A-Za-z]{${SECRET_LENGTH}})([0-9A-Za-z]{${TAG_LENGTH}}))([0-9A-Za-z]{${CHECKSUM_LENGTH}})$`,
);

const ACCOUNT = new RegExp(`^[0-9A-Za-z]{${ACCOUNT_LENGTH}}$`);

const encoder = new TextEncoder();

/** A new account's id: 12 base62 characters. */
export function newAccountId(): string {
  return randomBase62(ACCOUNT_LENGTH);
}

/** Whether a text has the form of an account's id. */
export function isAccountId(text: string): boolean {
  return ACCOUNT.test(text);
}

/** A new key of an account, tagged with the edge's secret. */
export async function mintKey(account: string, secret: string): Promise<string> {
  const claim = `tsr_${account}${randomBase62(SECRET_LENGTH)}`;
  const tagged = claim + (await tagOf(claim, secret));
  const key = tagged + checksumOf(tagged);
  if (!KEY.test(key)) throw new Error("An account id is 12 base62 characters.");
  return key;
}

/**
 * The account that a key claims and the key's hash; undefined for every text that was not minted with this secret or
 * the one before it. Both tags are computed and compared whole, so time does not tell which of them fits.
 */
export async function readKey(
  text: string,
  secret: string,
  previous?: string,
): Promise<{ account: string; hash: string } | undefined> {
  const [, tagged, claim, account, tag, checksum] = KEY.exec(text) ?? [];
  if (!tagged || !claim || !account || !tag) return undefined;
  if (checksumOf(tagged) !== checksum) return undefined;
  const tags = await Promise.all([secret, ...(previous ? [previous] : [])].map((each) => tagOf(claim, each)));
  const fitting = tags.map((each) => equal(each, tag)).filter(Boolean);
  if (fitting.length === 0) return undefined;
  return { account, hash: await hashKey(text) };
}

/** SHA-256 of a key in hex: what is stored. The key is random, so nothing slower is needed. */
export async function hashKey(key: string): Promise<string> {
  return toHex(new Uint8Array(await crypto.subtle.digest("SHA-256", encoder.encode(key))));
}

/** The first characters of a key, by which its owner recognises it in a list. */
export function startOf(key: string): string {
  return key.slice(0, START_LENGTH);
}

async function tagOf(claim: string, secret: string): Promise<string> {
  const mac = await crypto.subtle.sign("HMAC", await hmacKey(secret), encoder.encode(claim));
  return encodeBase62(new DataView(mac).getBigUint64(0), TAG_LENGTH);
}

function checksumOf(tagged: string): string {
  return encodeBase62(BigInt(crc32(encoder.encode(tagged))), CHECKSUM_LENGTH);
}

/** Takes as long wherever two texts of the same length differ, so that time tells nothing about a tag. */
function equal(left: string, right: string): boolean {
  let difference = left.length ^ right.length;
  for (let index = 0; index < left.length; index++) {
    difference |= left.charCodeAt(index) ^ right.charCodeAt(index);
  }
  return difference === 0;
}
