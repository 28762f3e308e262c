"""Request streams that share prefixes, as both engines get them, on a GPU and without one: the same token ids.

A prompt is parts, one after another; a part is some tokens of a key, the same for the same key, or the answer that an
earlier request got, written "=NAME". A request is sent when the one it comes after has ended; without one, at the start.
Standard library only: the driver sends these streams too, and imports this as `experiments.lab.workers.worker_kit.streams`,
where a worker's script imports `worker_kit.streams`; hence the relative import.
"""

import random
from dataclasses import dataclass

from .worker_io import tokens

# Lengths that are no multiples of a block, as those of texts are.
CHAT = {"conversations": 8, "turns": 4, "system": 203, "user": 305, "answer": 60}
FEW_SHOT = {"tasks": 4, "questions": 16, "examples": 1810, "question": 90, "answer": 4}
AGENTS = {"branches": 3, "levels": 4, "task": 1207, "finding": 151, "answer": 50}
NONE = {"requests": 24, "prompt": 1010, "answer": 16}
WORKLOAD = {"chat": CHAT, "few-shot": FEW_SHOT, "agents": AGENTS, "none": NONE}
# Prefixes that together are half again as large as the first cache; SGLang's orders give up above 128 that wait.
QUEUE = {"per_group": 5, "prefix": 2048, "own": 64, "answer": 16}
COUNTED = {"streams": WORKLOAD, "caches": [24_576, 8_192], "seed": 20261126, "queue": QUEUE, "groups": [18, 36],
           "shuffles": 5}


@dataclass(frozen=True)
class Turn:
    """One request: `parts` of its prompt, ((key or "=name", tokens), ...), and the `out` tokens that it gets back."""

    name: str
    parts: tuple
    out: int
    after: str | None = None

    def tokens(self) -> int:
        return sum(count for _, count in self.parts)


def prompt(turn: Turn, answers: dict) -> list[int]:
    """Its token ids; `answers` maps the names of requests that ended to the token ids they got."""
    ids = []
    for key, count in turn.parts:
        ids += answers[key[1:]][:count] if key.startswith("=") else tokens(key, count)
    return ids


def chat(seed, conversations: int, turns: int, system: int, user: int, answer: int) -> list[Turn]:
    """Conversations behind one system prompt (0 tokens: none): each turn brings all that was said before."""
    found = []
    for who in range(conversations):
        said = ((f"{seed} system", system),) if system else ()
        for turn in range(turns):
            name = f"c{who}t{turn}"
            said += ((f"{seed} {name}", user),)
            found.append(Turn(name, said, answer, f"c{who}t{turn - 1}" if turn else None))
            said += ((f"={name}", answer),)
    return found


def few_shot(seed, rng, tasks: int, questions: int, examples: int, question: int, answer: int) -> list[Turn]:
    """Questions behind the examples of their task, the tasks mixed, all at the start, in an order of `rng`."""
    found = [
        Turn(f"k{task}q{number}", ((f"{seed} k{task}", examples), (f"{seed} k{task}q{number}", question)), answer)
        for task in range(tasks) for number in range(questions)
    ]
    rng.shuffle(found)
    return found


def agents(seed, branches: int, levels: int, task: int, finding: int, answer: int) -> list[Turn]:
    """A search: every request that ended is gone on from `branches` times, each with a finding of its own."""
    found = [Turn("a", ((f"{seed} task", task),), answer)]
    level = list(found)
    for _ in range(levels - 1):
        level = [
            Turn(f"{parent.name}{branch}", (*parent.parts, (f"={parent.name}", answer),
                                            (f"{seed} {parent.name}{branch}", finding)), answer, parent.name)
            for parent in level for branch in range(branches)
        ]
        found += level
    return found


def none(seed, requests: int, prompt: int, answer: int) -> list[Turn]:
    """Prompts that share nothing, all at the start."""
    return [Turn(f"n{number}", ((f"{seed} n{number}", prompt),), answer) for number in range(requests)]


def queue(seed, groups: int, per_group: int, prefix: int, own: int, answer: int) -> list[Turn]:
    """Requests of `groups` prefixes, all at the start, the groups mixed by the seed."""
    found = [
        Turn(f"g{group}r{number}", ((f"{seed} g{group}", prefix), (f"{seed} g{group}r{number}", own)), answer)
        for group in range(groups) for number in range(per_group)
    ]
    random.Random(f"queue {seed}").shuffle(found)
    return found


def stream(name: str, seed, rng, sizes: dict) -> list[Turn]:
    """One of the four by its name. ValueError for another."""
    make = {"chat": chat, "agents": agents, "none": none}.get(name)
    if name == "few-shot":
        return few_shot(seed, rng, **sizes)
    if make is None:
        raise ValueError(f"no stream is called {name!r}; there are: {', '.join(WORKLOAD)}")
    return make(seed, **sizes)
