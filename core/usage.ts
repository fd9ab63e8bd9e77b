/** Tokens of one request. Prompt tokens are image and text tokens together. */
export interface Usage {
  readonly imageTokens: number;
  readonly textTokens: number;
  readonly outputTokens: number;
}

/** At most what a request was counted with: no report of what was computed gets past it. */
export function boundedUsage(usage: Usage, most: Usage): Usage {
  return {
    imageTokens: Math.min(usage.imageTokens, most.imageTokens),
    textTokens: Math.min(usage.textTokens, most.textTokens),
    outputTokens: Math.min(usage.outputTokens, most.outputTokens),
  };
}
