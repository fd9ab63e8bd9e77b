"""Pictures from outside the trained world, about which the model should say that it cannot tell: photographs, writing, noise, textures."""

import functools
import importlib.util
import math
import random
import string
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from scenes import NAMES, Picture, picture_size, shade

# Packages that carry freely licensed photographs, and where.
SOURCES = [("skimage", "data"), ("sklearn", "datasets/images"), ("matplotlib", "mpl-data/sample_data")]
HELD_OUT = ("chelsea", "china", "grace_hopper", "coins")  # photographs that training never sees
DRAWINGS = ("text", "logo", "color", "page", "Minduka")


@functools.cache
def photographs(held_out: bool) -> list[Image.Image]:
    found = []
    for package, folder in SOURCES:
        spec = importlib.util.find_spec(package)
        if spec and spec.origin:
            found += sorted((Path(spec.origin).parent / folder).glob("*"))
    images = []
    for path in found:
        if path.suffix not in (".png", ".jpg") or path.stat().st_size < 20000 or path.stem.startswith(DRAWINGS):
            continue
        if any(name in path.name for name in HELD_OUT) == held_out:
            image = Image.open(path).convert("RGB")
            image.thumbnail((700, 700))
            images.append(image)
    return images


def photograph(r: random.Random, width: int, height: int, held_out: bool) -> Image.Image:
    source = r.choice(photographs(held_out))
    w = r.randint(source.width // 3, source.width)
    h = max(40, min(source.height, w * height // width))
    x, y = r.randint(0, source.width - w), r.randint(0, source.height - h)
    image = source.crop((x, y, x + w, y + h)).resize((width, height), Image.Resampling.BILINEAR)
    return image.transpose(Image.Transpose.FLIP_LEFT_RIGHT) if r.random() < 0.5 else image


def lines(r: random.Random, width: int, height: int) -> Image.Image:
    """Several lines of writing, or one of small letters: not a word or number by itself, which can be read (writing.py)."""
    ground = r.choice(["white", "white", "yellow", "black"])
    ink = r.choice([n for n in NAMES if n != ground])
    image = Image.new("RGB", (width, height), shade(r, ground, 6))
    canvas, fill = ImageDraw.Draw(image), shade(r, ink, 14)
    y = r.randint(0, height // 5)
    count = r.randint(1, 4)
    alphabet = string.ascii_lowercase if count == 1 else string.ascii_letters + string.digits
    for _ in range(count):
        size = max(14, int(min(width, height) * r.uniform(0.08, 0.4 if count == 1 else 0.25)))
        letters = "".join(r.choice(alphabet) for _ in range(r.randint(2, 9)))
        canvas.text((r.randint(0, width // 3), y), letters, font=ImageFont.load_default(size), fill=fill)
        y += int(size * 1.3)
    return image


def noise(r: random.Random, width: int, height: int, g: np.random.Generator) -> Image.Image:
    grain = r.choice([1, 2, 4, 8, 16, 40])
    channels = 1 if r.random() < 0.3 else 3
    a = g.integers(0, 256, (max(2, height // grain), max(2, width // grain), channels), dtype=np.uint8)
    a = np.ascontiguousarray(np.broadcast_to(a, (*a.shape[:2], 3)))
    return Image.fromarray(a).resize((width, height), r.choice([Image.Resampling.NEAREST, Image.Resampling.BILINEAR]))


def clouds(r: random.Random, width: int, height: int, g: np.random.Generator) -> Image.Image:
    a = g.integers(0, 256, (r.randint(2, 5), r.randint(2, 5), 3), dtype=np.uint8)
    return Image.fromarray(a).resize((width, height), Image.Resampling.BICUBIC)


def waves(r: random.Random, width: int, height: int, g: np.random.Generator) -> Image.Image:
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    turn = r.uniform(0, math.pi)
    u, v = x * math.cos(turn) + y * math.sin(turn), y * math.cos(turn) - x * math.sin(turn)
    f1, f2 = 2 * math.pi / r.uniform(8, 120), 2 * math.pi / r.uniform(8, 120)
    z = r.choice([lambda: np.sin(u * f1), lambda: np.sin(u * f1) * np.sin(v * f2), lambda: np.sin(u * f1 + 2 * np.sin(v * f2))])()
    if r.random() < 0.5:
        z = np.sign(z)
    first, second = g.integers(0, 256, (2, 3))
    z = (z[..., None] + 1) / 2
    return Image.fromarray((first * z + second * (1 - z)).astype(np.uint8))


def scribble(r: random.Random, width: int, height: int, g: np.random.Generator) -> Image.Image:
    image = Image.new("RGB", (width, height), tuple(g.integers(0, 256, 3).tolist()))
    canvas = ImageDraw.Draw(image)
    for _ in range(r.randint(4, 30)):
        points = [(r.randint(0, width), r.randint(0, height)) for _ in range(r.randint(2, 6))]
        canvas.line(points, fill=tuple(g.integers(0, 256, 3).tolist()), width=r.randint(2, 14), joint="curve")
    return image


def outside(r: random.Random, held_out: bool = False) -> Picture:
    width, height = picture_size(r)
    kind = r.random()
    if kind < 0.45:
        return Picture(photograph(r, width, height, held_out))
    if kind < 0.6:
        return Picture(lines(r, width, height))
    texture = r.choice([noise, clouds, waves, scribble])
    return Picture(texture(r, width, height, np.random.default_rng(r.getrandbits(32))))
