"""Drawn scenes: one to six plain shapes on a plain background, with everything in them known."""

import io
import math
import random
from dataclasses import dataclass, field

from PIL import Image, ImageDraw

SHAPES = ["circle", "square", "triangle", "star", "heart", "cross", "ring", "diamond"]
COLORS = {
    "red": (220, 30, 35),
    "orange": (250, 140, 10),
    "yellow": (250, 220, 30),
    "green": (35, 155, 55),
    "blue": (35, 75, 215),
    "purple": (135, 45, 170),
    "pink": (250, 150, 195),
    "brown": (125, 75, 35),
    "black": (15, 15, 18),
    "white": (250, 250, 250),
    "gray": (132, 132, 132),
}
NAMES = list(COLORS)
LIKE = [  # pairs that are hard to tell apart when one stands on the other
    ("red", "orange"), ("orange", "yellow"), ("red", "brown"), ("orange", "brown"), ("brown", "black"), ("purple", "blue"), ("red", "pink"),
    ("gray", "purple"), ("gray", "brown"), ("yellow", "white"), ("gray", "green"), ("red", "green"), ("red", "purple"), ("purple", "brown"),
]  # fmt: skip
BACKGROUNDS = ["white"] * 4 + ["gray", "black", "blue", "yellow", "green", "pink", "red", "purple", "orange", "brown"]
MOST = 6  # objects in a scene
GROUND = MOST  # the background's number, after the things' 0 to MOST - 1
MAP = 4  # the object map's pixels are this many picture pixels wide


@dataclass(frozen=True)
class Thing:
    """One shape: names, and its centre and width as shares of the picture's width and height (width: of its shorter side)."""

    shape: str
    color: str
    x: float
    y: float
    size: float


@dataclass
class Picture:
    """A picture and what is known of it. `things` is empty and `background` None for a picture from outside the trained world."""

    image: Image.Image
    background: str | None = None
    things: list[Thing] = field(default_factory=list)
    objects: Image.Image | None = None  # which thing (1, 2, ...) covers a point, at 1/MAP scale

    @property
    def outside(self) -> bool:
        return self.background is None


def distinct(a: str, b: str) -> bool:
    far = sum(abs(p - q) for p, q in zip(COLORS[a], COLORS[b])) > 170
    return far and (a, b) not in LIKE and (b, a) not in LIKE


def shade(r: random.Random, color: str, spread: int) -> tuple[int, ...]:
    return tuple(min(255, max(0, v + r.randint(-spread, spread))) for v in COLORS[color])


def outline(shape: str, cx: float, cy: float, size: float) -> list[tuple[float, float]]:
    """Corners of a shape about `size` wide."""
    h = size / 2
    if shape == "square":
        points = [(-0.9, -0.9), (0.9, -0.9), (0.9, 0.9), (-0.9, 0.9)]
    elif shape == "diamond":
        points = [(0, -1.1), (0.85, 0), (0, 1.1), (-0.85, 0)]
    elif shape == "triangle":
        points = [(0, -1), (1, 0.85), (-1, 0.85)]
    elif shape == "star":
        radii = [1.1, 0.46] * 5
        points = [(k * math.sin(math.pi * i / 5), -k * math.cos(math.pi * i / 5)) for i, k in enumerate(radii)]
    elif shape == "cross":
        t = 0.34
        points = [(-t, -1), (t, -1), (t, -t), (1, -t), (1, t), (t, t), (t, 1), (-t, 1), (-t, t), (-1, t), (-1, -t), (-t, -t)]
    elif shape == "heart":
        turns = [2 * math.pi * i / 36 for i in range(36)]
        points = [
            (math.sin(t) ** 3, -(13 * math.cos(t) - 5 * math.cos(2 * t) - 2 * math.cos(3 * t) - math.cos(4 * t)) / 16) for t in turns
        ]
    else:
        raise ValueError(shape)
    return [(cx + h * x, cy + h * y) for x, y in points]


def draw(canvas: ImageDraw.ImageDraw, shape: str, cx: float, cy: float, size: float, fill, solid: bool = False) -> None:
    """Draws a shape; `solid` fills a ring's hole, which belongs to the ring in the object map."""
    h = size / 2
    box = (cx - h, cy - h, cx + h, cy + h)
    if shape == "circle" or (shape == "ring" and solid):
        canvas.ellipse(box, fill=fill)
    elif shape == "ring":
        canvas.ellipse(box, outline=fill, width=max(3, int(size * 0.18)))
    else:
        canvas.polygon(outline(shape, cx, cy, size), fill=fill)


def render(width: int, height: int, background: str, things: list[Thing], r: random.Random | None = None) -> Picture:
    """Draws a scene; with `r`, in shades close to the named colours."""
    image = Image.new("RGB", (width, height), shade(r, background, 6) if r else COLORS[background])
    objects = Image.new("L", (-(-width // MAP), -(-height // MAP)))
    on_image, on_objects = ImageDraw.Draw(image), ImageDraw.Draw(objects)
    for i, t in enumerate(things):
        cx, cy, size = t.x * width, t.y * height, t.size * min(width, height)
        draw(on_image, t.shape, cx, cy, size, shade(r, t.color, 14) if r else COLORS[t.color])
        draw(on_objects, t.shape, cx / MAP, cy / MAP, size / MAP, i + 1, solid=True)
    return Picture(image, background, things, objects)


def picture_size(r: random.Random) -> tuple[int, int]:
    """Sizes of 200 to 1300 pixels with aspects up to 3:1, so that every grid comes up."""
    if r.random() < 0.1:
        return r.randint(200, 336), r.randint(200, 336)
    aspect = math.exp(r.uniform(-1.1, 1.1) if r.random() < 0.5 else r.gauss(0, 0.35))
    aspect = min(3.0, max(1 / 3, aspect))
    area = math.exp(r.uniform(math.log(300), math.log(900)))
    width, height = area * aspect**0.5, area / aspect**0.5
    scale = max(1.0, 200 / min(width, height)) * min(1.0, 1300 / max(width, height))
    return max(200, int(width * scale)), max(200, int(height * scale))


def cells(r: random.Random, width: int, height: int, count: int) -> tuple[int, int]:
    """Columns and rows of a loose layout with room for `count` shapes."""
    if count == 1:
        return 1, 1
    ratio = width / height
    fits = [(c, w) for c, w in ((2, 1), (1, 2), (2, 2), (3, 1), (1, 3), (3, 2), (2, 3), (3, 3), (4, 2), (2, 4), (6, 1), (1, 6)) if c * w >= count]
    good = [f for f in fits if 0.45 < ratio * f[1] / f[0] < 2.2]
    return r.choice(good or fits)


def scene(r: random.Random, size: tuple[int, int] | None = None, count: int | None = None, few: bool | None = None) -> Picture:
    """A random scene. `few` draws from one or two shapes and colours, which makes larger counts of one kind."""
    width, height = size or picture_size(r)
    background = r.choice(BACKGROUNDS)
    count = count or r.choice([1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6])
    few = r.random() < 0.5 if few is None else few
    colors = [c for c in NAMES if distinct(c, background)]
    shapes = SHAPES
    if few and count > 1:
        colors, shapes = r.sample(colors, r.choice([1, 2, 2])), r.sample(SHAPES, r.choice([1, 1, 2]))
    short = min(width, height)
    columns, rows = cells(r, width, height, count)
    cell_width, cell_height = width / columns, height / rows
    things = []
    for cell in sorted(r.sample(range(columns * rows), count)):
        share = r.uniform(0.3, 0.8) if count == 1 else r.uniform(0.55, 0.88)
        pixels = max(min(cell_width, cell_height) * share, 0.07 * max(width, height))
        reach_x, reach_y = max(0.0, cell_width / 2 - pixels * 0.57), max(0.0, cell_height / 2 - pixels * 0.57)
        x = (cell % columns + 0.5) * cell_width + r.uniform(-reach_x, reach_x)
        y = (cell // columns + 0.5) * cell_height + r.uniform(-reach_y, reach_y)
        things.append(Thing(r.choice(shapes), r.choice(colors), x / width, y / height, pixels / short))
    picture = render(width, height, background, things, r)
    if r.random() < 0.1:
        picture.image = as_jpeg(picture.image, r.randint(60, 95))
    return picture


def as_jpeg(image: Image.Image, quality: int) -> Image.Image:
    data = io.BytesIO()
    image.save(data, "JPEG", quality=quality)
    return Image.open(data).convert("RGB")
