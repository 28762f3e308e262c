"""The replayed life of blocks: each step's state against the one before, and against rules worked out by hand."""

import json

import pytest

from tests.lab.fakes import engine_worker

pytestmark = pytest.mark.engine
ALLOCATE = "vllm/v1/core/kv_cache_manager.py::KVCacheManager.allocate_slots"
EVENTS = {"allocate", "share", "revive", "grow", "hash", "evict", "keep", "drop", "wait", "write"}


@pytest.fixture(scope="module")
def line(engine_python):
    return engine_worker.printed(engine_python, "vllm_life.py", {})


@pytest.fixture(scope="module")
def replay(line):
    (row,) = json.loads(line)["rows"]
    return row


def happened(step, name):
    return [each for each in step["events"] if each["event"] == name]


def numbers(event):
    return [int(each) for each in event["args"]["blocks"].split(", ")]


def test_another_process_with_other_hashes_prints_the_same_bytes(line, engine_python):
    assert engine_worker.printed(engine_python, "vllm_life.py", {}, seed="7") == line


def test_its_steps_are_whole_and_say_what_ran(replay):
    assert replay["kind"] == "blocks" and [step["n"] for step in replay["steps"]] == list(range(len(replay["steps"])))
    assert 20 <= len(replay["steps"]) <= 35
    first, *others = replay["steps"]
    assert not first["events"] and not first["ran"] and len(first["state"]["free"]) == replay["setup"]["blocks"]
    assert all(step["events"] and step["ran"][ALLOCATE] for step in others)
    assert {each["event"] for step in others for each in step["events"]} == EVENTS
    assert {path.partition("::")[0] for step in others for path in step["ran"]} == set(replay["files"])


def test_every_block_is_free_or_in_a_table_and_counted_as_often(replay):
    for step in replay["steps"]:
        state = step["state"]
        users = {int(block): value["ref"] for block, value in state["blocks"].items()}
        tables = [block for table in state["tables"].values() for block in table]
        assert all(tables.count(block) == count for block, count in users.items()), step["n"]
        assert sorted(state["free"]) == sorted(block for block, count in users.items() if not count), step["n"]


def test_only_what_is_full_has_a_hash(replay):
    for step in replay["steps"]:
        for value in step["state"]["blocks"].values():
            assert value["hash"] is None or value["filled"] == 16, step["n"]


def test_what_is_taken_comes_from_the_front_and_what_had_a_hash_loses_it(replay):
    lost = 0
    for before, step in zip(replay["steps"], replay["steps"][1:], strict=False):
        queue = list(before["state"]["free"])
        for event in happened(step, "revive"):
            queue = [block for block in queue if block not in numbers(event)]
        for event in [*happened(step, "allocate"), *happened(step, "grow")]:
            assert numbers(event) == queue[: event["args"]["count"]], step["n"]
            named = [block for block in numbers(event) if before["state"]["blocks"][str(block)]["hash"]]
            assert named == [block for each in happened(step, "evict") for block in numbers(each)], step["n"]
            lost += len(named)
    assert lost > 10


def test_a_tail_without_a_hash_is_next_and_hashed_blocks_go_to_the_end_last_block_first(replay):
    for step in replay["steps"]:
        free = step["state"]["free"]
        for event in happened(step, "drop"):
            assert free[: event["args"]["count"]] == numbers(event), step["n"]
        for event in happened(step, "keep"):
            kept = numbers(event)
            assert free[-len(kept):] == kept, step["n"]


def test_a_shared_block_keeps_its_number_and_outlives_its_requests(replay):
    """a's first block is used by a, b, c and e, and lost to g."""
    users, held = set(), []
    for step in replay["steps"]:
        blocks = [int(block) for block, value in step["state"]["blocks"].items() if value["hash"] == "a.0"]
        held += blocks
        users |= {who for who, table in step["state"]["tables"].items() if blocks and blocks[0] in table}
    assert set(held) == {1} and users == {"a", "b", "c", "e"}
    assert any(value["ref"] == 2 for step in replay["steps"] for value in step["state"]["blocks"].values())


def test_a_request_waits_while_the_blocks_it_would_share_are_free_but_no_other(replay):
    waits = [step for step in replay["steps"] if happened(step, "wait")]
    assert [each["args"]["free"] for step in waits for each in happened(step, "wait")] == [3, 3, 3]
    assert all(happened(step, "wait")[0]["who"] == "e" for step in waits)


def test_what_cannot_be_held_is_refused_in_one_line(engine_python):
    empty, long, small = engine_worker.ends(engine_python, "vllm_life.py", [
        {"blocks": 0}, {"requests": {"a": {"at": 1, "own": 158, "answer": 3}}}, {"blocks": 9},
    ])
    assert empty.startswith("No available memory for the cache blocks") and "\n" not in empty
    assert long == "a prompt of 158 tokens with 3 to come: the model takes 160 together"
    assert small.startswith("To serve at least one request with the model's max seq len (160)") and "\n" not in small
