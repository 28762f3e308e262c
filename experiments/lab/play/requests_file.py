"""The file of `make play`: requests, and the sizes of the machine that serves them, in TOML.

    budget = 64          # tokens of a step: vLLM's --max-num-batched-tokens, SGLang's --chunked-prefill-size
    blocks = 18          # the pool, in blocks
    block_size = 16      # tokens of a block; SGLang gets a pool of as many tokens, in pages of one
    places = 6           # requests that run at once: --max-num-seqs, --max-running-requests
    steps = 400          # where a run is stopped that has not ended

    [vllm]
    policy = "fcfs"      # or "priority"
    async = false        # async scheduling, a server's default on a GPU
    watermark = 0.0      # share of the blocks that an admission leaves free

    [sglang]
    policy = "fcfs"      # or "lpm", "dfs-weight", "lof", "hrrn", "shortest-prefill-first"
    overlap = false      # the overlapping loop, a server's default
    mixed = false        # --enable-mixed-chunk

    [[request]]
    name = "r1"
    prompt = 40          # tokens
    answer = 22          # tokens
    arrives = 1          # before this step; 1 is the first
    like = "r5"          # its prompt begins with ...
    shared = 32          # ... this many tokens of that request's, which stands above it
    priority = 0         # for vLLM's policy of that name: the smallest first

All but `name`, `prompt` and `answer` of a request may be left out. Whatever is wrong is a LabError's one line.
"""

import re
import tomllib
from pathlib import Path
from typing import Any

from experiments.lab.errors import LabError
from experiments.lab.play.request_fit import check_pool

NAME = re.compile(r"[A-Za-z0-9][\w.-]{0,11}")
MOST_REQUESTS = 64
VLLM_POLICIES = ("fcfs", "priority")
SGLANG_POLICIES = ("fcfs", "lpm", "dfs-weight", "lof", "hrrn", "shortest-prefill-first")
# key: (default, least, most)
SIZES = {
    "budget": (64, 1, 8192),
    "blocks": (18, 1, 512),
    "block_size": (16, 1, 128),
    "places": (6, 1, MOST_REQUESTS),
    "steps": (400, 1, 500),
}
NUMBERS = {
    "prompt": (None, 1, 8192),
    "answer": (None, 1, 500),
    "arrives": (1, 1, 500),
    "shared": (0, 1, 8192),
    "priority": (0, -1000, 1000),
}
ENGINES: dict[str, dict[str, Any]] = {  # a setting's values, or its type
    "vllm": {"policy": VLLM_POLICIES, "async": bool, "watermark": float},
    "sglang": {"policy": SGLANG_POLICIES, "overlap": bool, "mixed": bool},
}


def read(path: Path) -> dict:
    """The file as the workers take it: {"requests", "budget", "blocks", "block_size", "max_num_seqs", "max_model_len",
    "steps", "vllm": {...}, "sglang": {...}}. LabError for whatever is wrong."""
    name = path.name
    try:
        given = tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        raise LabError(f"{path}: there is no such file; name one, or copy experiments/play/example.toml") from None
    except OSError as error:
        raise LabError(f"{path}: cannot be read ({error.strerror}); name another file") from None
    except ValueError as error:  # of TOML, or of UTF-8
        raise LabError(f"{name}: not TOML ({error}); correct that line") from None
    _known(given, (*SIZES, *ENGINES, "request"), name)
    sizes = {key: _number(given, key, SIZES[key], name) for key in SIZES}
    if sizes["places"] > sizes["budget"]:
        raise LabError(
            f"{name}: places is {sizes['places']} and budget {sizes['budget']}: vLLM refuses a budget that does not "
            "give each running request a token; raise the budget, or take fewer places"
        )
    requests = _requests(given.get("request"), name)
    check_pool(requests, sizes["blocks"], sizes["block_size"], name)
    engines = {engine: _engine(given.get(engine, {}), engine, name) for engine in ENGINES}
    if late := [each for each, how in requests.items() if how["at"] > sizes["steps"]]:
        raise LabError(
            f"{name}: request '{late[0]}': arrives before step {requests[late[0]]['at']}, and the run is stopped after "
            f"step {sizes['steps']}; let it arrive sooner, or raise 'steps' (at most {SIZES['steps'][2]:,})"
        )
    sizes["max_num_seqs"] = sizes.pop("places")
    longest = max(how["own"] + how.get("shared", 0) + how["answer"] for how in requests.values())
    return {"requests": requests, **sizes, "max_model_len": longest, **engines}


def _requests(tables: object, file: str) -> dict[str, dict]:
    if not isinstance(tables, list) or not tables:
        raise LabError(f"{file}: there is no request; write [[request]] with a name, a prompt and an answer")
    if len(tables) > MOST_REQUESTS:
        raise LabError(
            f"{file}: has {len(tables):,} requests, and a page shows at most {MOST_REQUESTS}; keep those that matter"
        )
    found: dict[str, dict] = {}
    for number, table in enumerate(tables, 1):
        name = table.get("name") if isinstance(table, dict) else None
        if not isinstance(name, str) or not NAME.fullmatch(name):
            raise LabError(
                f"{file}: request number {number}: its name is {_shown(name)}; give it one of 1 to 12 letters, digits, "
                "'-', '_' or '.'"
            )
        if name in found:
            raise LabError(f"{file}: request '{name}': two are called that; rename one")
        found[name] = _request(table, found, f"{file}: request '{name}'")
    return found


def _request(table: dict, above: dict[str, dict], where: str) -> dict:
    """A request as the workers take it, {"at", "own", "answer", "of", "shared", "priority"}."""
    _known(table, ("name", "like", *NUMBERS), where)
    given = {key: _number(table, key, NUMBERS[key], where) for key in NUMBERS if key in table or key != "shared"}
    how: dict[str, int | str] = {
        "at": given["arrives"],
        "own": given["prompt"],
        "answer": given["answer"],
        "priority": given["priority"],
    }
    if ("like" in table) != ("shared" in table):
        lacks = "shared" if "like" in table else "like"
        raise LabError(f"{where}: '{lacks}' is missing; a prefix needs both 'like' and 'shared'")
    if "like" in table:
        other, shared = table["like"], given["shared"]
        if not isinstance(other, str) or other not in above:
            known = ", ".join(above) or "none, it is the first"
            raise LabError(f"{where}: like is {_shown(other)}, and no request above it is called that ({known})")
        its = above[other]["own"] + above[other].get("shared", 0)
        if shared > given["prompt"]:
            raise LabError(
                f"{where}: shared is {shared:,}, longer than its own prompt of {given['prompt']:,}; share less"
            )
        if shared > its:
            raise LabError(f"{where}: shared is {shared:,}, longer than the prompt of '{other}' ({its:,}); share less")
        how |= {"of": other, "shared": shared, "own": given["prompt"] - shared}
    return how


def _engine(table: object, engine: str, file: str) -> dict:
    where = f"{file}: [{engine}]"
    if not isinstance(table, dict):
        raise LabError(f"{where}: is no table; write [{engine}] and its settings below")
    kinds = ENGINES[engine]
    _known(table, tuple(kinds), where)
    found: dict = {}
    for key, kind in kinds.items():
        default = kind[0] if isinstance(kind, tuple) else kind()
        value = found[key] = table.get(key, default)
        if isinstance(kind, tuple):
            if value not in kind:
                raise LabError(f"{where}: policy {_shown(value)} is not known; use one of {', '.join(kind)}")
        elif kind is bool:
            if not isinstance(value, bool):
                raise LabError(f"{where}: {key} is {_shown(value)}; write true or false")
        elif isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1:
            raise LabError(f"{where}: {key} is {_shown(value)}; write a share from 0 to below 1, such as 0.1")
    return found


def _known(table: dict, keys: tuple[str, ...], where: str) -> None:
    for key in table:
        if key not in keys:
            raise LabError(f"{where}: unknown key {_shown(key)}; remove it, or use one of {', '.join(keys)}")


def _number(table: dict, key: str, limits: tuple[int | None, int, int], where: str) -> int:
    default, least, most = limits
    if key not in table:
        if default is None:
            raise LabError(f"{where}: '{key}' is missing; add it, {least:,} to {most:,}")
        return default
    value = table[key]
    if isinstance(value, bool) or not isinstance(value, int):
        raise LabError(f"{where}: {key} is {_shown(value)}; write a whole number, {least:,} to {most:,}")
    if not least <= value <= most:
        raise LabError(f"{where}: {key} is {value:,}; write {least:,} to {most:,}")
    return value


def _shown(value: object) -> str:
    """A value as it is quoted in an error: on one line, cut where it is long."""
    text = "not there" if value is None else repr(value)
    return text if len(text) <= 40 else f"{text[:37]}..."
