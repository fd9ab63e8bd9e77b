import { expect, it } from "vitest";
import { SNIPPET_KINDS, snippet } from "./snippets.ts";

const PARTS = {
  origin: "http://127.0.0.1:8787",
  body: { model: "m", messages: [{ role: "user", content: 'It\'s "quoted" — 多少？\n' }], max_tokens: 5 },
  image: { name: "a b'; rm.png", digest: `sha256:${"0".repeat(64)}` },
};

it("names neither a key nor a file that a shell would read as more than a name", () => {
  for (const kind of SNIPPET_KINDS) {
    const code = snippet(kind, PARTS);
    expect(code).toContain("TESSERA_API_KEY");
    expect(code).toContain("curl -T image ");
    expect(code).not.toContain("rm.png");
  }
});

it("quotes the body for a shell, and gives Python every field by name", () => {
  expect(snippet("curl", PARTS)).toContain(`It'\\''s`);
  const python = snippet("Python", PARTS);
  for (const field of ['model="m",', "max_tokens=5,", "stream=True,"])
    expect(python).toContain(`    ${field}`);
});
