/** What one request of the ledger's benchmark asks for. */
export type Order =
  | { readonly kind: "open"; readonly past: number }
  | { readonly kind: "pairs"; readonly seats: readonly Seat[]; readonly count: number }
  | { readonly kind: "nothing" };

/** An account to ask, and its key. */
export interface Seat {
  readonly account: string;
  readonly keyHash: string;
}
