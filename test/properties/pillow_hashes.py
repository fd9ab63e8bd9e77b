"""A hash of what Pillow makes of each file of a folder, as JSON on stdout: pillow_hashes.py FOLDER. Run by oracle.ts.

FOLDER/sizes.json names each file's tile and the grid view's size under both policies.
"""
import hashlib
import json
import os
import sys

import PIL
from PIL import Image, ImageOps

assert PIL.__version__ == "12.1.1", "the reference is Pillow 12.1.1"


def shrink(rgb, width, height):
    """Columns first, 8 bits in between, then rows, whatever order Pillow itself would choose."""
    columns = rgb.resize((width, rgb.height), Image.BICUBIC)
    return columns.resize((width, height), Image.BICUBIC)


def on_white(image):
    if not (image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info):
        return image.convert("RGB")
    rgba = image.convert("RGBA")
    out = Image.new("RGB", rgba.size, (255, 255, 255))
    out.paste(rgba.convert("RGB"), mask=rgba.getchannel("A"))
    return out


def views(rgb, tile, size):
    return shrink(rgb, tile, tile).tobytes() + shrink(rgb, *size).tobytes()


def hash_of(path, tile, reference, default):
    image = Image.open(path)
    try:
        image.load()
    except OSError as error:
        return f"refused: {error}"
    digest = hashlib.sha256(views(image.convert("RGB"), tile, reference))
    digest.update(views(on_white(ImageOps.exif_transpose(image)), tile, default))
    return digest.hexdigest()


folder = sys.argv[1]
with open(os.path.join(folder, "sizes.json")) as file:
    sizes = json.load(file)
json.dump({name: hash_of(os.path.join(folder, name), **of) for name, of in sizes.items()}, sys.stdout)
