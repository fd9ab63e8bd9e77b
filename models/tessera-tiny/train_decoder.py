"""Stage 2: projector and decoder on questions, from an encoder that stage 1 trained.

    python train_decoder.py --init encoder.pt --tokenizer tokenizer.json --out model.pt --minutes 30
    python train_decoder.py --init encoder.pt --out model.pt --device cuda --workers 14 --batch 128 --minutes 18    # one GPU

Beside the answers, some attention heads are taught where to look: in one layer from every word that refers to things
to these things' patches (one head to the base view's, one to the tiles'), in the next from the answer to such words
(one head to the first, one to the last). A decoder this small finds these links only after many more questions when it
has the answers alone.
"""

import argparse
import collections
import random
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

import views
from labels import IGNORE, WORD_HEADS
from model import Model
from optimizer import Optimizer, share_weights
from packing import Item, Packer, collate
from team import Stream, Team, run, stream_options
from train_encoder import Mix, patch_loss

POINTING_LAYER, BASE_HEAD, TILE_HEAD = 1, 0, 1
READING_LAYER, FIRST_HEAD, LAST_HEAD = 2, 0, 1
MIX = Mix(outside=0.08, charts=0.14, writing=0.32)


def items(packer: Packer, r: random.Random, team: Team, a: argparse.Namespace) -> Iterator[Item]:
    while True:
        p = MIX.draw(r)
        base = r.random() < a.base_first + (a.base_last - a.base_first) * float(team.board[0])
        # A gap teaches that the questions may stand far behind the base view, as they do behind tiles.
        gap = r.randrange(100, 620) if base and r.random() < 0.6 else 0
        yield packer.item(p, packer.blocks(p, r, a.questions), base, gap)


def batches(packer: Packer, seed: int, batch: int, team: Team, a: argparse.Namespace) -> Iterator[dict]:
    """Batches of pictures with alike numbers of tokens, so that little is padded."""
    r = random.Random(seed)
    waiting: dict[int, list[Item]] = collections.defaultdict(list)
    for item in items(packer, r, team, a):
        group = waiting[len(item.pixels)]
        group.append(item)
        size = batch if len(item.pixels) == 1 else max(1, round(batch * 2 / (len(item.pixels) + 1)))
        if len(group) >= 2 * size:
            group.sort(key=lambda i: len(i.index))
            take, keep = (group[:size], group[size:]) if r.random() < 0.5 else (group[-size:], group[:-size])
            waiting[len(item.pixels)] = keep
            yield collate(packer, take)


def answer_loss(model: Model, hidden: torch.Tensor, batch: dict) -> tuple[torch.Tensor, torch.Tensor]:
    """The loss, and which targets are predicted right [B, L] (true where there is no target)."""
    at = batch["target"] >= 0
    logits, target, weight = model.logits(hidden[at]).float(), batch["target"][at], batch["weight"][at]
    loss = (F.cross_entropy(logits, target, reduction="none") * weight).sum() / weight.sum()
    right = torch.ones_like(at)
    right[at] = logits.argmax(-1) == target
    return loss, right


def pointing_loss(weights: torch.Tensor, batch: dict) -> torch.Tensor:
    """Minus the logarithm of the attention that words give to the patches of the things they refer to."""
    row, token, group, tiled = batch["pointers"][:, :4].unbind(1)
    total = weights.new_zeros((), dtype=torch.float32)
    for head, things, use in ((BASE_HEAD, "base_things", torch.ones_like(tiled)), (TILE_HEAD, "tile_things", tiled)):
        r, t, g = row[use > 0], token[use > 0], group[use > 0]
        if len(r):
            given = (weights[r, head, t].float() * ((batch[things][r] & g[:, None]) != 0)).sum(-1)
            total = total - (given + 1e-4).log().mean()
    return total


def word_loss(model: Model, states: torch.Tensor, batch: dict) -> torch.Tensor:
    """What such words should know of the things once they have looked: shape, colour, place and number."""
    row, token = batch["pointers"][:, :2].unbind(1)
    out = model.told_of_words(states[row, token]).float()
    total = out.new_zeros(())
    for i, o in enumerate(out.split(list(WORD_HEADS.values()), -1)):
        label = batch["pointers"][:, 4 + i]
        if (label != IGNORE).any():
            total = total + F.cross_entropy(o, label, ignore_index=IGNORE)
    return total


def reading_loss(weights: torch.Tensor, batch: dict) -> torch.Tensor:
    """Minus the logarithm of the attention that answers give to the words that refer to things."""
    row, token, first, last = batch["reads"].unbind(1)
    if not len(row):
        return weights.new_zeros((), dtype=torch.float32)
    given = [weights[row, head, token, key].float() for head, key in ((FIRST_HEAD, first), (LAST_HEAD, last))]
    return -sum((g + 1e-4).log().mean() for g in given) / 2


def score(right: torch.Tensor, batch: dict, into: dict) -> None:
    """Adds, per skill, whether every token of the answers was the likeliest."""
    for b, spans in enumerate(batch["spans"]):
        for skill, start, end in spans:
            into[skill].append(bool(right[b, start:end].all()))


def fit_projector(model: Model, pixels: torch.Tensor, size: float = 0.5) -> None:
    """A start from which the projected patches have no mean, the size `size`, and all that the features tell. From the
    usual small start a few directions outgrow the rest within minutes, and colours and positions are lost behind them."""
    width = model.config.width
    with torch.no_grad():
        features = model.vision(pixels).float().flatten(0, 1)
        mean, std = features.mean(0), features.std(0)
        first = torch.randn(width, width) * width**-0.5 / std
        model.projector1.weight.copy_(first)
        model.projector1.bias.copy_(-first @ mean)
        model.projector2.weight.copy_(torch.randn(width, width) * width**-0.5)
        model.projector2.bias.zero_()
        out = model.project(features)
        gain = size / out.std()
        model.projector2.weight.mul_(gain)
        model.projector2.bias.copy_(-out.mean(0) * gain)


def train(rank: int, team: Team, a: argparse.Namespace) -> None:
    torch.set_num_threads(1)
    model = Model().to(a.device)
    optimizer = Optimizer(model, a.rate, team, rank, slow={"vision.": a.encoder_rate, "heads.": a.encoder_rate})
    stream = Stream(rank, a, lambda seed: batches(Packer(a.tokenizer), seed, a.batch // team.size, team, a))
    start = last = saved = time.time()
    done, step, pictures = 0.0, 0, 0
    skills, losses = collections.defaultdict(list), collections.defaultdict(list)
    while done < 1:
        batch = next(stream)
        with torch.set_grad_enabled(a.encoder_rate > 0):
            features = model.vision(batch["pixels"])
        hidden, inner = model.hidden(model.project(features), batch)
        answers, right = answer_loss(model, hidden, batch)
        pointing = pointing_loss(inner[POINTING_LAYER][1], batch)
        reading = reading_loss(inner[READING_LAYER][1], batch)
        words = word_loss(model, inner[POINTING_LAYER][0], batch)
        loss = answers + a.looking * (pointing + reading) + a.words * words
        if a.encoder_rate > 0:
            patch = patch_loss(model.told(features), batch["labels"])
            losses["patch"].append(patch.item())
            loss = loss + a.patch * patch
        loss.backward()
        now = time.time()
        done = optimizer.step((now - start) / (a.minutes * 60))
        if rank > 0:
            continue
        step += 1
        pictures += len(batch["ids"]) * team.size
        losses["answer"].append(answers.item())
        losses["pointing"].append(pointing.item())
        losses["reading"].append(reading.item())
        losses["words"].append(words.item())
        if step % 2 == 0:
            score(right, batch, skills)
        if now - last > a.every:
            means = " ".join(f"{k} {sum(v) / len(v):.3f}" for k, v in losses.items())
            told = " ".join(f"{k}={sum(v) / len(v):.2f}" for k, v in sorted(skills.items()))
            print(f"{now - start:.0f}s step {step} {pictures / (now - last):.1f} pictures/s {means} | {told}", flush=True)
            last, pictures = now, 0
            skills.clear()
            losses.clear()
        if now - saved > 120:
            torch.save(optimizer.state(), a.out)
            saved = now
    if rank == 0:
        torch.save(optimizer.state(), a.out)


def main() -> None:
    a = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    a.add_argument("--init", type=Path, required=True)
    a.add_argument("--out", type=Path, required=True)
    a.add_argument("--tokenizer", default="weights/tokenizer.json")
    a.add_argument("--minutes", type=float, default=30)
    a.add_argument("--every", type=float, default=60, help="seconds between reports")
    a.add_argument("--rate", type=float, default=1.5e-3)
    a.add_argument("--encoder-rate", type=float, default=0.3, help="share of the rate for the encoder; 0 leaves it as it is")
    a.add_argument("--batch", type=int, default=16)
    a.add_argument("--questions", type=int, default=8)
    a.add_argument("--base-first", type=float, default=0.9, help="share of pictures sent as their base view alone, when the run starts")
    a.add_argument("--base-last", type=float, default=0.4, help="and when it ends")
    a.add_argument("--looking", type=float, default=0.5, help="weight of the losses on attention")
    a.add_argument("--words", type=float, default=0.2, help="weight of the loss on what words know")
    a.add_argument("--patch", type=float, default=0.3, help="weight of the encoder's own loss")
    a.add_argument("--seed", type=int, default=11)
    stream_options(a)
    a = a.parse_args()
    torch.manual_seed(a.seed)
    model = Model()
    state = torch.load(a.init)
    model.load_state_dict(state, strict=False)
    if not state.get("projector1.bias", torch.zeros(1)).any():
        r = random.Random(a.seed)
        pixels = [views.patches(views.base_view(MIX.draw(r).image)) for _ in range(32)]
        fit_projector(model, torch.from_numpy(np.stack(pixels)))
    run(train, share_weights(model, a.processes, a.device), a)


if __name__ == "__main__":
    main()
