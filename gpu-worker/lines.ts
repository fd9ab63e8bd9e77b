import type { ServerResponse } from "node:http";

/**
 * A response of lines. Those that are written before the event loop goes on leave together: Node makes an HTTP chunk of
 * every write, and a reader takes as long for a chunk of one line as for one of twenty.
 */
export class Lines {
  readonly #response: ServerResponse;
  #text = "";

  constructor(response: ServerResponse) {
    this.#response = response;
  }

  write(line: string): void {
    if (this.#text === "") process.nextTick(() => this.#flush());
    this.#text += `${line}\n`;
  }

  end(): void {
    this.#flush();
    this.#response.end();
  }

  #flush(): void {
    // Writing to a closed response is an error of its own; its "close" event is on the way.
    if (this.#text !== "" && !this.#response.destroyed) this.#response.write(this.#text);
    this.#text = "";
  }
}
