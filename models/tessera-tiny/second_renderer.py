"""The taught skills on pictures by another renderer: resvg's antialiasing, shapes of other outlines and proportions, other shades,
loose layouts, another font, and every picture passed through PNG, JPEG or WebP. For evaluation only: training never imports this."""

import importlib.util
import io
import math
import random
from pathlib import Path

import resvg_py
from PIL import Image, ImageDraw

from scenes import BACKGROUNDS, BAR, MAP, MOST, NAMES, SHAPES, Picture, Thing, distinct, draw, picture_size



def font() -> str:
    spec = importlib.util.find_spec("matplotlib")
    if not spec or not spec.origin:
        raise RuntimeError("matplotlib, which carries the font, is not installed")
    return str(Path(spec.origin).parent / "mpl-data/fonts/ttf/DejaVuSans.ttf")


SHADES = {  # of the CSS names and of Material Design
    "red": ["#d50000", "#e53935", "#cc0000", "#c62828"],
    "orange": ["#ff9800", "#f57c00", "#ff8c00"],
    "yellow": ["#ffeb3b", "#fdd835", "#ffd700"],
    "green": ["#43a047", "#2e7d32", "#228b22", "#008000"],
    "blue": ["#1e50c8", "#1a4fd0", "#4169e1", "#0000e0"],
    "purple": ["#8e24aa", "#800080", "#7b1fa2"],
    "pink": ["#ffb6c1", "#f8a5c2", "#f48fb1"],
    "brown": ["#795548", "#8b4513", "#6d4c2f"],
    "black": ["#000000", "#212121", "#111111"],
    "white": ["#ffffff", "#fafafa", "#f5f5f5"],
    "gray": ["#808080", "#8a8a8a", "#757575", "#909090"],
}


def corners(points: list[tuple[float, float]]) -> str:
    return "M" + "L".join(f"{x:.4f} {y:.4f}" for x, y in points) + "Z"


def star(inner: float) -> str:
    radii = [1.08, inner] * 5
    return corners([(k * math.sin(math.pi * i / 5), 0.05 - k * math.cos(math.pi * i / 5)) for i, k in enumerate(radii)])


def path(shape: str, r: random.Random) -> str:
    """An outline from -1 to 1."""
    if shape in ("circle", "ring"):
        hole = r.uniform(0.5, 0.7)
        disc = "M-1 0A1 1 0 1 1 1 0A1 1 0 1 1 -1 0Z"
        return disc if shape == "circle" else disc + f"M{-hole} 0A{hole} {hole} 0 1 1 {hole} 0A{hole} {hole} 0 1 1 {-hole} 0Z"
    if shape == "square":
        return corners([(-0.88, -0.88), (0.88, -0.88), (0.88, 0.88), (-0.88, 0.88)])
    if shape == "triangle":
        return corners([(0, -0.87), (1, 0.87), (-1, 0.87)])  # equilateral
    if shape == "diamond":
        k = r.uniform(0.68, 0.9)
        return corners([(0, -1), (k, 0), (0, 1), (-k, 0)])
    if shape == "star":
        return star(r.choice([0.4126, 0.45, 0.5]))  # the first is the pentagram's
    if shape == "cross":
        t = r.uniform(0.27, 0.4)
        return corners([(-t, -1), (t, -1), (t, -t), (1, -t), (1, t), (t, t), (t, 1), (-t, 1), (-t, t), (-1, t), (-1, -t), (-t, -t)])
    return "M0 .95C-.35 .6 -1 .2 -1 -.35C-1 -.95 -.25 -1.05 0 -.5C.25 -1.05 1 -.95 1 -.35C1 .2 .35 .6 0 .95Z"  # heart


def rasterize(r: random.Random, width: int, height: int, ground: str, body: str) -> Image.Image:
    """The drawing as a file of a random format, decoded again."""
    svg = f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}"><rect width="100%" height="100%" fill="{ground}"/>{body}</svg>'
    png = bytes(resvg_py.svg_to_bytes(svg_string=svg, skip_system_fonts=True, font_files=[font()]))
    image = Image.open(io.BytesIO(png)).convert("RGB")
    kind = r.choice(["PNG", "JPEG", "WEBP"])
    if kind == "PNG":
        return image
    data = io.BytesIO()
    image.save(data, kind, quality=r.randint(60, 95))
    return Image.open(io.BytesIO(data.getvalue())).convert("RGB")


def scene(r: random.Random) -> Picture:
    width, height = picture_size(r)
    background = r.choice(BACKGROUNDS)
    count = r.randint(1, MOST)
    colors, shapes = [c for c in NAMES if distinct(c, background)], SHAPES
    if r.random() < 0.5 and count > 1:
        colors, shapes = r.sample(colors, r.choice([1, 2])), r.sample(SHAPES, r.choice([1, 2]))
    things: list[Thing] = []
    body = ""
    objects = Image.new("L", (-(-width // MAP), -(-height // MAP)))
    on_objects = ImageDraw.Draw(objects)
    short, largest = min(width, height), min(0.8, 0.95 * math.sqrt(width * height / count) / min(width, height))
    smallest = 0.08 * max(width, height)
    while len(things) < count:
        size = max(smallest, short * r.uniform(0.25, 0.75) * largest)
        margin = size * 0.6
        x, y = r.uniform(margin, width - margin), r.uniform(margin, height - margin)
        if any(math.dist((x, y), (t.x * width, t.y * height)) < 0.62 * (size + t.size * short) for t in things):
            largest *= 0.985  # crowded: the next tries are smaller
            continue
        t = Thing(r.choice(shapes), r.choice(colors), x / width, y / height, size / short)
        things.append(t)
        body += f'<path transform="translate({x:.2f} {y:.2f}) scale({size / 2:.2f})" d="{path(t.shape, r)}" fill-rule="evenodd" fill="{r.choice(SHADES[t.color])}"/>'
        draw(on_objects, t.shape, x / MAP, y / MAP, size / MAP, len(things), solid=True)
    return Picture(rasterize(r, width, height, r.choice(SHADES[background]), body), background, things, objects=objects)


def chart(r: random.Random) -> Picture:
    width, height = picture_size(r)
    background = r.choice(["white", "white", "gray", "black"])
    colors = [c for c in NAMES if distinct(c, background)]
    colors = r.sample(colors, r.randint(2, min(MOST, len(colors))))
    ink = "#eeeeee" if background == "black" else "#222222"
    left, right, top, bottom = 0.1 * width, 0.94 * width, 0.12 * height, 0.86 * height
    pitch = (right - left) / len(colors)
    thick = pitch * r.uniform(0.45, 0.8)
    objects = Image.new("L", (-(-width // MAP), -(-height // MAP)))
    on_objects = ImageDraw.Draw(objects)
    body = f'<path d="M{left} {bottom}H{right}M{left} {top}V{bottom}" stroke="{ink}" stroke-width="{max(1, height / 150):.1f}"/>'
    things: list[Thing] = []
    for i, color in enumerate(colors):
        x, y = left + (i + 0.5) * pitch, bottom - (bottom - top) * r.uniform(0.1, 1)
        letters = "".join(r.choice("ABCDEFGHJKLMNPRSTUVWXYZ") for _ in range(r.randint(1, 3)))
        body += f'<rect x="{x - thick / 2:.2f}" y="{y:.2f}" width="{thick:.2f}" height="{bottom - y:.2f}" fill="{r.choice(SHADES[color])}"/>'
        body += f'<text x="{x:.2f}" y="{bottom + 0.09 * height:.2f}" font-family="DejaVu Sans" font-size="{min(0.07 * height, 0.4 * pitch):.1f}" text-anchor="middle" fill="{ink}">{letters}</text>'
        things.append(Thing(BAR, color, x / width, (y + bottom) / 2 / height, (bottom - y) / height))
        on_objects.rectangle([v / MAP for v in (x - thick / 2, y, x + thick / 2, bottom)], fill=i + 1)
    return Picture(rasterize(r, width, height, r.choice(SHADES[background]), body), background, things, objects=objects)
