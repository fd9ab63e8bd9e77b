"""Byte-level BPE with ChatML's control tokens. Capital letters, digits and Chinese characters always stand alone.

    python tokenizer.py tokenizer.json
"""

import random
import sys
from collections.abc import Iterator

from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, trainers

import charts
import phrases
import questions
import scenes

CONTROL = ["<unk>", "<s>", "</s>", "<|im_start|>", "<|im_end|>", "<image>", "<pad>"]
SIZE = 1536
ALONE = "[A-Z0-9\u3000-\u303f\u4e00-\u9fff\uff00-\uffef]"
# English words that users type and the questions lack, so that they do not fall into bytes.
COMMON = """about after again all also always and another any are around because been before best better between big book both boy bright bring
call can car cat change child city clear close cloud come could cut dark day did different does dog door down draw each eat end even every eye
face family far fast feel few find first fish flower follow food foot friend front full game get girl give glass go good great group grow hair
hand happy hard have head hear help here high home horse hot house how idea image into just keep kind know land large last late leave less let
letter life light like line little live long look love low machine made make man many may mean men mind more morning most mother move much
music must name near need never new next night nothing now number off often old once one open order other our out over own page paper part
people perhaps person photo picture piece place plant play please point put question quick read ready real rest right river road room round
run same saw say school sea second see seem sentence set she short should show side sign since sit sky sleep small some something song soon
sound space stand start still stop story street strong such sun sure table take talk tall tell text than that the their them then there these
they thing think this those thought three through time today together too top town travel tree true try turn two under until use very voice
wait walk wall want warm watch water way well were when where which while who whole why will wind window with wood word work world would write
year yes yet you young your""".split()


def corpus(count: int = 8000) -> Iterator[str]:
    r = random.Random(3)
    for i in range(count):
        picture = charts.chart(r, printed=True) if i % 20 == 0 else scenes.scene(r, size=(64, 64))
        for fact in [*questions.facts(picture, r), *questions.cannot(r), questions.without_image(r)]:
            for language in (questions.ENGLISH, questions.CHINESE):
                q = fact.ask(r, language)
                yield from (q.text, q.answer)
    for shape in scenes.SHAPES:
        yield from [f" {shape}", f" {phrases.plural(shape)}"] * 200
    for color in scenes.NAMES:
        yield from [f" {color}", color] * 200
    yield from ["system\nAnswer the questions.", "user\n", "assistant\n"] * 500
    for word in COMMON:
        yield from [f" {word}"] * 40 + [word] * 10


def train() -> Tokenizer:
    tokenizer = Tokenizer(models.BPE())
    byte_level = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.Split(Regex(ALONE), "isolated"), byte_level])
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=SIZE, special_tokens=CONTROL, initial_alphabet=alphabet, show_progress=False)
    tokenizer.train_from_iterator(corpus(), trainer)
    return tokenizer


if __name__ == "__main__":
    train().save(sys.argv[1])
