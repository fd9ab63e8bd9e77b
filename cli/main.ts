#!/usr/bin/env node
/** `tessera`: the API from a terminal. */
import { run } from "./program.ts";

// Whoever reads may have enough, as head has.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit();
  throw error;
});

process.exitCode = await run(process.argv.slice(2));
