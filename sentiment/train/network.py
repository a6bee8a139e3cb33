"""The network in torch: a BERT encoder that starts at word embeddings, and the five outputs.

Word embeddings are not part of it: they stay frozen in their own file and are looked up outside,
so the same graph serves training and export. Must not know about data or losses.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.nn import functional

from sentiment.labels import CATEGORIES, SENTIMENTS

if TYPE_CHECKING:
    from sentiment.base import Base, Shape

HEADS = {"sentiment": len(SENTIMENTS), "urgency": 3, "category": len(CATEGORIES), "reply": 1}
"""Outputs and their widths; urgency is ordinal: logits of P(level >= 1), >= 2, >= 3."""
VECTOR_LAYERS = 3


class Layer(nn.Module):
    """One transformer layer (post-norm, GELU), query, key and value in one matrix."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.heads = shape.heads
        self.qkv = nn.Linear(shape.hidden, 3 * shape.hidden)
        self.out = nn.Linear(shape.hidden, shape.hidden)
        self.norm1 = nn.LayerNorm(shape.hidden, shape.eps)
        self.up = nn.Linear(shape.hidden, shape.ffn)
        self.down = nn.Linear(shape.ffn, shape.hidden)
        self.norm2 = nn.LayerNorm(shape.hidden, shape.eps)
        self.dropout = nn.Dropout(0.1)

    def forward(self, x: Tensor, mask: Tensor | None) -> Tensor:
        """Map [batch, tokens, hidden] to the same; ``mask`` is additive, None = no padding."""
        batch, tokens, hidden = x.shape
        qkv = self.qkv(x).view(batch, tokens, 3, self.heads, hidden // self.heads)
        query, key, value = qkv.permute(2, 0, 3, 1, 4)
        mixed = functional.scaled_dot_product_attention(query, key, value, attn_mask=mask)
        mixed = mixed.transpose(1, 2).reshape(batch, tokens, hidden)
        x = self.norm1(x + self.dropout(self.out(mixed)))
        inner = functional.gelu(self.up(x))
        result: Tensor = self.norm2(x + self.dropout(self.down(inner)))
        return result


class Network(nn.Module):
    """Encoder, mean pooling and heads."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.position = nn.Parameter(torch.zeros(shape.positions, shape.hidden))
        self.norm = nn.LayerNorm(shape.hidden, shape.eps)
        self.layers = nn.ModuleList(Layer(shape) for _ in range(shape.layers))
        self.dropout = nn.Dropout(0.1)
        self.taps = [shape.layers * (i + 1) // VECTOR_LAYERS - 1 for i in range(VECTOR_LAYERS)]
        self.heads = nn.ModuleDict({name: nn.Linear(shape.hidden, width) for name, width in HEADS.items()})
        self.vector = nn.Linear(VECTOR_LAYERS * shape.hidden, shape.hidden)

    def pooled(self, words: Tensor, lengths: Tensor | None) -> list[Tensor]:
        """Mean-pooled states after the tapped layers; ``lengths`` None = no padding."""
        states = self.states(words, lengths)
        if lengths is None:
            return [state.mean(dim=1) for state in states]
        weight = _inside(words, lengths).to(words.dtype)[:, :, None]
        return [(state * weight).sum(dim=1) / weight.sum(dim=1) for state in states]

    def states(self, words: Tensor, lengths: Tensor | None) -> list[Tensor]:
        """States [batch, tokens, hidden] after the tapped layers; those of the padding mean nothing."""
        mask = None
        if lengths is not None:
            inside = _inside(words, lengths)
            mask = torch.zeros(inside.shape, dtype=words.dtype, device=words.device)
            mask = mask.masked_fill(~inside, torch.finfo(words.dtype).min)[:, None, None, :]
        x = self.dropout(self.norm(words + self.position[: words.shape[1]]))
        found = []
        for index, layer in enumerate(self.layers):
            x = layer(x, mask)
            if index in self.taps:
                found.append(x)
        return found

    def forward(self, words: Tensor, lengths: Tensor | None = None) -> dict[str, Tensor]:
        """Word embeddings [batch, tokens, hidden] to logits per head and the similarity vector."""
        states = self.pooled(words, lengths)
        top = self.dropout(states[-1].float())
        outputs: dict[str, Tensor] = {name: head(top) for name, head in self.heads.items()}
        vector = self.vector(torch.cat([state.float() for state in states], dim=1))
        outputs["vector"] = functional.normalize(vector, dim=1)
        return outputs


def _inside(words: Tensor, lengths: Tensor) -> Tensor:
    return torch.arange(words.shape[1], device=words.device)[None, :] < lengths[:, None]


def from_base(base: Base) -> Network:
    """Build a network whose encoder carries the base's weights; heads start at random."""
    network = Network(base.shape)
    get = {name: torch.from_numpy(value) for name, value in base.tensors.items()}
    with torch.no_grad():
        hidden = base.shape.hidden
        # every text is one segment, so its type embedding is folded into the positions
        network.position.copy_(get["emb.pos"].view(-1, hidden) + get["emb.type"][:hidden])
        _norm(network.norm, get, "emb.ln")
        for index, layer in enumerate(network.layers):
            assert isinstance(layer, Layer)  # noqa: S101 - tells the type checker
            name = f"l{index}"
            for kind in ("w", "b"):
                parts = [get[f"{name}.{part}.{kind}"] for part in "qkv"]
                target = layer.qkv.weight if kind == "w" else layer.qkv.bias
                target.copy_(torch.cat(parts))
            for part, module in (("ao", layer.out), ("fi", layer.up), ("fo", layer.down)):
                module.weight.copy_(get[f"{name}.{part}.w"])
                module.bias.copy_(get[f"{name}.{part}.b"])
            _norm(layer.norm1, get, f"{name}.aln")
            _norm(layer.norm2, get, f"{name}.oln")
    return network


def _norm(module: nn.LayerNorm, get: dict[str, Tensor], name: str) -> None:
    module.weight.copy_(get[f"{name}.w"])
    module.bias.copy_(get[f"{name}.b"])
