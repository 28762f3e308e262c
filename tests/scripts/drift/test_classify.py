"""Where a piece of one release is in another: each state, what is a guess, and that no change passes as moved."""

import ast
from pathlib import Path

import pytest

from scripts.drift import release
from scripts.drift.classify import classify
from scripts.drift.release import Piece, Release
from tests.scripts.fixtures.toy_engine import ENGINE, Toy

STEP = Piece("toy", "toy/engine.py", "Engine.step")
RUNNING = Piece("toy", "toy/engine.py", "Engine.step", "# Running requests first.", "done += 1")
BUSY = Piece("toy", "toy/engine.py", "Engine.busy")


@pytest.fixture
def became(toy: Toy):
    """A function: the files of another release -> what `classify` says of a piece in it."""
    old = Release(toy.pin, toy.root)
    old.text("toy/engine.py")

    def ask(piece: Piece, files: dict[str, str]):
        toy.release(files)
        return classify(piece, old, Release(toy.pin, toy.root))

    return ask


def where(outcome):
    return (outcome.now.path, outcome.now.symbol, outcome.now.first) if outcome.now else None


def test_the_same_text_at_the_same_lines_is_the_same(became):
    outcome = became(STEP, {"engine.py": ENGINE.replace("LIMIT = 4", "LIMIT = 5")})
    assert (outcome.state, outcome.guess) == ("same", False)
    assert outcome.now == outcome.then


def test_lines_further_down_have_moved(became):
    outcome = became(RUNNING, {"engine.py": "# one more\n" + ENGINE})
    assert (outcome.state, outcome.guess, outcome.now.first) == ("moved", False, outcome.then.first + 1)


@pytest.mark.parametrize("piece", [STEP, RUNNING], ids=["whole", "lines"])
def test_one_character_is_a_change(became, piece):
    outcome = became(piece, {"engine.py": "\n" + ENGINE.replace("request.stopped", "request.stoppe")})
    assert (outcome.state, outcome.guess) == ("changed", False)
    assert outcome.now.symbol == "Engine.step"


def test_lines_below_another_condition_are_changed_though_their_words_are_not(became):
    lines = ENGINE.split("\n")
    first = next(at for at, line in enumerate(lines) if "# Running" in line)
    last = next(at for at, line in enumerate(lines) if at > first and "done += 1" in line)
    below = ["    " + line for line in lines[first : last + 1]]
    deeper = [*lines[:first], "        if self.on:", *below, *lines[last + 1 :]]
    assert became(RUNNING, {"engine.py": "\n".join(deeper)}).state == "changed"


def test_a_method_that_became_a_function_elsewhere_is_moved_and_a_guess(became):
    step = ENGINE[ENGINE.index("    def step") : ENGINE.index("\n\nif LIMIT")]
    function = "\n".join(line.removeprefix("    ") for line in step.split("\n"))
    outcome = became(STEP, {"engine.py": ENGINE.replace(step, ""), "loop.py": "import os\n\n\n" + function})
    assert (outcome.state, outcome.guess) == ("moved", True)
    assert where(outcome) == ("toy/loop.py", "step", 4)


def test_a_whole_file_that_went_elsewhere_takes_its_pieces_along(became):
    for piece in (STEP, RUNNING):
        outcome = became(piece, {"core/engine.py": ENGINE, "__init__.py": ""})
        assert (outcome.state, outcome.guess, outcome.now.path) == ("moved", True, "toy/core/engine.py")
        assert outcome.now.first == outcome.then.first


def test_a_line_of_a_function_that_went_elsewhere_goes_along(became):
    line = Piece("toy", "toy/engine.py", "Engine.step", line="break")
    outcome = became(line, {"core/engine.py": ENGINE})
    assert (outcome.state, outcome.guess, outcome.now.first) == ("moved", True, outcome.then.first)


def test_a_function_of_another_name_is_changed_and_says_that_its_name_is_all(became):
    outcome = became(STEP, {"engine.py": ENGINE.replace("def step", "def advance")})
    assert (outcome.state, outcome.guess, outcome.remark) == ("changed", True, "only its name differs")
    assert where(outcome)[1] == "Engine.advance"


def test_lines_of_a_renamed_function_have_moved(became):
    outcome = became(RUNNING, {"engine.py": ENGINE.replace("def step", "def advance")})
    assert (outcome.state, outcome.guess, outcome.now.symbol) == ("moved", True, "Engine.advance")


def test_lines_that_became_a_method_of_the_same_file_are_found_there(became):
    lines = ENGINE.split("\n")
    first = next(at for at, line in enumerate(lines) if "# Running" in line)
    last = next(at for at, line in enumerate(lines) if at > first and "done += 1" in line)
    taken = lines[first : last + 1]
    rest = [*lines[:first], "        self.running(budget)", *lines[last + 1 :]]
    at = rest.index("if LIMIT:")
    new = [*rest[:at], "class More:", "    def running(self, budget):", *taken, "", "", *rest[at:]]
    outcome = became(RUNNING, {"engine.py": "\n".join(new)})
    assert (outcome.state, outcome.guess, outcome.now.symbol) == ("moved", True, "More.running")


def test_what_is_nowhere_is_gone(became):
    outcome = became(STEP, {"engine.py": "class Engine:\n    def other(self):\n        return {}\n"})
    assert (outcome.state, outcome.now) == ("gone", None)


def test_lines_taken_out_of_a_function_that_stays_are_gone(became):
    first, last = ENGINE.index("        # Running"), ENGINE.index("        # Then what")
    outcome = became(RUNNING, {"engine.py": ENGINE[:first] + ENGINE[last:]})
    assert outcome.state == "gone" and "taken out" in outcome.remark


def test_short_text_is_not_looked_for_elsewhere(became):
    """`return bool(self.queue)` stands in many classes; its own is another one now."""
    other = "class Other:\n    @property\n    def ready(self):\n        return bool(self.queue)\n"
    outcome = became(BUSY, {"engine.py": other})
    assert outcome.state in ("changed", "gone") and outcome.state not in ("same", "moved")


def test_a_copy_that_stood_there_before_is_not_where_it_went(toy):
    both = {"engine.py": ENGINE, "copy.py": ENGINE}
    toy.release(both)
    old = Release(toy.pin, toy.root)
    toy.release({"copy.py": ENGINE + "\n# edited\n"})
    assert classify(STEP, old, Release(toy.pin, toy.root)).state == "gone"


def test_text_at_two_new_places_is_moved_to_neither(became):
    outcome = became(STEP, {"a.py": ENGINE, "b.py": ENGINE})
    assert outcome.state == "gone" or (outcome.state == "changed" and outcome.guess)


def test_of_two_lines_that_read_alike_none_may_come_or_go(became):
    second = Piece("toy", "toy/engine.py", "Engine.step", line="done += 1", nth=2)
    assert became(second, {"engine.py": "\n" + ENGINE}).state == "moved"
    third = ENGINE.replace("        return done <", "        done += 1\n        return done <")
    assert became(second, {"engine.py": third}).state == "changed"


def test_a_file_that_does_not_parse_there_and_has_nothing_of_it_is_passed_over(became):
    outcome = became(STEP, {"core.py": "import os\ndef (:\n", "engine.py": "x = 1\n"})
    assert outcome.state == "gone"


def test_a_line_that_stands_as_it_was_in_a_function_that_changed_elsewhere_is_changed(became):
    line = Piece("toy", "toy/engine.py", "Engine.step", line="if request.tokens > budget:")
    other = ENGINE.replace("class Engine", "class Motor").replace("done = 0", "done = 1")
    outcome = became(line, {"motor.py": other})
    assert (outcome.state, outcome.guess, outcome.now.symbol) == ("changed", True, "Motor.step")
    assert outcome.remark == "the same words, in a function that changed"


def test_one_of_two_definitions_of_a_name_is_looked_for_in_its_own_text(became):
    """A name with a number has no plain name to be asked for again."""
    second = Piece("toy", "toy/engine.py", "helper#2")
    outcome = became(second, {"engine.py": ENGINE.replace("return 2", "return 3")})
    assert (outcome.state, outcome.now.lines[-1].strip()) == ("changed", "return 3")


def test_the_files_stand_one_above_the_other_and_hide_no_import():
    """compare_releases > classify > similarity > release: each imports those below it, at its top and nowhere else."""
    order = ["release", "similarity", "classify", "compare_releases"]
    for name in order:
        tree = ast.parse((Path(release.__file__).with_name(f"{name}.py")).read_text())
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef):
                assert not [inner for inner in ast.walk(node) if isinstance(inner, (ast.Import, ast.ImportFrom))]
        imported = [
            word
            for node in tree.body
            if isinstance(node, ast.ImportFrom) and str(node.module).startswith("scripts.drift")
            for word in [str(node.module).rpartition(".")[2], *(alias.name for alias in node.names)]
        ]
        assert all(order.index(word) < order.index(name) for word in imported if word in order)
