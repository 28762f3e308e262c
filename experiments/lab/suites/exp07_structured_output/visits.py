"""Experiment 07: what one visit to one server measures. Loads come from `vllm bench serve`."""

import http.client
import json
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor

from experiments.lab.errors import LabError
from experiments.lab.load.load_trace import Ask
from experiments.lab.load.statistics import median, stage_overrun
from experiments.lab.servers.server import DIRECT

# Stages of one visit, one after another: so many requests at once, each stage `after_s` behind the one before.
STAGES = {"concurrency": [1, 8, 32, 128], "prompt_tokens": 32, "output_tokens": 32}
FEW = {**STAGES, "concurrency": [1, 32]}
AFTER_S = {"big": 0.45, "small": 0.4, "slow": 1.2}
PEOPLE = ("Ada", "Bo", "Chen", "Dara", "Eve", "Femi", "Goran", "Hana", "Ines", "Jun", "Kofi", "Lena", "Mats", "Nina", "Omar",
          "Petra", "Quinn", "Rosa", "Sven", "Tara")
PLACES = ("London", "Lund", "Lyon", "Lima", "Lagos", "Leeds", "Linz", "Lviv", "Luanda", "Lisbon")
ASKED = {"max_tokens": 256, "temperature": 0}
AT_ONCE = 64
TYPES = {str: "a string", int: "an integer", float: "a number", bool: "true or false"}


def asks(prompts, what: dict, after_s: float) -> list:
    return [
        Ask(round(number * after_s, 3), what["prompt_tokens"], what["output_tokens"], prompts.fresh(what["prompt_tokens"]),
            str(count))
        for number, count in enumerate(what["concurrency"]) for _ in range(count)
    ]


def response_format(schema: dict) -> dict:
    """What a request says to be held to a schema; both engines take it in /v1/completions and in chat."""
    return {"response_format": {"type": "json_schema", "json_schema": {"name": "answer", "schema": schema, "strict": True}}}


def paced(server, bench, prompts, samples, what: dict, after_s: float, body: dict | None, **labels) -> None:
    """`what`, STAGES or FEW: adds `tpot` and `ttft` (ms, the median over a stage's requests), label concurrency and `labels`. A visit in
    which a stage was not over before the next began is thrown away and sent again with twice the time between stages;
    LabError when that was too little as well."""
    for time_s in (after_s, 2 * after_s):
        run = bench.run(server, asks(prompts, what, time_s), body=body)
        stages = [run.of(str(count)) for count in what["concurrency"]]
        late = stage_overrun(stages)
        if not late:
            break
    else:
        raise LabError(f"{server.spec.name}: {late}, twice; give the stages more time in exp07_structured_output/visits.py: AFTER_S")
    for count, stage in zip(what["concurrency"], stages, strict=True):
        for name in ("tpot", "ttft"):
            samples.add(name, "ms", median([getattr(each, f"{name}_ms") for each in stage]), concurrency=count, **labels)


def questions(example: dict) -> list[tuple]:
    """Two hundred requests for one object each, no two alike: ("told" or "shown", the question). Every second is told the
    keys and types, the others are shown an object to follow."""
    shown = json.dumps(example)
    told = "; ".join(f"{key}, {TYPES[type(value)]}" for key, value in example.items())
    found = []
    for person in PEOPLE:
        for place in PLACES:
            if len(found) % 2:
                found.append(("shown", f"Write one JSON object about {person} from {place}, with exactly the keys of this one "
                                       f"and values of the same types, and nothing else: {shown}"))
            else:
                found.append(("told", f"Write one JSON object about {person} from {place}, and nothing else. Its keys and their "
                                      f"types: {told}"))
    return found


def answers(server, case: dict, held: bool, limit_s: float = 120.0) -> list[dict]:
    """Every question about `case`, {"schema", "document"}, put to a chat server, `AT_ONCE` at a time and `held` to the schema
    or not: {kind, text, finish, tokens} each, in order. LabError when one fails."""
    body = {"model": server.spec.model, **ASKED, **(response_format(case["schema"]) if held else {})}

    def one(asked: tuple) -> dict:
        kind, question = asked
        data = json.dumps({**body, "messages": [{"role": "user", "content": question}]}).encode()
        request = urllib.request.Request(
            f"http://127.0.0.1:{server.port}/v1/chat/completions", data, {"Content-Type": "application/json"}
        )
        try:
            with DIRECT.open(request, timeout=limit_s) as reply:
                found = json.loads(reply.read())
        except urllib.error.HTTPError as error:
            text = " ".join(error.read(300).decode("utf-8", "replace").split())
            raise LabError(f"{server.spec.name}: a question: {error.code} {text}") from None
        except (OSError, ValueError, http.client.HTTPException) as error:
            raise LabError(f"{server.spec.name}: {type(error).__name__} in mid answer (log: {server.log})") from None
        choice = found["choices"][0]
        return {"kind": kind, "text": choice["message"]["content"] or "", "finish": choice["finish_reason"],
                "tokens": found["usage"]["completion_tokens"]}

    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(one, questions(case["document"])))
