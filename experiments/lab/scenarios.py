"""What is recorded in which experiment: the servers, what they do when armed, the request, and whose lines are watched.

A scenario's `send` drives a warmed-up server through one arming and returns the reply to the recorded request. Servers
that two scenarios describe alike are started once and serve both, one after the other.
"""

import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from . import workloads
from .client import Client
from .errors import LabError
from .server import ServerSpec

MODEL = "smollm2-135m"
# A server still works for a moment after its last byte (metrics, freed blocks); arming waits for that.
SETTLE_S = 1.0
# Warm-ups ask something else, from the first word on: a prompt whose prefix is cached takes another path.
WARM_UP_PROMPTS = ("Count to ten in French.", "List four birds of prey.", "Who wrote about whales?")
REQUEST = {
    "model": MODEL,
    "messages": [{"role": "system", "content": "Name three colours."}, {"role": "user", "content": "Please."}],
    "max_tokens": 8,
    "temperature": 0,
    "stream": True,
}
SEED = 20261124
# Whole blocks on every engine, so that all of it is cached and what is computed again is the engine's choice.
CACHED_TOKENS = 384
BUDGET = 512  # tokens a step; the long prompt takes several
LONG_TOKENS = 1500
DECODING = 3
DECODED_TOKENS = 3000  # enough to last through the recording; they are cut off afterwards
BEGIN_LIMIT_S = 60

# A graph from the compile cache would hide which functions were compiled into it: leave the cache out.
_FRESH = {"VLLM_DISABLE_COMPILE_CACHE": "1"}
_CPU = {"VLLM_CPU_KVCACHE_SPACE": "2"}  # GiB; by default it wants most of the machine's memory
# Fixed sizes, so that several start side by side on one GPU without measuring what the others left.
# The answer says how much of its prompt was cached, so that a hit can be checked.
_ANY_VLLM = ("--max-model-len", "4096", "--enable-prompt-tokens-details")
_VLLM = (*_ANY_VLLM, "--gpu-memory-utilization", "0.1", "--kv-cache-memory-bytes", "2000000000")
_SGLANG = ("--enable-cache-report", "--mem-fraction-static", "0.9", "--max-total-tokens", "40000")
_SMALL = {
    "vllm-gpu": {"engine": "vllm", "env": _FRESH, "flags": (
        # A budget under the number of requests that may run, by default 1,024 on a large card, is refused.
        *_VLLM, "--max-num-batched-tokens", str(BUDGET), "--max-num-seqs", "256")},
    "vllm-cpu": {"engine": "vllm-cpu", "env": _CPU, "flags": (
        *_ANY_VLLM, "--enforce-eager", "--max-num-batched-tokens", str(BUDGET))},
    "sglang-gpu": {"engine": "sglang", "flags": (*_SGLANG, "--chunked-prefill-size", str(BUDGET))},
}
_VARIANTS = {
    # Without chunks vLLM wants a budget into which its longest prompt fits.
    "vllm-gpu-off": {"engine": "vllm", "env": _FRESH, "flags": (
        *_VLLM, "--max-num-batched-tokens", "4096", "--no-enable-chunked-prefill")},
    "sglang-gpu-off": {"engine": "sglang", "flags": (*_SGLANG, "--chunked-prefill-size", "-1")},
    "sglang-gpu-mixed": {"engine": "sglang", "flags": (
        *_SGLANG, "--chunked-prefill-size", str(BUDGET), "--enable-mixed-chunk")},
}

_SCHEDULE = ("vllm/v1/core/sched/scheduler.py", "Scheduler.schedule")
_BLOCKS = "vllm/v1/core/kv_cache_manager.py"
_ALLOCATE = (_BLOCKS, "KVCacheManager.allocate_slots")
_SRT = "python/sglang/srt/managers"
_NEXT = (f"{_SRT}/scheduler.py", "Scheduler.get_next_batch_to_run")
_PREFILL = (
    _NEXT,
    (f"{_SRT}/scheduler.py", "Scheduler._get_new_batch_prefill_raw"),
    (f"{_SRT}/schedule_policy.py", "PrefillAdder.add_one_req"),
    (f"{_SRT}/schedule_policy.py", "PrefillAdder._select_prefill_admission"),
    (f"{_SRT}/schedule_policy.py", "PrefillAdder._commit_prefill_admission"),
    (f"{_SRT}/schedule_batch.py", "Req.init_next_round_input"),
    (f"{_SRT}/schedule_batch.py", "ScheduleBatch.prepare_for_extend"),
)
_TREE = "python/sglang/srt/mem_cache/unified_radix_cache.py"
_HIT = {
    "lines": [
        _SCHEDULE,
        _ALLOCATE,
        (_BLOCKS, "KVCacheManager.get_computed_blocks"),
        ("vllm/v1/core/single_type_kv_cache_manager.py", "FullAttentionManager.find_longest_cache_hit"),
        *_PREFILL,
        (f"{_SRT}/schedule_batch.py", "Req._compute_max_prefix_len"),
        (f"{_SRT}/schedule_policy.py", "match_prefix_for_req"),
        (_TREE, "UnifiedRadixCache.match_prefix"),
        (_TREE, "UnifiedRadixCache.cache_unfinished_req"),
    ],
}
_CHUNKS = {
    "lines": [
        _SCHEDULE,
        _ALLOCATE,
        ("vllm/v1/core/sched/scheduler.py", "Scheduler._update_after_schedule"),
        *_PREFILL,
        (f"{_SRT}/schedule_policy.py", "PrefillAdder.add_chunked_req"),
        (f"{_SRT}/schedule_policy.py", "PrefillAdder.budget_state"),
        (f"{_SRT}/schedule_batch.py", "ScheduleBatch.mix_with_running"),
        (f"{_SRT}/scheduler.py", "Scheduler.stash_chunked_request"),
        (f"{_SRT}/scheduler.py", "Scheduler.update_running_batch"),
    ],
    # Every process works for the others already when the prompt comes: its steps are told apart.
    "turns": 150,  # a bound on the record's size; a prompt's way takes some tens
    "turn": [_SCHEDULE, _NEXT],
}


@dataclass(frozen=True)
class Scenario:
    """One experiment's recorded request. `specs` maps a configuration to its ServerSpec's arguments, `servers` names
    the set they are of; `plan` is for `Injection.plan`; `workload` goes into the record."""

    experiment: str
    servers: str
    specs: dict
    request: dict
    send: Callable  # (scenario, injection, port) -> Reply
    plan: dict | None = None
    workload: dict = field(default_factory=dict)

    def spec(self, configuration: str) -> ServerSpec:
        """The server of a configuration. LabError for one that is not recorded in this experiment."""
        if configuration not in self.specs:
            raise LabError(
                f"experiment {self.experiment} has no configuration {configuration!r}; "
                f"there are: {', '.join(self.specs)}"
            )
        return ServerSpec(f"{self.servers}-{configuration}", model=MODEL, inject="trace", **self.specs[configuration])


def warm_up(client: Client) -> None:
    for prompt in WARM_UP_PROMPTS:
        client.chat({**REQUEST, "messages": [{"role": "system", "content": prompt}, *REQUEST["messages"][1:]]})


def send_alone(scenario: Scenario, injection, port: int):
    """Warm up, then the request as the only one."""
    with Client(port) as client:
        warm_up(client)
        return _recorded(scenario, injection, client)


def send_again(scenario: Scenario, injection, port: int):
    """Warm up, then the request twice: the second time all of its prompt is cached, and that is recorded.

    LabError when the server says that nothing of it was.
    """
    with Client(port) as client:
        warm_up(client)
        client.chat(scenario.request)
        reply = _recorded(scenario, injection, client)
    if not (reply.usage.get("prompt_tokens_details") or {}).get("cached_tokens"):
        raise LabError(f"port {port}: nothing of the prompt was cached when it was sent again: {reply.usage}")
    return reply


def _recorded(scenario: Scenario, injection, client: Client):
    time.sleep(SETTLE_S)
    injection.plan(scenario.plan)
    injection.arm()
    try:
        reply = client.chat(scenario.request)
        time.sleep(SETTLE_S)
    finally:
        injection.disarm()
    return reply


def send_among_others(scenario: Scenario, injection, port: int):
    """Warm up, start requests that decode, then send the request among them; they are cut off afterwards.

    LabError when one of the others had ended before the recorded answer did: then it was not among them.
    """
    rng = random.Random(SEED + 1)
    with Client(port) as client:
        warm_up(client)
        client.chat(workloads.chat(MODEL, rng, LONG_TOKENS, 4))  # nothing is set up for the first time while armed
        others = [Decoding(port, workloads.chat(MODEL, rng, 64, DECODED_TOKENS)) for _ in range(DECODING)]
        try:
            for other in others:
                other.wait()
            injection.plan(scenario.plan)
            injection.arm()
            try:
                injection.mark()
                reply = client.chat(scenario.request)
                ended = [other for other in others if not other.decoding()]
            finally:
                injection.disarm()
        finally:
            for other in others:
                other.cut()
    if ended:
        why = next((other.error for other in ended if other.error), f"{DECODED_TOKENS} tokens were too few")
        raise LabError(f"port {port}: {len(ended)} of {DECODING} requests ended before the recorded one: {why}")
    time.sleep(SETTLE_S)
    return reply


class Decoding(threading.Thread):
    """A request that decodes in a thread of its own until it is cut off."""

    def __init__(self, port: int, body: dict):
        super().__init__(daemon=True)
        self.client, self.body, self.error = Watched(port), body, None
        self.start()

    def run(self) -> None:
        try:
            self.client.chat(self.body)
        except LabError as error:
            self.error = error
        finally:
            self.client.begun.set()
            self.client.close()

    def wait(self) -> None:
        """Until it has its second token. LabError when it fails before."""
        if not self.client.begun.wait(BEGIN_LIMIT_S):
            raise LabError(f"port {self.client.port}: a request had no second token within {BEGIN_LIMIT_S} s")
        if not self.decoding():
            raise LabError(f"{self.error or 'a request that was to decode has ended at once'}")

    def decoding(self) -> bool:
        return self.is_alive()

    def cut(self) -> None:
        self.client.cut()
        self.join(10)


class Watched(Client):
    """A client that says when the answer has begun, and can be cut off from another thread."""

    def __init__(self, port: int):
        super().__init__(port)
        self.begun = threading.Event()

    def _event(self, event: bytes, now: int, reply) -> None:
        super()._event(event, now, reply)
        if len(reply.chunks) >= 3:  # the first names the role
            self.begun.set()

    def cut(self) -> None:
        connection = self._socket
        if connection is not None:
            try:
                connection.shutdown(2)  # both ways; its reader gets an end of file
            except OSError:  # has ended by itself
                pass


def _prompt(tokens: int, max_tokens: int) -> dict:
    return workloads.chat(MODEL, random.Random(SEED), tokens, max_tokens)


SCENARIOS = {
    each.experiment: each
    for each in (
        Scenario("01", "path", {
            "vllm-gpu": {"engine": "vllm", "env": _FRESH},
            "vllm-cpu": {"engine": "vllm-cpu", "flags": ("--enforce-eager", "--max-model-len", "2048"), "env": _CPU},
            "sglang-gpu": {"engine": "sglang"},
        }, REQUEST, send_alone, workload={"seed": None}),
        Scenario("05", "path-small", _SMALL, _prompt(CACHED_TOKENS, 4), send_again, _HIT,
                 {"seed": SEED, "prompt_tokens": CACHED_TOKENS, "sent_before": 1}),
        Scenario("06", "path-small", _SMALL | _VARIANTS, _prompt(LONG_TOKENS, 4), send_among_others, _CHUNKS,
                 {"seed": SEED, "prompt_tokens": LONG_TOKENS, "decoding": DECODING}),
    )
}


def scenario(experiment: str) -> Scenario:
    """LabError for an experiment in which no request is recorded."""
    if experiment not in SCENARIOS:
        raise LabError(f"no request is recorded in experiment {experiment!r}, only in {', '.join(SCENARIOS)}")
    return SCENARIOS[experiment]
