"""Hashes of Pillow's base view and grid view of each file in a folder: record_hashes.py FOLDER OUT. Run by record.ts."""
import hashlib
import json
import os
import sys

import PIL
from PIL import Image, ImageOps

assert PIL.__version__ == "12.1.1", "the reference is Pillow 12.1.1"
TILE = 336


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


folder, out = sys.argv[1:3]
with open(os.path.join(folder, "sizes.json")) as file:
    sizes = json.load(file)
hashes = {}
for key, (width, height) in sizes.items():
    name, policy = key.split(" ")
    image = Image.open(os.path.join(folder, name))
    image.load()
    rgb = image.convert("RGB") if policy == "reference" else on_white(ImageOps.exif_transpose(image))
    views = shrink(rgb, TILE, TILE).tobytes() + shrink(rgb, width, height).tobytes()
    hashes[key] = hashlib.sha256(views).hexdigest()
with open(out, "w") as file:
    json.dump(hashes, file, indent=2)
    file.write("\n")
