"""The exported folder against the training model and against transformers, on held-out pictures.

    python parity.py
"""

import random
from pathlib import Path

import numpy as np
import torch
from transformers import LlavaNextForConditionalGeneration

import huggingface
import views
from evaluate import SEED, held_out
from model import MEAN, STD
from packing import Packer, collate
from questions import Question
from runtime import Runtime

WEIGHTS = Path(__file__).parent / "weights"


def greedy(model: huggingface.Model, packer: Packer, picture, text: str, limit: int = 64) -> list[int]:
    """The training model's answer, the whole sequence again for every token."""
    out: list[int] = []
    with torch.no_grad():
        while len(out) < limit:
            block = packer.block(picture, [Question("", text, "")])
            block.ids = block.ids[:-1] + out
            block.answer = [False] * (len(block.ids) - 1) + [True]
            batch = collate(packer, [packer.item(picture, [block], False)])
            hidden, _ = model.hidden(model.project(model.vision(batch["pixels"])), batch)
            end = batch["spans"][0][0][2]
            token = int(model.logits(hidden[0, end - 1]).argmax())
            if token == packer.stop:
                break
            out.append(token)
    return out


def transformers_logits(reference, runtime: Runtime, picture, text: str) -> np.ndarray:
    """The logits of the first answer token from transformers."""
    image_id = runtime.tokenizer.token_to_id("<image>")
    ids = lambda s: runtime.tokenizer.encode(s, add_special_tokens=False).ids
    image = picture.image
    prompt = ids("<|im_start|>system\nAnswer the questions.<|im_end|><|im_start|>user\n")
    prompt += [image_id] * len(views.feature_index(*image.size)) + ids(f"\n{text}<|im_end|><|im_start|>assistant\n")
    pixels = torch.stack([torch.from_numpy(np.array(v.image)).permute(2, 0, 1) for v in views.split(image)]).float() / 255
    pixels = (pixels - torch.tensor(MEAN).view(3, 1, 1)) / torch.tensor(STD).view(3, 1, 1)
    with torch.no_grad():
        out = reference(
            input_ids=torch.tensor([prompt]),
            attention_mask=torch.ones(1, len(prompt), dtype=torch.long),
            pixel_values=pixels[None],
            image_sizes=torch.tensor([[image.height, image.width]]),
        )
    return out.logits[0, -1].numpy()


def main(count: int = 40) -> None:
    model, runtime, packer = huggingface.load(WEIGHTS).eval(), Runtime(), Packer(str(WEIGHTS / "tokenizer.json"))
    reference, info = LlavaNextForConditionalGeneration.from_pretrained(WEIGHTS, dtype=torch.float32, output_loading_info=True)
    print("transformers loads:", {k: len(v) for k, v in info.items() if hasattr(v, "__len__")})
    r = random.Random(1)
    same, worst = 0, 0.0
    for i, (picture, asked) in enumerate(held_out(count, SEED)):
        q = r.choice([q for _, q in asked if q.skill != "no image"])
        ours, theirs = greedy(model, packer, picture, q.text), runtime.generate(runtime.prompt(picture.image, q.text))
        same += ours == theirs
        if i % 4 == 0:
            logits = runtime.prefill.run(None, {"inputs_embeds": runtime.prompt(picture.image, q.text)})[0][0, -1]
            worst = max(worst, float(abs(logits - transformers_logits(reference.eval(), runtime, picture, q.text)).max()))
    print(f"greedy answers of onnxruntime and the training model: {same}/{count} the same")
    print(f"logits of onnxruntime and transformers: at most {worst:.1e} apart")


if __name__ == "__main__":
    main()
