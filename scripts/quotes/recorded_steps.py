"""What a record's replay gives each request in each step: the same questions asked of both engines' schedulers.

A kind that gives no tokens (blocks, tree) has no such steps. vLLM's replays count blocks, SGLang's slots of one token.
"""

from dataclasses import dataclass, field
from functools import cached_property

from scripts.common.errors import SiteError
from scripts.quotes.path_recordings import StoredRecord
from scripts.quotes.replay_steps import MEASURE, STATES, check_steps

FORMAT = 1
KINDS = ("scheduler", "slots")  # those whose states have a budget
PROMPT, DECODE, IDLE, WAITS, OUT, AWAY = "prompt", "decode", "idle", "waits", "out", "away"

# How a setting of a replay's setup is called, and what it is where the worker has no such setting.
TOLD = {
    "budget": "budget",
    "blocks": "blocks",
    "tokens": "slots",
    "block_size": "block size",
    "max_num_seqs": "places",
    "asynchronous": "async scheduling",
    "overlap": "overlap",
    "mixed": "mixed chunks",
    "watermark": "watermark",
}
DEFAULTS: dict[str, bool | float] = {"asynchronous": False, "overlap": False, "mixed": False, "watermark": 0.0}


@dataclass(frozen=True)
class Cell:
    """A request in a step: `kind` is one of the six above, `tokens` what it got, `found` what was there already."""

    kind: str
    tokens: int = 0
    found: int = 0


@dataclass(frozen=True)
class Run:
    """A checked record of a scheduler's steps. `engine` is the key of its pin, `name` how an error calls it."""

    name: str
    path: str
    engine: str
    version: str
    data: dict = field(repr=False)

    @property
    def steps(self) -> list[dict]:
        return self.data["steps"]

    @property
    def last(self) -> int:
        return len(self.steps) - 1

    @property
    def requests(self) -> dict[str, dict]:
        return self.data["requests"]

    @property
    def budget(self) -> int:
        return self.steps[0]["state"]["budget"]["total"]

    @property
    def setup(self) -> dict:
        """What it was run with, by the name that TOLD has words for; what an older worker leaves alone is missing."""
        return self.data["setup"]

    def told(self, key: str) -> str:
        """One setting in words: "budget 32", "watermark 0.12", "overlap on"."""
        value = self.setup.get(key, DEFAULTS.get(key))
        if isinstance(value, bool):
            value = "on" if value else "off"
        word = "chunk size" if key == "budget" and self.data["kind"] == "slots" else TOLD.get(key, key)
        return f"{word} {value}"

    @property
    def lost_word(self) -> str:
        """How the engine calls it when a running request loses its memory."""
        return "retracted" if self.data["kind"] == "slots" else "preempted"

    def given(self, n: int) -> dict[str, int]:
        """Tokens by request, in the engine's order."""
        return self.steps[n]["state"]["budget"]["given"]

    def cell(self, name: str, n: int) -> Cell:
        before, after = self.steps[n - 1]["state"], self.steps[n]["state"]
        if tokens := self.given(n).get(name, 0):
            decodes = any(each["id"] == name and each["phase"] == "decode" for each in before["running"])
            hits = [event["args"].get("hit", 0) for event in self.steps[n]["events"] if event.get("who") == name]
            return Cell(DECODE if decodes else PROMPT, tokens, 0 if decodes else max(hits, default=0))
        ran = any(each["id"] == name for each in before["running"])
        if name in after["waiting"]:
            return Cell(OUT if ran else WAITS)
        return Cell(IDLE if ran and name not in after["finished"] else AWAY)

    def kind_of(self, n: int) -> str:
        """What a step's batch is made of."""
        kinds = {self.cell(name, n).kind for name in self.given(n)}
        return {frozenset(): "nothing", frozenset([PROMPT]): "prompts", frozenset([DECODE]): "decodes"}.get(
            frozenset(kinds), "both"
        )

    def memory(self, n: int) -> tuple[int, int, str]:
        """(free, all, unit) after step `n`; what the tree keeps and no request uses can be had, and counts as free."""
        state = self.steps[n]["state"]
        if self.data["kind"] == "slots":
            return state["free"] + state["kept"], state["slots"], "slots"
        return state["free"], state["blocks"], "blocks"

    @cached_property
    def received(self) -> list[dict[str, int]]:
        """By step: answer tokens that each request's user has. One that lost its memory keeps them."""
        found: list[dict[str, int]] = []
        have = dict.fromkeys(self.requests, 0)
        for step in self.steps:
            for each in step["state"]["running"]:
                have[each["id"]] = max(have[each["id"]], each["known"] - self.requests[each["id"]]["prompt"])
            have |= {name: self.requests[name]["output"] for name in step["state"]["finished"]}
            found.append(dict(have))
        return found


def read(name: str, record: StoredRecord) -> Run:
    """The steps of record `name`, "NN/measurement". Raises SiteError for one that holds no scheduler's replay."""
    data = record.data.get("extra", {}).get("replay")
    if not isinstance(data, dict) or data.get("format") != FORMAT or data.get("kind") not in STATES:
        raise SiteError(f"{record.path}: holds no replay; name a record that does, such as 02/replay-loop")
    if data["kind"] not in KINDS:
        raise SiteError(
            f"{record.path}: is a replay of the kind {data['kind']}, in which no tokens are given; name one of the "
            f"kinds {', '.join(KINDS)}"
        )
    check_steps(data, record.path)
    engine = record.data.get("engine") or {}
    if not engine.get("name"):
        raise SiteError(f"{record.path}: names no engine; {MEASURE}")
    return Run(name, record.path, engine["name"], engine.get("version", ""), data)
