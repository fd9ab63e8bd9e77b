"""A training checkpoint to the folder that engines load.

    python export.py model.pt tokenizer.json weights
"""

import sys
from pathlib import Path

import torch

import huggingface
import manifest
import onnx_graphs
from model import Model


def export(checkpoint: Path, tokenizer: Path, folder: Path) -> None:
    model = Model()
    model.load_state_dict(torch.load(checkpoint))
    huggingface.save(model, tokenizer, folder)
    onnx_graphs.build(folder)
    for path in folder.iterdir():
        path.chmod(0o644)
    manifest.write(folder)


if __name__ == "__main__":
    export(*map(Path, sys.argv[1:4]))
