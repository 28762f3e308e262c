"""SGLang's scheduler and tree without a GPU: driven as they are, told as they are, the same each time."""

import hashlib
import json
import subprocess
from pathlib import Path

import pytest

from scripts.sources import pins, unpacked_sources
from tests.lab.fakes import engine_worker

pytestmark = pytest.mark.engine
PROBE = str(Path(__file__).parents[1] / "fakes/sglang_probe.py")
URGENT_WORKER = Path(__file__).parents[1] / "fakes/sglang_urgent.py"


@pytest.fixture(scope="module")
def line(sglang_python):
    return engine_worker.printed(sglang_python, PROBE, {})


@pytest.fixture(scope="module")
def told(line):
    return json.loads(line)


@pytest.fixture(scope="module")
def rows(told):
    return {row["variant"]: row for row in told["rows"]}


def test_another_process_with_other_hashes_prints_the_same_bytes(line, sglang_python):
    assert engine_worker.printed(sglang_python, PROBE, {}, seed="7") == line


def test_what_has_a_stand_in_is_told_and_none_was_called(told):
    """`answer` ends the worker with a line when one was: see the next test."""
    assert set(told["stand_ins"]) <= {"triton", "torchvision"}
    assert set(told) == {"workload", "rows", "stand_ins"}


def test_a_stand_in_that_was_called_ends_the_worker(told, sglang_python):
    for name in told["stand_ins"][:1]:
        said = engine_worker.ends(sglang_python, PROBE, [{"call": name}], ("headless.sglang_scheduler", "answer"))
        assert said == [f"a stand-in was called: {name}.anything"]


def test_the_sources_that_run_are_the_pinned_ones(sglang_python):
    find = "import importlib.util as util; print(util.find_spec('sglang').submodule_search_locations[0])"
    done = subprocess.run([sglang_python, "-c", find], capture_output=True, text=True, check=True)
    package = Path(done.stdout.strip())
    listed = unpacked_sources.Sources(pins.load()).listing("sglang")
    compared = 0
    for name, digest in listed.items():
        if name.startswith("python/sglang/srt/") and name.endswith(".py"):
            text = (package.parent / name.removeprefix("python/")).read_bytes()
            assert hashlib.sha256(text).hexdigest() == digest, name
            compared += 1
    assert compared > 1000


def test_both_cores_keep_the_same_tree_and_serve_the_same_steps(rows):
    rust, python = rows["rust"], rows["python"]
    assert (rust["core"], python["core"]) == ("rust", "python")
    assert [rust[key] for key in ("steps", "first", "ready")] == [python[key] for key in ("steps", "first", "ready")]

    def shape(operation):
        """Without ids: a node is the tokens from the root down to it."""
        above = {node["id"]: node for node in operation["nodes"]}
        paths = []
        for node in operation["nodes"]:
            path, lock = [], node["lock"]
            while node["parent"] is not None:
                path.insert(0, node["tokens"])
                node = above[node["parent"]]
            paths.append((path, lock))
        said = operation["said"]
        said = {key: said[key] for key in said if key != "node"} if isinstance(said, dict) else said
        return sorted(paths), operation["did"], said, operation["sizes"]

    told = [[shape(each) for each in rows[f"tree-{core}"]["grown"]] for core in ("rust", "python")]
    assert told[0] == told[1]


@pytest.mark.parametrize("core", ["rust", "python"])
def test_a_split_a_lock_and_an_eviction_are_seen_in_the_tree(rows, core):
    grown = rows[f"tree-{core}"]["grown"]
    first, second, third, locked, evicted = grown[:5]
    assert [sorted(node["tokens"] for node in each["nodes"]) for each in (first, second, third)] == [
        [0, 150], [0, 40, 50, 100], [0, 40, 40, 50, 60],
    ]
    assert second["said"] | {"node": 0} == {"hit": 100, "new": 40, "evicted": 0, "node": 0}
    assert third["said"]["hit"] == 60
    whole, rest = first["nodes"][1]["id"], {node["tokens"]: node["id"] for node in second["nodes"]}
    assert rest[50] == whole and rest[100] != whole  # the stem is the new node
    assert sum(node["lock"] for node in locked["nodes"]) == 4 and locked["sizes"]["protected"] == 140
    assert (evicted["said"], evicted["sizes"]) == (50, {"evictable": 0, "protected": 140, "free": 860})
    assert grown[6]["said"]["evicted"] == 800 and grown[-1]["said"] == 640
    assert [len(grown[-1]["nodes"]), grown[-1]["sizes"]["free"]] == [1, 1000]


def test_the_last_used_and_first_tokens_are_known_of_the_python_core_alone(rows):
    for operation in rows["tree-rust"]["grown"]:
        assert all(node["used"] is None and node["first"] is None for node in operation["nodes"])
    for operation in rows["tree-python"]["grown"]:
        assert sorted(node["used"] for node in operation["nodes"]) == list(range(len(operation["nodes"])))
        assert all(isinstance(node["first"], int) for node in operation["nodes"] if node["parent"] is not None)


def test_no_slot_is_lost_at_any_step(rows):
    for row in rows.values():
        total = {"tight": 330}.get(row["variant"], 1000)
        for step in row.get("steps", []):
            own = sum(each["computed"] for each in step["queues"]["running"])
            assert step["sizes"]["free"] + step["sizes"]["evictable"] + own >= total  # own counts shared ones twice
        if row.get("steps"):
            assert row["steps"][-1]["sizes"]["free"] + row["steps"][-1]["sizes"]["evictable"] == total


@pytest.mark.parametrize("variant", ["rust", "overlap", "lpm"])
def test_prefill_comes_first_and_a_step_does_one_or_the_other(rows, variant):
    modes = [step["mode"] for step in rows[variant]["steps"]]
    assert modes[:4] == ["prefill"] * 4 and set(modes[4:-1]) == {"decode"} and modes[-1] is None
    for step in rows[variant]["steps"]:
        if step["mode"] == "prefill":
            assert sum(step["given"].values()) <= 128
        assert step["mode"] == "prefill" or set(step["given"].values()) <= {1}


def test_overlap_launches_one_decode_more_and_mixing_lets_decodes_in(rows):
    launched = {name: rows[name]["launched"] for name in ("rust", "overlap", "mixed")}
    assert launched == {"rust": 7, "overlap": 8, "mixed": 7}
    mixed = [step for step in rows["mixed"]["steps"] if step["mode"] == "mixed"]
    assert mixed and all(1 in step["given"].values() and sum(step["given"].values()) <= 128 for step in mixed)


def test_the_longest_match_goes_first_only_where_that_is_asked_for(rows):
    assert list(rows["rust"]["first"]) == ["r1", "r2", "r3", "r4"]
    assert list(rows["lpm"]["first"]) == ["r1", "r2", "r4", "r3"]
    assert rows["lpm"]["first"]["r4"]["hit"] == 60 and rows["lpm"]["first"]["r3"]["hit"] == 20


def test_a_full_pool_sends_a_request_back_and_it_is_computed_again(rows):
    steps = rows["tight"]["steps"]
    back = next(n for n, step in enumerate(steps) if step["retracted"])
    assert steps[back]["retracted"] == steps[back]["queues"]["retracted"] == ["t3"]
    again = next(step for step in steps[back:] if "t3" in step["hits"])
    assert again["mode"] == "prefill" and again["given"]["t3"] + again["hits"]["t3"] == 111
    assert [name for step in steps for name in step["finished"]] == ["t1", "t2", "t3"]


def test_what_does_not_fit_is_refused_in_one_line(rows):
    assert rows["refused"]["lines"] == {
        "longer than the model takes": "a prompt of 41000 tokens with 1 to come: the model takes 40960 together",
        "longer than the cache":
            "a prompt of 900 tokens with 200 to come: here 998 fit together, 993 of them prompt (1000 cached)",
        "a pool of nothing": "a cache of 0 tokens: no request fits into fewer than 8",
        "a prompt that the pool cannot hold": "a prompt of 2000 tokens: the cache holds 1000",
        "more than fits beside what is locked":
            "900 tokens more: 700 slots are free and the 300 in the tree are locked",
        "a lock that nobody took": "node 1 was not locked here",
        "another core": "a tree core 'iron': there are rust and python",
        "a policy that SGLang lacks": "Unknown schedule_policy: policy='best'",
        "a stream that waits for ever": "1 requests wait for ever: the cache is too small",
    }


URGENT = [["A", 1, 200, 40, 0], ["B", 1, 200, 40, 20], ["N", 4, 285, 10, 20]]


def turns(python: str, **workload) -> list[dict]:
    (row,) = json.loads(engine_worker.printed(python, str(URGENT_WORKER), workload))["rows"]
    assert not row["busy"]
    return row["turns"]


def test_an_arrival_that_does_not_fit_after_all_loses_the_request_that_it_retracted(sglang_python):
    """Post 2 shows it. A release that puts the request back fails here: the post is then to be corrected."""
    seen = turns(sglang_python, flags={"enable_priority_scheduling": True}, requests=URGENT)
    assert seen[3]["retracted"] == ["A"]
    assert (seen[3]["mode"], seen[3]["given"], seen[3]["waiting"]) == ("decode", {"B": 1}, ["N"])
    assert all("A" not in {*row["given"], *row["waiting"], *row["running"]} for row in seen[3:])
    assert [name for row in seen for name in row["finished"]] == ["B", "N"]


def test_an_arrival_that_may_not_retract_waits_and_all_are_served(sglang_python):
    flags = {"enable_priority_scheduling": True, "disable_priority_preemption": True}
    seen = turns(sglang_python, flags=flags, requests=URGENT)
    assert [row["retracted"] for row in seen if row["retracted"]] == []
    assert sorted(name for row in seen for name in row["finished"]) == ["A", "B", "N"]


def test_the_limit_of_a_prefill_batch_ends_admission_and_cuts_no_prompt(sglang_python):
    two = [["long", 1, 60, 3, None], ["short", 1, 10, 3, None]]
    for limit, given in (
        ({"max_prefill_tokens": 16}, [{"long": 60}, {"short": 10}]),
        ({}, [{"long": 60, "short": 4}, {"short": 6}]),
    ):
        seen = turns(sglang_python, flags={"chunked_prefill_size": 64, **limit}, requests=two)
        assert [row["given"] for row in seen if row["mode"] == "prefill"] == given
