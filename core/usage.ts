/** Tokens of one request. Prompt tokens are image and text tokens together. */
export interface Usage {
  readonly imageTokens: number;
  readonly textTokens: number;
  readonly outputTokens: number;
}
