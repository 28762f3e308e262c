"""The least time a prefill can take on this card: its FLOP over the rate that a large bf16 product reaches.

A floor, not a prediction: it counts matrix products alone, at the rate of the best-shaped one.
"""

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


def prefill_flop(shape: Shape, tokens: int, cached: int = 0) -> float:
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
