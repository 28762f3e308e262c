"""Experiment 07: what one visit to one server measures. Loads come from `vllm bench serve`."""

import dataclasses
import json
from concurrent.futures import ThreadPoolExecutor

from experiments.lab.load.load_trace import Prompts
from experiments.lab.load.plain_request import post
from experiments.lab.load.samples import Samples
from experiments.lab.load.vllm_bench import Bench
from experiments.lab.servers.server import Server
from experiments.lab.suites.common.loads import Stages
from experiments.lab.suites.common.pace import pace

STAGES = Stages(concurrency=(1, 8, 32, 128), prompt_tokens=32, output_tokens=32)
FEW = dataclasses.replace(STAGES, concurrency=(1, 32))
# s from one stage to the next, at most, by how fast the server is.
AFTER_S = {"big": 0.45, "small": 0.4, "slow": 1.2}
PEOPLE = ("Ada", "Bo", "Chen", "Dara", "Eve", "Femi", "Goran", "Hana", "Ines", "Jun", "Kofi", "Lena", "Mats", "Nina",
          "Omar", "Petra", "Quinn", "Rosa", "Sven", "Tara")
PLACES = ("London", "Lund", "Lyon", "Lima", "Lagos", "Leeds", "Linz", "Lviv", "Luanda", "Lisbon")
ASKED = {"max_tokens": 256, "temperature": 0}
AT_ONCE = 64
TYPES = {str: "a string", int: "an integer", float: "a number", bool: "true or false"}


def response_format(schema: dict) -> dict:
    """What a request says to be held to a schema; both engines take it in /v1/completions and in chat."""
    json_schema = {"name": "answer", "schema": schema, "strict": True}
    return {"response_format": {"type": "json_schema", "json_schema": json_schema}}


def paced(server: Server, bench: Bench, prompts: Prompts, samples: Samples, stages: Stages, after_s: float,
          body: dict | None, **labels: str) -> None:
    """`STAGES` or `FEW`, as `common.pace` has it, every request with `body` besides."""
    pace(server, bench, prompts, samples, stages, after_s, "exp07_structured_output/visits.py: AFTER_S", body, **labels)


def questions(example: dict) -> list[tuple[str, str]]:
    """Two hundred requests for one object each, no two alike: ("told" or "shown", the question). Every second is told
    the keys and types, the others are shown an object to follow."""
    shown = json.dumps(example)
    told = "; ".join(f"{key}, {TYPES[type(value)]}" for key, value in example.items())
    both: list[tuple[str, str]] = []
    for person in PEOPLE:
        for place in PLACES:
            if len(both) % 2:
                both.append(("shown", f"Write one JSON object about {person} from {place}, with exactly the keys of "
                                      f"this one and values of the same types, and nothing else: {shown}"))
            else:
                both.append(("told", f"Write one JSON object about {person} from {place}, and nothing else. Its keys "
                                     f"and their types: {told}"))
    return both


def answers(server: Server, case: dict, held: bool, limit_s: float = 120.0) -> list[dict]:
    """Every question about `case`, {"schema", "document"}, put to a chat server, `AT_ONCE` at a time and `held` to the
    schema or not: {kind, text, finish, tokens} each, in order. LabError when one fails."""
    body = {"model": server.spec.model, **ASKED, **(response_format(case["schema"]) if held else {})}

    def answer(question_of_kind: tuple[str, str]) -> dict:
        kind, question = question_of_kind
        messages = [{"role": "user", "content": question}]
        said = post(server, "/v1/chat/completions", {**body, "messages": messages}, "a question", limit_s)
        choice = said["choices"][0]
        return {"kind": kind, "text": choice["message"]["content"] or "", "finish": choice["finish_reason"],
                "tokens": said["usage"]["completion_tokens"]}

    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(answer, questions(case["document"])))
