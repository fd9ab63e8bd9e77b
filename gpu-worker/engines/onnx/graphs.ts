/** The ONNX graphs of a LLaVA-NeXT model, run by onnxruntime on the CPU. */
import { join } from "node:path";
import type { InferenceSession, Tensor } from "onnxruntime-node";
import { z } from "zod";
import type { CacheShape, CacheView, NewPositions } from "./key-value-cache.ts";
import { readJson, readTensor, WEIGHT_FILES } from "./weights.ts";

/** A bundle runs without this native library where another engine answers. */
const onnxruntime = await import("onnxruntime-node");

const modelConfig = z.looseObject({
  image_token_index: z.int(),
  text_config: z.looseObject({
    hidden_size: z.int().min(1),
    head_dim: z.int().min(1).optional(),
    num_attention_heads: z.int().min(1),
    num_key_value_heads: z.int().min(1).optional(),
    num_hidden_layers: z.int().min(1),
    vocab_size: z.int().min(1),
  }),
});

/** The keys and values to keep of the positions of a call, and the logits of each row's last one. */
export interface DecoderOutput {
  readonly logits: readonly Float32Array[];
  readonly added: NewPositions;
}

export interface Graphs {
  /** Length of an embedding. */
  readonly width: number;
  readonly cacheShape: CacheShape;
  readonly imageNewline: Float32Array;
  /** Features of tiles of 8-bit RGB, as rows of `width`. */
  encode(tiles: readonly Uint8Array[]): Promise<Float32Array>;
  /** Embeddings of token ids, as rows of `width`. */
  embed(ids: readonly number[]): Float32Array;
  /** A whole prompt, given as embeddings. */
  prefill(embeddings: Float32Array): Promise<DecoderOutput>;
  /** The next position of every row of a cache, given as embeddings. */
  decode(embeddings: Float32Array, past: CacheView): Promise<DecoderOutput>;
  close(): Promise<void>;
}

/** Loads the graphs of a checked folder. Throws when a graph or the configuration is not as it should be. */
export async function loadGraphs(folder: string, threads: number, tile: number): Promise<Graphs> {
  const config = modelConfig.parse(await readJson(join(folder, WEIGHT_FILES.config))).text_config;
  const imageNewline = await readTensor(join(folder, WEIGHT_FILES.tensors), "image_newline");
  const open = (name: string) =>
    onnxruntime.InferenceSession.create(join(folder, name), {
      intraOpNumThreads: threads,
      // The graphs are written with fused operators where these are quicker; further fusing makes them slower.
      graphOptimizationLevel: "basic",
      extra: {
        session: {
          // To wake a thread takes as long as many an operator, so it spins from one to the next; but not for long,
          // since it would take the core from a busy process that the others wait for.
          intra_op: { spin_duration_us: "20" },
          // Between calls they would take the cores that HTTP and the other processes of the machine need.
          force_spinning_stop: "1",
        },
      },
    });
  const vision = await open(WEIGHT_FILES.vision);
  const prefill = await open(WEIGHT_FILES.prefill);
  const decode = await open(WEIGHT_FILES.decode);

  const { hidden_size: width, num_hidden_layers: layers, vocab_size: vocabulary } = config;
  const heads = config.num_key_value_heads ?? config.num_attention_heads;
  const headSize = config.head_dim ?? Math.floor(width / config.num_attention_heads);
  const cacheNames = Array.from({ length: layers }, (_, layer) => [`${layer}.key`, `${layer}.value`]).flat();
  const embeddingOf = await readEmbeddings(await open(WEIGHT_FILES.embed), vocabulary, width);

  return {
    width,
    cacheShape: { layers, heads, headSize },
    imageNewline,

    async encode(tiles) {
      const pixels = new onnxruntime.Tensor("uint8", Buffer.concat(tiles), [tiles.length, tile, tile, 3]);
      return floats((await vision.run({ pixels })).image_features);
    },

    embed(ids) {
      const embeddings = new Float32Array(ids.length * width);
      ids.forEach((id, index) => {
        embeddings.set(embeddingOf(id), index * width);
      });
      return embeddings;
    },

    async prefill(embeddings) {
      const count = embeddings.length / width;
      const output = await prefill.run({
        inputs_embeds: new onnxruntime.Tensor("float32", embeddings, [1, count, width]),
      });
      const tensors = cacheNames.map((name) => floats(output[`present.${name}`]));
      return { logits: [floats(output.logits)], added: { tensors, count } };
    },

    async decode(embeddings, past) {
      const rows = past.used.length;
      const feeds: Record<string, Tensor> = {
        inputs_embeds: new onnxruntime.Tensor("float32", embeddings, [rows, 1, width]),
        past_length: new onnxruntime.Tensor("int64", BigInt64Array.from(past.used, BigInt), [rows]),
      };
      cacheNames.forEach((name, index) => {
        const tensor = past.tensors[index] ?? new Float32Array();
        const shape = [rows, heads, past.length, headSize];
        feeds[`past_key_values.${name}`] = new onnxruntime.Tensor("float32", tensor, shape);
      });
      const output = await decode.run(feeds);
      const logits = floats(output.logits);
      return {
        logits: past.used.map((_, row) => logits.subarray(row * vocabulary, (row + 1) * vocabulary)),
        added: { tensors: cacheNames.map((name) => floats(output[`added.${name}`])), count: 1 },
      };
    },

    async close() {
      await Promise.all([vision.release(), prefill.release(), decode.release()]);
    },
  };
}

/** The embedding of every token id, read through the graph once, so that a decoding step looks them up. */
async function readEmbeddings(
  graph: InferenceSession,
  vocabulary: number,
  width: number,
): Promise<(id: number) => Float32Array> {
  const ids = BigInt64Array.from({ length: vocabulary }, (_, id) => BigInt(id));
  const table = floats(
    (await graph.run({ input_ids: new onnxruntime.Tensor("int64", ids, [1, vocabulary]) })).inputs_embeds,
  );
  await graph.release();
  return (id) => table.subarray(id * width, (id + 1) * width);
}

function floats(tensor: Tensor | undefined): Float32Array {
  if (!(tensor?.data instanceof Float32Array)) throw new Error("A graph's output is missing or not float32.");
  return tensor.data;
}
