import { z } from "zod";
import { apiError, request, requestJson } from "./api.ts";
import { CONNECTION_HELP, type Command, CommandError } from "./command.ts";
import { findConnection } from "./connection.ts";
import { eventData } from "./events.ts";
import { QUESTION_HELP, questionBody, readQuestion } from "./question.ts";

const PATH = "/v1/chat/completions";

const chunk = z.object({
  choices: z.array(z.object({ delta: z.object({ content: z.string().optional() }) })),
});

export const ask: Command = {
  summary: "ask a question about pictures and see the answer as it is written",
  help: `Usage: tessera ask IMAGE… "QUESTION"

Each IMAGE is a file, an https URL, or sha256:… of an uploaded picture; without any, the question stands alone.

${QUESTION_HELP}
  --json                wait, and print the API's whole answer as one line of JSON
${CONNECTION_HELP}

Example:
  tessera ask models/tessera-tiny/examples/star.png "What color is the star?"`,

  async run(argv) {
    const question = readQuestion(argv);
    const connection = findConnection(question.connection);
    const body = await questionBody(connection, question);
    if (question.json) {
      const answer = await requestJson(connection, { method: "POST", path: PATH, body }, z.unknown());
      console.log(JSON.stringify(answer));
      return 0;
    }
    const response = await request(connection, {
      method: "POST",
      path: PATH,
      body: { ...body, stream: true },
    });
    await print(response);
    return 0;
  },
};

async function print(response: Response): Promise<void> {
  if (!response.body) throw new CommandError("the answer is empty");
  let last = "";
  for await (const data of eventData(response.body)) {
    last = data;
    if (data === "[DONE]") break;
    const json: unknown = JSON.parse(data);
    const error = apiError(json);
    if (error) {
      process.stdout.write("\n");
      throw error;
    }
    const text = chunk
      .parse(json)
      .choices.map(({ delta }) => delta.content ?? "")
      .join("");
    process.stdout.write(text);
  }
  process.stdout.write("\n");
  if (last !== "[DONE]") throw new CommandError("the answer was cut off");
}
