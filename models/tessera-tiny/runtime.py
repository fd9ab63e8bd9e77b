"""Greedy answers from the exported folder with onnxruntime: the reference for any other engine.

    python runtime.py PICTURE QUESTION
"""

import sys
from pathlib import Path

import numpy as np
import onnxruntime
from PIL import Image
from safetensors import safe_open
from tokenizers import Tokenizer

import views

WEIGHTS = Path(__file__).parent / "weights"
SYSTEM = "<|im_start|>system\nAnswer the questions.<|im_end|>"


class Runtime:
    def __init__(self, folder: Path = WEIGHTS, threads: int = 2) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
        load = lambda name: onnxruntime.InferenceSession(str(folder / f"{name}.onnx"), options, providers=["CPUExecutionProvider"])
        self.vision, self.embed = load("vision_encoder"), load("embed_tokens")
        self.prefill, self.decode = load("prefill"), load("decode")
        self.tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self.stop = self.tokenizer.token_to_id("<|im_end|>")
        with safe_open(str(folder / "model.safetensors"), "numpy") as f:
            self.newline = f.get_tensor("image_newline").astype(np.float32)
        self.cache = [i.name for i in self.decode.get_inputs()[2:]]

    def image_tokens(self, image: Image.Image, low: bool = False) -> np.ndarray:
        """The image's tokens [n, d], packed as the prompt holds them."""
        cut = [views.base_view(image)] if low else views.split(image)
        features = self.vision.run(None, {"pixels": np.stack([np.asarray(v.image) for v in cut])})[0]
        rows = np.concatenate([features.reshape(-1, features.shape[-1]), self.newline[None]])
        return rows[views.base_index() if low else views.feature_index(*image.size)]

    def embeddings(self, ids: list[int]) -> np.ndarray:
        return self.embed.run(None, {"input_ids": np.array([ids], np.int64)})[0]

    def text(self, text: str) -> np.ndarray:
        return self.embeddings(self.tokenizer.encode(text, add_special_tokens=False).ids)

    def prompt(self, image: Image.Image | None, question: str, low: bool = False) -> np.ndarray:
        before, after = SYSTEM + "<|im_start|>user\n", question + "<|im_end|><|im_start|>assistant\n"
        if image is None:
            return self.text(before + after)
        return np.concatenate([self.text(before), self.image_tokens(image, low)[None], self.text("\n" + after)], 1)

    def generate(self, embeddings: np.ndarray, limit: int = 64) -> list[int]:
        logits, *past = self.prefill.run(None, {"inputs_embeds": embeddings})
        ids: list[int] = []
        while (token := int(logits[0, -1].argmax())) != self.stop:
            ids.append(token)
            if len(ids) == limit:
                break
            feed = {"inputs_embeds": self.embeddings([token]), "past_length": np.array(past[0].shape[2:3])}
            logits, *added = self.decode.run(None, feed | dict(zip(self.cache, past)))
            past = [np.concatenate(parts, 2) for parts in zip(past, added)]
        return ids

    def answer(self, image: Image.Image | None, question: str, low: bool = False) -> str:
        return self.tokenizer.decode(self.generate(self.prompt(image, question, low)))


if __name__ == "__main__":
    print(Runtime().answer(Image.open(sys.argv[1]).convert("RGB"), sys.argv[2]))
