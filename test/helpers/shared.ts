/** The product that most tests share: started once a run by `setup.ts`. */
import { inject } from "vitest";
import { type Account, openAccount } from "./account.ts";
import type { Address } from "./product.ts";

declare module "vitest" {
  interface ProvidedContext {
    product: Address;
    /** Where the shared product's state lives. */
    home: string;
    /** The https origin on loopback from which the shared product may fetch pictures. */
    pictures: string;
  }
}

/** What reads the desired count of workers from the shared product. */
export const SCALER_TOKEN = "scaler-token-of-the-tests";

export function sharedProduct(): Address {
  return inject("product");
}

export function sharedHome(): string {
  return inject("home");
}

export function pictureOrigin(): string {
  return inject("pictures");
}

/** A new account of the shared product. */
export function newAccount(credit?: number): Promise<Account> {
  return openAccount(sharedProduct(), credit);
}
