"""Packed samples: one picture and many questions in one sequence.

A question sees the prompt's start, the picture and itself only (block mask, positions restart after the picture),
which is the same as training every question alone at a fraction of the cost.

    block 0: <|im_start|>system ... <|im_start|>user\\n    block 1: the picture    block 2, 3, ...: the questions
"""

import functools
import random
from dataclasses import dataclass

import numpy as np
import torch
from tokenizers import Tokenizer

import labels
import questions
import views
from questions import CHINESE, ENGLISH, Question
from scenes import Picture

NO_TARGET = -100
NEWLINE, TEXT = -1, -2  # in `index`: image_newline, a text token


@dataclass
class Block:
    """One question with its answer as tokens. `answer` marks the tokens to predict; `about` the tokens that refer to things."""

    skill: str
    ids: list[int]
    answer: list[bool]
    about: list[tuple[int, int, list[int]]]  # (token, bit set of things, what the decoder learns to say of them)
    reads: list[tuple[int, int, int]]  # (token that predicts part of an answer, the first and the last token that it is about)
    sees: bool


@dataclass
class Item:
    """A picture as the model reads it, with its questions."""

    pixels: list[np.ndarray]
    labels: list[np.ndarray]
    referred: list[np.ndarray]  # per view, the bit by which words refer to each patch
    index: np.ndarray
    blocks: list[Block]
    gap: int = 0  # positions left out between picture and questions


class Packer:
    def __init__(self, path: str) -> None:
        self.tokenizer = Tokenizer.from_file(path)
        self.encode = functools.lru_cache(50000)(lambda text: self.tokenizer.encode(text, add_special_tokens=False))
        self.start = self.ids("<|im_start|>system\nAnswer the questions.<|im_end|><|im_start|>user\n")
        self.reply = self.ids("<|im_end|><|im_start|>assistant\n")
        self.next_turn = self.ids("<|im_start|>user\n")
        self.stop = self.tokenizer.token_to_id("<|im_end|>")
        self.pad = self.tokenizer.token_to_id("<pad>")

    def ids(self, text: str) -> list[int]:
        return list(self.encode(text).ids)

    def block(self, picture: Picture, turns: list[Question], sees: bool = True) -> Block:
        """One conversation about the picture, or, with `sees` false, without one."""
        out = Block(turns[0].skill, [], [], [], [], sees)
        for i, q in enumerate(turns):
            lead = self.next_turn if i else self.ids("\n") if sees else []
            encoded = self.encode(q.text)
            for end, group in q.about:
                token = next(k for k, (_, e) in enumerate(encoded.offsets) if e >= end)
                bits = sum(1 << g for g in group)
                out.about.append((len(out.ids) + len(lead) + token, bits, labels.word_labels(picture, bits)))
            about = [token for token, _, _ in out.about[len(out.about) - len(q.about) :]]
            question, answer = lead + list(encoded.ids) + self.reply, self.ids(q.answer) + [self.stop]
            if about:
                predict = range(len(out.ids) + len(question) - 1, len(out.ids) + len(question) + len(answer) - 2)
                out.reads += [(token, about[0], about[-1]) for token in predict]
            if q.skill in ("word", "number"):
                next_letter = len(out.ids) + len(question) - 1
                out.about += [(next_letter + place, 1 << labels.SPELLING + place, labels.spelling_labels(g)) for place, g in enumerate(picture.text)]
            out.ids += question + answer
            out.answer += [False] * len(question) + [True] * len(answer)
        return out

    def blocks(self, picture: Picture, r: random.Random, count: int, chinese: float = 0.3) -> list[Block]:
        """`count` conversations for training, sometimes of two turns, and sometimes one that has no picture."""
        facts = questions.facts(picture, r)
        facts.sort(key=lambda fact: r.random() ** (1 / questions.WEIGHTS.get(fact.skill, 1.0)))  # drawn from the end by weight
        ask = lambda fact: questions.loosely(fact.ask(r, CHINESE if r.random() < chinese else ENGLISH), r)
        out = []
        while facts and len(out) < count:
            turns = [ask(facts.pop())]
            if facts and r.random() < 0.06:
                turns.append(ask(facts.pop()))
            out.append(self.block(picture, turns))
        if r.random() < 0.1:
            out.append(self.block(picture, [ask(questions.without_image(r))], sees=False))
        return out

    def item(self, picture: Picture, blocks: list[Block], base_only: bool, gap: int = 0) -> Item:
        cut = [views.base_view(picture.image)] if base_only else views.split(picture.image)
        return Item(
            [views.patches(v) for v in cut],
            [labels.labels(picture, v, i == 0) for i, v in enumerate(cut)],
            [labels.referred(picture, v) for v in cut],
            views.base_index() if base_only else views.feature_index(*picture.image.size),
            blocks,
            gap,
        )


def collate(packer: Packer, items: list[Item]) -> dict:
    """Tensors of a batch. `things` is, for image tokens, the bit of the thing that covers the patch: of the base view and of tiles apart."""
    rows, first_view, pointers, reads = [], 0, [], []
    for b, item in enumerate(items):
        before, image = len(packer.start), len(item.index)
        bits = np.append(1 << np.concatenate(item.referred), 0)[item.index]
        row = dict(
            ids=packer.start + [0] * image,
            index=[TEXT] * before + np.where(item.index < 0, NEWLINE, item.index + first_view * views.TOKENS).tolist(),
            position=list(range(before + image)),
            block=[0] * before + [1] * image,
            sees=[False] * before + [True] * image,
            target=[NO_TARGET] * (before + image),
            weight=[0.0] * (before + image),
            base_things=[0] * before + bits[: views.TOKENS].tolist() + [0] * (image - views.TOKENS),
            tile_things=[0] * (before + views.TOKENS) + bits[views.TOKENS :].tolist(),
        )
        spans = []
        for k, block in enumerate(item.blocks):
            n, at = len(block.ids), len(row["ids"])
            start = before + image + item.gap if block.sees else before
            share = sum(block.answer) ** -0.5
            row["ids"] += block.ids
            row["index"] += [TEXT] * n
            row["position"] += range(start, start + n)
            row["block"] += [k + 2] * n
            row["sees"] += [block.sees] * n
            following = [*range(1, n), 0]
            row["target"] += [block.ids[j] if j and block.answer[j] else NO_TARGET for j in following]
            row["weight"] += [share if j and block.answer[j] else 0.0 for j in following]
            row["base_things"] += [0] * n
            row["tile_things"] += [0] * n
            # Which letter of a word a tile shows cannot be seen in the tile alone, so letters are looked for in the base view.
            in_tiles = len(item.pixels) > 1
            pointers += [(b, at + token, group, in_tiles and group >> labels.SPELLING == 0, *told) for token, group, told in block.about]
            reads += [(b, at + token, at + first, at + last) for token, first, last in block.reads]
            spans.append((block.skill, at, at + n))
        row["spans"] = spans
        rows.append(row)
        first_view += len(item.pixels)
    longest = -(-max(len(row["ids"]) for row in rows) // 16) * 16
    fill = dict(ids=packer.pad, index=TEXT, position=0, block=-1, sees=False, target=NO_TARGET, weight=0.0, base_things=0, tile_things=0)
    batch = {name: torch.tensor([row[name] + [value] * (longest - len(row[name])) for row in rows]) for name, value in fill.items()}
    batch["pixels"] = torch.from_numpy(np.concatenate([np.stack(i.pixels) for i in items]))
    batch["labels"] = torch.from_numpy(np.concatenate([np.stack(i.labels) for i in items]))
    batch["pointers"] = torch.tensor(pointers, dtype=torch.long).reshape(-1, 4 + len(labels.WORD_HEADS))
    batch["reads"] = torch.tensor(reads, dtype=torch.long).reshape(-1, 4)
    batch["spans"] = [row["spans"] for row in rows]
    return batch
