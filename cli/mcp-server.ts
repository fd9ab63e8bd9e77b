/** The Model Context Protocol on standard input and output, with Tessera's API behind it. */
import { readFile } from "node:fs/promises";
import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import { StdioServerTransport } from "@modelcontextprotocol/sdk/server/stdio.js";
import { z } from "zod";
import { MODELS } from "../core/models.ts";
import { openNodeVision } from "../vision/node.ts";
import { requestJson } from "./api.ts";
import { CommandError, unreadable } from "./command.ts";
import { type ConnectionOptions, findConnection } from "./connection.ts";
import { isAddress } from "./images.ts";
import { preflightResult } from "./preflight.ts";
import { questionBody } from "./question.ts";
import { VERSION } from "./version.ts";

const question = {
  images: z
    .array(z.string().min(1))
    .describe("Images: absolute file paths, https URLs, data URLs, or sha256:… of uploaded images"),
  question: z.string().min(1).describe("What to ask about them, in English or Chinese"),
  model: z
    .enum(MODELS.map(({ id }) => id))
    .default(MODELS[0]!.id)
    .describe("tessera-tiny knows drawn scenes of plain shapes alone"),
  max_tokens: z.int().min(1).optional().describe("The longest answer, in tokens"),
};
type Question = z.infer<z.ZodObject<typeof question>>;

const usage = z.looseObject({
  prompt_tokens: z.number(),
  completion_tokens: z.number(),
  cost_microcredits: z.number(),
});
const answer = z.object({
  model: z.string(),
  choices: z.tuple([z.object({ message: z.object({ content: z.string() }), finish_reason: z.string() })]),
  usage,
});

/** Serves until the input ends. The connection is looked for at each call: the product may start after its agent. */
export async function serveMcp(connection: ConnectionOptions): Promise<void> {
  const server = new McpServer({ name: "tessera", version: VERSION });

  server.registerTool(
    "ask_image",
    {
      title: "Ask about images",
      description:
        "Asks a vision model a question about images. Costs credit; count_image_tokens tells how much.",
      inputSchema: question,
      outputSchema: { answer: z.string(), finish_reason: z.string(), model: z.string(), usage },
      annotations: { readOnlyHint: true, openWorldHint: true },
    },
    async (asked) => {
      const { model, choices, usage } = await post(connection, "/v1/chat/completions", asked, answer);
      const { message, finish_reason } = choices[0];
      return {
        content: [{ type: "text", text: message.content }],
        structuredContent: { answer: message.content, finish_reason, model, usage },
      };
    },
  );

  server.registerTool(
    "count_image_tokens",
    {
      title: "Count the tokens of images",
      description:
        "Counts what a question about images would use and cost at most. It is free and asks no model.",
      inputSchema: question,
      outputSchema: preflightResult.shape,
      annotations: { readOnlyHint: true, idempotentHint: true, openWorldHint: true },
    },
    async (asked) => {
      const counted = await post(connection, "/v1/preflight", asked, preflightResult);
      return { content: [{ type: "text", text: JSON.stringify(counted) }], structuredContent: counted };
    },
  );

  const closed = new Promise<void>((resolve) => {
    server.server.onclose = resolve;
    process.stdin.once("end", () => server.close());
  });
  await server.connect(new StdioServerTransport());
  await closed;
}

/** Throws what the agent reads as the tool's error. */
async function post<Value>(
  options: ConnectionOptions,
  path: string,
  { images, question: text, ...sampling }: Question,
  schema: z.ZodType<Value>,
): Promise<Value> {
  const connection = findConnection(options);
  await refuseOtherFiles(images);
  const body = await questionBody(connection, { images, text, sampling });
  return requestJson(connection, { method: "POST", path, body }, schema);
}

/** An agent may be talked into naming any file: what is no image never leaves this machine. */
async function refuseOtherFiles(images: readonly string[]): Promise<void> {
  const vision = openNodeVision();
  for (const file of images.filter((image) => !isAddress(image))) {
    const bytes = await readFile(file).catch((error: unknown) => {
      throw unreadable(file, error);
    });
    const probed = vision.probe(bytes);
    if (!probed.ok) throw new CommandError(`${probed.error.code}: ${probed.error.message}`);
  }
}
