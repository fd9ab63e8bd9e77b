/** What was used and what it cost, in one hour, by one key, of one model, with one outcome. */
export interface UsageRow {
  /** The hour's beginning, in Unix milliseconds. */
  readonly hour: number;
  /** A key's id. */
  readonly key: string;
  readonly model: string;
  readonly status: string;
  readonly requests: number;
  /** How many of them were answered from the cache. */
  readonly cached: number;
  readonly imageTokens: number;
  readonly textTokens: number;
  readonly outputTokens: number;
  /** Micro-credits. */
  readonly charge: number;
}
