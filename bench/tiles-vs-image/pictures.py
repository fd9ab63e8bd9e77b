"""Photographs of three sizes, each of its own: enlarged from a small one, with sensor noise.

usage: pictures.py SOURCE FOLDER COUNT — writes 0_3mp-0.jpg, 3mp-0.jpg, 12mp-0.jpg and so on
"""

import os
import random
import sys

from PIL import Image

SIZES = {"0_3mp": (640, 480), "3mp": (2000, 1500), "12mp": (4000, 3000)}

source, folder, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
photo = Image.open(source).convert("RGB")
for name, size in SIZES.items():
    enlarged = photo.resize(size, Image.LANCZOS)
    for index in range(count):
        noise = Image.frombytes("RGB", size, random.Random(index).randbytes(size[0] * size[1] * 3))
        Image.blend(enlarged, noise, 0.1).save(os.path.join(folder, f"{name}-{index}.jpg"), "JPEG", quality=85)
