"""What the suites start and send on this card: the Qwen3-8B shape on a large one, a smaller shape on one of 24 or 16 GB.

A plan for smaller cards keeps what an experiment is about: the share of its load that a pool holds, the order of the
pools, the lengths where they fit. What it changes stands in `SMALL`, by names such as "06 mixed", which the suites ask
for beside the value of the large card; there is no other place where a suite tells cards apart. Times follow the shape: a step of
the small one is short, so that what has to meet requests that decode comes earlier and they decode longer.
"""

import dataclasses
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from experiments.lab.errors import LabError
from experiments.lab.host import card_memory, config, host_info
from experiments.lab.host.model_folders import QWEN3_0_6B, QWEN3_8B
from experiments.lab.servers.server_spec import ServerSpec

W = TypeVar("W")
H200_GIB = 139.8  # where no card is to be asked, the suites are laid out for an H200


@dataclass(frozen=True)
class Plan:
    """One way to lay out the suites.

    `name` is in its records and names the folder of its claims, "" for the large card's. It is for cards and caps of
    `from_gib` or more, of which `reserve_gib` stay free. `model` and `vocab_model` are folders of the shape, the second
    with Qwen's tokenizer; `token_bytes` of KV cache one token takes; `weights_gib`, and `besides_gib` for the CUDA
    context, graphs, and the workspace of a step. `changed` are its own
    values, and `left_out` the servers and measurements that it does without; `pace` how long its fleets take beside the
    large card's.
    """

    name: str
    from_gib: float
    reserve_gib: float
    model: str
    vocab_model: str
    shape: str
    token_bytes: int
    weights_gib: float
    besides_gib: float
    changed: Mapping[str, object] = dataclasses.field(default_factory=dict)
    left_out: frozenset[str] = frozenset()
    pace: float = 1.0

    @property
    def small(self) -> bool:
        return bool(self.name)

    def fleet(self) -> dict[str, Any]:
        """What every fleet with servers of the plan says of it, as arguments of `Fleet`."""
        return {"plan": self.name, "reserve_gib": self.reserve_gib}

    def minutes(self, large: float) -> float:
        """What a fleet takes that takes `large` minutes with the large card's shape and as many servers."""
        return round(self.pace * large, 2)

    def value(self, name: str, large: W) -> W:
        """The plan's own value of that name, else `large`."""
        return self.changed.get(name, large)  # type: ignore[return-value]

    def load(self, name: str, large: W) -> W:
        """The workload `large`, a dataclass, with the plan's own values in it."""
        return dataclasses.replace(large, **self.changed.get(name, {}))  # type: ignore[type-var,arg-type]

    def has(self, name: str) -> bool:
        """Whether the plan has this server or measurement."""
        return name not in self.left_out

    def kept(self, servers: Iterable[ServerSpec]) -> tuple[ServerSpec, ...]:
        """Those of the servers that the plan has."""
        return tuple(server for server in servers if self.has(server.name))


def _token_bytes(model: dict) -> int:
    """Bytes of one token's keys and values in bf16."""
    return model["num_hidden_layers"] * 2 * model["num_key_value_heads"] * model["head_dim"] * 2


LARGE = Plan("", 74.0, 3.0, "qwen3-8b-shape", "qwen3-8b-vocab", "Qwen3-8B shape", _token_bytes(QWEN3_8B), 15.3, 2.9)
# Values of the plan for 24 GB. A number is of tokens unless its name says otherwise.
SMALL: dict[str, object] = {
    "length": 2_560,  # of the servers with a small pool
    "01 tokens": 24_000,
    "01 load": {"clients": 64},  # half, in a pool that still holds them all
    "02 tokens": 8_192,
    "02 small tokens": 8_192,  # of SmolLM2-135M
    "02 tight tokens": 4_096,
    "02 tight": {"requests": 16},  # of which the tight pool holds as much as of the large card's 24
    "02 cap": 9,  # 9 * 448 = 4,032
    "02 pace": {"after_s": 0.4, "small_after_s": 0.4},
    "02 burst": {"decoders": 8, "decoder_output": 224, "prompts": 8, "prompt_tokens": 512, "first_s": 0.15},
    "03 scale": 2,  # the pools are half as large, and so are the load and its places
    "05 tokens": 45_056,  # a prompt of 16,384 and all that the next ones do not share with it
    "05 no hits": {"requests": 40},
    "05 reuse": {"requests": 18},
    "06 tokens": 14_336,
    "06 length": 8_192,
    "06 budgets": ((512,), ("off",), (2048,)),
    "06 mixed": {"decoders": 16, "decoder_prompt": 64, "decoder_output": 304, "prompt_tokens": 4096, "first_s": 0.15,
                 "every_s": 0.08},
    "06 offline": {"requests": 18},
    "07 tokens": 8_448,
}
LEFT_OUT = frozenset({
    "01 graphs",  # what an engine captures on a large card by default
    "06 capacity",  # its rates are those at which the large shape keeps up, or does not
    "sglang-2048-interval1",
    "vllm-nograph", "vllm-piecewise", "sglang-compile",  # minutes of compiling for two claims
    "07 cost",  # the masks on the host, which no card changes
})
GB_24 = Plan(
    "24gb", 20.5, 0.6, "qwen3-0.6b-shape", "qwen3-0.6b-vocab", "Qwen3-0.6B shape", _token_bytes(QWEN3_0_6B), 1.2, 2.4,
    SMALL, LEFT_OUT, pace=0.6,
)
GB_16 = dataclasses.replace(
    GB_24, name="16gb", from_gib=14.5,
    changed=SMALL | {
        "05 tokens": 30_000,
        "05 long": False,  # prompts of 16,384 tokens and what is shared of them
        "05 no hits": {"requests": 27},
        "05 reuse": {"requests": 12},
        "05 memory": {"shared_tokens": 2048},
        "06 tokens": 9_088,
        "06 budgets": ((512,), ("off",)),
        "06 mixed": {"decoders": 8, "decoder_prompt": 64, "decoder_output": 288, "prompt_tokens": 3072,
                     "first_s": 0.15, "every_s": 0.07},
        "06 offline": {"requests": 11},
    },
    left_out=LEFT_OUT | {  # of which each would be a fleet of its own
        "kv-48k-seqs", "kv-12k-block128", "sglang-mixed-default", "sglang-mixed-2048", "sglang-nograph",
        "vllm-guidance", "sglang-llguidance",
    },
    pace=0.55,
)
PLANS = (LARGE, GB_24, GB_16)  # the largest first


def of_card(gib: float) -> Plan:
    """The plan for a card, or a cap, of so many GiB; of a card that is too small for each, the smallest."""
    return next((plan for plan in PLANS if gib >= plan.from_gib), PLANS[-1])


def card_gib() -> float:
    """GiB that the suites may use: of this machine's card or its cap the smaller one; an H200 without either."""
    return card_memory.usable_gib(config.card_gib()) or H200_GIB


def checked_gib() -> float:
    """The same. LabError for a card that is too small for every plan."""
    gib, smallest = card_gib(), PLANS[-1]
    if gib < smallest.from_gib:
        card, capped = host_info.gpu(), config.card_gib() is not None
        whose = "LAB_CARD_GIB" if capped else card["name"] if card else "this GPU"
        raise LabError(
            f"{whose}: too small for every shape: {gib:.1f} GiB, and the {smallest.shape} needs "
            f"{smallest.from_gib:g}; measure on a GPU with {smallest.from_gib:g} GiB or more"
        )
    return gib


def share(gib: float) -> str:
    """`gib` as a share of the whole card, which is how engines' flags have it."""
    return _digits(card_memory.of_whole_card(gib, H200_GIB))


def share_of_usable(part: float) -> str:
    """`part` of what may be used as a share of the whole card: `part` itself where there is no cap."""
    return _digits(part * card_memory.of_whole_card(card_gib(), card_gib()))


def _digits(share: float) -> str:
    """Three decimals, rounded down, without zeros at the end."""
    return f"{int(share * 1000 + 1e-6) / 1000:.3f}".rstrip("0")


PLAN = of_card(card_gib())
