"""Pillow's and transformers' side of the vision benchmark: a JSON request a line on stdin, an answer a line on stdout.

{"make": [PICTURE, FOLDER]}                 writes the pictures to be measured, from a smaller one
{"tool": TOOL, "file": FILE, "size": [W,H]} takes one picture: decode, convert, two resizes

Every answer names milliseconds, those of processor time, and the most memory that this process has held in megabytes.
"""
import json
import os
import random
import resource
import sys
import time

import PIL
from PIL import Image

TILE = 336
PINPOINTS = [[336, 672], [672, 336], [672, 672], [1008, 336], [336, 1008]]
OPTIONS = {
    "image_grid_pinpoints": PINPOINTS,
    "size": {"shortest_edge": TILE},
    "crop_size": {"height": TILE, "width": TILE},
}
Image.MAX_IMAGE_PIXELS = None


def processor_named(name):
    """One of transformers' two processors; None without transformers, or without torchvision for its default."""
    try:
        import transformers

        return getattr(transformers, name)(**OPTIONS)
    except Exception:
        return None


def transformers_version():
    try:
        import transformers

        return f"transformers {transformers.__version__}"
    except ImportError:
        return None


exact = processor_named("LlavaNextImageProcessorPil")
default = processor_named("LlavaNextImageProcessor")
if default is not None and "Pil" in type(default).__name__:
    default = None


def make(source, folder):
    """A photograph's amount of detail: enlarged, with sensor noise."""
    photo = noisy(source, (4000, 3000))
    save = lambda image, name, *format, **options: image.save(os.path.join(folder, name), *format, **options)
    save(photo, "jpeg_12mp", "JPEG", quality=85)
    save(photo, "progressive_12mp", "JPEG", quality=85, progressive=True)
    save(photo, "png_12mp", "PNG")
    save(photo, "webp_12mp", "WEBP", quality=80, method=2)
    save(photo.quantize(256, dither=Image.Dither.NONE), "gif_12mp", "GIF")
    megapixel = photo.resize((1152, 864), Image.LANCZOS)
    save(megapixel, "jpeg_1mp", "JPEG", quality=85)
    small = photo.resize((640, 480), Image.LANCZOS)
    save(small, "jpeg_0_3mp", "JPEG", quality=85)
    save(small, "png_0_3mp", "PNG")
    save(small, "webp_0_3mp", "WEBP", quality=80)
    save(small, "webp_lossless_0_3mp", "WEBP", lossless=True)
    large = noisy(source, (8192, 6144))
    save(large, "jpeg_50mp", "JPEG", quality=85)
    save(large, "progressive_50mp", "JPEG", quality=85, progressive=True)


def noisy(source, size):
    enlarged = Image.open(source).convert("RGB").resize(size, Image.LANCZOS)
    noise = Image.frombytes("RGB", size, random.Random(7).randbytes(size[0] * size[1] * 3))
    return Image.blend(enlarged, noise, 0.1)


def with_pillow(file, size):
    image = Image.open(file).convert("RGB")
    image.resize(tuple(size), Image.BICUBIC).tobytes()
    image.resize((TILE, TILE), Image.BICUBIC).tobytes()


def with_exact(file, _size):
    exact(Image.open(file).convert("RGB"), return_tensors="np")


def with_default(file, _size):
    default(Image.open(file).convert("RGB"), return_tensors="pt")


TOOLS = {"pillow": with_pillow, "transformers": with_exact, "transformers_default": with_default}

hello = {
    "pillow": f"Pillow {PIL.__version__}",
    "transformers": transformers_version() if exact else None,
    "transformers_default": transformers_version() if default else None,
}
print(json.dumps(hello), flush=True)
for line in sys.stdin:
    request = json.loads(line)
    started = time.perf_counter()
    worked = time.process_time()
    if "make" in request:
        make(*request["make"])
    else:
        TOOLS[request["tool"]](request["file"], request["size"])
    elapsed = (time.perf_counter() - started) * 1000
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    cpu = (time.process_time() - worked) * 1000
    print(json.dumps({"ms": elapsed, "cpu_ms": cpu, "peak_mb": peak}), flush=True)
