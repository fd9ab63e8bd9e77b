"""The ONNX graphs of a LLaVA-NeXT folder in the Hugging Face layout: vision encoder, token embedding, prefill, decode.

The graphs hold no weights: their initializers point into model.safetensors (ONNX external data), so that one
file of fp16 weights serves transformers and onnxruntime alike. A Cast to float32 follows every initializer;
onnxruntime folds it when it loads the graph, and computes in float32, which is faster than float16 on a CPU.

Some operators are onnxruntime's own, where these are faster on a CPU. Load the graphs with its basic optimizations: the
extended ones join Add and LayerNormalization to an operator that takes four times as long as the two.
"""

import json
import struct
import sys
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto as T
from onnx import helper

OPSET = 23
ONNXRUNTIME = "com.microsoft"  # the domain of its own operators
WEIGHTS = "model.safetensors"
VISION = "vision_tower.vision_model."
TEXT = "language_model.model."
MASKED = -1e9  # added to the score of a position that a row lacks


class Graph:
    """A graph under construction: every operator method appends nodes and returns its output's name."""

    def __init__(self, folder: Path) -> None:
        with open(folder / WEIGHTS, "rb") as f:
            size = struct.unpack("<Q", f.read(8))[0]
            self.tensors = json.loads(f.read(size))
        self.start = 8 + size
        self.nodes: list[onnx.NodeProto] = []
        self.constants: dict[str, onnx.TensorProto] = {}
        self.known: dict[tuple, str] = {}

    def op(self, kind: str, *inputs: str, outputs: list[str] | None = None, **attributes) -> str:
        name = f"{kind}_{len(self.nodes)}"
        outputs = outputs or [name]
        self.nodes.append(helper.make_node(kind, list(inputs), outputs, name=name, **attributes))
        return outputs[0]

    def constant(self, value: int | float | list, kind: type = np.int64) -> str:
        array = np.array(value, dtype=kind)
        key = (array.dtype.str, array.shape, array.tobytes())
        if key not in self.known:
            name = f"constant_{len(self.known)}"
            self.known[key] = name
            self.constants[name] = onnx.numpy_helper.from_array(array, name)
        return self.known[key]

    def weight(self, name: str) -> str:
        """A tensor of model.safetensors, as float32."""
        if ("weight", name) not in self.known:
            entry = self.tensors[name]
            assert entry["dtype"] == "F16", name
            begin, end = entry["data_offsets"]
            tensor = T(name=name, data_type=T.FLOAT16, dims=entry["shape"], data_location=T.EXTERNAL)
            for key, value in (("location", WEIGHTS), ("offset", self.start + begin), ("length", end - begin)):
                tensor.external_data.add(key=key, value=str(value))
            self.constants[name] = tensor
            self.known["weight", name] = self.op("Cast", name, to=T.FLOAT)
        return self.known["weight", name]

    def turned(self, name: str) -> str:
        """A linear layer's weight, stored [out, in], as [in, out]; folded at load."""
        return self.op("Transpose", self.weight(name + ".weight"), perm=[1, 0])

    def linear(self, x: str, name: str) -> str:
        """x @ W.T (+ b)."""
        y = self.op("MatMul", x, self.turned(name))
        return self.op("Add", y, self.weight(name + ".bias")) if name + ".bias" in self.tensors else y

    def gelu_linear(self, x: str, name: str) -> str:
        """The exact GELU of x @ W.T + b."""
        return self.op("BiasGelu", self.op("MatMul", x, self.turned(name)), self.weight(name + ".bias"), domain=ONNXRUNTIME)

    def layer_norm(self, x: str, name: str, epsilon: float) -> str:
        return self.op("LayerNormalization", x, self.weight(name + ".weight"), self.weight(name + ".bias"), axis=-1, epsilon=epsilon)

    def split(self, x: str, sizes: list[int], axis: int) -> list[str]:
        outputs = [f"Split_{len(self.nodes)}_{i}" for i in range(len(sizes))]
        self.op("Split", x, self.constant(sizes), outputs=outputs, axis=axis)
        return outputs

    def dimension(self, x: str, axis: int) -> str:
        """One dimension of x, as a tensor of one element."""
        return self.op("Shape", x, start=axis, end=axis + 1)

    def save(self, path: Path, inputs: list[onnx.ValueInfoProto], outputs: list[onnx.ValueInfoProto]) -> None:
        graph = helper.make_graph(self.nodes, path.stem, inputs, outputs, list(self.constants.values()))
        opsets = [helper.make_opsetid("", OPSET), helper.make_opsetid(ONNXRUNTIME, 1)]
        model = helper.make_model(graph, opset_imports=opsets, ir_version=11, producer_name="tessera")
        path.write_bytes(model.SerializeToString())


def floats(name: str, shape: list[str | int]) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, T.FLOAT, shape)


def patch_embedding(g: Graph, folder: Path, channels: int, width: int) -> tuple[str, str]:
    """The convolution over normalised pixels as a matrix for 8-bit ones, [patch * patch * 3, width], and its bias."""
    processor = json.loads((folder / "preprocessor_config.json").read_text())
    mean, deviation = (np.array(processor[key]) for key in ("image_mean", "image_std"))
    per_channel = lambda value: g.constant(value.reshape(channels, 1), np.float32)
    kernel = g.op("Transpose", g.weight(VISION + "embeddings.patch_embedding.weight"), perm=[2, 3, 1, 0])
    weight = g.op("Mul", kernel, per_channel(1 / (255 * deviation)))
    bias = g.op("ReduceSum", g.op("Mul", kernel, per_channel(-mean / deviation)), g.constant([0, 1, 2]), keepdims=0)
    return g.op("Reshape", weight, g.constant([-1, width])), bias


def vision_encoder(folder: Path, config: dict) -> None:
    """8-bit tiles to projected patch features: the tower up to `vision_feature_layer`, then the projector."""
    vision, g = config["vision_config"], Graph(folder)
    width, heads, eps = vision["hidden_size"], vision["num_attention_heads"], vision["layer_norm_eps"]
    patch, tile, channels = vision["patch_size"], vision["image_size"], vision["num_channels"]
    side = tile // patch
    patches = side**2
    used = vision["num_hidden_layers"] + 1 + config["vision_feature_layer"]
    weight, bias = patch_embedding(g, folder, channels, width)
    x = g.op("Reshape", "pixels", g.constant([-1, side, patch, side, patch * channels]))
    x = g.op("Reshape", g.op("Transpose", x, perm=[0, 1, 3, 2, 4]), g.constant([-1, patches, patch**2 * channels]))
    x = g.op("Add", g.op("MatMul", g.op("Cast", x, to=T.FLOAT), weight), bias)
    shape = g.op("Concat", g.dimension("pixels", 0), g.constant([1, width]), axis=0)
    x = g.op("Concat", g.op("Expand", g.weight(VISION + "embeddings.class_embedding"), shape), x, axis=1)
    x = g.op("Add", x, g.weight(VISION + "embeddings.position_embedding.weight"))
    x = g.layer_norm(x, VISION + "pre_layrnorm", eps)
    for i in range(used):
        layer = f"{VISION}encoder.layers.{i}."
        names = [f"{layer}self_attn.{n}_proj" for n in "qkv"]
        weights = g.op("Concat", *(g.turned(name) for name in names), axis=1)
        biases = g.op("Concat", *(g.weight(name + ".bias") for name in names), axis=0)
        y = g.op("Attention", g.layer_norm(x, layer + "layer_norm1", eps), weights, biases, domain=ONNXRUNTIME, num_heads=heads)
        x = g.op("Add", x, g.linear(y, layer + "self_attn.out_proj"))
        y = g.gelu_linear(g.layer_norm(x, layer + "layer_norm2", eps), layer + "mlp.fc1")
        x = g.op("Add", x, g.linear(y, layer + "mlp.fc2"))
    x = g.op("Slice", x, g.constant([1]), g.constant([patches + 1]), g.constant([1]))
    x = g.gelu_linear(x, "multi_modal_projector.linear_1")
    g.op("Identity", g.linear(x, "multi_modal_projector.linear_2"), outputs=["image_features"])
    g.save(
        folder / "vision_encoder.onnx",
        [helper.make_tensor_value_info("pixels", T.UINT8, ["tiles", tile, tile, channels])],
        [floats("image_features", ["tiles", patches, config["text_config"]["hidden_size"]])],
    )


def embed_tokens(folder: Path, config: dict) -> None:
    """Token ids to embeddings."""
    g = Graph(folder)
    g.op("Gather", g.weight(TEXT + "embed_tokens.weight"), "input_ids", outputs=["inputs_embeds"])
    g.save(
        folder / "embed_tokens.onnx",
        [helper.make_tensor_value_info("input_ids", T.INT64, ["batch", "sequence"])],
        [floats("inputs_embeds", ["batch", "sequence", config["text_config"]["hidden_size"]])],
    )


class Decoder:
    """What prefill and decode share: everything but how positions attend to each other."""

    def __init__(self, folder: Path, config: dict) -> None:
        self.text, self.g = config["text_config"], Graph(folder)
        self.layers, self.width, self.heads, self.size = (
            self.text[key] for key in ("num_hidden_layers", "hidden_size", "num_attention_heads", "head_dim")
        )
        assert self.heads == self.text["num_key_value_heads"]
        g, theta = self.g, self.text["rope_parameters"]["rope_theta"]
        frequency = (1 / theta ** (np.arange(0, self.size, 2, dtype=np.float32) / self.size)).astype(np.float32)
        positions = g.op("Range", g.constant(0), g.constant(self.text["max_position_embeddings"]), g.constant(1))
        angle = g.op("Mul", g.op("Unsqueeze", g.op("Cast", positions, to=T.FLOAT), g.constant([1])), g.constant(frequency, np.float32))
        self.rotary = g.op("Cos", angle), g.op("Sin", angle)

    def norm(self, x: str, name: str) -> str:
        return self.g.op("RMSNormalization", x, self.g.weight(TEXT + name + ".weight"), axis=-1, epsilon=self.text["rms_norm_eps"])

    def projections(self, i: int, letters: str) -> str:
        """The weights of queries, keys or values side by side; those of queries hold the scores' scale, a power of two."""
        g = self.g
        scaled = {"q": lambda w: g.op("Mul", w, g.constant(self.size**-0.5, np.float32))}
        weights = [scaled.get(n, lambda w: w)(g.turned(f"{TEXT}layers.{i}.self_attn.{n}_proj")) for n in letters]
        return weights[0] if len(weights) == 1 else g.op("Concat", *weights, axis=1)

    def rotate(self, x: str, positions: str, heads: int) -> str:
        """x, [batch, length, heads * size], rotated by positions: [batch, length], or the first one's as [1]."""
        return self.g.op("RotaryEmbedding", x, positions, *self.rotary, domain=ONNXRUNTIME, num_heads=heads)

    def after_attention(self, i: int, x: str, attended: str) -> str:
        """The rest of a layer, from its input and what its attention gives."""
        g, layer = self.g, f"layers.{i}."
        x = g.op("Add", x, g.linear(attended, TEXT + layer + "self_attn.o_proj"))
        y = self.norm(x, layer + "post_attention_layernorm")
        silu = g.op("QuickGelu", g.linear(y, TEXT + layer + "mlp.gate_proj"), domain=ONNXRUNTIME, alpha=1.0)
        y = g.op("Mul", silu, g.linear(y, TEXT + layer + "mlp.up_proj"))
        return g.op("Add", x, g.linear(y, TEXT + layer + "mlp.down_proj"))

    def logits(self, x: str) -> None:
        name = TEXT + "embed_tokens" if self.text["tie_word_embeddings"] else "language_model.lm_head"
        self.g.op("MatMul", self.norm(x, "norm"), self.g.turned(name), outputs=["logits"])

    def save(self, path: Path, length: str | int, inputs: list[onnx.ValueInfoProto], given: str) -> None:
        """`given` names the outputs of keys and values."""
        self.g.save(
            path,
            [floats("inputs_embeds", ["batch", length, self.width]), *inputs],
            [floats("logits", ["batch", 1, self.text["vocab_size"]]), *self.cache(given, length)],
        )

    def cache(self, name: str, length: str | int) -> list[onnx.ValueInfoProto]:
        shape = ["batch", self.heads, length, self.size]
        return [floats(f"{name}.{i}.{kind}", shape) for i in range(self.layers) for kind in ("key", "value")]


def prefill(folder: Path, config: dict) -> None:
    """A prompt's embeddings to the logits of its last position, and every position's keys and values."""
    d = Decoder(folder, config)
    g, length = d.g, d.g.dimension("inputs_embeds", 1)
    last = g.op("Sub", length, g.constant([1]))
    total = g.op("Cast", length, to=T.INT32)
    lasts = g.op("Expand", g.op("Cast", last, to=T.INT32), g.dimension("inputs_embeds", 0))

    def last_of(x: str) -> str:
        return g.op("Slice", x, last, length, g.constant([1]))

    def by_heads(x: str, output: str) -> str:
        return g.op("Transpose", g.op("Reshape", x, g.constant([0, 0, d.heads, d.size])), outputs=[output], perm=[0, 2, 1, 3])

    x = "inputs_embeds"
    for i in range(d.layers):
        y, kept = d.norm(x, f"layers.{i}.input_layernorm"), [f"present.{i}.key", f"present.{i}.value"]
        if i < d.layers - 1:
            qkv = g.op("MatMul", y, d.projections(i, "qkv"))
            attended = g.op(
                "GroupQueryAttention", qkv, "", "", "", "", lasts, total, *d.rotary, outputs=[f"attended_{i}", *kept],
                domain=ONNXRUNTIME, num_heads=d.heads, kv_num_heads=d.heads, scale=1.0, do_rotary=1,
            )  # fmt: skip
        else:
            # From here on only the last position is needed.
            q = d.rotate(g.op("MatMul", last_of(y), d.projections(i, "q")), last, d.heads)
            q = g.op("Reshape", q, g.constant([0, d.heads, 1, d.size]))
            k, v = g.split(g.op("MatMul", y, d.projections(i, "kv")), [d.width, d.width], axis=2)
            k = by_heads(d.rotate(k, g.constant([0]), d.heads), kept[0])
            v = by_heads(v, kept[1])
            weights = g.op("Softmax", g.op("FusedMatMul", q, k, domain=ONNXRUNTIME, transB=1), axis=-1)
            attended = g.op("Reshape", g.op("MatMul", weights, v), g.constant([0, 1, d.width]))
            x = last_of(x)
        x = d.after_attention(i, x, attended)
    d.logits(x)
    d.save(folder / "prefill.onnx", "sequence", [], "present")


def decode(folder: Path, config: dict) -> None:
    """The next position of each row: its logits, and the keys and values to keep of it.

    The cache is only read, and may be longer than a row's `past_length`: no graph copies it, and rows of any length
    share a batch.
    """
    d = Decoder(folder, config)
    g = d.g
    positions = g.op("Unsqueeze", "past_length", g.constant([1]))
    capacity = g.op("Squeeze", g.dimension("past_key_values.0.key", 2))
    taken = g.op("Less", g.op("Range", g.constant(0), capacity, g.constant(1)), positions)
    mask = g.op("Where", taken, g.constant(0, np.float32), g.constant(MASKED, np.float32))
    mask = g.op("Unsqueeze", mask, g.constant([1, 2]))

    x = "inputs_embeds"
    for i in range(d.layers):
        keys, values = f"past_key_values.{i}.key", f"past_key_values.{i}.value"
        y = g.op("MatMul", d.norm(x, f"layers.{i}.input_layernorm"), d.projections(i, "qkv"))
        qk, v = g.split(y, [2 * d.width, d.width], axis=2)
        # With one position a row, heads need no transpose.
        qk = g.op("Reshape", d.rotate(qk, positions, 2 * d.heads), g.constant([0, 2 * d.heads, 1, d.size]))
        q, k = f"query_{i}", f"added.{i}.key"
        g.op("Split", qk, g.constant([d.heads, d.heads]), outputs=[q, k], axis=1)
        v = g.op("Reshape", v, g.constant([0, d.heads, 1, d.size]), outputs=[f"added.{i}.value"])
        earlier = g.op("Add", g.op("FusedMatMul", q, keys, domain=ONNXRUNTIME, transB=1), mask)
        own = g.op("ReduceSum", g.op("Mul", q, k), g.constant([3]), keepdims=1)
        weights = g.op("Softmax", g.op("Concat", earlier, own, axis=3), axis=-1)
        of_earlier = g.op("Slice", weights, g.constant([0]), g.constant([-1]), g.constant([3]))
        of_own = g.op("Slice", weights, g.constant([-1]), g.constant([np.iinfo(np.int64).max]), g.constant([3]))
        attended = g.op("Add", g.op("MatMul", of_earlier, values), g.op("Mul", of_own, v))
        x = d.after_attention(i, x, g.op("Reshape", attended, g.constant([0, 1, d.width])))
    d.logits(x)
    past = [helper.make_tensor_value_info("past_length", T.INT64, ["batch"]), *d.cache("past_key_values", "capacity")]
    d.save(folder / "decode.onnx", 1, past, "added")


def build(folder: Path) -> None:
    config = json.loads((folder / "config.json").read_text())
    for graph in (vision_encoder, embed_tokens, prefill, decode):
        graph(folder, config)


if __name__ == "__main__":
    build(Path(sys.argv[1]))
