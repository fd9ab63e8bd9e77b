/** The three ONNX graphs of a LLaVA-NeXT model, run by onnxruntime on the CPU. */
import { join } from "node:path";
import { InferenceSession, Tensor } from "onnxruntime-node";
import { z } from "zod";
import type { NormalisedTiles } from "../../normalise.ts";
import type { CacheShape, CacheView, NewPositions } from "./key-value-cache.ts";
import { readJson, readTensor, WEIGHT_FILES } from "./weights.ts";

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

/** One call of the decoder over a batch. */
export interface DecoderInput {
  /** Float32 [rows, length, width]. */
  readonly embeddings: Float32Array;
  readonly length: number;
  readonly past: CacheView;
}

export interface DecoderOutput {
  /** The logits of each row's last position. */
  readonly logits: readonly Float32Array[];
  /** Keys and values of the positions of this call. */
  readonly added: NewPositions;
}

export interface Graphs {
  /** Length of an embedding. */
  readonly width: number;
  readonly cacheShape: CacheShape;
  readonly imageNewline: Float32Array;
  /** Features of tiles, as rows of `width`. */
  encode(tiles: NormalisedTiles): Promise<Float32Array>;
  /** Embeddings of token ids, as rows of `width`. */
  embed(ids: readonly number[]): Promise<Float32Array>;
  decode(input: DecoderInput): Promise<DecoderOutput>;
  close(): Promise<void>;
}

/** Loads the graphs of a checked folder. Throws when a graph or the configuration is not as it should be. */
export async function loadGraphs(folder: string, threads: number, tile: number): Promise<Graphs> {
  const config = modelConfig.parse(await readJson(join(folder, WEIGHT_FILES.config))).text_config;
  const imageNewline = await readTensor(join(folder, WEIGHT_FILES.tensors), "image_newline");
  const open = (name: string) =>
    InferenceSession.create(join(folder, name), {
      intraOpNumThreads: threads,
      // Spinning threads take the cores that HTTP and the other processes of the machine need.
      extra: { session: { intra_op: { allow_spinning: "0" } } },
    });
  const vision = await open(WEIGHT_FILES.vision);
  const embedding = await open(WEIGHT_FILES.embed);
  const decoder = await open(WEIGHT_FILES.decoder);

  const width = config.hidden_size;
  const heads = config.num_key_value_heads ?? config.num_attention_heads;
  const headSize = config.head_dim ?? Math.floor(width / config.num_attention_heads);
  const layers = config.num_hidden_layers;
  const cacheNames = Array.from({ length: layers }, (_, layer) => [`${layer}.key`, `${layer}.value`]).flat();
  // Some decoders give the keys and values of the new positions by themselves, which spares a copy of the whole cache.
  const addsOnly = cacheNames.every((name) => decoder.outputNames.includes(`added.${name}`));
  const outputs = cacheNames.map((name) => `${addsOnly ? "added" : "present"}.${name}`);

  return {
    width,
    cacheShape: { layers, heads, headSize },
    imageNewline,

    async encode({ count, data }) {
      const output = await vision.run({ pixel_values: new Tensor("float32", data, [count, 3, tile, tile]) });
      return floats(output.image_features);
    },

    async embed(ids) {
      const input = new Tensor("int64", BigInt64Array.from(ids, BigInt), [1, ids.length]);
      return floats((await embedding.run({ input_ids: input })).inputs_embeds);
    },

    async decode({ embeddings, length, past }) {
      const rows = past.used.length;
      const total = past.length + length;
      const mask = new BigInt64Array(rows * total);
      const positions = new BigInt64Array(rows * length);
      past.used.forEach((used, row) => {
        mask.fill(1n, row * total, row * total + used);
        mask.fill(1n, row * total + past.length, (row + 1) * total);
        for (let index = 0; index < length; index += 1)
          positions[row * length + index] = BigInt(used + index);
      });
      const feeds: Record<string, Tensor> = {
        inputs_embeds: new Tensor("float32", embeddings, [rows, length, width]),
        attention_mask: new Tensor("int64", mask, [rows, total]),
        position_ids: new Tensor("int64", positions, [rows, length]),
      };
      cacheNames.forEach((name, index) => {
        const tensor = past.tensors[index] ?? new Float32Array();
        const shape = [rows, heads, past.length, headSize];
        feeds[`past_key_values.${name}`] = new Tensor("float32", tensor, shape);
      });
      const output = await decoder.run(feeds, ["logits", ...outputs]);
      const tensors = outputs.map((name) => {
        const tensor = floats(output[name]);
        return addsOnly ? tensor : lastPositions(tensor, rows * heads, total, length, headSize);
      });
      const logits = floats(output.logits);
      // A graph may answer for every position or for the last one alone.
      const perRow = logits.length / rows;
      const lastRows = Array.from({ length: rows }, (_, row) =>
        logits.subarray((row + 1) * perRow - config.vocab_size, (row + 1) * perRow),
      );
      return { logits: lastRows, added: { tensors, count: length } };
    },

    async close() {
      await Promise.all([vision.release(), embedding.release(), decoder.release()]);
    },
  };
}

/** The last `count` positions of [rows, length, size]. */
function lastPositions(
  tensor: Float32Array,
  rows: number,
  length: number,
  count: number,
  size: number,
): Float32Array {
  if (count === length) return tensor;
  const last = new Float32Array(rows * count * size);
  for (let row = 0; row < rows; row += 1) {
    const end = (row + 1) * length * size;
    last.set(tensor.subarray(end - count * size, end), row * count * size);
  }
  return last;
}

function floats(tensor: Tensor | undefined): Float32Array {
  if (!(tensor?.data instanceof Float32Array)) throw new Error("A graph's output is missing or not float32.");
  return tensor.data;
}
