"""What the encoder learns to say of every patch of a view, beside the features that it is for.

Every label is a class; IGNORE means no loss. Labels that
speak of the whole picture (centres, counts) exist on the base view only.
"""

import math

import numpy as np

from scenes import BAR, GROUND, MAP, MOST, NAMES, SHAPES, SMALLEST, Picture, Thing
from views import PATCH, SIDE, TILE, TOKENS, View
from writing import GLYPHS, LONGEST

IGNORE = 255
SIZES, STEP = 8, 1.33  # classes of sizes: each goes from STEP to STEP ** 2 times the start of the one before
PRINTED = {"label": 26, "tens": 10, "units": 10}  # what stands under a bar and above it
HEADS = {  # name: number of classes
    "shape": len(SHAPES) + 1,  # 0: background
    "color": len(NAMES) + 1,
    "center": 2,  # whether the middle of an object lies in the patch
    "ground": len(NAMES),  # the background's colour, told everywhere
    "outside": 2,
    "row": SIDE,
    "column": SIDE,
    "same_shape": MOST + 1,  # objects of the patch's shape in the whole picture
    "same_color": MOST + 1,
    "total": MOST + 1,
    "center_x": SIDE,  # the column and row of the middle of the patch's object
    "center_y": SIDE,
    "size": SIZES,  # of the patch's object
    "extreme": 3,  # whether the object is the largest (1), the smallest (2) or neither
    "glyph": len(GLYPHS) + 1,  # the printed digit or capital that covers most of the patch
    "place": LONGEST,  # how many stand before it in its word
    **PRINTED,  # of the patch's bar
}
WORD_HEADS = {  # what the decoder learns to say of the things that a word of a question refers to
    "shape": len(SHAPES),
    "color": len(NAMES),
    "column": SIDE,
    "row": SIDE,
    "count": MOST + 1,
    "size": SIZES,
    "glyph": len(GLYPHS),  # which the answer's next token spells
    **PRINTED,
}
SPELLING = GROUND + 1  # the bits of a written text's glyphs, after those of things and background
COLUMN = {name: i for i, name in enumerate(HEADS)}

_STEPS = (np.arange(SIDE * 4) + 0.5) * PATCH / 4  # four samples a patch, each way


def covering(picture: Picture, view: View) -> np.ndarray:
    """The thing (1, 2, ...) that covers most of each patch [144], or 0 where less than an eighth is covered."""
    if picture.objects is None:
        return np.zeros(TOKENS, np.int64)
    objects = np.asarray(picture.objects)
    x, y = ((_STEPS - view.ox) / view.sx / MAP), ((_STEPS - view.oy) / view.sy / MAP)
    column, row = x.astype(int).clip(0, objects.shape[1] - 1), y.astype(int).clip(0, objects.shape[0] - 1)
    hit = objects[row[:, None], column[None, :]]
    hit = hit * ((y >= 0) & (y < objects.shape[0]))[:, None] * ((x >= 0) & (x < objects.shape[1]))[None, :]
    hit = hit.reshape(SIDE, 4, SIDE, 4).transpose(0, 2, 1, 3).reshape(TOKENS, 16)
    votes = (hit[:, :, None] == np.arange(1, MOST + 1)).sum(1)
    return np.where(votes.max(1) >= 2, votes.argmax(1) + 1, 0)


def glyph_cover(picture: Picture, view: View) -> np.ndarray:
    """The glyph (1, 2, ...) whose box covers most of each patch [144], or 0 where none covers an eighth."""
    boxes = np.array([[g.x - g.width / 2, g.x + g.width / 2, g.y - g.height / 2, g.y + g.height / 2] for g in picture.glyphs])
    boxes = boxes * [view.sx, view.sx, view.sy, view.sy] + [view.ox, view.ox, view.oy, view.oy]
    starts = np.arange(SIDE) * PATCH
    across, down = (
        (np.minimum(end[:, None], starts + PATCH) - np.maximum(start[:, None], starts)).clip(0) for start, end in (boxes.T[:2], boxes.T[2:])
    )
    area = (down[:, :, None] * across[:, None, :]).reshape(-1, TOKENS)
    return np.where(area.max(0) >= PATCH * PATCH / 8, area.argmax(0) + 1, 0)


def referred(picture: Picture, view: View) -> np.ndarray:
    """The bit that words refer to each patch by [144]: of a thing, of a glyph by its place in the text, or of the background."""
    if picture.text:
        bits = np.array([GROUND, *(SPELLING + g.place for g in picture.glyphs)])
        return bits[glyph_cover(picture, view)]
    return np.append(GROUND, np.arange(MOST))[covering(picture, view)]


def size_class(picture: Picture, thing: int) -> int:
    t = picture.things[thing]
    extent = t.size if t.shape == BAR else picture.extent(t)
    return max(0, min(SIZES - 1, int(math.log(extent / SMALLEST) / math.log(STEP))))


def printed(thing: Thing) -> list[int]:
    """Labels for PRINTED; IGNORE where the thing has none."""
    return [ord(thing.label) - ord("A"), *divmod(thing.value, 10)] if thing.label else [IGNORE] * len(PRINTED)


def labels(picture: Picture, view: View, base: bool) -> np.ndarray:
    """[144, len(HEADS)] bytes."""
    out = np.full((TOKENS, len(HEADS)), IGNORE, np.uint8)
    out[:, COLUMN["row"]], out[:, COLUMN["column"]] = np.divmod(np.arange(TOKENS), SIDE)
    out[:, COLUMN["outside"]] = picture.outside
    if picture.outside:
        return out
    cover = covering(picture, view)
    shapes, colors = [t.shape for t in picture.things], [t.color for t in picture.things]
    table = np.full((MOST + 1, len(HEADS)), IGNORE, np.uint8)
    table[0, [COLUMN["shape"], COLUMN["color"]]] = 0
    for i, t in enumerate(picture.things, 1):
        table[i, COLUMN["shape"]] = IGNORE if t.shape == BAR else SHAPES.index(t.shape) + 1
        table[i, COLUMN["color"]] = NAMES.index(t.color) + 1
        table[i, [COLUMN[name] for name in PRINTED]] = printed(t)
        if base:
            table[i, COLUMN["same_shape"]], table[i, COLUMN["same_color"]] = shapes.count(t.shape), colors.count(t.color)
            table[i, COLUMN["center_x"]], table[i, COLUMN["center_y"]] = int(t.x * SIDE), int(t.y * SIDE)
            table[i, COLUMN["size"]], table[i, COLUMN["extreme"]] = size_class(picture, i - 1), 0
    if base:
        for kind, thing in enumerate(picture.extremes(), 1):
            if thing is not None:
                table[thing + 1, COLUMN["extreme"]] = kind
    for name in ("shape", "color", "same_shape", "same_color", "center_x", "center_y", "size", "extreme", *PRINTED):
        out[:, COLUMN[name]] = table[cover, COLUMN[name]]
    out[:, COLUMN["ground"]] = NAMES.index(picture.background)
    if base:
        out[:, COLUMN["total"]] = len(picture.things)
    out[:, COLUMN["center"]] = 0
    width, height = picture.image.size
    for t in picture.things:
        u, v = t.x * width * view.sx + view.ox, t.y * height * view.sy + view.oy
        if 0 <= u < TILE and 0 <= v < TILE:
            out[int(v) // PATCH * SIDE + int(u) // PATCH, COLUMN["center"]] = 1
    out[:, COLUMN["glyph"]] = 0
    if picture.glyphs:
        which = glyph_cover(picture, view)
        out[:, COLUMN["glyph"]] = np.array([0, *(GLYPHS.index(g.text) + 1 for g in picture.glyphs)])[which]
        if base and picture.text:
            out[:, COLUMN["place"]] = np.array([IGNORE, *(g.place for g in picture.glyphs)])[which]
    return out


def word_labels(picture: Picture, group: int) -> list[int]:
    """Labels for WORD_HEADS of a bit set of things; IGNORE where they differ."""
    if group == 1 << GROUND:
        return [NAMES.index(picture.background) if name == "color" else IGNORE for name in WORD_HEADS]
    chosen = [i for i in range(len(picture.things)) if group >> i & 1]
    things = [picture.things[i] for i in chosen]
    shapes = {IGNORE if t.shape == BAR else SHAPES.index(t.shape) for t in things}
    told = [shapes, {NAMES.index(t.color) for t in things}, {int(t.x * SIDE) for t in things}, {int(t.y * SIDE) for t in things}]
    sizes = {size_class(picture, i) for i in chosen}
    *told, size = [values.pop() if len(values) == 1 else IGNORE for values in (*told, sizes)]
    return [*told, len(things), size, IGNORE, *(printed(things[0]) if len(things) == 1 else [IGNORE] * len(PRINTED))]


def spelling_labels(glyph: str) -> list[int]:
    """Labels for WORD_HEADS of a token that has a glyph to spell."""
    return [GLYPHS.index(glyph) if name == "glyph" else IGNORE for name in WORD_HEADS]
