"""The least time a prefill or a step can take on this card, from the two rates that card.py measures there.

Floors, not predictions: FLOP count matrix products alone, at the rate of a large and well-shaped one; bytes count what
has to be read, at the rate of a large copy.

That rate counts the bytes read and those written. Both cross the same memory bus, one way at a time, so a step that
only reads may move as many bytes a second as a copy moves both ways: the rate is used whole, and halving it would
double every floor. A pure read spares the bus its turns between the two directions and can be some per cent faster
than a copy, so a byte floor is what a step takes that moves its bytes as fast as a copy does. No step is expected
below it, but one that undercuts it by a few per cent contradicts nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Shape:
    """What the FLOP of a dense decoder depends on; every field is a count, read from a model's `config.json`."""

    hidden: int
    intermediate: int
    layers: int
    heads: int
    kv_heads: int
    head_dim: int
    vocabulary: int

    @classmethod
    def from_config(cls, config: dict) -> "Shape":
        heads = config["num_attention_heads"]
        return cls(
            hidden=config["hidden_size"], intermediate=config["intermediate_size"], layers=config["num_hidden_layers"],
            heads=heads, kv_heads=config["num_key_value_heads"],
            head_dim=config.get("head_dim") or config["hidden_size"] // heads, vocabulary=config["vocab_size"],
        )

    def layer_weights(self) -> int:
        """Weights of one layer that take part in a matrix product (norms do not count)."""
        attention = self.hidden * self.head_dim * (2 * self.heads + 2 * self.kv_heads)  # q, o; k, v
        return attention + 3 * self.hidden * self.intermediate  # gate, up, down


def prefill_flop(shape: Shape, tokens: float, cached: float = 0) -> float:
    """FLOP to prefill `tokens` new tokens behind `cached` ones, one sequence, for one sampled token.

    Two FLOP (multiply, add) a weight and token in the layers; attention's two products over the causal half:
    4 * heads * head_dim FLOP a (query, key) pair; the vocabulary's product for the last token alone, since both
    engines compute logits for it only.
    """
    pairs = tokens * cached + tokens * (tokens + 1) / 2
    return (
        2.0 * tokens * shape.layers * shape.layer_weights()
        + 4.0 * shape.layers * shape.heads * shape.head_dim * pairs
        + 2.0 * shape.hidden * shape.vocabulary
    )


def floor_ms(flop: float, tflop_per_s: float) -> float:
    """Milliseconds for `flop` at `tflop_per_s` (10**12 FLOP a second)."""
    return flop / (tflop_per_s * 1e12) * 1e3


def weight_bytes(shape: Shape, bytes_each: int = 2) -> float:
    """Bytes of weights that one forward pass reads: every layer's and the vocabulary's product (bf16 by default)."""
    return float(bytes_each) * (shape.layers * shape.layer_weights() + shape.hidden * shape.vocabulary)


def prefill_floor_ms(shape: Shape, tokens: int, tflop_per_s: float, gb_per_s: float) -> float:
    """The larger of the two floors of a prefill, ms: its FLOP at the matmul rate, its weights at the copy rate."""
    return max(floor_ms(prefill_flop(shape, tokens), tflop_per_s), weight_bytes(shape) / (gb_per_s * 1e9) * 1e3)


def kv_bytes(shape: Shape, tokens: float, bytes_each: int = 2) -> float:
    """Bytes of the KV cache of `tokens` tokens: a key and a value of every layer and KV head (bf16 by default)."""
    return 2.0 * bytes_each * shape.layers * shape.kv_heads * shape.head_dim * tokens


def decode_floor_ms(shape: Shape, tokens: float, gb_per_s: float) -> float:
    """ms of a step that decodes alone: (weight_bytes + kv_bytes(tokens)) / rate.

    `tokens` are all tokens in the cache that the step's sequences attend to, added up over the sequences. A prefix that
    several of them share may be read once for all of them: count it once where the floor must hold for that too.
    """
    return (weight_bytes(shape) + kv_bytes(shape, tokens)) / (gb_per_s * 1e9) * 1e3


def step_flop(shape: Shape, chunk: int, behind: int = 0, decoding: Sequence[float] = ()) -> float:
    """FLOP of one step: `chunk` prompt tokens behind `behind` cached ones, and one token for each of `decoding`.

    `decoding` holds each decoding sequence's tokens in the cache. A decode is a prefill of one token. A chunk of 0 is
    none; of a larger one a single token's logits are counted, as in `prefill_flop`.
    """
    prefill = prefill_flop(shape, chunk, behind) if chunk else 0.0
    return prefill + sum(prefill_flop(shape, 1, cached) for cached in decoding)


def mixed_floor_ms(
    shape: Shape, chunk: int, behind: int, decoding: Sequence[float], tflop_per_s: float, gb_per_s: float
) -> float:
    """ms of a step that prefills a chunk beside decodes: the larger of

        step_flop(chunk, behind, decoding) / matmul rate
        (weight_bytes + kv_bytes(behind + sum of decoding)) / copy rate

    The larger and not the sum, since a card computes while it reads. Arguments as of `step_flop`.
    """
    cached = behind + sum(decoding)
    compute = floor_ms(step_flop(shape, chunk, behind, decoding), tflop_per_s)
    return max(compute, decode_floor_ms(shape, cached, gb_per_s))
