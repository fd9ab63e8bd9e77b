/** A line in which one task runs at a time, first come, first served. */
export class Line {
  #last: Promise<unknown> = Promise.resolve();

  whenFree<Value>(task: () => Promise<Value>): Promise<Value> {
    const turn = this.#last.then(task, task);
    this.#last = turn;
    return turn;
  }
}
