"""A worker for the tests of sglang_scheduler.py and sglang_state.py: runs of SGLang's scheduler and tree, as rows."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "experiments/lab/workers"))

from headless.sglang_scheduler import Engine, answer, make_args  # noqa: E402
from headless.sglang_stand_ins import StandInCalled  # noqa: E402
from headless.sglang_state import Tree, nodes, queues, sizes  # noqa: E402
from worker_kit.worker_io import tokens  # noqa: E402

WORKLOAD = {"chunk": 128, "kv_tokens": 1000, "call": ""}
VARIANTS = {
    "rust": {},
    "python": {"core": "python"},
    "overlap": {"overlap": True},
    "mixed": {"enable_mixed_chunk": True},
    "lpm": {"schedule_policy": "lpm"},
}


def steps(engine, prompts: dict, answer_tokens: int) -> list[dict]:
    """Every step until all are served, with what is in queues and cache after it."""
    for name, prompt in prompts.items():
        engine.add(name, prompt, answer_tokens)
    done = []
    while engine.busy():
        done.append({**engine.step(), "queues": queues(engine), "sizes": sizes(engine)})
    return done


def grown(engine) -> list[dict]:
    """The tree after each operation on it: two prompts that part after 100 tokens, a match that ends inside a node."""
    tree, stem = Tree(engine), tokens("stem", 100)
    left, right = stem + tokens("left", 50), stem + tokens("right", 40)
    done = []
    for name, operation in (
        ("insert", lambda: tree.insert(left)),
        ("insert", lambda: tree.insert(right)),
        ("match", lambda: tree.match(stem[:60])),
        ("lock", lambda: tree.lock(tree.match(right)["node"])),
        ("evict", lambda: tree.evict(1000)),
        ("crowd", lambda: tree.insert(tokens("crowd", 800))),
        ("crowd", lambda: tree.insert(tokens("crowds", 500))),
        ("unlock", lambda: tree.unlock(tree.match(right)["node"])),
        ("evict", lambda: tree.evict(10_000)),
    ):
        done.append({"did": name, "said": operation(), "nodes": nodes(engine), "sizes": sizes(engine)})
    return done


def refusals(engine, model: str) -> dict:
    """{what was asked: the line that it was refused with}."""
    tree = Tree(engine)
    tree.insert(tokens("held", 300))
    tree.lock(tree.match(tokens("held", 300))["node"])
    asked = {
        "longer than the model takes": lambda: engine.add("a", tokens("a", 41_000), 1),
        "longer than the cache": lambda: engine.add("b", tokens("b", 900), 200),
        "a pool of nothing": lambda: Engine(make_args(model), 0),
        "a prompt that the pool cannot hold": lambda: tree.insert(tokens("c", 2000)),
        "more than fits beside what is locked": lambda: tree.insert(tokens("d", 900)),
        "a lock that nobody took": lambda: tree.unlock(1),
        "another core": lambda: Engine(make_args(model), 1000, core="iron"),
        "a policy that SGLang lacks": lambda: Engine(make_args(model, schedule_policy="best"), 1000),
    }
    lines = {}
    for name, ask in asked.items():
        try:
            lines[name] = f"was taken: {ask()}"
        except ValueError as error:
            lines[name] = str(error)
    engine.add("e", tokens("e", 900), 50)
    try:
        lines["a stream that waits for ever"] = f"was served: {engine.run()}"
    except ValueError as error:
        lines["a stream that waits for ever"] = str(error)
    return lines


def measure(model: str, workload: dict) -> list[dict]:
    if workload["call"]:  # a stand-in, by somebody who goes on without it
        try:
            __import__(workload["call"]).anything()
        except StandInCalled:
            return []
    stem = tokens("a", 60)
    shared = {"r1": 0, "r2": 60, "r3": 20, "r4": 60}
    prompts = {name: stem[:count] + tokens(name, 100) for name, count in shared.items()}
    rows = []
    for name, options in VARIANTS.items():
        own = {key: options[key] for key in ("core", "overlap") if key in options}
        flags = {key: value for key, value in options.items() if key not in own}
        engine = Engine(make_args(model, chunked_prefill_size=workload["chunk"], **flags), workload["kv_tokens"], **own)
        rows.append({
            "variant": name, "core": engine.core, "steps": steps(engine, prompts, 4), "first": engine.first,
            "ready": engine.ready, "launched": engine.steps,
        })
        if name in ("rust", "python"):
            fresh = Engine(make_args(model), workload["kv_tokens"], **own)
            rows.append({"variant": f"tree-{name}", "core": fresh.core, "grown": grown(fresh)})
    tight = Engine(make_args(model, schedule_conservativeness=0.01), 330)
    crowd = {name: tokens(name, 60) for name in ("t1", "t2", "t3")}
    rows.append({"variant": "tight", "core": tight.core, "steps": steps(tight, crowd, 100)})
    rows.append({"variant": "refused", "lines": refusals(Engine(make_args(model), workload["kv_tokens"]), model)})
    return rows


if __name__ == "__main__":
    raise SystemExit(answer(measure, WORKLOAD))
