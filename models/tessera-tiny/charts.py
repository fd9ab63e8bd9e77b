"""Bar charts: two to six upright bars, each of its own colour, on a base line, with labels under them and perhaps lines and values.
Of some the labels and values can be asked for: these are printed as large as fits, a capital under each bar and its value above it."""

import random
import string

from PIL import Image, ImageDraw, ImageFont

from scenes import BACKGROUNDS, BAR, MAP, MOST, NAMES, Glyph, Picture, Thing, as_jpeg, distinct, picture_size, shade
from writing import FONTS, draw_text, font

MOST_PRINTED = 4  # bars whose labels and values have room
WIDEST = 1.4  # two digits: their width as a share of their size
LARGEST = 0.16  # the size of labels, as a share of the picture's longer side
TALLEST = 0.2  # and of its height


def word(r: random.Random) -> str:
    """A bar's label: a capital, letters, or a year."""
    kind = r.random()
    if kind < 0.4:
        return r.choice(string.ascii_uppercase)
    if kind < 0.7:
        return "".join(r.choice(string.ascii_uppercase) for _ in range(r.randint(2, 4)))
    return str(r.randint(1990, 2030)) if kind < 0.85 else "".join(r.choice(string.ascii_lowercase) for _ in range(r.randint(2, 4))).title()


def centered(canvas: ImageDraw.ImageDraw, text: str, x: float, y: float, letters: ImageFont.FreeTypeFont, ink) -> list[Glyph]:
    return draw_text(canvas, text, x - letters.getlength(text) / 2, y, letters, ink)


def heights(r: random.Random, count: int) -> list[float]:
    """Shares of the chart's height; the highest and the lowest often stand out."""
    values = [r.uniform(0.12, 1.0) for _ in range(count)]
    if r.random() < 0.3:
        values = sorted(values, reverse=r.random() < 0.5)
    return values


def chart(r: random.Random, printed: bool = False) -> Picture:
    """With `printed`, labels and values can be asked for; in the map of objects they belong to their bars."""
    width, height = picture_size(r)
    background = r.choice(["white"] * 6 + BACKGROUNDS)
    colors = [c for c in NAMES if distinct(c, background)]
    count = r.randint(2, min(MOST_PRINTED if printed else MOST, len(colors)))
    colors = r.sample(colors, count)
    image = Image.new("RGB", (width, height), shade(r, background, 6))
    objects = Image.new("L", (-(-width // MAP), -(-height // MAP)))
    on_image, on_objects = ImageDraw.Draw(image), ImageDraw.Draw(objects)
    ink = shade(r, r.choice([n for n in ("black", "white", "gray") if distinct(n, background)] or ["black"]), 10)
    left, right = width * r.uniform(0.05, 0.15), width * r.uniform(0.9, 0.97)
    top, bottom = height * r.uniform(0.06, 0.2), height * r.uniform(0.8, 0.9)
    if r.random() < 0.4:
        for k in range(1, r.randint(3, 6)):
            y = bottom - (bottom - top) * k / 5
            on_image.line((left, y, right, y), fill=shade(r, "gray", 30), width=1)
    pitch = (right - left) / count
    thick = pitch * r.uniform(0.5, 0.85)
    if printed:
        size = min(pitch / WIDEST, LARGEST * max(width, height), TALLEST * height)
        letters = font(r.choice(FONTS), max(9, int(size * r.uniform(0.85, 1))))
        top, bottom = max(top, 1.1 * letters.size), min(bottom, height - 1.1 * letters.size)
    else:
        letters = ImageFont.load_default(max(9, min(int(height - bottom) * 0.6, pitch * 0.3)))
    values = printed or r.random() < 0.4
    labels = r.sample(string.ascii_uppercase, count) if printed else [word(r) for _ in colors]
    things, glyphs = [], []
    for i, (color, share, label) in enumerate(zip(colors, heights(r, count), labels)):
        x, y = left + (i + 0.5) * pitch, bottom - share * (bottom - top)
        box = x - thick / 2, y, x + thick / 2, bottom
        on_image.rectangle(box, fill=shade(r, color, 14))
        on_objects.rectangle([v / MAP for v in box], fill=i + 1)
        value = min(99, round(share * 100))
        under = centered(on_image, label, x, bottom + 0.15 * (height - bottom) + 0.4 * letters.size, letters, ink)
        above = centered(on_image, str(value), x, y - 2 - 0.4 * letters.size, letters, ink) if values else []
        glyphs += under + above
        if printed:
            for g in under + above:
                corners = g.x - g.width / 2, g.y - g.height / 2, g.x + g.width / 2, g.y + g.height / 2
                on_objects.rectangle([v / MAP for v in corners], fill=i + 1)
        places = x / width, (y + bottom) / 2 / height, (bottom - y) / height
        things.append(Thing(BAR, color, *places, label, value) if printed else Thing(BAR, color, *places))
    on_image.line((left, bottom, right, bottom), fill=ink, width=max(1, height // 200))
    if r.random() < 0.5:
        on_image.line((left, top, left, bottom), fill=ink, width=max(1, height // 200))
    return Picture(as_jpeg(image, r.randint(60, 95)) if r.random() < 0.1 else image, background, things, glyphs, objects=objects)
