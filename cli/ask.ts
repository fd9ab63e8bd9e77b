import { z } from "zod";
import { apiError, request, requestJson } from "./api.ts";
import { CommandError, counted, examples, print } from "./command.ts";
import { findConnection } from "./connection.ts";
import { readEvents } from "./events.ts";
import { questionBody, questionCommand, readQuestion } from "./question.ts";
import { paint, startProgress } from "./terminal.ts";

const PATH = "/v1/chat/completions";

const chunk = z.object({
  choices: z.array(
    z.object({
      delta: z.object({ content: z.string().optional() }),
      finish_reason: z.string().nullish(),
    }),
  ),
  usage: z.object({ completion_tokens: z.number(), cost_microcredits: z.number() }).nullish(),
});
const accepted = z.looseObject({ id: z.string(), status: z.string() });

export function ask() {
  return questionCommand("ask", "ask a question about images and see the answer as it is written")
    .option("--job", "do not wait: store the question as a job, and print its id for tessera jobs")
    .addHelpText(
      "after",
      examples(
        'tessera ask models/tessera-tiny/examples/star.png "What color is the star?"',
        'tessera ask models/tessera-tiny/examples/star.png "What color is the star?" --json',
      ),
    )
    .action(async (words, options) => {
      const question = readQuestion(words, options);
      const connection = findConnection(options);
      const body = await questionBody(connection, question);
      if (options.job) {
        const headers = { prefer: "respond-async" };
        const job = await requestJson(connection, { method: "POST", path: PATH, body, headers }, accepted);
        return print(options.json, job, () => job.id);
      }
      if (options.json) {
        const answer = await requestJson(connection, { method: "POST", path: PATH, body }, z.unknown());
        return print(true, answer, String);
      }
      const streamed = { ...body, stream: true, stream_options: { include_usage: true } };
      await write(await request(connection, { method: "POST", path: PATH, body: streamed }));
    });
}

/** Writes the answer as it comes, and how it went for a person who watches. */
async function write(response: Response): Promise<void> {
  if (!response.body) throw new CommandError("the answer is empty", { code: "cut_off", later: true });
  const begun = performance.now();
  const progress = startProgress("waiting for the answer");
  let firstAt: number | undefined;
  let pieces = 0;
  let usage: z.infer<typeof chunk>["usage"];
  let finished = false;
  let cut = false;
  try {
    for await (const said of readEvents(response.body)) {
      if (said.type === "queued") {
        progress.say(`number ${said.position} in line, about ${Math.ceil(said.etaMs / 1000)} s`);
        continue;
      }
      if (said.data === "[DONE]") {
        finished = true;
        break;
      }
      const json: unknown = JSON.parse(said.data);
      const error = apiError(json, true);
      if (error) {
        if (firstAt !== undefined) process.stdout.write("\n");
        throw error;
      }
      const { choices, usage: told } = chunk.parse(json);
      usage = told ?? usage;
      cut ||= choices.some(({ finish_reason }) => finish_reason === "length");
      const text = choices.map(({ delta }) => delta.content ?? "").join("");
      if (text === "") continue;
      firstAt ??= performance.now();
      pieces += 1;
      // Both would write on the same line of the same terminal.
      if (process.stdout.isTTY) progress.stop();
      else progress.say(`${pieces} pieces of the answer${rate(pieces, firstAt)}`);
      process.stdout.write(text);
    }
  } finally {
    progress.stop();
  }
  process.stdout.write("\n");
  if (!finished) throw new CommandError("the answer was cut off", { code: "cut_off", later: true });
  if (cut) {
    const length = usage ? ` at ${counted(usage.completion_tokens, "token")}` : "";
    console.error(`The answer is cut${length}; a larger --max-tokens lets it end.`);
  }
  if (process.stderr.isTTY && usage && firstAt !== undefined) {
    const { completion_tokens: tokens, cost_microcredits: cost } = usage;
    const waited = ((firstAt - begun) / 1000).toFixed(1);
    const summary = `first word after ${waited} s, ${tokens} tokens${rate(tokens, firstAt)}, ${cost} micro-credits`;
    console.error(paint("dim", summary));
  }
}

/** How fast tokens have come since the first of them; nothing for an answer that came at once. */
function rate(count: number, since: number): string {
  const seconds = (performance.now() - since) / 1000;
  return seconds < 0.2 ? "" : ` at ${((count - 1) / seconds).toFixed(0)} a second`;
}
