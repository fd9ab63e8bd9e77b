#!/usr/bin/env node
/** `tessera`: the API from a terminal. */
import { run } from "./program.ts";

process.exitCode = await run(process.argv.slice(2));
