"""Questions about a picture with exact short answers."""

import random
import re
from collections import Counter
from dataclasses import dataclass

import phrases as say
from phrases import COLORS_ZH, SHAPES_ZH, ZONES, article, plural, sentence
from scenes import GROUND, NAMES, SHAPES, Picture, Thing

ENGLISH, CHINESE = 0, 1
WEIGHTS = {"color": 0.5, "shape": 0.5, "relation": 0.4, "count": 3.0, "size": 1.3, "is there": 1.5, "describe": 1.5}  # how often training asks, beside 1
Both = tuple[str, str]
MARKED = re.compile(r"\[([^\]]*)\]")


@dataclass(frozen=True)
class Question:
    skill: str
    text: str
    answer: str
    about: tuple[tuple[int, frozenset[int]], ...] = ()  # where words end that refer to things, and which things


@dataclass(frozen=True)
class Fact:
    """A question in both languages, with the words to fill in and the things they refer to, in order."""

    skill: str
    forms: tuple[list[str], list[str]]
    answer: Both
    words: tuple[Both, ...] = ()
    groups: tuple[frozenset[int], ...] = ()

    def ask(self, r: random.Random, language: int) -> Question:
        text = r.choice(self.forms[language]).format(*(w[language] for w in self.words))
        about, plain, end = [], "", 0
        for i, match in enumerate(MARKED.finditer(text)):
            plain += text[end : match.start()] + match[1]
            end = match.end()
            if i < len(self.groups) and self.groups[i]:
                about.append((len(plain), self.groups[i]))
        return Question(self.skill, plain + text[end:], self.answer[language], tuple(about))


def shape_name(t: Thing) -> Both:
    return t.shape, SHAPES_ZH[t.shape]


def color_name(t: Thing) -> Both:
    return t.color, COLORS_ZH[t.color]


def full_name(t: Thing) -> Both:
    return f"{t.color} {t.shape}", f"{COLORS_ZH[t.color]}的{SHAPES_ZH[t.shape]}"


def color_answer(color: str) -> Both:
    return sentence(color), COLORS_ZH[color] + "。"


def shape_answer(shape: str) -> Both:
    return sentence(article(shape)), SHAPES_ZH[shape] + "。"


def number(n: int) -> Both:
    return f"{n}.", f"{n}。"


def zone(t: Thing) -> Both | None:
    """Which ninth of the picture holds the thing's middle; None near a border between ninths."""
    if any(abs(v - border) < 0.045 for v in (t.x, t.y) for border in (1 / 3, 2 / 3)):
        return None
    return ZONES[int(t.y * 3) * 3 + int(t.x * 3)]


SIZE_BORDERS = (1 / 6, 1 / 4)  # small, medium, large: a shape's width as a share of the picture's longer side


def size(picture: Picture, t: Thing) -> Both | None:
    """Small, medium or large; None near a border."""
    extent = picture.extent(t)
    if any(abs(extent / border - 1) < 0.08 for border in SIZE_BORDERS):
        return None
    return say.SIZES[sum(extent > border for border in SIZE_BORDERS)]


def single_facts(picture: Picture) -> list[Fact]:
    """What can be said of one thing that a question can single out."""
    things, out = picture.things, []
    shapes, colors = Counter(t.shape for t in things), Counter(t.color for t in things)
    names = Counter((t.shape, t.color) for t in things)
    for i, t in enumerate(things):
        it = (frozenset([i]),)
        if len(things) == 1:
            out.append(Fact("shape", say.SHAPE_ONLY, shape_answer(t.shape), (), it))
            out.append(Fact("color", say.COLOR_ONLY, color_answer(t.color), (), it))
        if shapes[t.shape] == 1:
            out.append(Fact("color", say.COLOR_OF, color_answer(t.color), (shape_name(t),), it))
        if colors[t.color] == 1:
            out.append(Fact("shape", say.SHAPE_OF, shape_answer(t.shape), (color_name(t),), it))
        where = zone(t)
        if where and shapes[t.shape] == 1:
            out.append(Fact("position", say.WHERE, where, (shape_name(t),), it))
        elif where and names[t.shape, t.color] == 1:
            out.append(Fact("position", say.WHERE, where, (full_name(t),), it))
        extent = size(picture, t)
        if extent and names[t.shape, t.color] == 1:
            out.append(Fact("size", say.SIZE_OF, extent, (shape_name(t) if shapes[t.shape] == 1 else full_name(t),), it))
    return out


def size_facts(picture: Picture, r: random.Random) -> list[Fact]:
    """The largest, the smallest, and the larger of two."""
    things, out = picture.things, []
    for forms, i in zip((say.LARGEST, say.SMALLEST), picture.extremes()):
        if i is not None:
            english, chinese = full_name(things[i])
            out.append(Fact("size", forms, (sentence(f"the {english}"), chinese + "。"), (), (frozenset([i]),)))
    shapes = Counter(t.shape for t in things)
    single = [i for i, t in enumerate(things) if shapes[t.shape] == 1]
    if len(single) > 1:
        i, j = r.sample(single, 2)
        larger, smaller = (i, j) if things[i].size > things[j].size else (j, i)
        if picture.clearly(things[larger].size, things[smaller].size):
            english, chinese = shape_name(things[larger])
            words = shape_name(things[i]), shape_name(things[j])
            out.append(Fact("size", say.BIGGER, (sentence(f"the {english}"), chinese + "。"), words, (frozenset([i]), frozenset([j]))))
    return out


def label_facts(picture: Picture) -> list[Fact]:
    """What is printed beside a chart's bars, where it can be asked for."""
    bars, out = picture.things, []
    if not bars[0].label:
        return out
    for i, t in enumerate(bars):
        it = (frozenset([i]),)
        out.append(Fact("chart value", say.VALUE_OF, number(t.value), ((t.label, t.label),), it))
        out.append(Fact("chart label", say.LABEL_OF, (t.label + ".", t.label + "。"), (color_name(t),), it))
    for forms, i in zip((say.HIGHEST_LABEL, say.LOWEST_LABEL), picture.extremes()):
        if i is not None:
            out.append(Fact("chart highest, lowest", forms, (bars[i].label + ".", bars[i].label + "。"), (), (frozenset([i]),)))
    return out


def text_facts(picture: Picture, r: random.Random) -> list[Fact]:
    skill = "number" if picture.text.isdigit() else "word"
    return [
        Fact(skill, say.READ, (picture.text + ".", picture.text + "。")),
        Fact(skill, say.DESCRIBE, (picture.text + ".", picture.text + "。")),
        Fact("background", say.BACKGROUND, color_answer(picture.background), (), (frozenset([GROUND]),)),
    ]


def chart_facts(picture: Picture, r: random.Random) -> list[Fact]:
    """Bars are named by their colours, of which every bar has its own."""
    things = picture.things
    out = [Fact("chart count", say.COUNT_BARS, number(len(things)), (), (frozenset(range(len(things))),))]
    for forms, i in zip((say.HIGHEST, say.LOWEST), picture.extremes()):
        if i is not None:
            english, chinese = color_name(things[i])
            out.append(Fact("chart highest, lowest", forms, (f"The {english} bar.", chinese + "的柱子。"), (), (frozenset([i]),)))
    for _ in range(2):
        i, j = r.sample(range(len(things)), 2)
        larger, smaller = max(things[i].size, things[j].size), min(things[i].size, things[j].size)
        if picture.clearly(larger, smaller):
            words = color_name(things[i]), color_name(things[j])
            answer = say.HEIGHTS[things[i].size < things[j].size]
            out.append(Fact("chart compare", say.HIGHER, answer, words, (frozenset([i]), frozenset([j]))))
    out.append(Fact("background", say.BACKGROUND, color_answer(picture.background), (), (frozenset([GROUND]),)))
    out += label_facts(picture) + [absent(picture, r)]
    if r.random() < 0.3:
        out.append(Fact("describe", say.DESCRIBE, (f"A bar chart with {len(things)} bars.", f"有{len(things)}根柱子的柱状图。")))
    if r.random() < 0.2:
        out.append(Fact("off topic", say.OFF_TOPIC, say.CANNOT))
    return out


def pair_facts(picture: Picture, r: random.Random) -> list[Fact]:
    """Left or right, above or below: of two things with names of their own."""
    things, out = picture.things, []
    shapes = Counter(t.shape for t in things)
    names = Counter((t.shape, t.color) for t in things)
    named = [(i, shape_name(t) if shapes[t.shape] == 1 else full_name(t)) for i, t in enumerate(things) if names[t.shape, t.color] == 1]
    for _ in range(3 if len(named) > 1 else 0):
        (i, first), (j, second) = r.sample(named, 2)
        across, down = things[i].x - things[j].x, things[i].y - things[j].y
        groups = frozenset([i]), frozenset([j])
        if abs(across) > 0.12:
            out.append(Fact("relation", say.LEFT_OR_RIGHT, say.SIDES["left" if across < 0 else "right"], (first, second), groups))
        if abs(down) > 0.12:
            out.append(Fact("relation", say.ABOVE_OR_BELOW, say.SIDES["above" if down < 0 else "below"], (first, second), groups))
    return out


def count_facts(picture: Picture, r: random.Random) -> list[Fact]:
    things = picture.things
    out = [Fact("count", say.COUNT_ALL, number(len(things)), (), (frozenset(range(len(things))),))]
    shape = r.choice(things).shape if r.random() < 0.85 else r.choice(SHAPES)
    group = frozenset(i for i, t in enumerate(things) if t.shape == shape)
    out.append(Fact("count", say.COUNT_SHAPE, number(len(group)), ((plural(shape), SHAPES_ZH[shape]),), (group,)))
    color = r.choice(things).color if r.random() < 0.85 else r.choice(NAMES)
    group = frozenset(i for i, t in enumerate(things) if t.color == color)
    out.append(Fact("count", say.COUNT_COLOR, number(len(group)), ((color, COLORS_ZH[color]),), (group,)))
    return out


def is_there(picture: Picture, r: random.Random) -> Fact:
    things = picture.things
    t = r.choice(things)
    if r.random() < 0.6:
        shape, color = (r.choice(SHAPES), t.color) if r.random() < 0.5 else (t.shape, r.choice(NAMES))
        t = Thing(shape, color, 0, 0, 0)
    if r.random() < 0.5:
        group = frozenset(i for i, o in enumerate(things) if (o.shape, o.color) == (t.shape, t.color))
        english, chinese = full_name(t)
    else:
        group = frozenset(i for i, o in enumerate(things) if o.shape == t.shape)
        english, chinese = shape_name(t)
    answer = ("Yes.", "有。") if group else ("No.", "没有。")
    return Fact("is there", say.IS_THERE, answer, ((article(english), chinese),), (group,))


def absent(picture: Picture, r: random.Random) -> Fact:
    """A question about a shape that is not there."""
    shape = r.choice([s for s in SHAPES if all(t.shape != s for t in picture.things)])
    answer = f"There is no {shape}.", f"没有{SHAPES_ZH[shape]}。"
    return Fact("absent", r.choice([say.COLOR_OF, say.WHERE]), answer, ((shape, SHAPES_ZH[shape]),))


def description(picture: Picture) -> Fact:
    things, ground = picture.things, picture.background
    names = [full_name(t) for t in sorted(things, key=lambda t: t.x)]
    if len(things) <= 2:
        english, chinese = " and ".join(article(e) for e, _ in names), "和".join(z for _, z in names)
    else:
        english, chinese = f"{len(things)} shapes", f"{len(things)}个图形"
    answer = sentence(f"{english} on {article(ground)} background"), f"{COLORS_ZH[ground]}背景上有{chinese}。"
    return Fact("describe", say.DESCRIBE, answer)


def facts(picture: Picture, r: random.Random) -> list[Fact]:
    if picture.outside:
        return cannot(r)
    if picture.text:
        return text_facts(picture, r)
    if picture.chart:
        return chart_facts(picture, r)
    out = single_facts(picture) + pair_facts(picture, r) + size_facts(picture, r) + count_facts(picture, r)
    easier = [
        (0.6, is_there(picture, r)),
        (0.6, is_there(picture, r)),
        (0.5, absent(picture, r)),
        (0.6, description(picture)),
        (0.3, Fact("background", say.BACKGROUND, color_answer(picture.background), (), (frozenset([GROUND]),))),
        (0.3, Fact("off topic", say.OFF_TOPIC, say.CANNOT)),
        (0.06, Fact("off topic", r.choice([say.HIGHEST, say.LOWEST]), say.CANNOT)),
    ]
    out += [fact for share, fact in easier if r.random() < share]
    if r.random() < 0.05:
        out.append(Fact("hello", say.GREETINGS, say.HELLO))
    return out


def cannot(r: random.Random) -> list[Fact]:
    """About a picture from outside every question has the same answer."""
    shape, color = r.choice(SHAPES), r.choice(NAMES)
    name = (shape, SHAPES_ZH[shape])
    forms = [(say.COLOR_OF, name), (say.WHERE, name), (say.COUNT_SHAPE, (plural(shape), name[1])), (say.SHAPE_OF, (color, COLORS_ZH[color]))]
    out = [Fact("cannot tell", form, say.CANNOT, (word,)) for form, word in forms]
    plain = [say.DESCRIBE, say.DESCRIBE, say.OFF_TOPIC, say.BACKGROUND, say.SHAPE_ONLY, say.COLOR_ONLY, say.COUNT_ALL, say.LARGEST, say.SMALLEST, say.HIGHEST, say.COUNT_BARS]
    return out + [Fact("cannot tell", form, say.CANNOT) for form in plain]


def without_image(r: random.Random) -> Fact:
    shape = r.choice(SHAPES)
    form, words = r.choice([(say.COLOR_OF, ((shape, SHAPES_ZH[shape]),)), (say.DESCRIBE, ()), (say.OFF_TOPIC, ()), (say.COUNT_ALL, ()), (say.SHAPE_ONLY, ()), (say.LARGEST, ()), (say.HIGHEST, ())])
    return Fact("no image", form, say.NO_IMAGE, words)


def loosely(q: Question, r: random.Random) -> Question:
    """The question as a hurried person types it."""
    text = q.text
    if r.random() < 0.1:
        text = text.lower()
    if r.random() < 0.1:
        text = text.rstrip("?.？。")
    return Question(q.skill, text, q.answer, q.about)
