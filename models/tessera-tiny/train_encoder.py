"""Stage 1: the vision tower alone, on dense per-patch labels.

    python train_encoder.py --out encoder.pt --minutes 40
    python train_encoder.py --out encoder.pt --init encoder.pt --minutes 20    # goes on from a checkpoint
    python train_encoder.py --out encoder.pt --device cuda --workers 14 --batch 256 --minutes 10    # one GPU
"""

import argparse
import random
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

import labels
import views
from labels import COLUMN, HEADS, IGNORE
from model import Model
from optimizer import Optimizer, share_weights
from charts import chart
from outside import outside
from scenes import Picture, scene
from team import Stream, Team, run, stream_options
from writing import page, writing

HELD_OUT_SEED = 20261122
DECODER = ("layers.", "embedding", "projector", "norm", "newline")
THINGS = [1, 1, 2, 2, 2, 3, 3, 3, 3, *[4] * 5, *[5] * 5, *[6] * 5]  # of a scene, drawn from: larger numbers take longer to learn
COUNTS = ("same_shape", "same_color", "total")
WEIGHTS = {"row": 0.5, "column": 0.5, "ground": 0.3, "outside": 0.3, "center": 1.5, "extreme": 1.5, "glyph": 3.0, "place": 2.0, **dict.fromkeys(COUNTS, 1.5)}  # beside 1


@dataclass(frozen=True)
class Mix:
    """Shares of the kinds of pictures; the rest are scenes. Of every second chart the labels and values can be asked for."""

    outside: float
    charts: float
    writing: float

    def draw(self, r: random.Random, held_out: bool = False) -> Picture:
        kind = r.random()
        if kind < self.outside:
            return outside(r, held_out)
        if kind < self.outside + self.charts:
            return chart(r, r.random() < 0.5)
        if kind < self.outside + self.charts + self.writing:
            return writing(r, held_out)
        return scene(r, count=r.choice(THINGS))


PAGES = 0.3  # of the views for training: pages of many glyphs, from which these are learned first
MIX = Mix(outside=0.06, charts=0.14, writing=0.46)


def batches(seed: int, batch: int, reuse: int, pool: int = 2000) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    """Pixels and labels of random views. Every view is used about `reuse` times, far apart: rendering takes time from training."""
    r = random.Random(seed)

    def items() -> Iterator[tuple[np.ndarray, np.ndarray]]:
        while True:
            p = page(r) if r.random() < PAGES else MIX.draw(r)
            base = views.base_view(p.image)
            yield views.patches(base), labels.labels(p, base, True)
            if r.random() < 0.2:
                tile = r.choice(views.tile_views(p.image))
                yield views.patches(tile), labels.labels(p, tile, False)

    new = items()
    kept: list[tuple[np.ndarray, np.ndarray]] = []
    owed = 0.0
    while True:
        owed += batch if len(kept) < pool else batch / reuse
        while owed >= 1:
            owed -= 1
            if len(kept) < pool:
                kept.append(next(new))
            else:
                kept[r.randrange(pool)] = next(new)
        take = [kept[i] for i in r.sample(range(len(kept)), batch)]
        yield torch.from_numpy(np.stack([a for a, _ in take])), torch.from_numpy(np.stack([b for _, b in take]))


def head_outputs(out: torch.Tensor) -> dict[str, torch.Tensor]:
    return dict(zip(HEADS, out.split(list(HEADS.values()), -1)))


def patch_loss(out: torch.Tensor, lab: torch.Tensor) -> torch.Tensor:
    """The mean over heads; background counts for less, since most patches are background."""
    total = out.new_zeros((), dtype=torch.float32)
    for name, o in head_outputs(out).items():
        y = lab[..., COLUMN[name]].long().flatten()
        weight = torch.ones(o.shape[-1], device=out.device)
        if name in ("shape", "color", "center", "glyph"):
            weight[0] = 0.3
        elif name in COUNTS:
            weight[3:] = 2.0  # larger counts of one kind are rare
        if (y != IGNORE).any():
            total = total + WEIGHTS.get(name, 1.0) * F.cross_entropy(o.float().flatten(0, 1), y, weight=weight, ignore_index=IGNORE)
    return total


def accuracy(out: torch.Tensor, lab: torch.Tensor) -> dict[str, tuple[int, int]]:
    """Right and all, per head; of shape, colour, centre and glyph only where there is one."""
    result = {}
    for name, o in head_outputs(out).items():
        y = lab[..., COLUMN[name]]
        known = y != IGNORE
        if name in ("shape", "color", "center", "glyph"):
            known &= y > 0
        result[name] = int((o.argmax(-1) == y)[known].sum()), int(known.sum())
    return result


def held_out(model: Model, pictures: int = 60) -> str:
    """Accuracy on views that training never sees: base views of unseen scenes and outside pictures."""
    r = random.Random(f"{HELD_OUT_SEED} encoder")
    pixels, labs = [], []
    for _ in range(pictures):
        p = MIX.draw(r, held_out=True)
        view = views.base_view(p.image)
        pixels.append(views.patches(view))
        labs.append(labels.labels(p, view, True))
    device = model.newline.device
    with torch.no_grad():
        out = model.told(model.vision(torch.from_numpy(np.stack(pixels)).to(device)))
        right = accuracy(out, torch.from_numpy(np.stack(labs)).to(device))
    return " ".join(f"{k}={a / max(1, b):.3f}" for k, (a, b) in right.items())


def train(rank: int, team: Team, a: argparse.Namespace) -> None:
    torch.set_num_threads(1)
    model = Model().to(a.device)
    optimizer = Optimizer(model, a.rate, team, rank, slow={p: 0.0 for p in DECODER})
    stream = Stream(rank, a, lambda seed: batches(seed, a.batch // team.size, a.reuse))
    start = time.time()
    done, step, mean = 0.0, 0, 0.0
    while done < 1:
        pixels, lab = next(stream)
        loss = patch_loss(model.told(model.vision(pixels)), lab)
        loss.backward()
        spent = time.time() - start
        done = optimizer.step(spent / (a.minutes * 60))
        step += 1
        mean += (loss.item() - mean) * max(0.02, 1 / step)
        if rank == 0 and step % a.every == 0:
            print(f"{spent:.0f}s step {step} {step * a.batch / spent:.0f} views/s loss {mean:.3f} held out: {held_out(model)}", flush=True)
            torch.save(optimizer.state(), a.out)
    if rank == 0:
        torch.save(optimizer.state(), a.out)
        print("held out:", held_out(model, 300), flush=True)


def main() -> None:
    a = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    a.add_argument("--out", type=Path, required=True)
    a.add_argument("--init", type=Path)
    a.add_argument("--minutes", type=float, default=40)
    a.add_argument("--every", type=int, default=200, help="steps between reports and checkpoints")
    a.add_argument("--batch", type=int, default=32)
    a.add_argument("--rate", type=float, default=1e-3)
    a.add_argument("--reuse", type=int, default=2)
    a.add_argument("--seed", type=int, default=1)
    stream_options(a)
    a = a.parse_args()
    torch.manual_seed(a.seed)
    model = Model()
    if a.init:
        model.load_state_dict(torch.load(a.init), strict=False)
    run(train, share_weights(model, a.processes, a.device), a)


if __name__ == "__main__":
    main()
