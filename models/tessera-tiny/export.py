"""A training checkpoint, or the mean of several runs', to the folder that engines load.

    python export.py model.pt tokenizer.json weights
    python export.py first.pt second.pt tokenizer.json weights
"""

import sys
from pathlib import Path

import torch

import huggingface
import manifest
import onnx_graphs
from model import Model


def mean(checkpoints: list[Path]) -> dict[str, torch.Tensor]:
    states = [torch.load(path) for path in checkpoints]
    return {name: sum(state[name] for state in states) / len(states) for name in states[0]}


def export(checkpoints: list[Path], tokenizer: Path, folder: Path) -> None:
    model = Model()
    model.load_state_dict(mean(checkpoints))
    huggingface.save(model, tokenizer, folder)
    onnx_graphs.build(folder)
    for path in folder.iterdir():
        path.chmod(0o644)
    manifest.write(folder)


if __name__ == "__main__":
    *checkpoints, tokenizer, folder = map(Path, sys.argv[1:])
    export(checkpoints, tokenizer, folder)
