"""Pictures of one line of writing, and pages of many glyphs, with every glyph's place known. Words are letters at random, so that
reading cannot be guessing; one word or number in ten is held out for the evaluation."""

import functools
import importlib.util
import random
import string
import zlib
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from scenes import NAMES, Glyph, Picture, as_jpeg, distinct, picture_size, shade

GLYPHS = string.digits + string.ascii_uppercase
FONTS = ("DejaVuSans", "DejaVuSans-Bold")
CAPITAL = 0.73  # of these fonts' capitals and digits: the height as a share of the size
LEAST = 0.12  # the size of letters, as a share of the picture's longer side
LONGEST = 8  # letters of a word
LENGTHS = [3, 4, 5, 6, 7, 7, 8, 8]  # of the words for training, drawn from: longer ones take longer to learn


@functools.cache
def font_folder() -> Path:
    spec = importlib.util.find_spec("matplotlib")
    if not spec or not spec.origin:
        raise RuntimeError("matplotlib, which carries the fonts, is not installed")
    return Path(spec.origin).parent / "mpl-data/fonts/ttf"


@functools.lru_cache(4000)
def font(name: str, size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(font_folder() / f"{name}.ttf", size)


def is_held_out(text: str) -> bool:
    return zlib.crc32(text.encode()) % 10 == 0


def draw_text(canvas: ImageDraw.ImageDraw, text: str, x: float, y: float, letters: ImageFont.FreeTypeFont, ink) -> list[Glyph]:
    """Draws a line from its left end and the middle of its capitals; returns its glyphs, by their middles in pixels."""
    canvas.text((x, y), text, font=letters, fill=ink, anchor="lm")
    ends = [letters.getlength(text[:i]) for i in range(len(text) + 1)]
    height = CAPITAL * letters.size
    return [Glyph(c, x + (a + b) / 2, y, b - a, height, i) for i, (c, a, b) in enumerate(zip(text, ends, ends[1:])) if c in GLYPHS]


def new_text(r: random.Random, held_out: bool) -> str:
    """A word of 3 to 8 capitals, or a number of 1 to 4 digits."""
    is_number = r.random() < 0.35
    lengths = [1, 2, 3, 3, 4, 4] if is_number else range(3, LONGEST + 1) if held_out else LENGTHS
    length = r.choice(lengths)
    while True:
        if is_number:
            text = str(r.randint(0 if length == 1 else 10 ** (length - 1), 10**length - 1))
        else:
            text = "".join(r.choice(string.ascii_uppercase) for _ in range(length))
        if (is_number and length == 1) or is_held_out(text) == held_out:  # there are ten numbers of one digit: they serve for both
            return text


def paper(r: random.Random) -> tuple[tuple[int, ...], tuple[int, ...], str]:
    """Paper and ink; half of the time black and white, from which glyphs are learned first."""
    ground = r.choice(["white", "black"]) if r.random() < 0.5 else r.choice(NAMES)
    inks = [c for c in NAMES if distinct(c, ground)]
    ink = "black" if ground == "white" and r.random() < 0.5 else r.choice(inks)
    return shade(r, ground, 6), shade(r, ink, 14), ground


def writing(r: random.Random, held_out: bool = False) -> Picture:
    """One word or number, from letters of LEAST of the picture's longer side to as large as fits."""
    width, height = picture_size(r)
    ground, ink, background = paper(r)
    image = Image.new("RGB", (width, height), ground)
    text, name = new_text(r, held_out), r.choice(FONTS)
    at_100 = font(name, 100).getlength(text)
    largest = min(0.9 * width / at_100 * 100, 0.7 * height)
    least = min(largest, LEAST * max(width, height))
    letters = font(name, max(9, int(r.uniform(least, largest))))
    length, size = letters.getlength(text), letters.size
    x = r.uniform(0.02 * width, max(0.02 * width, 0.98 * width - length))
    y = r.uniform(0.6 * size, max(0.6 * size, height - 0.6 * size))
    glyphs = draw_text(ImageDraw.Draw(image), text, x, y, letters, ink)
    if r.random() < 0.2:
        image = as_jpeg(image, r.randint(60, 95))
    return Picture(image, background, glyphs=glyphs, text=text)


def page(r: random.Random) -> Picture:
    """A page of many glyphs, for the encoder: dense and plain pages are where glyphs are learned first."""
    side = 336
    ground, ink, background = paper(r)
    image = Image.new("RGB", (side, side), ground)
    canvas, glyphs = ImageDraw.Draw(image), []
    name = r.choice(FONTS) if r.random() < 0.5 else FONTS[0]
    y = 4.0
    while True:
        size = r.choice([32, 38, 46, 56, 68, 84, 104, 130])
        y += size * 0.6
        if y + size * 0.5 > side:
            break
        letters, line = font(name, size), ""
        while letters.getlength(line) < side - 2 * size:
            line += r.choice(GLYPHS)
        glyphs += draw_text(canvas, line, r.uniform(2, size / 2), y, letters, ink)
        y += size * 0.6
    return Picture(image, background, glyphs=glyphs)
