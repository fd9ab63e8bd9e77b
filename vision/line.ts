/** How often one who waits looks whether it is its turn, in milliseconds. */
const LOOK_MS = 5;
/** Looks after which a place that does not move counts as left. */
const PATIENCE_LOOKS = 400;

interface Place {
  /** Grows while its owner lives. */
  moves: number;
}

/**
 * A line in which one task runs at a time, first come, first served. The requests of an isolate share it, and the
 * platform ends a request without a word: its promises never settle. So nobody waits for another's promise; each looks
 * at the place before its own, and passes by one that no longer moves.
 */
export class Line {
  readonly #wait: (milliseconds: number) => Promise<unknown>;
  readonly #places: Place[] = [];

  constructor(wait: (milliseconds: number) => Promise<unknown>) {
    this.#wait = wait;
  }

  /** Runs a task in its turn; the task calls `move` again and again while it lives. */
  async whenFree<Value>(
    task: (move: () => void) => Promise<Value>,
    signal: AbortSignal | undefined,
  ): Promise<Value> {
    const place: Place = { moves: 0 };
    this.#places.push(place);
    try {
      await this.#untilFirst(place, signal);
      return await task(() => {
        place.moves++;
      });
    } finally {
      this.#leave(place);
    }
  }

  async #untilFirst(place: Place, signal: AbortSignal | undefined): Promise<void> {
    let ahead: Place | undefined;
    let moves = 0;
    let looks = 0;
    for (;;) {
      const before = this.#places[this.#places.indexOf(place) - 1];
      if (!before) return;
      if (before !== ahead || before.moves !== moves) {
        ahead = before;
        moves = before.moves;
        looks = 0;
      } else if (++looks > PATIENCE_LOOKS) {
        this.#leave(before);
      }
      await this.#wait(LOOK_MS);
      signal?.throwIfAborted();
      place.moves++;
    }
  }

  #leave(place: Place): void {
    const index = this.#places.indexOf(place);
    if (index >= 0) this.#places.splice(index, 1);
  }
}
