/** The value below which the given share of the samples lies (nearest rank). */
export function percentile(samples: readonly number[], share: number): number {
  const sorted = samples.toSorted((left, right) => left - right);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
}

/** p50 and p99 of samples in milliseconds, rounded to 0.01 ms. */
export function summary(samples: readonly number[]): { p50: number; p99: number } {
  return { p50: round(percentile(samples, 0.5)), p99: round(percentile(samples, 0.99)) };
}

export function round(value: number): number {
  return Math.round(value * 100) / 100;
}
