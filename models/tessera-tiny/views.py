"""LLaVA-NeXT's anyres views: which 336-pixel views a picture becomes, and where each image token comes from.

Grids are chosen as the authors' code does, with pinpoints read as (width, height); the rows and columns left
after unpadding are rounded by exact integer division, as Hugging Face and vLLM do.
"""

import math
from dataclasses import dataclass

import numpy as np
from PIL import Image

TILE, PATCH = 336, 28
SIDE = TILE // PATCH
TOKENS = SIDE * SIDE
PINPOINTS = [(336, 672), (672, 336), (672, 672), (1008, 336), (336, 1008)]


@dataclass(frozen=True)
class View:
    """One 336-pixel view, with the map from the picture's pixels to its own: u = x * sx + ox, v = y * sy + oy."""

    image: Image.Image
    sx: float
    sy: float
    ox: float
    oy: float


def select_grid(width: int, height: int) -> tuple[int, int]:
    """The canvas that keeps most of the picture, then wastes least; the first of equals wins."""
    best, best_kept, best_waste = PINPOINTS[0], 0, math.inf
    for w, h in PINPOINTS:
        scale = min(w / width, h / height)
        kept = min(int(width * scale) * int(height * scale), width * height)
        waste = w * h - kept
        if kept > best_kept or (kept == best_kept and waste < best_waste):
            best, best_kept, best_waste = (w, h), kept, waste
    return best


def fit(width: int, height: int, canvas: tuple[int, int]) -> tuple[int, int]:
    """The picture's size inside the canvas, aspect kept."""
    w, h = canvas
    sw, sh = w / width, h / height
    if sw < sh:
        return w, min(math.ceil(height * sw), h)
    return min(math.ceil(width * sh), w), h


def resize(image: Image.Image, size: tuple[int, int]) -> Image.Image:
    return image if image.size == size else image.resize(size, Image.Resampling.BICUBIC)


def base_view(image: Image.Image) -> View:
    """The whole picture, squashed to one tile."""
    return View(resize(image, (TILE, TILE)), TILE / image.width, TILE / image.height, 0, 0)


def tile_views(image: Image.Image) -> list[View]:
    """The picture fitted into its grid on black, cut into tiles row by row."""
    canvas = select_grid(image.width, image.height)
    width, height = fit(image.width, image.height, canvas)
    left, top = (canvas[0] - width) // 2, (canvas[1] - height) // 2
    padded = Image.new("RGB", canvas)
    padded.paste(resize(image, (width, height)), (left, top))
    return [
        View(padded.crop((x, y, x + TILE, y + TILE)), width / image.width, height / image.height, left - x, top - y)
        for y in range(0, canvas[1], TILE)
        for x in range(0, canvas[0], TILE)
    ]


def split(image: Image.Image) -> list[View]:
    return [base_view(image), *tile_views(image)]


def feature_index(width: int, height: int) -> np.ndarray:
    """For every image token of a picture the row of the stacked features (view * 144 + patch), or -1 for image_newline."""
    canvas = select_grid(width, height)
    columns, rows = canvas[0] // TILE, canvas[1] // TILE
    views = np.arange(1, rows * columns + 1).reshape(rows, columns, 1, 1) * TOKENS
    index = (views + np.arange(TOKENS).reshape(1, 1, SIDE, SIDE)).transpose(0, 2, 1, 3).reshape(rows * SIDE, columns * SIDE)
    if width * rows > height * columns:
        pad = (rows * SIDE - height * columns * SIDE // width) // 2
        index = index[pad : rows * SIDE - pad]
    else:
        pad = (columns * SIDE - width * rows * SIDE // height) // 2
        index = index[:, pad : columns * SIDE - pad]
    newline = np.full((len(index), 1), -1)
    return np.concatenate([np.arange(TOKENS), np.concatenate([index, newline], 1).reshape(-1)])


def base_index() -> np.ndarray:
    """The image tokens of a picture sent as its base view alone (`detail: low`)."""
    return np.arange(TOKENS)


def patches(view: View) -> np.ndarray:
    """A view's pixels as bytes [144, 28 * 28 * 3]: rows, columns, channels of each patch."""
    pixels = np.asarray(view.image).reshape(SIDE, PATCH, SIDE, PATCH, 3)
    return np.ascontiguousarray(pixels.transpose(0, 2, 1, 3, 4)).reshape(TOKENS, -1)
