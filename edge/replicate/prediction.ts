/** One prediction at Replicate, from its creation to its last text (replicate.com/docs/topics/predictions). */
import { EventSourceParserStream } from "eventsource-parser/stream";
import type Replicate from "replicate";
import { z } from "zod";
import { ReplicateFailure } from "./failure.ts";

const predictionSchema = z.object({ id: z.string(), urls: z.object({ stream: z.string().optional() }) });
export type Prediction = z.infer<typeof predictionSchema>;

/** What `yorickvp/llava-v1.6-*` takes. */
export interface PredictionInput {
  readonly prompt: string;
  /** A URL that Replicate can read. */
  readonly image?: string;
  readonly temperature: number;
  readonly top_p: number;
  readonly max_tokens: number;
}

/** Starts a prediction of the newest version of `model` ("owner/name"). */
export async function createPrediction(
  client: Replicate,
  model: string,
  input: PredictionInput,
  signal: AbortSignal,
): Promise<Prediction> {
  const [owner = "", name = ""] = model.split("/");
  const version = (await client.models.get(owner, name, { signal })).latest_version?.id;
  if (!version) throw new ReplicateFailure("refused", `${model} has no version that could run.`);
  // Not `predictions.create`: it looks for files in the input with Node's Buffer, which Workers have not.
  const data = { version, input, stream: true };
  const response = await client.request("/predictions", { method: "POST", data, signal });
  return predictionSchema.parse(await response.json());
}

const doneData = z.looseObject({ reason: z.string().optional() });

/**
 * The prediction's text, piece by piece. Ends when the model has; throws a ReplicateFailure when it could not. A stream
 * that breaks off is made good from the finished prediction.
 */
export async function* predictionText(
  client: Replicate,
  prediction: Prediction,
  signal: AbortSignal,
): AsyncGenerator<string, void, void> {
  let shown = "";
  const url = prediction.urls.stream;
  if (url) {
    for await (const { event, data } of serverSentEvents(url, signal)) {
      if (event === "output") {
        shown += data;
        yield data;
      } else if (event === "error") {
        throw new ReplicateFailure("failed", "The prediction failed.");
      } else if (event === "done") {
        const reason = doneData.safeParse(parseJson(data)).data?.reason;
        if (reason) throw new ReplicateFailure("failed", `The prediction ended: ${reason}.`);
        return;
      }
    }
  }
  const whole = outputText(await finished(client, prediction, signal));
  if (!whole.startsWith(shown))
    throw new ReplicateFailure("failed", "The prediction's stream and output differ.");
  if (whole.length > shown.length) yield whole.slice(shown.length);
}

/** How often a prediction without a stream is asked about, in milliseconds. */
const POLL_MS = 500;

/** The output of a prediction that has succeeded. */
async function finished(client: Replicate, { id }: Prediction, signal: AbortSignal): Promise<unknown> {
  for (;;) {
    signal.throwIfAborted();
    const prediction = await client.predictions.get(id, { signal });
    if (prediction.status === "succeeded") return prediction.output;
    if (prediction.status !== "starting" && prediction.status !== "processing") {
      throw new ReplicateFailure("failed", `The prediction ended: ${prediction.status}.`);
    }
    await scheduler.wait(POLL_MS, { signal });
  }
}

const output = z.union([z.string(), z.array(z.string())]);

function outputText(value: unknown): string {
  const parsed = output.safeParse(value);
  if (!parsed.success) throw new ReplicateFailure("failed", "The prediction's output is not text.");
  return typeof parsed.data === "string" ? parsed.data : parsed.data.join("");
}

async function* serverSentEvents(url: string, signal: AbortSignal) {
  const response = await fetch(url, { headers: { accept: "text/event-stream" }, signal });
  if (!response.ok || !response.body) {
    await response.body?.cancel();
    return;
  }
  yield* response.body.pipeThrough(new TextDecoderStream()).pipeThrough(new EventSourceParserStream());
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
