"""The model as it is trained: the arithmetic of Hugging Face's LlavaNextForConditionalGeneration, with fused
query/key/value and gate/up matrices and a packed sequence layout. `huggingface.py` gives the published names."""

from dataclasses import dataclass

import torch
import torch.nn as nn
import torch.nn.functional as F

from labels import HEADS, WORD_HEADS
from views import PATCH, SIDE

if not torch.cuda.is_available():
    # transformers asks this on import of some modules, and a CPU-only libtorch cannot answer it.
    torch.cuda.is_current_stream_capturing = lambda: False

MEAN, STD = (0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711)


@dataclass(frozen=True)
class Config:
    width: int = 256
    heads: int = 4
    vision_layers: int = 5  # as used; the published tower has one more that `vision_feature_layer` -2 never reads
    vision_mlp: int = 1024
    layers: int = 4
    mlp: int = 768
    vocabulary: int = 1536
    theta: float = 10000.0
    longest: int = 4096

    @property
    def head_dim(self) -> int:
        return self.width // self.heads


def scores(q: torch.Tensor, k: torch.Tensor, mask: torch.Tensor | None = None) -> torch.Tensor:
    """Attention weights by plain matrix products: on a CPU their bfloat16 backward is about four times faster
    than scaled_dot_product_attention's."""
    a = torch.matmul(q.contiguous() * q.shape[-1] ** -0.5, k.contiguous().transpose(-1, -2))
    return (a if mask is None else a + mask).softmax(-1)


def split_heads(x: torch.Tensor, heads: int) -> torch.Tensor:
    """[B, N, 3 * width] to query, key, value of [B, heads, N, head_dim]."""
    batch, length, width = x.shape
    return x.view(batch, length, 3, heads, width // 3 // heads).permute(2, 0, 3, 1, 4)


def join_heads(x: torch.Tensor) -> torch.Tensor:
    return x.transpose(1, 2).flatten(2)


class VisionLayer(nn.Module):
    def __init__(self, c: Config) -> None:
        super().__init__()
        self.heads = c.heads
        self.norm1, self.norm2 = nn.LayerNorm(c.width), nn.LayerNorm(c.width)
        self.qkv, self.out = nn.Linear(c.width, 3 * c.width), nn.Linear(c.width, c.width)
        self.fc1, self.fc2 = nn.Linear(c.width, c.vision_mlp), nn.Linear(c.vision_mlp, c.width)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        q, k, v = split_heads(self.qkv(self.norm1(x)), self.heads)
        x = x + self.out(join_heads(torch.matmul(scores(q, k), v.contiguous())))
        return x + self.fc2(F.gelu(self.fc1(self.norm2(x))))


def positions_2d(width: int, scale: float = 0.7) -> torch.Tensor:
    """A two-dimensional sine/cosine start for the learned positions, as strong as the patches: with the usual small
    random start they are a fiftieth of the signal and neighbours are hard to find."""
    frequency = 1.0 / 100 ** (torch.arange(width // 4).float() / (width // 4))
    grid = torch.meshgrid(torch.arange(SIDE).float(), torch.arange(SIDE).float(), indexing="ij")
    y, x = (t.flatten()[:, None] * frequency for t in grid)
    waves = torch.cat([x.sin(), x.cos(), y.sin(), y.cos()], 1) * scale * 2**0.5
    return torch.cat([torch.zeros(1, width), waves])


class Vision(nn.Module):
    def __init__(self, c: Config) -> None:
        super().__init__()
        self.class_token = nn.Parameter(torch.randn(c.width) * 0.5)
        self.patch = nn.Linear(PATCH * PATCH * 3, c.width, bias=False)
        self.positions = nn.Parameter(positions_2d(c.width))
        self.norm = nn.LayerNorm(c.width)
        self.layers = nn.ModuleList(VisionLayer(c) for _ in range(c.vision_layers))
        std = torch.tensor(STD)
        self.register_buffer("gain", (1 / (255 * std)).repeat(PATCH * PATCH), persistent=False)
        self.register_buffer("offset", (-torch.tensor(MEAN) / std).repeat(PATCH * PATCH), persistent=False)

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        """Bytes [views, 144, 2352] to features [views, 144, width]."""
        x = self.patch(torch.addcmul(self.offset, pixels.to(self.gain.dtype), self.gain))
        x = torch.cat([self.class_token.expand(len(x), 1, -1), x], 1) + self.positions
        x = self.norm(x)
        for layer in self.layers:
            x = layer(x)
        return x[:, 1:]


class RMSNorm(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return F.rms_norm(x, (x.shape[-1],), self.weight, 1e-5)


class DecoderLayer(nn.Module):
    def __init__(self, c: Config) -> None:
        super().__init__()
        self.heads = c.heads
        self.norm1, self.norm2 = RMSNorm(c.width), RMSNorm(c.width)
        self.qkv, self.out = nn.Linear(c.width, 3 * c.width, bias=False), nn.Linear(c.width, c.width, bias=False)
        self.gate_up, self.down = nn.Linear(c.width, 2 * c.mlp, bias=False), nn.Linear(c.mlp, c.width, bias=False)

    def forward(self, x: torch.Tensor, cos: torch.Tensor, sin: torch.Tensor, mask: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """The layer's output and its attention weights."""
        q, k, v = split_heads(self.qkv(self.norm1(x)), self.heads)
        weights = scores(rotate(q, cos, sin), rotate(k, cos, sin), mask)
        x = x + self.out(join_heads(torch.matmul(weights, v.contiguous())))
        gate, up = self.gate_up(self.norm2(x)).chunk(2, -1)
        return x + self.down(F.silu(gate) * up), weights


def rotate(x: torch.Tensor, cos: torch.Tensor, sin: torch.Tensor) -> torch.Tensor:
    first, second = x.chunk(2, -1)
    return x * cos + torch.cat((-second, first), -1) * sin


class Model(nn.Module):
    def __init__(self, c: Config = Config()) -> None:
        super().__init__()
        self.config = c
        self.vision = Vision(c)
        self.heads = nn.Linear(c.width, sum(HEADS.values()))  # per-patch labels: training only
        self.word_heads = nn.Linear(c.width, sum(WORD_HEADS.values()))  # likewise, of words that refer to things
        self.projector1, self.projector2 = nn.Linear(c.width, c.width), nn.Linear(c.width, c.width)
        self.newline = nn.Parameter(torch.randn(c.width) * 0.02)
        self.embedding = nn.Embedding(c.vocabulary, c.width)
        self.layers = nn.ModuleList(DecoderLayer(c) for _ in range(c.layers))
        self.norm = RMSNorm(c.width)
        frequency = 1.0 / c.theta ** (torch.arange(0, c.head_dim, 2).float() / c.head_dim)
        angle = torch.outer(torch.arange(c.longest).float(), frequency).repeat(1, 2)
        self.register_buffer("cos", angle.cos(), persistent=False)
        self.register_buffer("sin", angle.sin(), persistent=False)
        for name, p in self.named_parameters():
            if p.dim() == 2 and name != "vision.positions":
                nn.init.normal_(p, std=0.02)
        for layer in self.layers:
            for w in (layer.out.weight, layer.down.weight):
                nn.init.normal_(w, std=0.02 / (2 * c.layers) ** 0.5)

    def told(self, features: torch.Tensor) -> torch.Tensor:
        """The per-patch labels' scores. Normalised first, so that the heads read faint directions as well as strong ones."""
        return self.heads(F.layer_norm(features, (self.config.width,)))

    def told_of_words(self, x: torch.Tensor) -> torch.Tensor:
        return self.word_heads(F.layer_norm(x, (self.config.width,)))

    def project(self, features: torch.Tensor) -> torch.Tensor:
        return self.projector2(F.gelu(self.projector1(features)))

    def hidden(self, projected: torch.Tensor, batch: dict) -> tuple[torch.Tensor, list[tuple[torch.Tensor, torch.Tensor]]]:
        """Last hidden states of a packed batch (see packing.py), and every layer's output and attention weights."""
        index = batch["index"]
        rows = torch.cat([projected.flatten(0, 1), self.newline[None]])
        from_image = rows[torch.where(index < 0, len(rows) - 1, index)]
        x = torch.where((index > -2)[..., None], from_image, self.embedding(batch["ids"]))
        mask = block_mask(batch["block"], batch["sees"], x.dtype)
        cos, sin = self.cos[batch["position"]][:, None], self.sin[batch["position"]][:, None]
        inner = []
        for layer in self.layers:
            x, weights = layer(x, cos, sin, mask)
            inner.append((x, weights))
        return self.norm(x), inner

    def logits(self, x: torch.Tensor) -> torch.Tensor:
        return x @ self.embedding.weight.T


def block_mask(block: torch.Tensor, sees: torch.Tensor, dtype: torch.dtype) -> torch.Tensor:
    """Additive mask: a question (block 2, 3, ...) sees the prompt's start (block 0), the picture (block 1) if `sees`, and itself."""
    query, key = block[:, :, None], block[:, None, :]
    length = block.shape[1]
    allowed = (query == key) | (key == 0) | ((key == 1) & sees[:, :, None])
    allowed &= torch.ones(length, length, dtype=torch.bool, device=block.device).tril()
    allowed &= (key >= 0) | torch.eye(length, dtype=torch.bool, device=block.device)
    return torch.zeros(allowed.shape, dtype=dtype, device=block.device).masked_fill_(~allowed, float("-inf"))[:, None]


