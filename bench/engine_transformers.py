"""The baseline of bench/engine.ts: the same weights, tokens and tiles through transformers' own `generate`.

The first line on stdin is the request; each further line asks for one answer, timed by a streamer.
"""

import base64
import json
import resource
import sys
import time

import numpy as np
import torch
import transformers


class Clock:
    """Takes the place of a text streamer; its first call brings the prompt, each later one a token."""

    def __init__(self) -> None:
        self.times: list[float] = []

    def put(self, _value: torch.Tensor) -> None:
        self.times.append(time.perf_counter())

    def end(self) -> None:
        pass


def main() -> None:
    request = json.loads(sys.stdin.readline())
    torch.set_num_threads(request["threads"])
    # Asked in every generate; it loads CUDA's libraries, which a CPU's machine may lack.
    torch.cuda.is_current_stream_capturing = lambda: False
    model = transformers.LlavaNextForConditionalGeneration.from_pretrained(sys.argv[1], dtype=torch.float32).eval()
    pixels = np.frombuffer(base64.b64decode(request["pixels"]), np.float32).reshape(1, request["tiles"], 3, 336, 336)
    ids = torch.tensor([request["ids"]])
    inputs = {
        "input_ids": ids,
        "attention_mask": torch.ones_like(ids),
        "pixel_values": torch.from_numpy(pixels.copy()),
        "image_sizes": torch.tensor([request["size"]]),
    }
    print(json.dumps({"version": f"transformers {transformers.__version__}, torch {torch.__version__}"}), flush=True)
    for _ in sys.stdin:
        clock = Clock()
        begun = time.perf_counter()
        with torch.inference_mode():
            model.generate(
                **inputs,
                max_new_tokens=request["tokens"],
                min_new_tokens=request["tokens"],
                do_sample=False,
                streamer=clock,
            )
        first, last = clock.times[1], clock.times[-1]
        figures = {
            "first_ms": (first - begun) * 1000,
            "tokens_per_s": (len(clock.times) - 2) / (last - first),
            "peak_rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        }
        print(json.dumps(figures), flush=True)


main()
