"""What transformers answers greedily to the cases of `cases.json`, from the whole pictures.

usage: oracle.py WEIGHTS FOLDER — one JSON object a line: the case's name, its prompt's ids and the answer's text and ids.
"""

import json
import os
import sys

import torch
from PIL import Image
from transformers import AutoTokenizer, LlavaNextForConditionalGeneration, LlavaNextImageProcessorPil, LlavaNextProcessor

weights, folder = sys.argv[1:3]
# Asked in every generate; it loads CUDA's libraries, which a CPU's machine may lack.
torch.cuda.is_current_stream_capturing = lambda: False
torch.set_num_threads(1)
model = LlavaNextForConditionalGeneration.from_pretrained(weights, dtype=torch.float32).eval()
tokenizer = AutoTokenizer.from_pretrained(weights)
# The processor that resizes with Pillow: the others round otherwise.
processor = LlavaNextProcessor.from_pretrained(weights)
processor.image_processor = LlavaNextImageProcessorPil.from_pretrained(weights)

for case in json.load(open(os.path.join(folder, "cases.json"))):
    text = tokenizer.apply_chat_template(case["messages"], add_generation_prompt=True, tokenize=False)
    images = [Image.open(os.path.join(folder, name)).convert("RGB") for name in case["images"]]
    inputs = processor(images=images or None, text=text, return_tensors="pt")
    with torch.inference_mode():
        output = model.generate(**inputs, max_new_tokens=case["max_tokens"], do_sample=False)
    ids = output[0, inputs["input_ids"].shape[1] :].tolist()
    answer = [each for each in ids if each != model.generation_config.eos_token_id]
    image_tokens = int((inputs["input_ids"] == model.config.image_token_id).sum())
    print(
        json.dumps(
            {
                "name": case["name"],
                "prompt_tokens": inputs["input_ids"].shape[1],
                "image_tokens": image_tokens,
                "text": tokenizer.decode(answer, skip_special_tokens=True),
                "tokens": len(answer),
            }
        ),
        flush=True,
    )
