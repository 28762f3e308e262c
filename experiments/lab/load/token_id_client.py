"""Requests as token ids in, token ids out, each sent when the one it comes after has ended.

For streams whose later prompts hold an earlier answer: `vllm bench serve` makes every prompt before it starts. How an
engine is asked for token ids, its adapter says. Nothing is streamed, so there is no time to first token here; times are
of one `time.monotonic`.
"""

import time
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass

from experiments.lab.errors import LabError
from experiments.lab.load.plain_request import post
from experiments.lab.servers import adapter_lookup
from experiments.lab.workers.worker_kit.streams import Turn, prompt


@dataclass(frozen=True)
class Answered:
    """One request that ended; times in s after the first of its stream was sent."""

    turn: Turn
    ids: list
    sent_s: float
    ended_s: float


def ask(server, ids: list, out: int, limit_s: float = 120.0) -> list:
    """The `out` token ids that the server says to the prompt `ids`. LabError when it refuses, or says fewer."""
    engine = adapter_lookup.adapter(server.spec.engine)
    path, body = engine.token_request(server.spec.model, ids, out)
    said = engine.answered_ids(post(server, path, body, f"a prompt of {len(ids)} tokens", limit_s))
    if said is None or len(said) != out:
        raise LabError(f"{server.spec.name}: {len(said or ())} output token ids, {out} were asked for")
    return said


def follow(server, turns: list[Turn], limit_s: float = 120.0) -> list[Answered]:
    """Send every turn when the one it comes after has ended; those that come after none at once, in order. The answers
    in the order of their ends. LabError when one fails, or when one comes after a request that is not there."""
    known = {turn.name for turn in turns}
    if lost := [turn.name for turn in turns if turn.after is not None and turn.after not in known]:
        raise LabError(f"the stream's {lost[0]} comes after a request that is not in it")
    answers: dict[str, list] = {}
    found: list[Answered] = []
    waiting = list(turns)
    begin = time.monotonic()

    def go(turn: Turn, ids: list) -> Answered:
        sent = time.monotonic()
        said = ask(server, ids, turn.out, limit_s)
        return Answered(turn, said, sent - begin, time.monotonic() - begin)

    with ThreadPoolExecutor(max_workers=len(turns)) as pool:
        running: set[Future[Answered]] = set()
        while waiting or running:
            ready = [turn for turn in waiting if turn.after is None or turn.after in answers]
            waiting = [turn for turn in waiting if turn not in ready]
            running |= {pool.submit(go, turn, prompt(turn, answers)) for turn in ready}
            done, running = wait(running, return_when=FIRST_COMPLETED)
            for each in done:
                answered = each.result()
                answers[answered.turn.name] = answered.ids
                found.append(answered)
    return found


def wall_s(found: list[Answered]) -> float:
    """From the first request sent to the last answer read."""
    return max(each.ended_s for each in found) - min(each.sent_s for each in found)
