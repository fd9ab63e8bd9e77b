"""Stands in for SGLang 0.5.23 where there is no GPU: the calls of its offline engine that the servicer makes.

What an image's tokens are is not made up: the functions that count them are those of the real package's file, whose
path STAND_IN_MM_UTILS names. Every question is noted, as JSON, in the file that STAND_IN_LOG names.
"""

import ast
import asyncio
import base64
import json
import os
import struct
from types import SimpleNamespace

import numpy

TILE, SIDE = 336, 24
PINPOINTS = [[336, 672], [672, 336], [672, 672], [1008, 336], [336, 1008]]


def real_functions(path, *names):
    """Functions of a file that cannot be imported without a GPU's libraries."""
    tree = ast.parse(open(path, encoding="utf-8").read())
    tree.body = [node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name in names]
    scope = {"ast": ast}
    exec(compile(tree, path, "exec"), scope)
    return [scope[name] for name in names]


_, grid_of, unpadded = real_functions(
    os.environ["STAND_IN_MM_UTILS"], "select_best_resolution", "get_anyres_image_grid_shape", "unpad_image_shape"
)


def image_length(size):
    """As `pad_input_ids` of srt/models/llava.py adds it up."""
    columns, rows = grid_of(size, PINPOINTS, TILE)
    height, width = unpadded(rows * SIDE, columns * SIDE, size)
    return SIDE * SIDE + height * (width + 1)


def as_text(logit_bias):
    """JSON has no infinity, which a token that may never be sampled carries."""
    return {id: str(bias) for id, bias in logit_bias.items()}


class Manager:
    gracefully_exit = False
    model_config = SimpleNamespace(vocab_size=64_064)

    def __init__(self):
        self.running = set()

    def abort_request(self, rid):
        self.running.discard(rid)

    async def get_loads(self):
        return [SimpleNamespace(num_running_reqs=len(self.running), num_waiting_reqs=0)]


class Engine:
    def __init__(self, server_args):
        self.tokenizer_manager = Manager()
        self.image_token = json.loads(server_args["--json-model-override-args"])["image_token_index"]

    def shutdown(self):
        pass

    async def async_generate(self, *, input_ids, sampling_params, rid, stream, image_data=None, mm_hashes=None, cache_salt=None):
        sizes, features = [], []
        for image in image_data or []:
            if isinstance(image, str):
                sizes.append(struct.unpack(">II", base64.b64decode(image.split(",")[1])[16:24]))
            else:
                assert image["format"] == "processor_output" and isinstance(image["feature"], numpy.ndarray)
                sizes.extend(image["image_sizes"])
                features.append({"shape": image["feature"].shape, "dtype": str(image["feature"].dtype)})
        if input_ids.count(self.image_token) != len(sizes):
            raise ValueError("Each image has one token in the prompt.")
        with open(os.environ["STAND_IN_LOG"], "a", encoding="utf-8") as log:
            question = {
                "rid": rid,
                "input_ids": input_ids,
                "sizes": sizes,
                "features": features,
                "mm_hashes": mm_hashes,
                "cache_salt": cache_salt,
                "sampling_params": {**sampling_params, "logit_bias": as_text(sampling_params.get("logit_bias", {}))},
            }
            log.write(json.dumps(question, allow_nan=False) + "\n")
        prompt_tokens = len(input_ids) + sum(image_length(size) - 1 for size in sizes)
        return self._answer(rid, prompt_tokens, sampling_params)

    async def _answer(self, rid, prompt_tokens, sampling_params):
        running = self.tokenizer_manager.running
        running.add(rid)
        counts = {"prompt_tokens": prompt_tokens, "cached_tokens": 0}
        most = sampling_params["max_new_tokens"]
        for step in range(most):
            await asyncio.sleep(0.01)
            if rid not in running:
                yield {"output_ids": [], "meta_info": {**counts, "finish_reason": {"type": "abort"}}}
                return
            end = {"type": "length"} if step == most - 1 else None
            yield {"output_ids": [1000 + step], "meta_info": {**counts, "finish_reason": end}}
        running.discard(rid)
