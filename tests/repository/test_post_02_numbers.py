"""The numbers that post 2 works out by hand are those of the records and of the pinned source.

The post's pseudo-code stands here as Python, and gives what the engines' own classes gave. What is taken from the
source is run: the reserve's formula, its decay, the test for a last step.
"""

import ast
import json
import math
import re
from dataclasses import dataclass
from types import SimpleNamespace

import pytest

from scripts.common.paths import ROOT
from scripts.sources.unpacked_sources import open_sources

POST = ROOT / "docs/posts/02-scheduler-loop.md"
RECORDS = ROOT / "experiments/records/02"
SCHEDULER = "vllm/v1/core/sched/scheduler.py"
SGLANG = "python/sglang/srt"
TRACKER = f"{SGLANG}/managers/scheduler_components/new_token_ratio_tracker.py"
BLOCK, SLOTS, BUDGET = 16, 288, 64
FIRST, LEAST, STEPS = 0.7, 0.098, 600  # the share that SGLang reserves, and the decode batches in which it falls


def extra(name: str) -> dict:
    return json.loads((RECORDS / f"{name}.json").read_text())["extra"]


STATES = [step["state"] for step in extra("replay-loop")["replay"]["steps"]]
TURNS = [row["given"] for row in extra("loop-sglang")["rows"] if row.get("kind") == "turn" and row["given"]]
RUNS = {
    engine: {row["run"]: row for row in extra(f"loop-{engine}")["rows"] if row.get("kind", "run") == "run"}
    for engine in ("vllm", "sglang")
}


@dataclass
class Asks:
    """A request: its step of arrival, its prompt, its answer, and from which other how much of the prompt is found."""

    at: int
    prompt: int
    answer: int
    of: str = ""
    shared: int = 0
    computed: int = 0
    found: int = 0
    wrote: int = 0

    @property
    def rest(self) -> int:
        return self.prompt - self.computed


def eight() -> dict[str, Asks]:
    asked = json.loads((RECORDS / "loop-sglang.json").read_text())["workload"]["small"]["requests"]
    return {
        name: Asks(
            each["at"], each["own"] + each.get("shared", 0), each["answer"], each.get("of", ""), each.get("shared", 0)
        )
        for name, each in asked.items()
    }


def three() -> dict[str, Asks]:
    """The first question of "Check yourself"."""
    return {"p1": Asks(1, 20, 9), "p2": Asks(1, 70, 9), "p3": Asks(2, 30, 9)}


def says(*pieces: str) -> None:
    """The post has these words; marks of typed numbers and line ends are left out."""
    text = " ".join(re.sub(r"\{(fixed|quoted):[^{}\n]*\}", "", POST.read_text()).split())
    assert [piece for piece in pieces if piece not in text] == []


def lines_of(engine: str, path: str) -> list[str]:
    return open_sources(ROOT).text(engine, path).split("\n")


def environ() -> str:
    return "\n".join(lines_of("sglang", f"{SGLANG}/environ.py"))


def function(engine: str, path: str, name: str):
    """The text of a function or class of the pinned source, without its decorators."""
    tree = ast.parse(open_sources(ROOT).text(engine, path))
    found = next(
        node for node in ast.walk(tree) if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and node.name == name
    )
    found.decorator_list = []
    return ast.unparse(found)


def vllm_steps(requests: dict[str, Asks], budget: int, steps: int, cap: int = 0) -> list[dict[str, int]]:
    """Tokens a step by the post's pseudo-code, where memory does not run out; `cap` is what a request gets at most."""
    running: list[str] = []
    waiting: list[str] = []
    rows = []
    for step in range(1, steps + 1):
        waiting += [name for name, each in requests.items() if each.at == step]
        left, given = budget, {}
        for name in running:
            each = requests[name]
            given[name] = min(each.prompt + each.wrote - each.computed, left, cap or left)
            left -= given[name]
        while waiting and left:
            name = waiting.pop(0)
            each = requests[name]
            each.computed = each.shared  # the request before it has just been admitted
            given[name] = min(each.rest, left, cap or left)
            left -= given[name]
            running.append(name)
        for name, tokens in given.items():
            each = requests[name]
            each.computed += tokens
            each.wrote += each.computed == each.prompt + each.wrote
        rows.append({name: tokens for name, tokens in given.items() if tokens})
    return rows


class SGLang:
    """The post's pseudo-code of SGLang with the reserve as the post works it out, a turn a call."""

    def __init__(self, requests: dict[str, Asks], budget: int = BUDGET, slots: int = SLOTS, share: float = FIRST):
        self.requests, self.budget, self.slots, self.share = requests, budget, slots, share
        self.waiting: list[str] = []
        self.running: list[str] = []
        self.joining: list[str] = []
        self.held: list[str] = []  # whose tokens lie in the pool and cannot be evicted
        self.half = ""
        self.full, self.turn = False, 0
        self.asked: list[tuple[int, str, float, float]] = []  # turn, who, what it needs, what is left

    @property
    def used(self) -> int:
        return sum(self.requests[name].computed - self.requests[name].found for name in self.held)

    @property
    def may_write(self) -> int:
        return sum(self.requests[name].answer - self.requests[name].wrote for name in self.running)

    def step(self) -> dict[str, int]:
        self.turn += 1
        self.waiting += [name for name, each in self.requests.items() if each.at == self.turn]
        self.running, self.joining = self.running + self.joining, []
        return self.prompts() or self.decodes()

    def prompts(self) -> dict[str, int]:
        left, given = self.budget, {}
        room = self.slots - self.used - self.share * self.may_write

        def add(name: str) -> None:
            nonlocal left, room
            each = self.requests[name]
            given[name] = min(each.rest, left)
            left -= given[name]
            room -= given[name] + 1 + each.answer * (given[name] == each.rest)

        if self.half:
            add(self.half)
        while self.waiting and left and not self.full:
            name = self.waiting[0]
            each = self.requests[name]
            each.found = each.computed = each.shared if each.of in self.running else 0
            need = each.rest + each.answer + 1
            self.asked.append((self.turn, name, need, room))
            if need >= room:
                self.full = True
                break
            add(self.waiting.pop(0))
            self.held.append(name)
        for name, tokens in given.items():
            each = self.requests[name]
            each.computed += tokens
            each.wrote = int(each.rest == 0)
            self.half = "" if each.wrote else name
            if each.wrote:
                self.joining.append(name)
        return given

    def decodes(self) -> dict[str, int]:
        still = [name for name in self.running if self.requests[name].wrote < self.requests[name].answer]
        if len(still) < len(self.running):
            self.full = False
        self.running = still
        self.share = max(self.share - (FIRST - LEAST) / STEPS, LEAST)
        for name in self.running:
            self.requests[name].computed += 1
            self.requests[name].wrote += 1
        self.held = [name for name in self.held if self.requests[name].wrote < self.requests[name].answer]
        return dict.fromkeys(self.running, 1)


def test_vllms_pseudo_code_gives_the_first_six_steps_of_the_replay():
    assert vllm_steps(eight(), BUDGET, 6) == [state["budget"]["given"] for state in STATES[1:7]]


def test_sglangs_pseudo_code_with_its_reserve_gives_all_recorded_turns():
    loop = SGLang(eight())
    assert [loop.step() for _ in TURNS] == TURNS
    assert len(TURNS) == 34


def test_check_yourself():
    assert vllm_steps(three(), 50, 3) == [
        {"p1": 20, "p2": 30},
        {"p1": 1, "p2": 40, "p3": 9},
        {"p1": 1, "p2": 1, "p3": 21},
    ]
    loop = SGLang(three(), budget=50)
    assert [loop.step() for _ in range(4)] == [
        {"p1": 20, "p2": 30},
        {"p2": 40, "p3": 10},
        {"p3": 20},
        {"p1": 1, "p2": 1, "p3": 1},
    ]
    says(
        "Say your budget is 50, and memory is ample. p1 (20) and p2 (70) arrive in step 1, p3 (30) in step 2.",
        "| vLLM | p1 20, p2 30 | p1 1, p2 40, p3 9 | p1 1, p2 1, p3 21 |",
        "| SGLang | p1 20, p2 30 | p2 40, p3 10 | p3 20 |",
    )


def row(name: str, cells: list) -> str:
    return f"| {name} | " + " | ".join(cells) + " |"


def test_a_long_prompt_among_64_answers():
    def asked() -> dict[str, Asks]:
        return {f"d{n}": Asks(1, 1, 99) for n in range(64)} | {"long": Asks(2, 32_000, 9)}

    steps = vllm_steps(asked(), 8_192, 6)[1:]
    loop = SGLang(asked(), budget=8_192, slots=10**6)
    turns = [loop.step() for _ in range(6)][1:]
    for engine, rows in (("vLLM", steps), ("SGLang", turns)):
        chunks = [each.get("long", 0) for each in rows]
        decodes = [sum(tokens for name, tokens in each.items() if name != "long") for each in rows]
        assert (chunks[4] == 1, decodes[4]) == (True, 64)  # the 65th decode is the prompt's
        says(
            row(f"{engine}, prompt", [f"{chunk:,}" for chunk in chunks[:4]]) + " |",
            row(f"{engine}, decodes", [str(each) for each in decodes[:4]] + ["65"]),
        )
    assert sum(each["long"] for each in steps[:4]) == 32_000


def test_a_short_prompt_behind_two_long_ones():
    def asked() -> dict[str, Asks]:
        return {"p1": Asks(1, 20_000, 99), "p2": Asks(1, 20_000, 99), "p3": Asks(1, 200, 99)}

    def told(rows: list[dict[str, int]]) -> list[str]:
        return [", ".join(f"{name} {tokens:,}" for name, tokens in each.items()) for each in rows]

    loop = SGLang(asked(), budget=8_192, slots=10**6)
    says(
        row("vLLM", told(vllm_steps(asked(), 8_192, 5))),
        row("SGLang", told([loop.step() for _ in range(5)])),
        "step 1 holds p1 2,048, p2 2,048 and p3 200",
        "p1 and p2 end in step 10 and not in 3 and 5, and half of each step's budget is unused",
        "batch 1 holds p3 200 and p1 7,992",
    )
    capped = vllm_steps(asked(), 8_192, 11, cap=2_048)
    assert capped[0] == {"p1": 2_048, "p2": 2_048, "p3": 200}
    assert [sum(each.values()) for each in capped[1:9]] == [4_097] * 8
    assert [step for step, each in enumerate(capped, 1) if each["p1"] > 1][-1] == 10
    shortest = asked()
    loop = SGLang({name: shortest[name] for name in ("p3", "p1", "p2")}, budget=8_192, slots=10**6)
    assert loop.step() == {"p3": 200, "p1": 7_992}


def test_what_a_missing_max_tokens_reserves():
    policy = "\n".join(lines_of("sglang", f"{SGLANG}/managers/schedule_policy.py"))
    assert '"SGLANG_CLIP_MAX_NEW_TOKENS_ESTIMATION", "4096"' in policy
    assert "max_new_tokens: Optional[int] = 128" in "\n".join(
        lines_of("sglang", f"{SGLANG}/sampling/sampling_params.py")
    )
    assert [40 + 4_096 + 1, round(FIRST * 4_096), round(LEAST * 4_096), round(50 * FIRST * 4_096)] == [
        4_137, 2_867, 401, 143_360,
    ]  # fmt: skip
    says("= 4,137 slots", "0.7 x 4,096 = 2,867", "and 401 after 600 decode batches", "Fifty of them keep 143,360 slots")


def test_what_ends_a_preempted_request_and_what_a_priority_does():
    batch, loop = f"{SGLANG}/managers/schedule_batch.py", f"{SGLANG}/managers/scheduler.py"
    assert "HTTPStatus.INTERNAL_SERVER_ERROR" in function("sglang", batch, "retract_decode")
    full = function("sglang", loop, "_abort_on_queued_limit")
    assert "HTTPStatus.SERVICE_UNAVAILABLE" in full and "a higher priority request" in full
    assert "_abort_on_queued_limit(req)" in function("sglang", loop, "_add_request_to_queue")
    assert "self._add_request_to_queue(req, is_retracted=True)" in "\n".join(lines_of("sglang", loop))
    refused = function("sglang", loop, "_set_or_validate_priority")
    assert "HTTPStatus.SERVICE_UNAVAILABLE" in refused and "-sys.maxsize - 1" in refused
    fields = "\n".join(lines_of("sglang", f"{SGLANG}/arg_groups/fields/schedule.py"))
    assert '"shortest-prefill-first"' in fields and "disable_priority_preemption: A[" in fields
    header = "\n".join(lines_of("vllm", "vllm/entrypoints/generate/base/serving.py"))
    assert 'PRIORITY_HEADER = "X-Vllm-Priority"' in header
    for path in ("vllm/v1/engine/input_processor.py", "vllm/v1/engine/async_llm.py"):
        assert not re.search(r"raise .*priority", "\n".join(lines_of("vllm", path)), re.IGNORECASE)
    says("`X-Vllm-Priority`", "it ends with status 503", "is aborted with status 500")


@pytest.mark.parametrize(
    ("engine", "path"),
    [("vllm", "vllm/v1/metrics/loggers.py"), ("sglang", f"{SGLANG}/observability/metrics_collector.py")],
)
def test_the_metrics_that_the_post_names_are_exported(engine, path):
    source = "\n".join(lines_of(engine, path))
    named = set(re.findall(rf"`({engine}:\w+)`", POST.read_text()))
    assert len(named) > 5
    # The client library of Prometheus adds `_total` to a counter's name.
    assert [
        name for name in named if f'"{name}"' not in source and f'"{name.removesuffix("_total")}"' not in source
    ] == []


def test_step_5_in_vllm():
    before, after = STATES[4], STATES[5]
    held = {name: len(table) for name, table in before["tables"].items()}
    assert list(held.values()) == [3, 2, 7, 2]
    assert (before["blocks"], sum(held.values()), before["free"], after["free"]) == (18, 14, 4, 0)
    r5, r6 = after["tables"]["r5"], after["tables"]["r6"]
    assert r5[:2] == r6[:2]
    assert len(set(r5)) == 3
    assert len(set(r6) - set(r5)) == 1
    says("hold 3 + 2 + 7 + 2 = 14", "needs 3 blocks", "two blocks with r5 and needs 1")


def test_what_r3_needs():
    r3 = [next(each for each in STATES[step]["running"] if each["id"] == "r3") for step in (2, 3, 4, 5)]
    assert [(each["computed"], each["known"]) for each in r3] == [(62, 100), (100, 101), (101, 102), (102, 103)]
    says("known 100 and computed 62 after step 2: it needs 38", "known 101 and computed 100: it needs 1")


def test_turn_5_and_17_in_sglang():
    loop = SGLang(eight())
    for _ in range(4):
        loop.step()
    used = [each.computed for name, each in loop.requests.items() if name in loop.held]
    loop.step()
    assert used == [40, 20, 100, 30]
    turn, who, need, left = next(asked for asked in loop.asked if asked[1] == "r5")
    assert (turn, who, need, round(left, 1)) == (5, "r5", 53, 51.8)
    while loop.turn < 16:
        loop.step()
    assert loop.used == 196
    loop.step()
    turn, who, need, left = next(asked for asked in loop.asked if asked[:2] == (17, "r5"))
    assert round(left, 1) == 78.9
    says(
        "40 + 20 + 100 + 30 = 190",
        "21 + 15 + 19 + 11 = 66",
        "46.2 are reserved. 51.8 are left",
        "40 + 12 + 1 = 53",
        "196 slots are used, twelve decode batches have lowered the share to 0.688",
        "may still write 19: 13.1 are reserved. 78.9 are left",
    )
    assert (190, round(0.7 * 66, 1), round(SLOTS - 190 - 0.7 * 66, 1), round(0.098 * 66, 1)) == (190, 46.2, 51.8, 6.5)
    assert round(FIRST - 12 * (FIRST - LEAST) / STEPS, 3) == 0.688
    assert round((FIRST - 12 * (FIRST - LEAST) / STEPS) * (9 + 3 + 7), 1) == 13.1


def test_the_reserve_worked_out_by_hand_is_the_recorded_one():
    """SGLang's own numbers of each refusal, from the replay of its turns."""
    loop = SGLang(eight())
    refused = {}
    for number, step in enumerate(extra("replay-sglang")["replay"]["steps"][1:], 1):
        loop.step()
        for event in step["events"]:
            if event["event"] == "refused":
                refused[number] = event["args"]
    assert next(iter(refused)) == 5
    mine = {turn: (need, left) for turn, _, need, left in loop.asked if need >= left}
    assert list(mine) == list(refused)
    for turn, said in refused.items():
        assert mine[turn] == (pytest.approx(said["wants"]), pytest.approx(said["left"], abs=0.06)), turn


def test_a_server_at_the_least_share_lets_r5_in_at_once():
    loop = SGLang(eight(), share=LEAST)
    given = [loop.step() for _ in range(5)]
    assert given[4] == {"r5": 40}
    says("here 6.5 slots instead of 46.2, and r5 would enter at once")


def test_the_reserves_formula_and_its_decay_are_the_sources():
    body = function("sglang", f"{SGLANG}/managers/schedule_policy.py", "_get_running_request_total_token_offset")
    names: dict = {"CLIP_MAX_NEW_TOKENS": 4096, "Req": object}
    exec(body, names)
    request = SimpleNamespace(sampling_params=SimpleNamespace(max_new_tokens=22), output_ids=[0])
    offset = names["_get_running_request_total_token_offset"]
    assert offset(SimpleNamespace(new_token_ratio=FIRST), request) == pytest.approx(0.7 * 21)
    request.sampling_params.max_new_tokens = 10_001
    assert offset(SimpleNamespace(new_token_ratio=FIRST), request) == pytest.approx(0.7 * 4096)
    tracker = function("sglang", TRACKER, "from_config")
    envs = {
        "SGLANG_INIT_NEW_TOKEN_RATIO": FIRST,
        "SGLANG_MIN_NEW_TOKEN_RATIO_FACTOR": 0.14,
        "SGLANG_NEW_TOKEN_RATIO_DECAY_STEPS": STEPS,
    }
    assert [name for name, value in envs.items() if not re.search(rf"{name} = Env\w+\({value}\)", environ())] == []
    names = {
        "envs": SimpleNamespace(
            **{name: SimpleNamespace(get=lambda value=value: value) for name, value in envs.items()}
        ),
        "get_schedule": lambda: SimpleNamespace(schedule_conservativeness=1.0),
        "NewTokenRatioTracker": object,
    }
    exec(tracker, names)
    made = names["from_config"](lambda **each: SimpleNamespace(**each))
    assert (made.init, round(made.min, 3)) == (FIRST, LEAST)
    assert made.decay == pytest.approx((FIRST - LEAST) / STEPS)
    check = "\n".join(lines_of("sglang", f"{SGLANG}/mem_cache/prefill_budget.py"))
    assert "if total_tokens < self.remaining_total" in check


def test_the_share_after_a_retraction_is_the_sources():
    body = function("sglang", TRACKER, "estimate_new_token_ratio_after_retract")
    steps = SimpleNamespace(get=lambda: int(re.search(r"SGLANG_RETRACT_DECODE_STEPS = EnvInt\((\d+)\)", environ())[1]))
    names: dict = {"envs": SimpleNamespace(SGLANG_RETRACT_DECODE_STEPS=steps), "Sequence": list, "Req": object}
    exec(body, names)
    stays = SimpleNamespace(output_ids=range(100), sampling_params=SimpleNamespace(max_new_tokens=192))
    assert names["estimate_new_token_ratio_after_retract"]([stays] * 10) == pytest.approx(1200 / 1921)
    assert round(1200 / 1921, 2) == 0.62
    says("ten answers of 192 with 100 tokens written each give 1,200 / 1,921 = 0.62")
    assert (round(10 * 1200 / 1921 * 92), math.ceil((1200 / 1921 - LEAST) * STEPS / (FIRST - LEAST))) == (575, 525)
    assert round((FIRST - LEAST) / STEPS, 3) == 0.001
    stays = SimpleNamespace(output_ids=range(10), sampling_params=SimpleNamespace(max_new_tokens=1000))
    assert names["estimate_new_token_ratio_after_retract"]([stays] * 10) == pytest.approx(300 / 10_001)
    falls = function("sglang", TRACKER, "decay_step")
    assert "max(self.current - self.decay, self.min)" in falls and LEAST > 300 / 10_001
    says("10 x 0.625 x 92 = 575 slots", "after 525 it is at its floor", "300 / 10,001 = 0.03")


def test_what_follows_a_preemption():
    decodes = function("sglang", f"{SGLANG}/managers/scheduler.py", "update_running_batch")
    assert "self.new_token_ratio_tracker.current = new_token_ratio" in decodes
    assert re.search(r"batch\.batch_size\(\) < initial_bs:\s*batch\.batch_is_full = False", decodes)
    assert "#new_token_ratio: {old_ratio:.4f} -> {new_token_ratio:.4f}" in decodes
    says("SGLang logs the old and the new share, as `#new_token_ratio`", "retraction has cleared `batch_is_full`")


def test_only_a_lack_of_places_lets_an_urgent_arrival_retract():
    loop = function("sglang", f"{SGLANG}/managers/scheduler.py", "_get_new_batch_prefill_raw")
    assert re.search(
        r"if self\.enable_priority_preemption or self\.is_hybrid_swa:\s*running_batch\.batch_is_full = False", loop
    )
    assert loop.count("preempt_to_schedule") == 1
    assert loop.index("preempt_to_schedule") < loop.index("adder.add_one_req(")
    behind = loop[loop.index("if res != AddReqResult.CONTINUE:") : loop.index("can_run_list: List[Req]")]
    assert re.search(r"\n {12}break\b", behind)  # a head that memory refuses ends the scan
    says("If places are free and memory is not, it waits at the head and retracts no request")


def test_which_events_move_a_request():
    loop = function("sglang", f"{SGLANG}/managers/scheduler.py", "_get_new_batch_prefill_raw")
    assert re.search(r"in ready_grammar_requests:\s*self\._add_request_to_queue\(req\)", loop)
    assert "if not added_to_grammar_queue:" in function(
        "sglang", f"{SGLANG}/managers/scheduler.py", "handle_generate_request"
    )
    schedule = function("vllm", SCHEDULER, "schedule")
    assert "self.waiting.prepend_requests(step_skipped_waiting)" in schedule
    assert "self.deferred_waiting.add(request_to_skip)" in schedule
    deferred = re.findall(r"self\.deferred_waiting\W[^\n]*", "\n".join(lines_of("vllm", SCHEDULER)))
    assert not [line for line in deferred if ".pop" in line or ".peek" in line]


def test_a_queue_of_two_batches_runs_one_step_ahead():
    size = function("vllm", "vllm/config/vllm.py", "max_concurrent_batches")
    assert "return pp_size + 1" in size and "return 2" in size
    call = function("vllm", "vllm/v1/engine/core.py", "step_with_batch_queue")
    handed, read = call.index("batch_queue.appendleft("), call.index("batch_queue.pop()")
    assert call.index("self.scheduler.schedule(") < handed < call.index("return (None, model_executed)") < read
    assert read < call.index("self.scheduler.update_from_output(")
    turn = function("sglang", f"{SGLANG}/managers/scheduler.py", "event_loop_overlap")
    launched = turn.index("self.run_batch(batch)")
    assert turn.index("self.get_next_batch_to_run(") < launched < turn.rindex("pop_and_process()")


def test_what_binds_and_its_defaults():
    defaults = function("vllm", "vllm/engine/arg_utils.py", "get_batch_defaults")
    hopper = defaults[defaults.index("70 * GiB_bytes") :]
    assert re.search(r"OPENAI_API_SERVER: 8192.*OPENAI_API_SERVER: 1024", hopper.split("else:")[0], re.S)
    assert "Field(default=0.92" in "\n".join(lines_of("vllm", "vllm/config/cache.py"))
    sized = function("sglang", f"{SGLANG}/arg_groups/memory_hook.py", "handle_gpu_memory_settings")
    assert re.search(r"gpu_mem < 90 \* 1024:\s*if cfg\.chunked_prefill_size is None:[^)]*=8192\)", sized)
    assert "max(reserved_mem, 10 * 1024)" in sized
    places = function("sglang", f"{SGLANG}/mem_cache/kv_cache_configurator.py", "resolve_max_num_reqs")
    assert "max(min(estimated, 4096), 2048)" in places and "min(estimated, token_capacity // 2)" in places
    queued = "\n".join(lines_of("vllm", "vllm/config/scheduler.py"))
    assert "max_num_queued_reqs: int | None = Field(default=None" in queued
    assert "SERVICE_UNAVAILABLE" in function("vllm", "vllm/exceptions.py", "QueueOverflowError")


def test_step_7_in_vllm():
    before, after = STATES[6], STATES[7]
    assert (before["free"], before["tables"]["r6"], before["tables"]["r5"]) == (0, [15, 16, 18], [15, 16, 17])
    assert (after["tables"]["r4"], after["tables"]["r5"], after["waiting"]) == (
        [13, 14, 18],
        [15, 16, 17],
        ["r6", "r7"],
    )
    r4 = next(each for each in before["running"] if each["id"] == "r4")
    assert (r4["computed"], r4["known"]) == (32, 33)
    steps = [number for number, state in enumerate(STATES) if "r6" in state["budget"]["given"]]
    assert steps[:3] == [5, 6, 17]
    back = next(each for each in STATES[17]["running"] if each["id"] == "r6")
    assert (back["computed"], STATES[17]["budget"]["given"]["r6"]) == (42, 10)
    says(
        "It has 42 tokens to compute, finds 32 in blocks and computes 10",
        "Its reader saw two tokens, then nothing for ten steps",
    )


def test_the_load_that_is_too_large_for_its_pool():
    usable = 6144 // BLOCK - 1  # one is the null block
    prompt, whole = 256 // BLOCK, -(-(256 + 192 - 1) // BLOCK)
    started, fit = min(usable // prompt, 24), usable // whole
    assert (usable, prompt, started, started * prompt, whole, fit, fit * whole) == (383, 16, 23, 368, 28, 13, 364)
    tight = RUNS["vllm"]["tight"]
    assert len(tight["preempted"]) == started - fit == 10
    assert (max(tight["first"].values()), sum(step == 1 for step in tight["first"].values())) == (193, started)
    assert sorted(RUNS["vllm"]["capped"]["first"].values()) == [1] * fit + [193] * (24 - fit)


def test_when_a_step_ahead_is_not_planned():
    text = open_sources(ROOT).text("vllm", SCHEDULER)
    condition = re.search(
        r"request\.num_computed_tokens \+ 2 - request\.num_output_placeholders\s*"
        r">= request\.num_prompt_tokens \+ request\.max_tokens",
        text,
    )
    stops = compile(" ".join(condition[0].split()), SCHEDULER, "eval")
    sums = []
    for computed, on_the_way in ((4, 1), (5, 1), (6, 1)):
        request = SimpleNamespace(
            num_computed_tokens=computed, num_output_placeholders=on_the_way, num_prompt_tokens=4, max_tokens=3
        )
        sums.append((computed + 2 - on_the_way, eval(stops, {"request": request})))
    assert sums == [(5, False), (6, False), (7, True)]
    says("| step 1 is planned | 4 | 5 | plan step 2 |", "| second token has come | 6 | 7 | stop:")


def test_three_prompts_with_a_common_beginning():
    twins = json.loads((RECORDS / "loop-sglang.json").read_text())["workload"]["twins"]["requests"]
    assert {
        name: (each["own"] + each.get("shared", 0), each.get("shared", 0), each["answer"])
        for name, each in twins.items()
    } == {"a": (160, 0, 4), "b": (160, 144, 4), "c": (160, 144, 4)}
    assert 160 + 16 + 16 + 9 == 201 == RUNS["vllm"]["twins"]["given"]
    assert 3 * 160 + 9 == 489 == RUNS["sglang"]["twins"]["needed"]
    says("160 + 16 + 16 + 9 = 201", "480 + 9 = 489")


def test_a_burst_by_the_rules():
    def burst() -> dict[str, Asks]:
        return {f"d{n}": Asks(1, 2, 99) for n in range(16)} | {f"p{n}": Asks(2, 1024, 99) for n in range(16)}

    rows = vllm_steps(burst(), 8192, 4)[1:]
    decodes = [sum(tokens == 1 for tokens in row.values()) for row in rows]
    prompts = [sum(row.values()) - ones for row, ones in zip(rows, decodes, strict=True)]
    assert list(zip(decodes, prompts, strict=True)) == [(16, 8176), (23, 8169), (31, 39)]
    says(
        "| 1 | 16 decodes + 8,176 of prompts |",
        "| 2 | 23 decodes + 8,169 of prompts |",
        "| 3 | 31 decodes + 39 of prompts |",
        "the burst above then takes five steps, not three",
    )
    halved = vllm_steps(burst(), 4096, 7)[1:]
    assert [sum(row.values()) > len(row) for row in halved] == [True] * 5 + [False]


def test_where_the_waiting_queue_begins_in_the_pinned_source():
    lines = lines_of("vllm", SCHEDULER)
    notebook = (ROOT / "experiments/02_scheduler_loop.py").read_text()
    line = int(re.search(r"^QUEUE_LINE = (\d+)$", notebook, re.M)[1])
    assert lines[line - 2].strip() == "if not preempted_reqs and self._pause_state != PauseState.PAUSED_ALL:"
    assert lines[line - 1].strip() == "step_skipped_waiting: deque[Request] = deque()"


@pytest.mark.parametrize(
    ("line", "text"),
    [
        (615, "if self._pause_state == PauseState.PAUSED_ALL:"),
        (647, "if num_eligible_reqs > 1"),
        (659, "while req_index < len(self.running) and token_budget > 0:"),
        (661, "if input_budget <= draft_slots:"),
        (680, "if self.current_step < request.next_decode_eligible_step:"),
        (724, "if self.need_mamba_block_aligned_split:"),
        (755, "if num_new_tokens == 0:"),
        (789, "self.connector is not None"),
        (805, "if not self._request_blocks_can_be_freed(preempted_req):"),
        (842, "if preempted_req == request:"),
        (848, "break"),
    ],
)
def test_the_lines_that_the_post_names(line, text):
    assert lines_of("vllm", SCHEDULER)[line - 1].strip() == text


def test_what_the_post_says_of_limits_and_of_urgent_arrivals():
    adder = "\n".join(lines_of("sglang", f"{SGLANG}/managers/schedule_policy.py"))
    assert "self.rem_input_tokens = rem_input_tokens - num_mixed_decode_tokens" in adder
    assert "self.rem_chunk_tokens -= num_mixed_decode_tokens" in adder
    assert "if priority_diff > self.priority_scheduling_preemption_threshold:" in adder
    loop = function("sglang", f"{SGLANG}/managers/scheduler.py", "_get_new_batch_prefill_raw")
    assert "running_bs if self.is_mixed_chunk else 0" in loop
    assert re.search(
        r"if running_batch\.batch_is_full:\s*if not self\.enable_priority_preemption or "
        r"\(?not adder\.preempt_to_schedule\(req\)\)?:\s*break",
        loop,
    )
    given_back = function("sglang", f"{SGLANG}/managers/schedule_batch.py", "release_req")
    assert "remaing_req_count * envs.SGLANG_RETRACT_DECODE_STEPS.get()" in given_back
    assert re.search(r"max_loras: int = Field\(default=1,", "\n".join(lines_of("vllm", "vllm/config/lora.py")))
    lora = "\n".join(lines_of("sglang", f"{SGLANG}/arg_groups/fields/lora.py"))
    assert re.search(r"max_loras_per_batch: A\[[^\]]*\] = 8\n", lora)
    says("`--max-loras` (1)", "`--max-loras-per-batch` (8)", "until 20 slots are free for each remaining request")


def drawn(name: str) -> list[str]:
    """Whose blocks a picture draws, in order; `shared` for one that two requests hold."""
    text = (ROOT / f"docs/pictures/02/{name}.svg").read_text()
    blocks = re.findall(r'<rect class="(r\d) (prompt|shared)"[^>]* width="3[23]"', text)
    return [who if kind == "prompt" else kind for who, kind in blocks]


def held(state: dict) -> list[str]:
    """The same of a recorded state, block by block."""
    holders: dict[int, list[str]] = {}
    for name, table in state["tables"].items():
        for block in table:
            holders.setdefault(block, []).append(name)
    return [names[0] if len(names) == 1 else "shared" for _, names in sorted(holders.items())]


def test_the_pictures_of_the_pool_are_the_recorded_states():
    assert drawn("loop") == held(STATES[4])
    assert drawn("two-pools") == held(STATES[5])
    assert drawn("preempt") == held(STATES[6]) + held(STATES[7])


def test_what_clears_batch_is_full():
    turn = function("sglang", f"{SGLANG}/managers/scheduler.py", "get_next_batch_to_run")
    assert re.search(
        r"last_bs = last_batch\.batch_size\(\)\s*last_batch\.filter_batch\(chunked_req_to_exclude=[^\n]*\)\s*"
        r"if last_batch\.batch_size\(\) < last_bs:\s*running_batch\.batch_is_full = False",
        turn,
    )
    assert re.search(r"if running_batch\.is_empty\(\):\s*running_batch = last_batch\s*else:", turn)
    batch = function("sglang", f"{SGLANG}/managers/schedule_batch.py", "ScheduleBatch")
    assert batch.count("batch_is_full") == 1 and "batch_is_full: bool = False" in batch
    loop = function("sglang", f"{SGLANG}/managers/scheduler.py", "_get_new_batch_prefill_raw")
    assert re.search(
        r"new_batch\.mix_with_running\(running_batch\).*running_batch = ScheduleBatch\(reqs=\[\], batch_is_full",
        loop,
        re.S,
    )
    tracker = function("sglang", TRACKER, "NewTokenRatioTracker")
    assert "batch_is_full" not in tracker
    assert re.search(r"if res == AddReqResult\.NO_TOKEN:.*running_batch\.batch_is_full = True", loop, re.S)
    state = function("sglang", f"{SGLANG}/managers/schedule_policy.py", "budget_state")
    assert re.search(r"rem_chunk_tokens <= 0:\s*return AddReqResult\.OTHER", state)
    says("prompts that the last batch computed join running batch = next chunk")
    says("if no place, or r + its answer do not fit:", "a smaller reserve alone does not clear it")


def test_chunks_off_in_both_engines():
    schedule = function("vllm", SCHEDULER, "schedule")
    assert re.search(
        r"not self\.scheduler_config\.enable_chunked_prefill and num_new_tokens > request_token_budget[^:]*:\s*break",
        schedule,
    )
    checked = function("vllm", "vllm/config/scheduler.py", "verify_max_model_len")
    assert "self.max_num_batched_tokens < max_model_len and (not self.enable_chunked_prefill)" in checked
    defaults = function("vllm", "vllm/engine/arg_utils.py", "_set_default_max_num_seqs_and_batched_tokens_args")
    assert re.search(r"if not self\.enable_chunked_prefill:\s*self\.max_num_batched_tokens = max\(", defaults)
    warned = function("vllm", "vllm/engine/arg_utils.py", "_set_default_chunked_prefill_and_prefix_caching_args")
    assert "crash or produce incorrect outputs" in warned
    select = function("sglang", f"{SGLANG}/managers/schedule_policy.py", "_select_prefill_admission")
    assert "self.rem_chunk_tokens is None and self.can_run_list and (input_tokens >= self.rem_input_tokens)" in select


def test_found_tokens_cost_no_budget():
    assert "num_new_tokens = request.num_tokens - num_computed_tokens" in function("vllm", SCHEDULER, "schedule")
    policy = f"{SGLANG}/managers/schedule_policy.py"
    assert "extend_len = len(req.full_untruncated_fill_ids) - prefix_len" in function(
        "sglang", policy, "_select_prefill_admission"
    )
    charged = function("sglang", policy, "_update_prefill_budget")
    assert [line.strip() for line in charged.split("\n") if "compute_charge = " in line] == [
        "compute_charge = extend_input_len"
    ]
    assert "with self._lock_node(req.last_node):" in function("sglang", policy, "add_one_req")


def test_what_the_histogram_of_a_steps_tokens_counts():
    steps = vllm_steps({f"d{n}": Asks(1, 1, 99) for n in range(64)} | {"long": Asks(2, 32_000, 9)}, 8192, 5)[1:]
    ends = next(number for number, row in enumerate(steps) if row["long"] < steps[0]["long"])
    counted = [64 + (32_000 + 1 if number == ends else 0) for number in range(ends + 1)]
    assert ([row["long"] for row in steps], counted) == ([8128, 8128, 8128, 7616], [64, 64, 64, 32_065])
    iteration = function("vllm", "vllm/v1/metrics/stats.py", "IterationStats")
    assert re.search(r"if is_prefilling:\s*if output\.prefill_stats is not None:", iteration)
    took = function("vllm", SCHEDULER, "update_from_output")
    assert re.search(r"if should_emit_output:\s*prefill_stats = request\.take_prefill_stats\(\)", took)
    handler = function("vllm", "vllm/v1/engine/async_llm.py", "_run_output_handler")
    assert "IterationStats() if log_stats and num_outputs else None" in handler
    logged = "\n".join(lines_of("vllm", "vllm/v1/metrics/loggers.py"))
    assert re.search(r"prompt_token_stats\.computed\s*\+ iteration_stats\.num_generation_tokens", logged)
    says("give 64, 64, 64 and 32,065")


def test_what_a_steps_line_in_the_log_times():
    core = "vllm/v1/engine/core.py"
    for loop in ("step", "step_with_batch_queue"):
        inside = function("vllm", core, loop)
        assert inside.index("execute_model(") < inside.index("self.capture_iteration_details(scheduler_output)")
        assert re.search(
            r"with self\.capture_iteration_details\(scheduler_output\)[^\n]*:\s*model_output = future\.result\(\)",
            inside,
        )
    assert "enable_logging_iteration_details: bool = False" in "\n".join(
        lines_of("vllm", "vllm/config/observability.py")
    )


def test_how_long_the_interval_holds_prompts_back():
    defer = function("sglang", f"{SGLANG}/managers/scheduler.py", "_should_defer_prefill")
    names: dict = {}
    exec(defer, names)
    for turns in (0, 1, 3):
        scheduler = SimpleNamespace(_prefill_decode_interval_remaining=turns)
        held = [names["_should_defer_prefill"](scheduler) for _ in range(turns + 1)]
        assert held == [True] * turns + [False]
    arm = function("sglang", f"{SGLANG}/managers/scheduler.py", "_arm_prefill_decode_interval")
    assert "self._prefill_decode_interval_remaining = self.prefill_decode_interval" in arm


def test_what_places_size_besides():
    graphs = "\n".join(lines_of("vllm", "vllm/config/vllm.py"))
    assert re.search(r"max_num_seqs \* decode_query_len \* 2, default_max_graph_size", graphs)
    assert "1024 if current_platform.is_device_capability_family(100) else 512" in graphs
    assert "self.max_num_reqs = self.scheduler_config.max_num_seqs" in "\n".join(
        lines_of("vllm", "vllm/v1/worker/gpu/model_runner.py")
    )
    shared = "\n".join(lines_of("sglang", f"{SGLANG}/mem_cache/kv_cache_configurator.py"))
    assert "requested_per_worker = max_num_reqs // self.attn_dp_size" in shared
    captured = function(
        "sglang", f"{SGLANG}/model_executor/runner/base_cuda_graph_runner.py", "get_batch_sizes_to_capture"
    )
    assert "num_max_requests = model_runner.req_to_token_pool.size" in captured
    assert "[bs for bs in capture_bs if bs <= num_max_requests]" in captured


def test_when_lpm_sorts_nothing():
    policy = f"{SGLANG}/managers/schedule_policy.py"
    active = function("sglang", policy, "_determine_active_policy")
    assert "CacheAwarePolicy.LPM, CacheAwarePolicy.HRRN) and len(waiting_queue) > 128" in active
    sort = function("sglang", policy, "calc_priority")
    # only the policy that was asked for, not the one that stands in for it, is sorted as first come, first served
    assert re.search(r"if self\.policy == CacheAgnosticPolicy\.FCFS:\s*if self\.enable_priority_scheduling", sort)
    assert re.search(r"if policy == CacheAgnosticPolicy\.FCFS:\s*pass", sort)


def test_a_request_waits_without_end_unless_a_time_is_set():
    assert re.search(r"SGLANG_REQ_WAITING_TIMEOUT = EnvFloat\(-1\)  # in seconds", environ())
    polled = function("sglang", f"{SGLANG}/managers/scheduler.py", "_poll_timeout_aborts")
    assert "SERVICE_UNAVAILABLE" in polled


def test_the_states_of_a_request_are_the_sources():
    statuses = function("vllm", "vllm/v1/request.py", "RequestStatus")
    named = re.findall(r"`((?:WAITING|RUNNING|PREEMPTED|FINISHED)(?:_[A-Z]+)*)`", POST.read_text())
    assert [name for name in named if f"{name} = enum.auto()" not in statuses] == []
    unfinished = re.findall(r"^ +(?!FINISHED_)([A-Z_]+) = enum\.auto\(\)", statuses, re.M)
    assert unfinished and set(unfinished) <= set(named)
    assert "self.grammar_queue: List[Req] = []" in "\n".join(
        lines_of("sglang", f"{SGLANG}/constrained/grammar_manager.py")
    )
    assert "self.status" not in function("sglang", f"{SGLANG}/managers/schedule_batch.py", "Req")


def test_draft_tokens_count_in_the_budget_and_some_slots_besides():
    schedule = function("vllm", SCHEDULER, "schedule")
    assert "request.num_tokens_with_spec + request.num_output_placeholders - request.num_computed_tokens" in schedule
    assert "input_budget = self.scheduler_config.max_num_batched_tokens" in schedule
    assert "spec_token_ids = spec_token_ids[:num_scheduled_spec_tokens]" in schedule
    default = function("vllm", "vllm/config/vllm.py", "_set_max_num_scheduled_tokens")
    assert "self.scheduler_config.max_num_scheduled_tokens = max_num_batched_tokens" in default
    assert "request.num_computed_tokens -= num_rejected" in function("vllm", SCHEDULER, "update_from_output")
    says("64 decodes with 3 drafts each take 256, so prompts get 192 less")
    assert (64 * (1 + 3), 64 * 3) == (256, 192)


def test_when_a_finished_requests_place_and_memory_are_free():
    read = function("vllm", SCHEDULER, "update_from_output")
    assert read.index("self._free_request(request)") < read.index("self.running = remove_all(self.running,")
    results = "\n".join(lines_of("sglang", f"{SGLANG}/managers/scheduler_components/batch_result_processor.py"))
    assert "release_kv_cache(req, self.tree_cache, is_insert=is_insert)" in results
    turn = function("sglang", f"{SGLANG}/managers/scheduler.py", "get_next_batch_to_run")
    assert turn.index("self.get_new_batch_prefill(running_batch)") < turn.index("self.update_running_batch(")
    decodes = function("sglang", f"{SGLANG}/managers/scheduler.py", "update_running_batch")
    assert decodes.index("batch.filter_batch()") < decodes.rindex("batch.batch_is_full = False")


def test_what_a_half_computed_prompt_keeps_in_sglang():
    rows = function("sglang", f"{SGLANG}/mem_cache/memory_pool.py", "ReqToTokenPool")
    assert "reusing = [i for i, r in enumerate(reqs) if r.kv.holds_kv]" in rows
    stash = function("sglang", f"{SGLANG}/managers/scheduler.py", "stash_chunked_request")
    assert "maybe_cache_unfinished_req(req, self.tree_cache, chunked=True)" in stash
    loop = function("sglang", f"{SGLANG}/managers/scheduler.py", "_get_new_batch_prefill_raw")
    assert "if len(adder.can_run_list) >= self.get_num_allocatable_reqs(" in loop


def test_what_holds_prompts_back_is_off_by_default():
    fields = "\n".join(lines_of("sglang", f"{SGLANG}/arg_groups/fields/schedule.py"))
    assert re.search(r"enable_prefill_delayer: A\[[^\]]*\] = False", fields)
    assert re.search(r"min_free_slots_delay: A\[\s*Optional\[int\],[^\]]*\] = None", fields)
    assert "prefill_schedule_interval: int = Field(default=1, ge=1)" in "\n".join(
        lines_of("vllm", "vllm/config/scheduler.py")
    )
    compared = function("vllm", "vllm/v1/request.py", "__lt__")
    assert "self.priority < other.priority" in compared and "self.arrival_time < other.arrival_time" in compared
    aged = function("sglang", f"{SGLANG}/managers/schedule_policy.py", "_sort_by_hrrn")
    assert "waited_tokens / uncached" in aged
    profiled = function("vllm", "vllm/v1/worker/gpu/model_runner.py", "profile_run")
    assert "self._dummy_run(self.max_num_tokens" in profiled


def test_what_sglang_takes_for_weights_and_cache_on_a_card_of_80_gb():
    sized = function("sglang", f"{SGLANG}/arg_groups/memory_hook.py", "handle_gpu_memory_settings")
    for line in (
        "reserved_mem = 512",
        "reserved_mem += activation_tokens * 1.5",
        "reserved_mem += cfg.tp_size * cfg.pp_size / 8 * 1024",
        "round((gpu_mem - reserved_mem) / gpu_mem, 3)",
    ):
        assert line in sized, line
    assert re.search(r"gpu_mem < 90 \* 1024:.*?decode_cuda_graph_config\.max_bs = 256", sized, re.S)
    graphs = function("sglang", f"{SGLANG}/arg_groups/memory_hook.py", "reserve_for_graph_mb")
    assert "decode_cuda_graph_config.max_bs * 2" in graphs and "len(prefill_cuda_graph_config.bs) * 8" in graphs
    names: dict = {}
    exec(
        function("sglang", f"{SGLANG}/arg_groups/cuda_graph_hook.py", "generate_prefill_cuda_graph_batch_sizes"), names
    )
    prefill = len(names["generate_prefill_cuda_graph_batch_sizes"](8192))
    kept = 512 + 8192 * 1.5 + 1 / 8 * 1024 + 256 * 2 + prefill * 8
    assert (round(1 - kept / (80 * 1024), 2), round(kept / 1024, 1)) == (0.83, 13.6)
    says("`--mem-fraction-static` (computed: about 0.83 on one card of 80 GB, 13.6 GiB stay free)")


def test_what_becomes_of_the_token_on_its_way():
    results = "\n".join(lines_of("sglang", f"{SGLANG}/managers/scheduler_components/batch_result_processor.py"))
    assert re.search(
        r"\(self\.enable_overlap or self\.enable_overlap_mlx\) and \(\s*req\.finished\(\) or req\.is_retracted\s*\):"
        r"(\s*#[^\n]*)*\s*continue",
        results,
    )
    schedule = function("vllm", SCHEDULER, "schedule")
    assert "drop_stale_output=self.requires_kv_delivery" in schedule
    assert re.search(
        r"if request\.num_stale_output_tokens and \(?not request\.drop_stale_output\)?:"
        r"\s*skip_request\(request_queue\)",
        schedule,
    )
    read = function("vllm", SCHEDULER, "update_from_output")
    assert "if output_is_stale and request.drop_stale_output" in read
    says("| it is dropped, and sampled again when the victim returns |", "is put aside until it has come")


def found_after(leaves: list[int], free: int, needed: int) -> int:
    """What SGLang's tree keeps of a prompt, by its chunks, once so many slots are free and no other leaf is older."""
    while free < needed:
        free += leaves.pop()
    return sum(leaves)


def test_eviction_takes_a_whole_leaf():
    evict = function("sglang", f"{SGLANG}/mem_cache/radix_cache.py", "RadixCache")
    taken = evict[evict.index("while num_evicted < num_tokens and") : evict.index("def inc_lock_ref")]
    assert "num_evicted += len(x.value)" in taken and "self._delete_leaf(x)" in taken and "split" not in taken
    short = "\n".join(lines_of("sglang", f"{SGLANG}/mem_cache/allocator/base.py"))
    assert "shortfall = num_tokens - self.available_size()" in short
    assert (found_after([4_000], 9, 2 * 20), found_after([2, 96, 96, 6], 9, 2 * 20)) == (0, 98)
    says("2 x 20 = 40 slots", "for these 31 slots, and 98 would be found")


def test_when_the_ten_victims_of_the_small_pool_go():
    """23 requests cross a block's end every 16 steps; 15 blocks are left, and each victim gives back its own."""
    goes, free, running = [], 383 - 23 * 16, 23
    for step in range(2, 193, BLOCK):
        each, asked = 16 + (step - 2) // BLOCK, 0  # blocks of a request before this step
        while asked < running:
            if free:
                free, asked = free - 1, asked + 1
            else:
                goes.append(step)
                free, running = free + each, running - 1
    assert goes == [2, 18, 34, 50, 66, 82, 98, 114, 146, 178]
    tight = RUNS["vllm"]["tight"]
    assert sum(256 + step - 2 for step in goes) == tight["lost"]
    pauses = [193 - step for step in goes]
    assert (pauses[0], round((191 + pauses[0]) / 191), pauses[-1]) == (191, 2, 15)
    says("The first victim's own mean about doubles: its pause, the longest, is spread over 191 gaps.")


def test_places_are_never_more_than_the_budget():
    defaults = function("vllm", "vllm/engine/arg_utils.py", "_set_default_max_num_seqs_and_batched_tokens_args")
    assert "self.max_num_seqs = min(self.max_num_seqs, self.max_num_batched_tokens)" in defaults
    checked = function("vllm", "vllm/config/scheduler.py", "verify_max_model_len")
    assert re.search(r"if self\.max_num_batched_tokens < self\.max_num_seqs:\s*raise ValueError", checked)
    says("(vLLM lowers its default, and refuses yours)")


def test_what_data_parallel_attention_divides():
    split = "\n".join(lines_of("sglang", f"{SGLANG}/arg_groups/parallel_hook.py"))
    assert "schedule_conservativeness=cfg.schedule_conservativeness * 0.3," in split
    assert "chunked_prefill_size=cfg.chunked_prefill_size // cfg.dp_size," in split
    says("then starts at 0.21 and not at 0.7")
    assert round(FIRST * 0.3, 2) == 0.21


def test_an_urgent_arrival_counts_the_reserve_and_not_the_slots():
    retracts = function("sglang", f"{SGLANG}/managers/schedule_policy.py", "preempt_to_schedule")
    assert re.findall(r"min_tokens_to_remove -= ([^\n]*)", retracts) == [
        "self._get_running_request_total_token_offset(running_req)"
    ]
    # What the arrival lacks: its prompt is in it once init_next_round_input has run, which is behind the retraction.
    assert "len(req.full_untruncated_fill_ids) - len(req.prefix_indices)" in retracts
    loop = function("sglang", f"{SGLANG}/managers/scheduler.py", "_get_new_batch_prefill_raw")
    assert loop.index("adder.preempt_to_schedule(") < loop.index("req.init_next_round_input(self.tree_cache)")
    # An empty batch returns before the retracted requests are put back: tests/lab/workers/test_sglang_scheduler.py.
    assert loop.index("if len(can_run_list) == 0:\n        return") < loop.index("for req in adder.preempt_list:")
    says("(the slots that they hold are not counted, and its own prompt only if a batch has tried it before);")
    says("A is retracted. N does not fit beside B, waits for B's end, and is served. A never comes back.")


def test_a_request_stays_deferred_until_it_is_admitted():
    schedule = function("vllm", SCHEDULER, "schedule")
    assert schedule.count("self.deferred_waiting.discard(request)") == 1
    assert re.search(r"self\.deferred_waiting\.discard\(request\)\s*self\.running\.append\(request\)", schedule)
    says("`deferred` in vLLM says that a request was not ready once; by now it may lack only room.")


def test_where_the_loop_in_step_waits_for_the_gpu():
    launched = function("vllm", "vllm/v1/engine/core.py", "step")
    assert re.search(
        r"model_output = future\.result\(\)\s*if model_output is None:\s*"
        r"model_output = self\.model_executor\.sample_tokens\(grammar_output\)",
        launched,
    )
