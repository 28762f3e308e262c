"""Which servers of later stands start beside a stand's own, to have vLLM compile for them: they are ended as soon as
they are healthy, before anything is measured, and the later start finds the compiled code in vLLM's cache.

vLLM compiles on one thread (vllm/env_override.py, TORCHINDUCTOR_COMPILE_THREADS) and keeps what it compiled by a digest
of its settings (vllm/config/vllm.py, `VllmConfig.compute_hash`). So a stand whose own servers compile can have others
compile beside them on other cores, as far as the card has room. What is measured is not touched: each stand starts
its own servers, with the settings that they had, and its fleets find no other server up.
"""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from experiments.lab.fleets.stand_plan import Stand
from experiments.lab.servers.server_spec import ServerSpec

CompileKey = tuple[object, ...]
# Settings that the digest leaves out, with the number of words that follow: of vllm/config/cache.py the ignored
# factors, of vllm/config/structured_outputs.py all, of vllm/config/scheduler.py all but the budget and the places.
APART = {
    "--gpu-memory-utilization": 1, "--kv-cache-memory-bytes": 1, "--structured-outputs-config": 1,
    "--no-async-scheduling": 0, "--no-enable-prefix-caching": 0,
}
EAGER = "--enforce-eager"
# Of a server of another engine: it takes minutes by itself, so that nothing is gained by what starts beside it.
SLOW = "--enable-torch-compile"


def compile_key(spec: ServerSpec) -> CompileKey | None:
    """Servers of one key find each other's compiled code; None of one that compiles nothing which vLLM keeps. Two that
    could share and have two keys cost time alone."""
    if spec.engine != "vllm" or EAGER in spec.flags:
        return None
    kept, flags = [], [str(flag) for flag in spec.flags]
    while flags:
        word = flags.pop(0)
        following = [flags.pop(0)] if flags and not flags[0].startswith("--") else []
        if word not in APART:
            kept.append((word, *following))
    length = next((words[1] for words in kept if words[0] == "--max-model-len"), None)
    if ("--no-enable-chunked-prefill",) in kept and length:  # its budget is then the length (EngineArgs, arg_utils.py)
        kept.remove(("--no-enable-chunked-prefill",))
        kept.append(("--max-num-batched-tokens", length))
    return spec.model, spec.dummy, spec.inject, tuple(sorted(kept)), tuple(sorted(spec.env.items()))


def plan(stands: Sequence[Stand], card_gib: float | None) -> dict[int, list[ServerSpec]]:
    """By a stand's place, the servers that start beside it: of whole later stands, those that need least memory first,
    since a start takes as long as its slowest server. A stand that compiles nothing itself takes longer with them, and
    so has two stands' or none."""
    if card_gib is None:
        return {}
    news = _news(stands)
    ahead: dict[int, list[ServerSpec]] = {}
    for place, stand in enumerate(stands):
        if _apart(stand):
            continue
        room = card_gib - _reserve(stand) - sum(spec.memory_gib or 0.0 for spec in stand.servers.values()) + 1e-9
        later = [other for other in range(place + 1, len(stands)) if news[other] and not _apart(stands[other])]
        chosen = []
        for other in sorted(later, key=lambda other: _gib(news[other])):
            if _gib(news[other]) <= room:
                room -= _gib(news[other])
                chosen.append(other)
        if news[place] or len(chosen) > 1:
            for other in chosen:
                ahead.setdefault(place, []).extend(news[other].values())
                news[other] = {}
    return ahead


def kept_from_before(environ: Mapping[str, str] = os.environ) -> bool:
    """Whether vLLM's cache has compiled code already: then most starts are quick, and nothing is to be gained."""
    home = Path(environ.get("XDG_CACHE_HOME") or Path(environ.get("HOME") or "~").expanduser() / ".cache")
    root = Path(environ.get("VLLM_CACHE_ROOT") or home / "vllm")
    try:
        return any((root / "torch_compile_cache").iterdir())
    except OSError:
        return False


def _news(stands: Sequence[Stand]) -> list[dict[CompileKey, ServerSpec]]:
    """Stand by stand, a server of each key that no stand before it has, the one that takes least memory."""
    seen: set[CompileKey] = set()
    found = []
    for stand in stands:
        largest_first = sorted(stand.servers.values(), key=lambda spec: -(spec.memory_gib or 0.0))
        keys = {key: spec for spec in largest_first if (key := compile_key(spec)) is not None}
        found.append({key: spec for key, spec in keys.items() if key not in seen})
        seen |= keys.keys()
    return found


def _apart(stand: Stand) -> bool:
    """Whether nothing starts beside it, or for it: its servers start one by one, one does not state its memory, or one
    takes minutes whatever vLLM finds."""
    slow = any(SLOW in spec.flags or not spec.memory_gib for spec in stand.servers.values())
    return stand.one_by_one or slow


def _reserve(stand: Stand) -> float:
    return max((pending.fleet.reserve_gib for pending in stand.fleets), default=0.0)


def _gib(servers: Mapping[CompileKey, ServerSpec]) -> float:
    return sum(spec.memory_gib or 0.0 for spec in servers.values())
