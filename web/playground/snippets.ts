/** A request as code that can be pasted and run. The key is read from the environment, never written. */

export const SNIPPET_KINDS = ["curl", "JavaScript", "Python"] as const;
export type SnippetKind = (typeof SNIPPET_KINDS)[number];

interface Parts {
  /** Where the API is, without a path. */
  readonly origin: string;
  /** The chat completion's body. */
  readonly body: { readonly model: string; readonly messages: readonly object[] };
  /** The image, if there is one: it is named by digest and must have been uploaded by the same account. */
  readonly image: { readonly name: string; readonly digest: string } | null;
}

export function snippet(kind: SnippetKind, parts: Parts): string {
  return WRITERS[kind](parts);
}

const WRITERS: Record<SnippetKind, (parts: Parts) => string> = {
  curl: ({ origin, body, image }) => `${uploadLine("#", origin, image)}curl ${origin}/v1/chat/completions \\
  -H "authorization: Bearer $TESSERA_API_KEY" \\
  -H "content-type: application/json" \\
  -d ${shellQuote(JSON.stringify(body, null, 2))}
`,

  JavaScript: ({ origin, body, image }) => `${uploadLine("//", origin, image)}import OpenAI from "openai";

const client = new OpenAI({ baseURL: "${origin}/v1", apiKey: process.env.TESSERA_API_KEY });
const stream = await client.chat.completions.create(${JSON.stringify({ ...body, stream: true }, null, 2)});
for await (const chunk of stream) process.stdout.write(chunk.choices[0]?.delta.content ?? "");
`,

  Python: ({ origin, body, image }) => {
    // Strings and numbers of JSON are Python's too; the body has nothing else.
    const fields = Object.entries(body).map(
      ([name, value]) => `    ${name}=${JSON.stringify(value, null, 4).replaceAll("\n", "\n    ")},\n`,
    );
    return `${uploadLine("#", origin, image)}import os

from openai import OpenAI

client = OpenAI(base_url="${origin}/v1", api_key=os.environ["TESSERA_API_KEY"])
stream = client.chat.completions.create(
${fields.join("")}    stream=True,
)
for chunk in stream:
    print(chunk.choices[0].delta.content or "", end="")
`;
  },
};

function uploadLine(comment: string, origin: string, image: Parts["image"]): string {
  if (!image) return "";
  const file = /^[\w.-]+$/.test(image.name) ? image.name : "image";
  return `${comment} The image is kept for your account. From another one, first:
${comment} curl -T ${file} -H "authorization: Bearer $TESSERA_API_KEY" ${origin}/v1/images/${image.digest}
`;
}

/** One argument of a POSIX shell. */
function shellQuote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
