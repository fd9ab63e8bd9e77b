"""Drawn scenes: one to six plain shapes on a plain background, with everything in them known. Bar charts use the same parts (charts.py)."""

import io
import math
import random
from dataclasses import dataclass, field

from PIL import Image, ImageDraw

SHAPES = ["circle", "square", "triangle", "star", "heart", "cross", "ring", "diamond"]
BAR = "bar"  # the shape of a chart's things
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
SMALLEST = 0.07  # a shape's width, as a share of the picture's longer side
MAP = 4  # the object map's pixels are this many picture pixels wide


@dataclass(frozen=True)
class Thing:
    """One shape: names, and its centre and width as shares of the picture's width and height (width: of its shorter side).
    Of a bar, `size` is the height as a share of the picture's height; `label` and `value` are printed beside it, if they can be asked for."""

    shape: str
    color: str
    x: float
    y: float
    size: float
    label: str = ""
    value: int | None = None


@dataclass(frozen=True)
class Glyph:
    """A printed digit or capital, by its middle and size in the picture's pixels; `place` is how many stand before it in its line."""

    text: str
    x: float
    y: float
    width: float
    height: float
    place: int


@dataclass
class Picture:
    """A picture and what is known of it. `things` is empty and `background` None for a picture from outside the trained world."""

    image: Image.Image
    background: str | None = None
    things: list[Thing] = field(default_factory=list)
    glyphs: list[Glyph] = field(default_factory=list)
    text: str = ""  # what is written, if the picture is of writing
    objects: Image.Image | None = None  # which thing (1, 2, ...) covers a point, at 1/MAP scale

    @property
    def outside(self) -> bool:
        return self.background is None

    @property
    def chart(self) -> bool:
        return any(t.shape == BAR for t in self.things)

    def extent(self, t: Thing) -> float:
        """A shape's width as a share of the picture's longer side."""
        return t.size * min(self.image.size) / max(self.image.size)

    def extremes(self) -> tuple[int | None, int | None]:
        """The largest and the smallest thing (of a chart: the highest and the lowest bar); None where the next comes close."""
        order = sorted(range(len(self.things)), key=lambda i: self.things[i].size)
        if len(order) < 2:
            return None, None
        sizes = [self.things[i].size for i in order]
        return order[-1] if self.clearly(sizes[-1], sizes[-2]) else None, order[0] if self.clearly(sizes[1], sizes[0]) else None

    def clearly(self, larger: float, smaller: float) -> bool:
        """Whether one of two sizes is larger without doubt: a shape by a quarter, a bar by 6 % of the picture's height."""
        return larger >= smaller + 0.06 if self.chart else larger >= 1.25 * smaller


def distinct(a: str, b: str) -> bool:
    far = sum(abs(p - q) for p, q in zip(COLORS[a], COLORS[b])) > 170
    return far and (a, b) not in LIKE and (b, a) not in LIKE


def shade(r: random.Random, color: str, spread: int) -> tuple[int, ...]:
    return tuple(min(255, max(0, v + r.randint(-spread, spread))) for v in COLORS[color])


def outline(shape: str, cx: float, cy: float, size: float, form: float = 0) -> list[tuple[float, float]]:
    """Corners of a shape about `size` wide; `form`, -1 to 1, varies its proportions."""
    h = size / 2
    if shape == "square":
        points = [(-0.9, -0.9), (0.9, -0.9), (0.9, 0.9), (-0.9, 0.9)]
    elif shape == "diamond":
        k = 0.85 + 0.13 * form
        points = [(0, -1.1), (k, 0), (0, 1.1), (-k, 0)]
    elif shape == "triangle":
        points = [(0, -1 + 0.1 * form), (1, 0.85), (-1, 0.85)]
    elif shape == "star":
        radii = [1.1, 0.46 + 0.07 * form] * 5
        points = [(k * math.sin(math.pi * i / 5), -k * math.cos(math.pi * i / 5)) for i, k in enumerate(radii)]
    elif shape == "cross":
        t = 0.34 + 0.07 * form
        points = [(-t, -1), (t, -1), (t, -t), (1, -t), (1, t), (t, t), (t, 1), (-t, 1), (-t, t), (-1, t), (-1, -t), (-t, -t)]
    elif shape == "heart":
        turns = [2 * math.pi * i / 36 for i in range(36)]
        points = [
            (math.sin(t) ** 3, -(13 * math.cos(t) - 5 * math.cos(2 * t) - 2 * math.cos(3 * t) - math.cos(4 * t)) / 16) for t in turns
        ]
    else:
        raise ValueError(shape)
    return [(cx + h * x, cy + h * y) for x, y in points]


def draw(canvas: ImageDraw.ImageDraw, shape: str, cx: float, cy: float, size: float, fill, solid: bool = False, form: float = 0) -> None:
    """Draws a shape; `solid` fills a ring's hole, which belongs to the ring in the object map."""
    h = size / 2
    box = (cx - h, cy - h, cx + h, cy + h)
    if shape == "circle" or (shape == "ring" and solid):
        canvas.ellipse(box, fill=fill)
    elif shape == "ring":
        canvas.ellipse(box, outline=fill, width=max(3, int(size * (0.18 + 0.05 * form))))
    else:
        canvas.polygon(outline(shape, cx, cy, size, form), fill=fill)


def render(width: int, height: int, background: str, things: list[Thing], r: random.Random | None = None) -> Picture:
    """Draws a scene; with `r`, in shades close to the named colours, in varying proportions, and with smooth edges now and then."""
    fine = 2 if r and r.random() < 0.3 else 1
    image = Image.new("RGB", (width * fine, height * fine), shade(r, background, 6) if r else COLORS[background])
    objects = Image.new("L", (-(-width // MAP), -(-height // MAP)))
    on_image, on_objects = ImageDraw.Draw(image), ImageDraw.Draw(objects)
    for i, t in enumerate(things):
        cx, cy, size = t.x * width, t.y * height, t.size * min(width, height)
        color, form = (shade(r, t.color, 14), r.uniform(-1, 1)) if r else (COLORS[t.color], 0)
        draw(on_image, t.shape, cx * fine, cy * fine, size * fine, color, form=form)
        draw(on_objects, t.shape, cx / MAP, cy / MAP, size / MAP, i + 1, solid=True, form=form)
    if fine > 1:
        image = image.reduce(fine)
    return Picture(image, background, things, objects=objects)


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


def in_cells(r: random.Random, width: int, height: int, count: int) -> list[tuple[float, float, float]]:
    """Middles and widths, in pixels, of shapes in the cells of a loose layout."""
    low, high = r.choice([(0.55, 0.88), (0.55, 0.88), (0.35, 0.9)])
    columns, rows = cells(r, width, height, count)
    cell_width, cell_height = width / columns, height / rows
    places = []
    for cell in sorted(r.sample(range(columns * rows), count)):
        share = r.uniform(0.3, 0.8) if count == 1 else r.uniform(low, high)
        pixels = max(min(cell_width, cell_height) * share, SMALLEST * max(width, height))
        reach_x, reach_y = max(0.0, cell_width / 2 - pixels * 0.57), max(0.0, cell_height / 2 - pixels * 0.57)
        x = (cell % columns + 0.5) * cell_width + r.uniform(-reach_x, reach_x)
        y = (cell // columns + 0.5) * cell_height + r.uniform(-reach_y, reach_y)
        places.append((x, y, pixels))
    return places


def scattered(r: random.Random, width: int, height: int, count: int) -> list[tuple[float, float, float]]:
    """Middles and widths, in pixels, of shapes anywhere, a fifth of their width apart or more."""
    places: list[tuple[float, float, float]] = []
    largest = 0.6 * min(width, height)
    while len(places) < count:
        pixels = max(SMALLEST * max(width, height), largest * r.uniform(0.3, 1))
        x, y = (r.uniform(0.57 * pixels, side - 0.57 * pixels) for side in (width, height))
        if all(math.dist((x, y), (u, v)) > 0.6 * (pixels + other) for u, v, other in places):
            places.append((x, y, pixels))
        else:
            largest *= 0.97  # crowded: the next tries are smaller
    return places


def scene(r: random.Random, size: tuple[int, int] | None = None, count: int | None = None, few: bool | None = None) -> Picture:
    """A random scene. `few` draws from one or two shapes and colours, which makes larger counts of one kind."""
    width, height = size or picture_size(r)
    background = r.choice(BACKGROUNDS)
    count = count or r.choice([1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6])
    few = r.random() < 0.5 if few is None else few
    colors = [c for c in NAMES if distinct(c, background)]
    shapes = SHAPES
    if few and count > 1:
        colors, shapes = r.sample(colors, r.choice([1, 2, 2])), r.sample(SHAPES, r.choice([1, 1, 2]))
    places = scattered(r, width, height, count) if count > 1 and r.random() < 0.25 else in_cells(r, width, height, count)
    short = min(width, height)
    things = [Thing(r.choice(shapes), r.choice(colors), x / width, y / height, pixels / short) for x, y, pixels in places]
    picture = render(width, height, background, things, r)
    if r.random() < 0.2:
        picture.image = as_jpeg(picture.image, r.randint(60, 95))
    return picture


def as_jpeg(image: Image.Image, quality: int) -> Image.Image:
    data = io.BytesIO()
    image.save(data, "JPEG", quality=quality)
    return Image.open(data).convert("RGB")
