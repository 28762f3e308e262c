"""A state of SGLang's scheduler as HTML: its batch, and the slots of its pool with what is kept for answers to come."""

from typing import Protocol

from scripts.render.blocks.replay_tree import bar

BATCHES = {
    "prefill": "A batch of prompts, chunk size",
    "decode": "A batch of decodes; the chunk size bounds prompts alone",
    "mixed": "A batch of prompts and decodes, chunk size",
    None: "No batch, chunk size",
}

SHUT = (
    "The flag <code>batch_is_full</code> is set: in the next step no waiting prompt is tried, unless a half-computed "
    "one is continued. Without the flag a prompt might ask for fewer than"
)
TWICE = " Slots that it holds twice, because the tree has their tokens already, come back first and add to the number."


class Drawn(Protocol):
    """What the pictures of a replay have in common, which replay_frames gives."""

    def style(self, *names: str) -> str: ...
    def queues(self, state: dict, given: dict) -> str: ...
    def progress(self, state: dict) -> str: ...


def slots(frames: Drawn, state: dict) -> str:
    """The picture of one state of the kind "slots"."""
    total, given = state["budget"]["total"], state["budget"]["given"]
    title = BATCHES.get(state["mode"], str(state["mode"]))
    parts = [(name, tokens, frames.style(name), f"g-{name}") for name, tokens in given.items()]
    budget = bar(title, max(total, sum(given.values())), parts, "not used", "tokens")
    return budget + frames.queues(state, given) + frames.progress(state) + _pool(frames, state)


def _half_computed(state: dict) -> bool:
    """Whether a prompt has run in part: it enters the tree before the next prompt is tried."""
    return any(each["phase"] == "prefill" for each in state["running"])


def _pool(frames: Drawn, state: dict) -> str:
    """All slots: in use by a request, kept free for the answers of the running ones, and what a prompt may ask for."""
    free = state["free"] + state["kept"]
    reserved = min(state["reserved"], free)
    parts = [(name, count, frames.style(name), f"s-{name}") for name, count in state["held"].items() if count]
    if reserved:
        parts.append(("kept", reserved, "", "reserved"))
    used = sum(state["held"].values())
    left = max(free - state["reserved"], 0)
    # A mixed batch becomes the running one, with a flag of its own, which is not set.
    shut = state.get("full") and state["mode"] != "mixed"
    asks = SHUT if shut else "In the next step a prompt may ask for fewer than"
    return (
        bar(
            f"KV slots, {used:,} in use, {state['reserved']:,} kept for answers", state["slots"], parts, "left", "slots"
        )
        + f'<p class="rp-label">{asks} <b>{left:,.1f}</b>: '
        f"{state['free']:,} empty and {state['kept']:,} of the tree that nobody uses, less what is kept for answers. "
        "The next chunk of a half-computed prompt comes off first, with its whole answer if it is the last, and with "
        f"mixed chunks a slot for each decode.{TWICE if _half_computed(state) else ''}</p>"
    )
