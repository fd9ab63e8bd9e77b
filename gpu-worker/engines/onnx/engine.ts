/** The embedded engine: a small LLaVA-NeXT on this machine's CPU, with continuous batching. */
import { availableParallelism } from "node:os";
import type { Model } from "../../../core/models.ts";
import { NEWLINE, packImage } from "../../../core/pack.ts";
import { tilesOf } from "../../tiles.ts";
import type { Engine, EngineImage } from "../engine.ts";
import { type Graphs, loadGraphs } from "./graphs.ts";
import { ImageCache } from "./image-cache.ts";
import { type Preparation, Scheduler } from "./scheduler.ts";
import { Sequence } from "./sequence.ts";

export interface OnnxEngineOptions {
  /** The folder of the weights, checked already. */
  readonly weights: string;
  readonly model: Model;
  /** The tokenizer's entries: rows of logits from here on are padding, and never sampled. */
  readonly vocabulary: number;
  readonly slots: number;
  readonly onFailure: (requestId: string, error: unknown) => void;
}

/** More threads than this only wait for each other on graphs of ten million parameters. */
export const MOST_THREADS = 4;

/** Features of about ninety images of the largest canvas. */
const IMAGE_CACHE_BYTES = 64 << 20;

/** Loads the graphs. Throws when they do not fit together. */
export async function createOnnxEngine({ weights, ...options }: OnnxEngineOptions): Promise<Engine> {
  const threads = Math.min(availableParallelism(), MOST_THREADS);
  return engineOver(await loadGraphs(weights, threads, options.model.geometry.tile), options);
}

/** The engine over graphs that are loaded. */
export function engineOver(
  graphs: Graphs,
  { model, vocabulary, slots, onFailure }: Omit<OnnxEngineOptions, "weights">,
): Engine {
  const images = new ImageCache(IMAGE_CACHE_BYTES);
  const scheduler = new Scheduler(graphs, preparation(graphs, model, images), {
    slots,
    vocabulary,
    onFailure: (sequence, error) => onFailure(sequence.request.id, error),
  });
  return {
    slots,
    generate(request, signal) {
      const sequence = new Sequence(request, signal);
      scheduler.add(sequence);
      return { steps: sequence.steps(), timings: () => sequence.timings() };
    },
    load: () => scheduler.load(),
    counters: () => ({
      steps: scheduler.steps(),
      imagesEncoded: images.encoded,
      imagesReused: images.reused,
    }),
    async close() {
      await scheduler.idle();
      await graphs.close();
    },
  };
}

function preparation(graphs: Graphs, model: Model, images: ImageCache): Preparation {
  const encode = async (image: EngineImage) => {
    const features = await graphs.encode(tilesOf(image, model.geometry));
    const { width, height, grid } = image.frame;
    return pack(features, packImage(width, height, model.geometry, grid ? "high" : "low"), graphs);
  };
  return {
    encodeImage: ({ request }, index) => {
      const image = request.images[index];
      if (!image) throw new Error("A request has fewer images than it counts.");
      return images.get(request.namespace, image, () => encode(image));
    },

    embedPrompt({ request, features }) {
      const parts = request.prompt.map((piece) => {
        const part = "ids" in piece ? graphs.embed(piece.ids) : features[piece.image];
        if (!part) throw new Error("A prompt names an image that the request lacks.");
        return part;
      });
      const embeddings = new Float32Array(parts.reduce((size, part) => size + part.length, 0));
      let at = 0;
      for (const part of parts) {
        embeddings.set(part, at);
        at += part.length;
      }
      return embeddings;
    },
  };
}

function pack(features: Float32Array, index: Int32Array, { width, imageNewline }: Graphs): Float32Array {
  const packed = new Float32Array(index.length * width);
  index.forEach((from, to) => {
    packed.set(
      from === NEWLINE ? imageNewline : features.subarray(from * width, (from + 1) * width),
      to * width,
    );
  });
  return packed;
}
