"""weights/manifest.json: the SHA-256 of every file that an engine loads, checked when it starts."""

import hashlib
import json
import sys
from pathlib import Path


def write(folder: Path) -> None:
    files = sorted(p for p in folder.iterdir() if p.name != "manifest.json")
    sums = {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in files}
    (folder / "manifest.json").write_text(json.dumps({"files": sums}, indent=2) + "\n")


if __name__ == "__main__":
    write(Path(sys.argv[1]))
