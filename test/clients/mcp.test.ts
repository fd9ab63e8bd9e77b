/** `tessera mcp` with the protocol's own client over stdio, against the running product. */
import { join } from "node:path";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { afterEach, describe, expect, it } from "vitest";
import { EXAMPLE } from "../helpers/examples.ts";
import { MODEL } from "../helpers/question.ts";
import { newAccount, sharedProduct } from "../helpers/shared.ts";
import { MAIN } from "../helpers/tessera.ts";

const opened: Client[] = [];
afterEach(async () => {
  for (const client of opened.splice(0)) await client.close();
});

async function connect(env: Readonly<Record<string, string>>): Promise<Client> {
  const client = new Client({ name: "test", version: "1" });
  opened.push(client);
  await client.connect(
    new StdioClientTransport({
      command: process.execPath,
      args: [MAIN, "mcp"],
      env: { TESSERA_HOME: "/nowhere", ...env },
    }),
  );
  return client;
}

const connectWith = (key: string) => connect({ TESSERA_URL: sharedProduct().url, TESSERA_API_KEY: key });

const asked = { images: [EXAMPLE.path], question: EXAMPLE.question };

describe("tessera mcp", () => {
  it("offers both tools with what they take and give", async () => {
    const client = await connect({});
    const { tools } = await client.listTools();
    expect(tools.map(({ name }) => name)).toEqual(["ask_image", "count_image_tokens"]);
    for (const { inputSchema, outputSchema } of tools) {
      expect(inputSchema.required).toEqual(["images", "question"]);
      expect(outputSchema?.type).toBe("object");
    }
  });

  it("answers about a picture, having counted its tokens", async () => {
    const account = await newAccount();
    const client = await connectWith(account.key);
    const counted = await client.callTool({ name: "count_image_tokens", arguments: asked });
    expect(await account.ledger()).toMatchObject({ charged: 0 });
    const answered = await client.callTool({ name: "ask_image", arguments: asked });
    expect(answered.content).toEqual([{ type: "text", text: EXAMPLE.answer }]);
    expect(answered.structuredContent).toMatchObject({ answer: EXAMPLE.answer, model: MODEL });
    const { prompt_tokens } = Object(counted.structuredContent);
    expect(prompt_tokens).toBeGreaterThan(100);
    expect(answered.structuredContent).toMatchObject({ usage: { prompt_tokens } });
    expect((await account.settledLedger()).charged).toBeGreaterThan(0);
  });

  it("gives what is wrong as the tool's error, and goes on", async () => {
    const account = await newAccount();
    const client = await connectWith(account.key);
    const refusals = [
      [{ images: ["no-such-file.png"] }, /^there is no file no-such-file\.png$/],
      [{ images: ["https://127.0.0.1/a.png"] }, /^url_not_public: /],
      [{ model: "gpt-4o" }, /model/],
      [{ max_tokens: 100_000 }, /^invalid_value: /],
    ] as const;
    for (const [change, message] of refusals) {
      const refused = await client.callTool({ name: "ask_image", arguments: { ...asked, ...change } });
      expect(refused).toMatchObject({ isError: true, content: [{ text: expect.stringMatching(message) }] });
    }
    const answered = await client.callTool({ name: "ask_image", arguments: asked });
    expect(answered.structuredContent).toMatchObject({ answer: EXAMPLE.answer });
  });

  it("says that a key is wrong, and that no server runs", async () => {
    const ask = async (client: Client) => client.callTool({ name: "ask_image", arguments: asked });
    expect(await ask(await connectWith("tsr_wrong"))).toMatchObject({
      isError: true,
      content: [{ text: expect.stringMatching(/^invalid_api_key: /) }],
    });
    expect(await ask(await connect({}))).toMatchObject({
      isError: true,
      content: [{ text: expect.stringContaining("npm start") }],
    });
  });

  it("never sends a file that is no picture", async () => {
    const client = await connect({ TESSERA_URL: "http://127.0.0.1:9", TESSERA_API_KEY: "tsr_key" });
    const secret = join(import.meta.dirname, "../../package.json");
    expect(
      await client.callTool({ name: "ask_image", arguments: { ...asked, images: [secret] } }),
    ).toMatchObject({
      isError: true,
      content: [{ text: expect.stringMatching(/^image_format_unsupported/) }],
    });
  });
});
