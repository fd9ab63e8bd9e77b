"""Held-out accuracy by skill: pictures of a seed that training never uses, full anyres views, every question alone,
the greedy answer exactly right.

    python evaluate.py                          # the exported weights, 500 pictures
    python evaluate.py --seed 7                 # other pictures than the card's
    python evaluate.py --checkpoint model.pt    # a training checkpoint
    python evaluate.py --low                    # the base view alone, as `detail: low` sends it
    python evaluate.py --write evaluation --pictures 40    # the same pictures as PNG files, with questions.jsonl

A question counts as right when every token of the expected answer, and the stop after it, is the likeliest given
those before it; this is the same as a greedy answer that equals the expected one.
"""

import argparse
import collections
import json
import random
from collections.abc import Iterator
from pathlib import Path

import torch

import questions
from huggingface import load
from model import Model
from outside import outside
from packing import Packer, collate
from questions import CHINESE, ENGLISH, Question
from scenes import Picture, scene
from train_decoder import answer_loss

SEED = 20261122
EVERY = 10  # one picture in so many is from outside the trained world, and one comes with a question without a picture
PER_SKILL = 2  # facts of a skill that one picture is asked about, at most
LARGEST_PNG, JPEG_QUALITY = 40_000, 80
HERE = Path(__file__).parent
LANGUAGES = {ENGLISH: "en", CHINESE: "zh"}


def held_out(count: int, seed: int) -> Iterator[tuple[Picture, list[tuple[int, Question]]]]:
    """Pictures, each with its questions in both languages."""
    for i in range(count):
        r = random.Random(f"{seed} evaluation {i}")
        picture = outside(r, held_out=True) if i % EVERY == 0 else scene(r)
        facts = questions.facts(picture, r)
        r.shuffle(facts)
        if i % EVERY == 5:
            facts.append(questions.without_image(r))
        taken: collections.Counter = collections.Counter()
        asked = []
        for fact in facts:
            taken[fact.skill] += 1
            if taken[fact.skill] <= PER_SKILL:
                asked += [(language, fact.ask(r, language)) for language in LANGUAGES]
        yield picture, asked


def skill_name(q: Question) -> str:
    if q.skill != "count":
        return q.skill
    return "count, 1 to 5" if q.answer[0] in "12345" else "count, 0 and 6"


def right_answers(model: Model, packer: Packer, picture: Picture, asked: list[Question], low: bool) -> list[bool]:
    blocks = [packer.block(picture, [q], sees=q.skill != "no image") for q in asked]
    batch = collate(packer, [packer.item(picture, blocks, low)])
    with torch.no_grad():
        hidden, _ = model.hidden(model.project(model.vision(batch["pixels"])), batch)
        _, right = answer_loss(model, hidden, batch)
    return [bool(right[0, start:end].all()) for _, start, end in batch["spans"][0]]


def evaluate(model: Model, packer: Packer, count: int, low: bool, seed: int) -> dict[tuple[str, str], list[bool]]:
    table: dict[tuple[str, str], list[bool]] = collections.defaultdict(list)
    for picture, asked in held_out(count, seed):
        for (language, q), right in zip(asked, right_answers(model, packer, picture, [q for _, q in asked], low)):
            table[skill_name(q), LANGUAGES[language]].append(right)
    return table


def show(table: dict[tuple[str, str], list[bool]]) -> None:
    print("| skill | English | Chinese | n each |\n|---|---|---|---|")
    for skill in sorted({skill for skill, _ in table}):
        english, chinese = table[skill, "en"], table[skill, "zh"]
        print(f"| {skill} | {sum(english) / len(english):.3f} | {sum(chinese) / len(chinese):.3f} | {len(english)} |")


def write(folder: Path, count: int, seed: int) -> None:
    """The held-out pictures as files for a test through another pipeline: PNG, or JPEG where PNG is large."""
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / "questions.jsonl", "w") as f:
        for i, (picture, asked) in enumerate(held_out(count, seed)):
            path = folder / f"{i:03}.png"
            picture.image.save(path, optimize=True)
            if path.stat().st_size > LARGEST_PNG:
                path.unlink()
                path = path.with_suffix(".jpg")
                picture.image.save(path, quality=JPEG_QUALITY)
            for language, q in asked:
                image = None if q.skill == "no image" else path.name
                line = dict(image=image, skill=skill_name(q), language=LANGUAGES[language], question=q.text, answer=q.answer)
                f.write(json.dumps(line, ensure_ascii=False) + "\n")


def main() -> None:
    a = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    a.add_argument("--checkpoint", type=Path)
    a.add_argument("--tokenizer", default=str(HERE / "weights/tokenizer.json"))
    a.add_argument("--pictures", type=int, default=500)
    a.add_argument("--low", action="store_true")
    a.add_argument("--write", type=Path, metavar="FOLDER")
    a.add_argument("--seed", type=int, default=SEED)
    a.add_argument("--threads", type=int, default=2)
    a = a.parse_args()
    torch.set_num_threads(a.threads)
    if a.write:
        write(a.write, a.pictures, a.seed)
        return
    if a.checkpoint:
        model = Model()
        model.load_state_dict(torch.load(a.checkpoint))
    else:
        model = load(HERE / "weights")
    show(evaluate(model.eval(), Packer(a.tokenizer), a.pictures, a.low, a.seed))


if __name__ == "__main__":
    main()
