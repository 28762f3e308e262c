"""What a recorded run says of each request in each step, and which records hold no such run."""

import pytest

from scripts.common.errors import SiteError
from scripts.quotes.recorded_steps import AWAY, DECODE, IDLE, OUT, PROMPT, WAITS, Cell, read
from tests.scripts.fixtures import small_runs


class Stored:
    path = "experiments/records/01/run.json"

    def __init__(self, made, engine="vllm"):
        self.data = {"extra": {"replay": made}, "engine": {"name": engine, "version": "0.32.0"}}


def run(kind="scheduler", change=lambda made: None):
    made = small_runs.data(kind)
    change(made)
    return read("01/run", Stored(made))


def test_a_cell_says_what_a_request_was_given_and_why_nothing():
    blocks, slots = run(), run("slots")
    assert [blocks.cell("a", n) for n in (1, 2, 3)] == [Cell(PROMPT, 6), Cell(DECODE, 1), Cell(DECODE, 1)]
    assert [blocks.cell("b", n).kind for n in (1, 2, 3)] == [AWAY, PROMPT, OUT]
    assert blocks.cell("b", 2).found == 2
    assert [slots.cell("a", n).kind for n in (1, 2, 3)] == [PROMPT, IDLE, DECODE]
    waits = run(change=lambda made: made["steps"][1]["state"].update(waiting=["b"]))
    assert waits.cell("b", 1) == Cell(WAITS)


def test_a_batch_is_of_prompts_of_decodes_or_of_both():
    assert [run().kind_of(n) for n in range(4)] == ["nothing", "prompts", "both", "decodes"]
    assert [run("slots").kind_of(n) for n in (1, 2, 3)] == ["prompts", "prompts", "decodes"]


def test_who_loses_its_memory_keeps_the_tokens_that_its_user_has():
    assert [step["b"] for step in run().received] == [0, 0, 1, 1]
    assert [step["a"] for step in run().received] == [0, 1, 2, 3]


def test_what_the_tree_keeps_and_nobody_uses_is_free():
    assert run("slots").memory(3) == (9, 16, "slots") and run().memory(2) == (1, 4, "blocks")


def test_settings_are_told_in_words_and_what_a_worker_lacks_is_its_default():
    assert run().told("budget") == "budget 8" and run("slots").told("budget") == "chunk size 8"
    assert run().told("asynchronous") == "async scheduling off" and run("slots").told("mixed") == "mixed chunks off"
    assert (run().lost_word, run("slots").lost_word) == ("preempted", "retracted")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda made: made.update(kind="tree"), "kind tree, in which no tokens are given"),
        (lambda made: made.clear(), "holds no replay"),
        (lambda made: made["steps"][1]["state"].pop("budget"), "has no 'budget'"),
        (lambda made: made["steps"][1]["state"]["waiting"].append("zz"), "'zz' is not among the replay's requests"),
    ],
)
def test_a_record_without_steps_is_one_line(change, said):
    with pytest.raises(SiteError) as caught:
        run(change=change)
    line = str(caught.value)
    assert line.startswith("experiments/records/01/run.json: ") and said in line and "\n" not in line


def test_slots_that_nobody_of_the_requests_holds_are_one_line():
    with pytest.raises(SiteError, match="'zz' is not among"):
        run("slots", lambda made: made["steps"][1]["state"]["held"].update(zz=1))
