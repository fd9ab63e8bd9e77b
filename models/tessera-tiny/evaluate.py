"""Held-out accuracy by skill: pictures of a seed that training never uses, full anyres views, every question alone,
the greedy answer exactly right.

    python evaluate.py                          # the exported weights, 500 pictures
    python evaluate.py --pictures 2000 --renderer second    # pictures by another renderer (second_renderer.py)
    python evaluate.py --seed 7                 # other pictures than the card's
    python evaluate.py --checkpoint model.pt    # a training checkpoint
    python evaluate.py --low                    # the base view alone, as `detail: low` sends it
    python evaluate.py --write evaluation --pictures 40    # the same pictures as PNG files, with questions.jsonl

A question counts as right when every token of the expected answer, and the stop after it, is the likeliest given
those before it; this is the same as a greedy answer that equals the expected one. A false refusal is an answer to a
question that has one which begins as "cannot tell" does; no other answer begins so.
"""

import argparse
import collections
import json
import math
import random
import time
from collections.abc import Iterator
from pathlib import Path

import torch

import charts
import questions
import scenes
from huggingface import load
from model import Model
from outside import outside
from packing import Packer, collate
from phrases import CANNOT
from questions import CHINESE, ENGLISH, Question
from scenes import Picture
from train_decoder import answer_loss
from writing import writing

SEED = 20261122
CHART_EVERY = 8
EVERY = 10  # one picture in so many is from outside the trained world, and one comes with a question without a picture
WRITTEN = (3, 7)  # two of so many are a word or a number, which the first renderer alone draws
PER_SKILL = 2  # facts of a skill that one picture is asked about, at most
LARGEST_PNG, JPEG_QUALITY = 40_000, 80
FALSE_REFUSALS = "false refusals"
HERE = Path(__file__).parent
LANGUAGES = {ENGLISH: "en", CHINESE: "zh"}


def held_out(count: int, seed: int, second: bool = False) -> Iterator[tuple[Picture, list[tuple[int, Question]]]]:
    """Pictures, each with its questions in both languages. Of every second chart of the first renderer the labels and values are asked for."""
    if second:
        import second_renderer

        scene, chart = second_renderer.scene, second_renderer.chart
    else:
        scene, chart = scenes.scene, charts.chart
    for i in range(count):
        r = random.Random(f"{seed} evaluation {i}")
        if i % EVERY == 0:
            picture = outside(r, held_out=True)
        elif not second and i % EVERY in WRITTEN:
            picture = writing(r, held_out=True)
        elif i % CHART_EVERY != 1:
            picture = scene(r)
        elif second or i % (2 * CHART_EVERY) != 1:
            picture = chart(r)
        else:
            picture = charts.chart(r, printed=True)
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
    return f"count, {'0' if q.answer[0] == '0' else '1 to 6'}" if q.skill == "count" else q.skill


def takes_an_answer(skill: str) -> bool:
    return skill not in ("cannot tell", "off topic", "no image", "hello")


def right_answers(model: Model, packer: Packer, picture: Picture, asked: list[Question], low: bool) -> list[tuple[bool, bool]]:
    """Of every question, whether its answer is right, and whether it is a refusal."""
    blocks = [packer.block(picture, [q], sees=q.skill != "no image") for q in asked]
    batch = collate(packer, [packer.item(picture, blocks, low)])
    with torch.no_grad():
        hidden, _ = model.hidden(model.project(model.vision(batch["pixels"])), batch)
        _, right = answer_loss(model, hidden, batch)
        first = [next(k for k in range(start, end) if batch["target"][0, k] >= 0) for _, start, end in batch["spans"][0]]
        begins = model.logits(hidden[0, first]).argmax(-1).tolist()
    refusal = {packer.ids(text)[0] for text in CANNOT}
    return [(bool(right[0, start:end].all()), b in refusal) for (_, start, end), b in zip(batch["spans"][0], begins)]


def evaluate(model: Model, packer: Packer, low: bool, held: Iterator, minutes: float) -> tuple[int, dict[tuple[str, str], list[bool]]]:
    """How many pictures were asked about within the time, and of every skill and language which answers are right."""
    table: dict[tuple[str, str], list[bool]] = collections.defaultdict(list)
    pictures, end = 0, time.monotonic() + 60 * minutes
    for picture, asked in held:
        for (language, q), (right, refused) in zip(asked, right_answers(model, packer, picture, [q for _, q in asked], low)):
            skill, name = skill_name(q), LANGUAGES[language]
            table[skill, name].append(right)
            if skill in ("absent", "is there"):
                table["existence (absent, is there)", name].append(right)
            if takes_an_answer(skill):
                table[FALSE_REFUSALS, name].append(refused)
        pictures += 1
        if time.monotonic() > end:
            break
    return pictures, table


def show(table: dict[tuple[str, str], list[bool]]) -> None:
    print("| skill | English | Chinese | n each |\n|---|---|---|---|")
    for skill in sorted({skill for skill, _ in table}, key=lambda skill: (skill == FALSE_REFUSALS, skill)):
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
    a.add_argument("--renderer", choices=["first", "second"], default="first")
    a.add_argument("--minutes", type=float, default=math.inf, help="stop after so long, and say how many pictures there were")
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
    held = held_out(a.pictures, a.seed, a.renderer == "second")
    pictures, table = evaluate(model.eval(), Packer(a.tokenizer), a.low, held, a.minutes)
    print(f"{pictures} pictures, seed {a.seed}, {a.renderer} renderer{', base view alone' if a.low else ''}\n")
    show(table)


if __name__ == "__main__":
    main()
