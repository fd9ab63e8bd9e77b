"""Pillow's and transformers' side of the vision benchmark: a JSON request a line on stdin, an answer a line on stdout.

{"make": [PICTURE, FOLDER]}                 writes the pictures to be measured, from a smaller one
{"tool": TOOL, "file": FILE, "size": [W,H]} answers the milliseconds of one picture: decode, convert, two resizes
"""
import json
import os
import random
import sys
import time

import PIL
from PIL import Image

TILE = 336
PINPOINTS = [[336, 672], [672, 336], [672, 672], [1008, 336], [336, 1008]]
Image.MAX_IMAGE_PIXELS = None


def transformers_processor():
    try:
        import transformers
        from transformers import LlavaNextImageProcessorPil

        size = {"height": TILE, "width": TILE}
        processor = LlavaNextImageProcessorPil(
            image_grid_pinpoints=PINPOINTS, size={"shortest_edge": TILE}, crop_size=size
        )
        return f"transformers {transformers.__version__}", processor
    except ImportError:
        return None, None


version, processor = transformers_processor()


def make(source, folder):
    """A photograph's amount of detail: enlarged, with sensor noise."""
    size = (4000, 3000)
    enlarged = Image.open(source).convert("RGB").resize(size, Image.LANCZOS)
    noise = Image.frombytes("RGB", size, random.Random(7).randbytes(size[0] * size[1] * 3))
    photo = Image.blend(enlarged, noise, 0.1)
    photo.save(os.path.join(folder, "jpeg_12mp"), "JPEG", quality=85)
    photo.save(os.path.join(folder, "progressive_12mp"), "JPEG", quality=85, progressive=True)
    photo.save(os.path.join(folder, "png_12mp"), "PNG")
    photo.save(os.path.join(folder, "webp_12mp"), "WEBP", quality=80, method=2)
    photo.resize((640, 480), Image.LANCZOS).save(os.path.join(folder, "jpeg_0_3mp"), "JPEG", quality=85)


def with_pillow(file, size):
    image = Image.open(file).convert("RGB")
    image.resize(tuple(size), Image.BICUBIC).tobytes()
    image.resize((TILE, TILE), Image.BICUBIC).tobytes()


def with_transformers(file, _size):
    processor(Image.open(file).convert("RGB"), return_tensors="np")


TOOLS = {"pillow": with_pillow, "transformers": with_transformers}

print(json.dumps({"pillow": f"Pillow {PIL.__version__}", "transformers": version}), flush=True)
for line in sys.stdin:
    request = json.loads(line)
    started = time.perf_counter()
    if "make" in request:
        make(*request["make"])
    else:
        TOOLS[request["tool"]](request["file"], request["size"])
    print(json.dumps({"ms": (time.perf_counter() - started) * 1000}), flush=True)
