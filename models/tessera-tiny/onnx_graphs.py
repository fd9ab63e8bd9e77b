"""The three ONNX graphs of a LLaVA-NeXT folder in the Hugging Face layout.

The graphs hold no weights: their initializers point into model.safetensors (ONNX external data), so that one
file of fp16 weights serves transformers and onnxruntime alike. A Cast to float32 follows every initializer;
onnxruntime folds it when it loads the graph, and computes in float32, which is faster than float16 on a CPU.
"""

import json
import struct
import sys
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto as T
from onnx import helper

OPSET = 20
WEIGHTS = "model.safetensors"
VISION = "vision_tower.vision_model."
TEXT = "language_model.model."
LEAST = -1e9  # a masked score: finite, so that a row with every key masked stays a number


class Graph:
    """A graph under construction: every operator method appends a node and returns its output's name."""

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

    def linear(self, x: str, name: str) -> str:
        """x @ W.T (+ b), with W stored [out, in]; the Transpose is folded at load."""
        y = self.op("MatMul", x, self.op("Transpose", self.weight(name + ".weight"), perm=[1, 0]))
        return self.op("Add", y, self.weight(name + ".bias")) if name + ".bias" in self.tensors else y

    def layer_norm(self, x: str, name: str, epsilon: float) -> str:
        return self.op("LayerNormalization", x, self.weight(name + ".weight"), self.weight(name + ".bias"), axis=-1, epsilon=epsilon)

    def rms_norm(self, x: str, name: str, epsilon: float) -> str:
        square = self.op("ReduceMean", self.op("Mul", x, x), self.constant([-1]), keepdims=1)
        root = self.op("Sqrt", self.op("Add", square, self.constant(epsilon, np.float32)))
        return self.op("Mul", self.op("Div", x, root), self.weight(name + ".weight"))

    def split_heads(self, x: str, heads: int, size: int, perm: list[int]) -> str:
        return self.op("Transpose", self.op("Reshape", x, self.constant([0, 0, heads, size])), perm=perm)

    def attend(self, q: str, k: str, v: str, width: int, size: int, mask: str | None = None) -> str:
        """Scaled dot-product attention over [batch, heads, length, size]; the result is [batch, length, width]."""
        scores = self.op("MatMul", self.op("Mul", q, self.constant(size**-0.5, np.float32)), self.op("Transpose", k, perm=[0, 1, 3, 2]))
        if mask:
            scores = self.op("Add", scores, mask)
        mixed = self.op("MatMul", self.op("Softmax", scores, axis=-1), v)
        return self.op("Reshape", self.op("Transpose", mixed, perm=[0, 2, 1, 3]), self.constant([0, 0, width]))

    def dimension(self, x: str, axis: int) -> str:
        """One dimension of x, as a tensor of one element."""
        return self.op("Shape", x, start=axis, end=axis + 1)

    def save(self, path: Path, inputs: list[onnx.ValueInfoProto], outputs: list[onnx.ValueInfoProto]) -> None:
        graph = helper.make_graph(self.nodes, path.stem, inputs, outputs, list(self.constants.values()))
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=10, producer_name="tessera")
        path.write_bytes(model.SerializeToString())


def vision_encoder(folder: Path, config: dict) -> None:
    """Normalised tiles to projected patch features: the tower up to `vision_feature_layer`, then the projector."""
    vision, g = config["vision_config"], Graph(folder)
    width, heads, eps = vision["hidden_size"], vision["num_attention_heads"], vision["layer_norm_eps"]
    size, patch, side = width // heads, vision["patch_size"], vision["image_size"] // vision["patch_size"]
    used = vision["num_hidden_layers"] + 1 + config["vision_feature_layer"]
    x = g.op("Conv", "pixel_values", g.weight(VISION + "embeddings.patch_embedding.weight"), strides=[patch, patch])
    x = g.op("Transpose", g.op("Reshape", x, g.constant([0, width, side * side])), perm=[0, 2, 1])
    shape = g.op("Concat", g.dimension("pixel_values", 0), g.constant([1, width]), axis=0)
    x = g.op("Concat", g.op("Expand", g.weight(VISION + "embeddings.class_embedding"), shape), x, axis=1)
    x = g.op("Add", x, g.weight(VISION + "embeddings.position_embedding.weight"))
    x = g.layer_norm(x, VISION + "pre_layrnorm", eps)
    for i in range(used):
        layer = f"{VISION}encoder.layers.{i}."
        y = g.layer_norm(x, layer + "layer_norm1", eps)
        q, k, v = (g.split_heads(g.linear(y, f"{layer}self_attn.{n}_proj"), heads, size, [0, 2, 1, 3]) for n in "qkv")
        x = g.op("Add", x, g.linear(g.attend(q, k, v, width, size), layer + "self_attn.out_proj"))
        y = g.linear(g.layer_norm(x, layer + "layer_norm2", eps), layer + "mlp.fc1")
        x = g.op("Add", x, g.linear(g.op("Gelu", y), layer + "mlp.fc2"))
    x = g.op("Slice", x, g.constant([1]), g.constant([side * side + 1]), g.constant([1]))
    x = g.op("Gelu", g.linear(x, "multi_modal_projector.linear_1"))
    x = g.op("Identity", g.linear(x, "multi_modal_projector.linear_2"), outputs=["image_features"])
    g.save(
        folder / "vision_encoder.onnx",
        [helper.make_tensor_value_info("pixel_values", T.FLOAT, ["tiles", 3, vision["image_size"], vision["image_size"]])],
        [helper.make_tensor_value_info("image_features", T.FLOAT, ["tiles", side * side, config["text_config"]["hidden_size"]])],
    )


def embed_tokens(folder: Path, config: dict) -> None:
    """Token ids to embeddings."""
    g = Graph(folder)
    g.op("Gather", g.weight(TEXT + "embed_tokens.weight"), "input_ids", outputs=["inputs_embeds"])
    g.save(
        folder / "embed_tokens.onnx",
        [helper.make_tensor_value_info("input_ids", T.INT64, ["batch", "sequence"])],
        [helper.make_tensor_value_info("inputs_embeds", T.FLOAT, ["batch", "sequence", config["text_config"]["hidden_size"]])],
    )


def decoder(folder: Path, config: dict) -> None:
    """Embeddings and the keys and values so far to the last position's logits and the keys and values to keep."""
    text, g = config["text_config"], Graph(folder)
    width, heads, size, eps = text["hidden_size"], text["num_attention_heads"], text["head_dim"], text["rms_norm_eps"]
    assert heads == text["num_key_value_heads"]
    theta = text["rope_parameters"]["rope_theta"]
    frequency = (1 / theta ** (np.arange(0, size, 2, dtype=np.float32) / size)).astype(np.float32)
    angle = g.op("Mul", g.op("Unsqueeze", g.op("Cast", "position_ids", to=T.FLOAT), g.constant([1, 3])), g.constant(frequency, np.float32))
    angle = g.op("Concat", angle, angle, axis=-1)
    cos, sin = g.op("Cos", angle), g.op("Sin", angle)

    def rotate(x: str) -> str:
        first = g.op("Slice", x, g.constant([0]), g.constant([size // 2]), g.constant([3]))
        second = g.op("Slice", x, g.constant([size // 2]), g.constant([size]), g.constant([3]))
        turned = g.op("Concat", g.op("Neg", second), first, axis=-1)
        return g.op("Add", g.op("Mul", x, cos), g.op("Mul", turned, sin))

    zero, one = g.constant(0), g.constant(1)
    total = g.op("Squeeze", g.dimension("attention_mask", 1))
    past = g.op("Sub", total, g.op("Squeeze", g.dimension("inputs_embeds", 1)))
    queries = g.op("Unsqueeze", g.op("Range", past, total, one), g.constant([1]))
    earlier = g.op("LessOrEqual", g.op("Range", zero, total, one), queries)
    real = g.op("Unsqueeze", g.op("Greater", "attention_mask", zero), g.constant([1, 2]))
    mask = g.op("Where", g.op("And", earlier, real), g.constant(0, np.float32), g.constant(LEAST, np.float32))

    x, cache_in, cache_out = "inputs_embeds", [], []
    for i in range(text["num_hidden_layers"]):
        layer = f"{TEXT}layers.{i}."
        y = g.rms_norm(x, layer + "input_layernorm", eps)
        q, k, v = (g.split_heads(g.linear(y, f"{layer}self_attn.{n}_proj"), heads, size, [0, 2, 1, 3]) for n in "qkv")
        keys = g.op("Concat", f"past_key_values.{i}.key", rotate(k), axis=2, outputs=[f"present.{i}.key"])
        values = g.op("Concat", f"past_key_values.{i}.value", v, axis=2, outputs=[f"present.{i}.value"])
        x = g.op("Add", x, g.linear(g.attend(rotate(q), keys, values, width, size, mask), layer + "self_attn.o_proj"))
        y = g.rms_norm(x, layer + "post_attention_layernorm", eps)
        gate = g.linear(y, layer + "mlp.gate_proj")
        y = g.op("Mul", g.op("Mul", gate, g.op("Sigmoid", gate)), g.linear(y, layer + "mlp.up_proj"))
        x = g.op("Add", x, g.linear(y, layer + "mlp.down_proj"))
        for kind in ("key", "value"):
            cache_in.append(helper.make_tensor_value_info(f"past_key_values.{i}.{kind}", T.FLOAT, ["batch", heads, "past", size]))
            cache_out.append(helper.make_tensor_value_info(f"present.{i}.{kind}", T.FLOAT, ["batch", heads, "total", size]))
    last = g.op("Slice", x, g.constant([-1]), g.constant([np.iinfo(np.int64).max]), g.constant([1]))
    vocabulary = g.op("Transpose", g.weight("language_model.lm_head.weight" if not text["tie_word_embeddings"] else TEXT + "embed_tokens.weight"), perm=[1, 0])
    g.op("MatMul", g.rms_norm(last, TEXT + "norm", eps), vocabulary, outputs=["logits"])
    g.save(
        folder / "decoder.onnx",
        [
            helper.make_tensor_value_info("inputs_embeds", T.FLOAT, ["batch", "sequence", width]),
            helper.make_tensor_value_info("attention_mask", T.INT64, ["batch", "total"]),
            helper.make_tensor_value_info("position_ids", T.INT64, ["batch", "sequence"]),
            *cache_in,
        ],
        [helper.make_tensor_value_info("logits", T.FLOAT, ["batch", 1, text["vocab_size"]]), *cache_out],
    )


def build(folder: Path) -> None:
    config = json.loads((folder / "config.json").read_text())
    vision_encoder(folder, config)
    embed_tokens(folder, config)
    decoder(folder, config)


if __name__ == "__main__":
    build(Path(sys.argv[1]))
