/** What is asked, of every gateway the same; only the model's name differs. */
import { readFileSync } from "node:fs";
import { join } from "node:path";

/**
 * `image` is one photograph asked about again and again, which a gateway may know from before; `new_image` is a picture
 * that nobody has seen, in every request another.
 */
export const CASES = ["text_sync", "image_sync", "new_image_sync", "text_stream", "image_stream"] as const;
export type Case = (typeof CASES)[number];

/** A photograph of 43 KB. */
const PHOTOGRAPH = readFileSync(join(import.meta.dirname, "../../models/tessera-tiny/evaluation/020.jpg"));
const TEXT = { type: "text", text: "Describe this picture in one line, please, and be brief about it." };

/** The bodies of one case, one for each request. */
export function bodiesOf(kind: Case, model: string): () => Buffer {
  if (kind !== "new_image_sync") {
    const body = bodyOf(kind, model, PHOTOGRAPH);
    return () => body;
  }
  return () => bodyOf(kind, model, nextPicture());
}

function bodyOf(kind: Case, model: string, picture: Buffer): Buffer {
  const url = `data:image/jpeg;base64,${picture.toString("base64")}`;
  const content = kind.startsWith("text") ? TEXT.text : [TEXT, { type: "image_url", image_url: { url } }];
  const stream = kind.endsWith("stream") && { stream: true, stream_options: { include_usage: true } };
  const messages = [
    { role: "system", content: "You are a helpful assistant." },
    { role: "user", content },
  ];
  return Buffer.from(JSON.stringify({ model, messages, max_tokens: 64, ...stream }));
}

/**
 * Where the first quantisation table's values begin: marker, length and number lie before them (ITU-T T.81 B.2.4.1).
 */
const TABLE = PHOTOGRAPH.indexOf(Buffer.from([0xff, 0xdb])) + 5;
/** Coarse values of the table, without the mean: each digit of a picture's number is one of them. */
const DIGITS = [1, 2, 3, 4, 5];
const BASE = 16;

let made = 0;

/** The photograph with another contrast than ever before: other bytes and other pixels, as much to decode. */
function nextPicture(): Buffer {
  const picture = Buffer.from(PHOTOGRAPH);
  let rest = made++;
  for (const digit of DIGITS) {
    picture[TABLE + digit] = BASE / 2 + (rest % BASE);
    rest = Math.floor(rest / BASE);
  }
  return picture;
}
