/** Numbers and times as people read them. */

const CREDIT = 1_000_000;

/** Micro-credits as credits, with every digit that counts: 877 is 0.000877. */
export function credits(microCredits: number): string {
  return (microCredits / CREDIT).toLocaleString("en", { maximumFractionDigits: 6 });
}

/** What a visitor types as credits, in micro-credits; null for nothing typed. */
export function toMicroCredits(typed: string): number | null {
  const value = Number(typed.trim());
  return typed.trim() === "" || !(value >= 0) ? null : Math.round(value * CREDIT);
}

export function count(value: number): string {
  return value.toLocaleString("en");
}

/** Milliseconds as "320 ms" or "1.4 s". */
export function duration(ms: number): string {
  return ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`;
}

/** Unix seconds as a day of UTC: 2026-01-31. */
export function day(seconds: number): string {
  return new Date(seconds * 1000).toISOString().slice(0, 10);
}

/** Unix seconds as a time of UTC: 2026-01-31 23:59:59. */
export function time(seconds: number): string {
  return new Date(seconds * 1000).toISOString().slice(0, 19).replace("T", " ");
}
