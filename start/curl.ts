/** A red square of 336 × 336 pixels, small enough to be pasted. */
const PICTURE =
  "iVBORw0KGgoAAAANSUhEUgAAAVAAAAFQAQMAAADTJrSaAAAABlBMVEX////cHh7/Hx2WAAAANUlEQVR42u3KsQ0AAAgDoP7/tM5+UBOYSQAAAADgrTlUVVVVVVVVVVVVVVVVtbsCAAAAQLUFeHwaO5lPgY0AAAAASUVORK5CYII=";

const REQUEST = {
  model: "tessera-tiny",
  messages: [
    {
      role: "user",
      content: [
        { type: "image_url", image_url: { url: `data:image/png;base64,${PICTURE}` } },
        { type: "text", text: "What color is the square?" },
      ],
    },
  ],
};

/** One line for a shell that asks about a picture. */
export function curlLine(url: string, apiKey: string): string {
  return [
    `curl ${url}/v1/chat/completions`,
    `-H "authorization: Bearer ${apiKey}"`,
    `-H "content-type: application/json"`,
    `-d '${JSON.stringify(REQUEST)}'`,
  ].join(" ");
}
