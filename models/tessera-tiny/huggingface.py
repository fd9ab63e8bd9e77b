"""The published layout: names and files of Hugging Face's LlavaNextForConditionalGeneration, from the training model and back."""

import json
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer

from model import MEAN, STD, Config, Model, VisionLayer
from views import PATCH, PINPOINTS, TILE, TOKENS

VISION = "vision_tower.vision_model."
TEXT = "language_model.model."
TEMPLATE = (
    "<|im_start|>system\nAnswer the questions.<|im_end|>{% for m in messages %}<|im_start|>{{ m['role'] }}\n"
    "{% if m['content'] is string %}{{ m['content'] }}{% else %}"
    "{% for c in m['content'] if c['type'] == 'image' %}<image>\n{% endfor %}"
    "{% for c in m['content'] if c['type'] == 'text' %}{{ c['text'] }}{% endfor %}"
    "{% endif %}<|im_end|>{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
# transformers reads a pinpoint as (height, width); swapped, it chooses the grids that the authors' code does.
SWAPPED = [[h, w] for w, h in PINPOINTS]


def state(model: Model) -> dict[str, torch.Tensor]:
    """Published names to float16 weights."""
    c, out = model.config, {}
    v = model.vision
    out[VISION + "embeddings.class_embedding"] = v.class_token
    out[VISION + "embeddings.patch_embedding.weight"] = v.patch.weight.view(c.width, PATCH, PATCH, 3).permute(0, 3, 1, 2)
    out[VISION + "embeddings.position_embedding.weight"] = v.positions
    out[VISION + "pre_layrnorm.weight"], out[VISION + "pre_layrnorm.bias"] = v.norm.weight, v.norm.bias
    unread = VisionLayer(c)  # the layer that `vision_feature_layer` -2 leaves out, present because the format has it
    for p in unread.parameters():
        torch.nn.init.zeros_(p)
    for i, layer in enumerate([*v.layers, unread]):
        name = f"{VISION}encoder.layers.{i}."
        for letter, weight, bias in zip("qkv", layer.qkv.weight.chunk(3), layer.qkv.bias.chunk(3)):
            out[f"{name}self_attn.{letter}_proj.weight"], out[f"{name}self_attn.{letter}_proj.bias"] = weight, bias
        parts = {"self_attn.out_proj": layer.out, "layer_norm1": layer.norm1, "layer_norm2": layer.norm2, "mlp.fc1": layer.fc1, "mlp.fc2": layer.fc2}
        for part, module in parts.items():
            out[f"{name}{part}.weight"], out[f"{name}{part}.bias"] = module.weight, module.bias
    out[VISION + "post_layernorm.weight"], out[VISION + "post_layernorm.bias"] = torch.ones(c.width), torch.zeros(c.width)
    for part, module in (("linear_1", model.projector1), ("linear_2", model.projector2)):
        out[f"multi_modal_projector.{part}.weight"], out[f"multi_modal_projector.{part}.bias"] = module.weight, module.bias
    out["image_newline"] = model.newline
    out[TEXT + "embed_tokens.weight"] = model.embedding.weight
    for i, layer in enumerate(model.layers):
        name = f"{TEXT}layers.{i}."
        for letter, weight in zip("qkv", layer.qkv.weight.chunk(3)):
            out[f"{name}self_attn.{letter}_proj.weight"] = weight
        out[name + "self_attn.o_proj.weight"] = layer.out.weight
        out[name + "mlp.gate_proj.weight"], out[name + "mlp.up_proj.weight"] = layer.gate_up.weight.chunk(2)
        out[name + "mlp.down_proj.weight"] = layer.down.weight
        out[name + "input_layernorm.weight"], out[name + "post_attention_layernorm.weight"] = layer.norm1.weight, layer.norm2.weight
    out[TEXT + "norm.weight"] = model.norm.weight
    return {name: x.detach().float().half().contiguous().clone() for name, x in out.items()}


def load(folder: Path) -> Model:
    """The training model with a folder's weights, in float32. The heads of training are not published and stay random."""
    model = Model()
    c, stored = model.config, {k: x.float() for k, x in load_file(folder / "model.safetensors").items()}
    stored[VISION + "embeddings.patch_embedding.weight"] = stored[VISION + "embeddings.patch_embedding.weight"].permute(0, 2, 3, 1).flatten(1)
    named = {
        "vision.class_token": VISION + "embeddings.class_embedding",
        "vision.patch.weight": VISION + "embeddings.patch_embedding.weight",
        "vision.positions": VISION + "embeddings.position_embedding.weight",
        "vision.norm": VISION + "pre_layrnorm",
        "projector1": "multi_modal_projector.linear_1",
        "projector2": "multi_modal_projector.linear_2",
        "newline": "image_newline",
        "embedding.weight": TEXT + "embed_tokens.weight",
        "norm.weight": TEXT + "norm.weight",
    }
    fused = {}
    for i in range(c.vision_layers):
        here, there = f"vision.layers.{i}.", f"{VISION}encoder.layers.{i}."
        fused |= {f"{here}qkv.{kind}": [f"{there}self_attn.{n}_proj.{kind}" for n in "qkv"] for kind in ("weight", "bias")}
        parts = {"out": "self_attn.out_proj", "norm1": "layer_norm1", "norm2": "layer_norm2", "fc1": "mlp.fc1", "fc2": "mlp.fc2"}
        named |= {here + a: there + b for a, b in parts.items()}
    for i in range(c.layers):
        here, there = f"layers.{i}.", f"{TEXT}layers.{i}."
        fused[here + "qkv.weight"] = [f"{there}self_attn.{n}_proj.weight" for n in "qkv"]
        fused[here + "gate_up.weight"] = [f"{there}mlp.{n}_proj.weight" for n in ("gate", "up")]
        parts = {"out.weight": "self_attn.o_proj.weight", "down.weight": "mlp.down_proj.weight", "norm1.weight": "input_layernorm.weight"}
        named |= {here + a: there + b for a, b in parts.items()}
        named[here + "norm2.weight"] = there + "post_attention_layernorm.weight"
    values = {name: torch.cat([stored[n] for n in parts]) for name, parts in fused.items()}
    for name, source in named.items():
        if source in stored:
            values[name] = stored[source]
        else:
            values[name + ".weight"], values[name + ".bias"] = stored[source + ".weight"], stored[source + ".bias"]
    missing, unexpected = model.load_state_dict(values, strict=False)
    assert not unexpected and all("heads." in name for name in missing), (missing, unexpected)
    return model


def config(c: Config, tokenizer: Tokenizer) -> dict:
    token = tokenizer.token_to_id
    vision = dict(
        model_type="clip_vision_model", hidden_size=c.width, intermediate_size=c.vision_mlp, num_hidden_layers=c.vision_layers + 1,
        num_attention_heads=c.heads, num_channels=3, image_size=TILE, patch_size=PATCH, hidden_act="gelu", layer_norm_eps=1e-5,
        attention_dropout=0.0, projection_dim=c.width,
    )  # fmt: skip
    text = dict(
        model_type="llama", vocab_size=c.vocabulary, hidden_size=c.width, intermediate_size=c.mlp, num_hidden_layers=c.layers,
        num_attention_heads=c.heads, num_key_value_heads=c.heads, head_dim=c.head_dim, hidden_act="silu", rms_norm_eps=1e-5,
        max_position_embeddings=c.longest, rope_parameters=dict(rope_theta=c.theta, rope_type="default"), attention_bias=False,
        mlp_bias=False, attention_dropout=0.0, tie_word_embeddings=True, use_cache=True, bos_token_id=token("<s>"),
        eos_token_id=token("<|im_end|>"), pad_token_id=token("<pad>"),
    )  # fmt: skip
    return dict(
        architectures=["LlavaNextForConditionalGeneration"], model_type="llava_next", dtype="float16", image_grid_pinpoints=SWAPPED,
        image_seq_length=TOKENS, image_token_index=token("<image>"), multimodal_projector_bias=True, projector_hidden_act="gelu",
        vision_feature_layer=-2, vision_feature_select_strategy="default", tie_word_embeddings=True, text_config=text, vision_config=vision,
    )  # fmt: skip


def files(c: Config, tokenizer: Tokenizer) -> dict[str, dict]:
    """Every JSON file of the folder but the tokenizer."""
    token = tokenizer.token_to_id
    image = dict(
        image_processor_type="LlavaNextImageProcessor", processor_class="LlavaNextProcessor", do_resize=True, do_center_crop=True,
        do_rescale=True, do_normalize=True, do_pad=True, do_convert_rgb=True, size=dict(shortest_edge=TILE),
        crop_size=dict(height=TILE, width=TILE), resample=3, rescale_factor=1 / 255, image_mean=MEAN, image_std=STD,
        image_grid_pinpoints=SWAPPED, patch_size=PATCH,
    )  # fmt: skip
    text = dict(
        tokenizer_class="PreTrainedTokenizerFast", model_max_length=c.longest, bos_token="<s>", eos_token="<|im_end|>", pad_token="<pad>",
        unk_token="<unk>", padding_side="left", add_bos_token=False, clean_up_tokenization_spaces=False, image_token="<image>",
        chat_template=TEMPLATE,
    )  # fmt: skip
    return {
        "config.json": config(c, tokenizer),
        "preprocessor_config.json": image,
        "tokenizer_config.json": text,
        "chat_template.json": dict(chat_template=TEMPLATE),
        "processor_config.json": dict(
            processor_class="LlavaNextProcessor", patch_size=PATCH, vision_feature_select_strategy="default",
            num_additional_image_tokens=1, image_token="<image>",
        ),
        "generation_config.json": dict(
            bos_token_id=token("<s>"), eos_token_id=token("<|im_end|>"), pad_token_id=token("<pad>"), do_sample=False, use_cache=True
        ),
    }  # fmt: skip


def save(model: Model, tokenizer_path: Path, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer = Tokenizer.from_file(str(tokenizer_path))
    save_file(state(model), folder / "model.safetensors", metadata={"format": "pt"})
    for name, value in files(model.config, tokenizer).items():
        (folder / name).write_text(json.dumps(value, indent=1, ensure_ascii=False) + "\n")
    (folder / "tokenizer.json").write_text(Path(tokenizer_path).read_text())
