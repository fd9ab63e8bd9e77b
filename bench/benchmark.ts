/** Figures by name; a group holds figures of one thing, and a text names a baseline or says that it is missing. */
export interface Figures {
  readonly [name: string]: number | string | Figures;
}

export interface Outcome {
  readonly figures: Figures;
  /** Ours ÷ the baseline's, both from this run. */
  readonly ratios: Readonly<Record<string, number>>;
}

/** A module of this folder: `report` tells progress on stderr. */
export interface Benchmark {
  run(report: (line: string) => void): Promise<Outcome>;
}
