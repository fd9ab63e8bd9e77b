import type { TokenLogprob } from "../../core/logprobs.ts";
import type { Answer } from "../account/job-contract.ts";
import type { Said } from "./accepted.ts";

/** What an answer has said so far. */
export class Transcript {
  #text = "";
  #logprobs: TokenLogprob[] | undefined;

  get empty(): boolean {
    return this.#text === "" && this.#logprobs === undefined;
  }

  get text(): string {
    return this.#text;
  }

  /** Takes a step's part, and gives it back where there is something to show. */
  add({ text, logprobs }: Omit<Said, "type">): Said | undefined {
    this.#text += text;
    if (logprobs) {
      this.#logprobs ??= [];
      this.#logprobs.push(...logprobs);
    }
    if (text === "" && !logprobs?.length) return undefined;
    return { type: "text", text, logprobs };
  }

  whole(): Pick<Answer, "text" | "logprobs"> {
    return { text: this.#text, ...(this.#logprobs && { logprobs: this.#logprobs }) };
  }
}
