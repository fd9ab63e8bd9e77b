/**
 * Records what the reference tokenizers make of the strings and conversations: `node test/tokenizers/record.ts PYTHON`,
 * where PYTHON has the packages that `record_ids.py` names. Writes `ids.txt` and `prompts.json`, so that the tests
 * themselves need no Python.
 */
import { spawnSync } from "node:child_process";
import { MODELS } from "../../core/models.ts";
import { promptText, renderPrompt } from "../../core/prompt.ts";
import { CONVERSATIONS } from "./conversations.ts";
import { strings } from "./strings.ts";

const [python = "python3"] = process.argv.slice(2);
const prompts = MODELS.filter(({ tokenizer }) => tokenizer !== "tessera-tiny").map(
  ({ id, tokenizer, template }) => ({
    model: id,
    tokenizer,
    // The authors' tokenizer puts the first token itself.
    prompts: CONVERSATIONS.map((messages) =>
      promptText(renderPrompt(template, messages)).replace(/^<s>/, ""),
    ),
  }),
);
const { status } = spawnSync(python, ["record_ids.py"], {
  cwd: import.meta.dirname,
  input: JSON.stringify({ strings: strings(), prompts }),
  stdio: ["pipe", "inherit", "inherit"],
});
process.exitCode = status ?? 1;
