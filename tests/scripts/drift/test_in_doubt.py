"""What the classifier may not call same, moved or gone: what gained something, is there twice or cannot be read."""

import pytest

from scripts.drift.classify import classify
from scripts.drift.compare_releases import compare, quotes_of
from scripts.drift.release import Piece, Release
from tests.scripts.fixtures.toy_engine import ENGINE, Toy

POOL = """\
class Pool:
    def free(self):
        self.used = 0
        self.left = 8
        self.seen.clear()


def step(pool):
    pool.free()
    pool.count += 1
    pool.note("one")
"""
FREE = Piece("toy", "toy/p.py", "Pool.free")
CLASS = Piece("toy", "toy/p.py", "Pool")
STEP = Piece("toy", "toy/p.py", "step")
ON = Piece("toy", "toy/p.py", "step", start="pool.free()")  # to the function's end
UP_TO = Piece("toy", "toy/p.py", "step", end="pool.count += 1")  # from its first line on
ENGINE_STEP = Piece("toy", "toy/engine.py", "Engine.step")
ENGINE_LINES = Piece("toy", "toy/engine.py", "Engine.step", "# Running requests first.", "done += 1")
ENGINE_LINE = Piece("toy", "toy/engine.py", "Engine.step", line="break")


def became(toy: Toy, piece: Piece, new, old=None):
    toy.release(old or {"p.py": POOL, "engine.py": ENGINE})
    before = Release(toy.pin, toy.root)
    before.text(piece.path)
    toy.release(new)
    return classify(piece, before, Release(toy.pin, toy.root))


@pytest.mark.parametrize(
    ("piece", "new"),
    [
        (FREE, POOL.replace("clear()\n", "clear()\n        self.tell()\n")),
        (FREE, POOL.replace("    def free", "    @traced\n    def free")),
        (FREE, POOL.replace("    def free", "    # why\n    @traced\n    def free")),
        (STEP, POOL + "    return pool\n"),
        (STEP, POOL + "    if pool.left < 0:\n        raise MemoryError\n"),
        (STEP, POOL + "\n    # a word\n    return pool\n"),
        (STEP, POOL.replace("\ndef step", "@retried(3)\ndef step")),
        (STEP, POOL.replace("    pool.note", "    pool.left -= 1\n    pool.note")),
        (STEP, POOL.replace('    pool.note("one")\n', "")),
        (CLASS, POOL.replace("clear()\n", "clear()\n\n    def more(self):\n        return 1\n")),
        (CLASS, POOL.replace("clear()\n", "clear()\n\n    more = 1\n")),
        (CLASS, "@frozen\n" + POOL),
        (ON, POOL + "    return pool\n"),
        (UP_TO, POOL.replace("\ndef step", "@retried(3)\ndef step")),
        (UP_TO, POOL.replace("\ndef step", "@(\n    retried\n)\ndef step")),
    ],
)
def test_what_gained_or_lost_a_line_is_changed(toy, piece, new):
    outcome = became(toy, piece, {"p.py": new})
    assert (outcome.state, outcome.guess) == ("changed", False)
    back = became(toy, piece, {"p.py": POOL}, {"p.py": new}) if piece.start == piece.end else outcome
    assert back.state == "changed"


def test_lines_to_a_function_s_end_that_went_elsewhere_and_go_on_there_have_not_moved(toy):
    other = "def other(pool):\n" + POOL[POOL.index("    pool.free()") :] + "    return pool\n"
    assert became(toy, ON, {"p.py": POOL.partition("\n\ndef step")[0], "q.py": other}).state != "moved"


def test_a_piece_with_both_ends_may_move_within_a_function_that_gained_a_decorator(toy):
    new = ENGINE.replace("    def step", "    @traced\n    def step")
    assert became(toy, ENGINE_STEP, {"engine.py": new}).state == "changed"
    assert became(toy, ENGINE_LINES, {"engine.py": new}).state == "moved"


def twice(first: str, second: str) -> str:
    return f"import os\n\nif os.name:\n{first}\nelse:\n{second}\n"


@pytest.mark.parametrize(
    "new",
    [
        twice("    def step(pool):\n        return 1", "    def step(pool):\n        return 2"),
        POOL + "\n\ndef step(pool):\n    return pool\n",
        POOL + "\n\nstep = traced(step)\n",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    def step(pool): ...\n" + POOL,
    ],
)
def test_what_is_defined_twice_is_not_gone(toy, new):
    outcome = became(toy, STEP, {"p.py": new})
    assert (outcome.state, outcome.remark) == ("changed", "its name is defined 2 times there")
    assert outcome.now.symbol == "step"


def test_lines_of_what_is_defined_twice_are_shown_where_most_of_them_stand(toy):
    outcome = became(
        toy, ENGINE_LINES, {"engine.py": ENGINE + "\n\nclass Engine:\n    def step(self):\n        pass\n"}
    )
    assert (outcome.state, outcome.now.first) == ("changed", outcome.then.first)


def test_one_that_is_left_of_two_is_not_gone(toy):
    second = Piece("toy", "toy/engine.py", "helper#2")
    outcome = became(toy, second, {"engine.py": ENGINE[: ENGINE.index("else:\n")]})
    assert (outcome.state, outcome.remark) == ("changed", "its name is defined once there")


def test_a_setter_that_is_not_there_any_more_is_gone(toy):
    setter = "\n    @busy.setter\n    def busy(self, value):\n        self.queue = value\n"
    old = ENGINE.replace("    def step", setter.lstrip("\n") + "\n    def step")
    assert (
        became(toy, Piece("toy", "toy/engine.py", "Engine.busy#setter"), {"engine.py": ENGINE}, {"engine.py": old}).now
        is None
    )


UNREADABLE = {
    "syntax of a later Python": ENGINE + "\n\nlazy import json\n",
    "no Python": ENGINE + "\ndef (:\n",
    "no UTF-8": ENGINE.encode() + b"# \xff\n",
    "unknown coding": "# coding: no-such-thing\n" + ENGINE,
    "NUL": ENGINE.encode() + b"\0",
}


@pytest.mark.parametrize("kind", UNREADABLE)
@pytest.mark.parametrize("piece", [ENGINE_STEP, ENGINE_LINES, ENGINE_LINE], ids=["whole", "lines", "line"])
def test_what_is_in_a_file_that_cannot_be_read_is_not_gone(toy, kind, piece):
    outcome = became(toy, piece, {"engine.py": UNREADABLE[kind]})
    assert (outcome.state, outcome.guess, outcome.now.path) == ("changed", False, "toy/engine.py")
    assert outcome.remark.startswith("its file cannot be read, line ")
    if piece is not ENGINE_LINE:
        assert ENGINE.split("\n")[outcome.then.first - 1] in outcome.now.lines


@pytest.mark.parametrize("kind", UNREADABLE)
def test_what_may_have_gone_to_a_file_that_cannot_be_read_is_not_gone(toy, kind):
    outcome = became(toy, ENGINE_STEP, {"engine.py": "x = 1\n", "core.py": UNREADABLE[kind]})
    assert (outcome.state, outcome.guess, outcome.now.path) == ("changed", True, "toy/core.py")


@pytest.mark.parametrize(
    ("content", "state"),
    [
        (b"\xef\xbb\xbf" + ENGINE.encode(), "same"),
        (ENGINE.replace("\n", "\r\n"), "same"),
        (ENGINE.replace("\n", "\r"), "same"),
        (("# coding: latin-1\n# caf\xe9\n" + ENGINE).encode("latin-1"), "moved"),
        ("# a\rb = 1\n" + ENGINE, "moved"),
    ],
)
def test_how_a_file_is_written_down_is_no_change(toy, content, state):
    assert became(toy, ENGINE_STEP, {"engine.py": content}).state == state


def test_a_file_in_another_coding_beside_the_one_looked_for_ends_nothing(toy):
    new = {"b.py": POOL, "legacy.py": b"# coding: latin-1\nN = '\xe4'\n", "worse.py": b"# x\n\nN = '\xe4'\n"}
    outcome = became(toy, STEP, new)
    assert (outcome.state, outcome.guess, outcome.now.path) == ("moved", True, "toy/b.py")


@pytest.mark.parametrize("kind", UNREADABLE)
def test_a_whole_comparison_goes_on_over_a_file_that_cannot_be_read(toy, kind):
    old = Release(toy.pin, toy.root)
    quotes = quotes_of("toy", toy.root)
    assert old.locate(quotes[0].piece)
    toy.release({"engine.py": UNREADABLE[kind]})
    (compared,) = compare(quotes, old, Release(toy.pin, toy.root), {})
    assert compared.outcome.state == "changed"
