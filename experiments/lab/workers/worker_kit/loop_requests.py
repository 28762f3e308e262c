"""The requests of experiment 02 that both engines' schedulers get, so that neither worker has a copy of its own.

Standard library only.
"""

from worker_kit.worker_io import tokens

# One small pool, a few requests, each step to be looked at. `at` is the step before which a request arrives; `of` and
# `shared`: its prompt begins with so many tokens of that request's.
SMALL = {
    "budget": 64, "blocks": 18, "block_size": 16, "max_num_seqs": 6, "max_model_len": 160,
    "requests": {
        "r1": {"at": 1, "own": 40, "answer": 22},
        "r2": {"at": 1, "own": 20, "answer": 16},
        "r3": {"at": 2, "own": 100, "answer": 20},
        "r4": {"at": 2, "own": 30, "answer": 12},
        "r5": {"at": 5, "own": 40, "answer": 12},
        "r6": {"at": 5, "of": "r5", "shared": 32, "own": 8, "answer": 12},
        "r7": {"at": 7, "own": 24, "answer": 6},
        "r8": {"at": 9, "own": 50, "answer": 3},
    },
}
# Three that begin alike and arrive at once, with room for all of them in one step.
TWINS = {
    "budget": 512, "blocks": 64, "block_size": 16, "max_num_seqs": 6, "max_model_len": 512,
    "requests": {
        "a": {"at": 1, "own": 160, "answer": 4},
        "b": {"at": 1, "of": "a", "shared": 144, "own": 16, "answer": 4},
        "c": {"at": 1, "of": "a", "shared": 144, "own": 16, "answer": 4},
    },
}
# What experiment 02 sends a GPU's servers at once, and the pool that it does not fit (suites/exp02_scheduler_loop).
TIGHT = {"requests": 24, "prompt": 256, "answer": 192, "kv_tokens": 6144, "budget": 8192, "max_num_seqs": 256,
         "max_model_len": 4096, "cap": 13}


def prompts(requests: dict) -> dict[str, list[int]]:
    """The tokens of each request's prompt, in the order given."""
    found = {}
    for name, how in requests.items():
        shared = found[how["of"]][: how["shared"]] if "of" in how else []
        found[name] = shared + tokens(name, how["own"])
    return found


def tight(what: dict) -> dict:
    """The requests of TIGHT, none of which shares a block with another."""
    return {f"t{number}": {"at": 1, "own": what["prompt"], "answer": what["answer"]} for number in range(what["requests"])}


def needed(requests: dict) -> int:
    """Tokens that have to be computed once, nothing shared and nothing lost: all but each answer's last."""
    return sum(how["own"] + how.get("shared", 0) + how["answer"] - 1 for how in requests.values())


def arriving(requests: dict, number: int, add) -> None:
    """Call `add(name, prompt, answer)` for those that arrive before step `number`."""
    texts = prompts(requests)
    for name, how in requests.items():
        if how["at"] == number:
            add(name, texts[name], how["answer"])
