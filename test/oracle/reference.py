"""What transformers makes of drawn pictures and questions about them: the reference of oracle.test.ts.

    python reference.py WEIGHTS YI_TOKENIZER FOLDER

Writes pictures and `results.json` into FOLDER, and for each case the logits of every step as float32 [steps, vocabulary].
"""

import hashlib
import json
import random
import sys
from pathlib import Path

import numpy as np
import torch
import transformers
from PIL import Image
from tokenizers import Tokenizer
from transformers import LlavaNextForConditionalGeneration, LlavaNextProcessor, PreTrainedTokenizerFast
from transformers.models.llava_next.image_processing_pil_llava_next import LlavaNextImageProcessorPil
from transformers.models.llava_next.modeling_llava_next import image_size_to_num_patches

sys.path.insert(0, str(Path(__file__).parents[2] / "models/tessera-tiny"))

import questions  # noqa: E402
from outside import outside  # noqa: E402
from questions import CHINESE, ENGLISH  # noqa: E402
from scenes import scene  # noqa: E402

SEED = 5
TOKENS = 48
# Sizes at which rounding, ties and extreme ratios show.
SIZES = [(300, 200), (336, 336), (336, 337), (672, 672), (1000, 667), (1128, 235), (235, 1128), (1000, 300), (300, 1000), (1344, 1008), (10, 900), (900, 10)]  # fmt: skip
SINGLE, SEVERAL, TURNS, TEXT = 148, 20, 20, 12
CONTROL = {"<|im_start|>": 6, "<|im_end|>": 7}
YI_IMAGE = 64_000
YI_PATCH = 14


def draw(folder: Path, name: str, r: random.Random, size: tuple[int, int] | None = None) -> tuple[str, str]:
    """A picture's file, in one of three formats, and a question about it in English or Chinese."""
    picture = outside(r, held_out=True) if size is None and r.random() < 0.1 else scene(r)
    image = picture.image.convert("RGB")
    if size:
        image = image.resize(size)
    elif r.random() < 0.05:
        image = image.convert("L")
    form, options = r.choice([("png", {}), ("jpeg", {"quality": r.randint(60, 95)}), ("webp", {"lossless": True}), ("webp", {"quality": 80})])
    file = f"{name}.{form}"
    image.save(folder / file, **options)
    fact = r.choice(questions.facts(picture, r))
    return file, fact.ask(r, CHINESE if r.random() < 0.5 else ENGLISH).text


def cases(folder: Path) -> list[list[dict]]:
    """Conversations; a turn has a role, text and the files of its pictures."""
    r = random.Random(SEED)
    out = []

    def turn(text: str, *images: str) -> dict:
        return dict(role="user", text=text, images=list(images))

    for i in range(SINGLE + len(SIZES)):
        file, text = draw(folder, f"single-{i}", r, SIZES[i - SINGLE] if i >= SINGLE else None)
        out.append([turn(text, file)])
    for i in range(SEVERAL):
        drawn = [draw(folder, f"several-{i}-{k}", r) for k in range(2 + i % 2)]
        out.append([turn(drawn[0][1], *(file for file, _ in drawn))])
    for i in range(TURNS):
        (first, asked), (second, then) = (draw(folder, f"turns-{i}-{k}", r) for k in range(2))
        answer = dict(role="assistant", text=r.choice(["Red.", "Yes.", "我不知道。", "There are 3."]), images=[])
        out.append([turn(asked, first), answer, turn(then, *([second] if i % 2 else []))])
    for i in range(TEXT):
        out.append([turn(questions.without_image(r).ask(r, CHINESE if i % 2 else ENGLISH).text)])
    return out


def main(weights: Path, yi_tokenizer: str, folder: Path) -> None:
    torch.set_num_threads(1)  # as quick for one short prompt at a time, and steady on a machine that does other work
    torch.cuda.is_current_stream_capturing = lambda: False  # asked in every generate; a CPU's machine may lack CUDA
    model = LlavaNextForConditionalGeneration.from_pretrained(weights, dtype=torch.float32).eval()
    # The Pillow processor is the exact one; the default resizes by torchvision.
    image_processor = LlavaNextImageProcessorPil.from_pretrained(weights)
    tokenizer = PreTrainedTokenizerFast.from_pretrained(weights)
    options = json.loads((weights / "processor_config.json").read_text())
    options = {key: options[key] for key in ("patch_size", "vision_feature_select_strategy", "num_additional_image_tokens", "image_token")}
    build = lambda **changes: LlavaNextProcessor(image_processor, tokenizer, chat_template=tokenizer.chat_template, **{**options, **changes})
    processor, yi_processor = build(), build(patch_size=YI_PATCH)
    yi = Tokenizer.from_file(yi_tokenizer)

    def yi_ids(prompt: str, sizes: list[tuple[int, int]]) -> list[int]:
        """The 34B's prompt: its tokenizer on each piece of text, control tokens and image tokens between them."""
        ids, left = [], iter(sizes)
        for piece in split(prompt, ["<image>", *CONTROL]):
            if piece == "<image>":
                height, width = next(left)
                ids += [YI_IMAGE] * image_tokens(yi_processor, height, width)
            else:
                ids += [CONTROL[piece]] if piece in CONTROL else yi.encode(piece, add_special_tokens=False).ids
        return ids

    results = []
    for case, turns in enumerate(cases(folder)):
        content = lambda t: [{"type": "image"} for _ in t["images"]] + [{"type": "text", "text": t["text"]}]
        prompt = processor.apply_chat_template([dict(role=t["role"], content=content(t)) for t in turns], add_generation_prompt=True)
        images = [Image.open(folder / file) for t in turns for file in t["images"]]
        inputs = processor(text=prompt, images=images or None, return_tensors="pt")
        with torch.inference_mode():
            out = model.generate(**inputs, max_new_tokens=TOKENS, do_sample=False, output_logits=True, return_dict_in_generate=True)
        ids = inputs["input_ids"][0].tolist()
        output = out.sequences[0, len(ids) :].tolist()
        if output[-1] == model.generation_config.eos_token_id:
            output.pop()
        torch.cat(out.logits).numpy().astype("<f4").tofile(folder / f"{case}.logits")
        sizes = inputs["image_sizes"].tolist() if images else []
        # A batch is padded to its image with most tiles.
        tiles = [image_size_to_num_patches(size, image_processor.image_grid_pinpoints, 336) for size in sizes]
        pixels = [inputs["pixel_values"][i, :n].numpy().astype("<f4") for i, n in enumerate(tiles)]
        results.append(
            dict(
                turns=turns,
                pixels=[hashlib.sha256(p.tobytes()).hexdigest() for p in pixels],
                image_tokens=[image_tokens(processor, *size) for size in sizes],
                ids=ids,
                yi_ids=yi_ids(prompt, sizes),
                output=output,
                text=tokenizer.decode(output, skip_special_tokens=True),
            )
        )
    versions = f"transformers {transformers.__version__}, torch {torch.__version__}, Pillow {Image.__version__}, NumPy {np.__version__}"
    (folder / "results.json").write_text(json.dumps(dict(versions=versions, cases=results)))


def image_tokens(processor: LlavaNextProcessor, height: int, width: int) -> int:
    """As the processor counts when it writes the prompt: without the class token, which the strategy "default" drops."""
    assert processor.vision_feature_select_strategy == "default"
    return processor._get_number_of_features(height, width, 336, 336) - 1


def split(text: str, marks: list[str]) -> list[str]:
    """Text cut at marks; the marks stay, empty pieces do not."""
    pieces = [text]
    for mark in marks:
        cut = [part for piece in pieces for part in ([piece] if piece in marks else between(piece.split(mark), mark))]
        pieces = [piece for piece in cut if piece]
    return pieces


def between(parts: list[str], mark: str) -> list[str]:
    return [piece for part in parts for piece in (mark, part)][1:]


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3]))
