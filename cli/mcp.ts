import { readArguments } from "./arguments.ts";
import { CONNECTION_HELP, type Command, UsageError } from "./command.ts";
import { connectionOptions } from "./connection.ts";

export const mcp: Command = {
  summary: "let agent tools ask about pictures (Model Context Protocol over stdio)",
  help: `Usage: tessera mcp

Serves two tools on standard input and output, until the input ends:
  ask_image             ask a question about pictures
  count_image_tokens    count a question's tokens and its highest cost, without asking it

Agents pass pictures as absolute paths, https URLs, or sha256:… of uploaded pictures.

${CONNECTION_HELP}

Example, as an agent's configuration:
  {"mcpServers": {"tessera": {"command": "npx", "args": ["tessera", "mcp"]}}}`,

  async run(argv) {
    const { values, positionals } = readArguments(argv, connectionOptions);
    if (positionals.length > 0) throw new UsageError(`mcp takes no '${positionals[0]}'`);
    // Loaded here, for the protocol's code would cost every other command's start a tenth of a second.
    const { serveMcp } = await import("./mcp-server.ts");
    await serveMcp(values);
    return 0;
  },
};
