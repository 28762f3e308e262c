"""Resolving excerpts: golden, missing, duplicate, moved, tampered; and the manifest they stand in."""

import subprocess
import sys
import time
from pathlib import Path

import pytest

from scripts.common.errors import SiteError
from scripts.quotes import excerpts, manifest, update_digests
from tests.scripts.fixtures.toy_engine import ENGINE, MANIFEST

REPOSITORY = Path(__file__).resolve().parents[3]
LINES = ENGINE.split("\n")


def line(text, nth=1):
    """The number of the nth line of the toy engine that reads `text`."""
    return [number for number, each in enumerate(LINES, 1) if each.strip() == text][nth - 1]


def with_digests(toy, text):
    toy.write_manifest(text)
    update_digests.pin_excerpts("01-toy", toy.root)
    return manifest.load("01-toy", toy.root)


def resolve(toy, text):
    """The first excerpt of a manifest, without its digest being looked at."""
    return excerpts.Resolver(toy.sources, toy.root).resolve(
        next(iter(manifest.parse(text, "m.toml").excerpts.values()))
    )


def excerpt(keys):
    return f'[[excerpt]]\nid = "x"\nengine = "toy"\npath = "toy/engine.py"\n{keys}\n'


def note(at):
    return f'symbol = "Engine.step"\n[[excerpt.note]]\nid = "n"\nat = {at}\ntext = "t"'


def test_golden(toy):
    found = with_digests(toy, MANIFEST)
    (resolved,) = excerpts.Resolver(toy.sources, toy.root).check(found)
    assert (resolved.first, resolved.last) == (line("# Running requests first."), line("done += 1"))
    assert list(resolved.lines) == LINES[resolved.first - 1 : resolved.last]
    assert resolved.breadcrumb == "class Engine > step()"
    assert (
        resolved.permalink
        == f"https://github.com/someone/toy/blob/v1.0/toy/engine.py#L{resolved.first}-L{resolved.last}"
    )
    assert [(placed.note.id, placed.first) for placed in resolved.notes] == [
        ("budget", line("while self.queue and budget > 0:"))
    ]
    assert resolved.symbol.line == line("def step(self, budget):")


@pytest.mark.parametrize(
    "keys, first, last",
    [
        ('symbol = "Engine.busy"', line("@property"), line("return bool(self.queue)")),
        ('symbol = "LIMIT"', 3, 3),
        ('symbol = "Engine.step"\nto = "done = 0"', line("def step(self, budget):"), line("done = 0")),
        ('symbol = "Engine.step"\nfrom = "done = 0"', line("done = 0"), line('return done < LIMIT and "<b>&amp;"')),
        # `to` is the first such line after the start, so the second of two is reached by starting after the first
        (
            'symbol = "Engine.step"\nfrom = "# Then what waits."\nto = "done += 1"',
            line("# Then what waits."),
            line("done += 1", 2),
        ),
        # and the start's own line does not end it
        ('symbol = "Engine.step"\nfrom = "done = 0"\nto = "done += 1"', line("done = 0"), line("done += 1")),
    ],
)
def test_from_and_to(toy, keys, first, last):
    resolved = resolve(toy, excerpt(keys))
    assert (resolved.first, resolved.last) == (first, last)


def test_folds(toy):
    folds = '[["# Then what waits.", "break"], ["request = self.queue.pop(0)", "continue"]]'
    resolved = resolve(toy, excerpt(f'symbol = "Engine.step"\nfold = {folds}'))
    assert resolved.folds == (
        (line("request = self.queue.pop(0)"), line("continue")),
        (line("# Then what waits."), line("break")),
    )
    assert resolved.unfolded == len(resolved.lines) - 3 - 4


def test_a_note_may_speak_of_several_lines(toy):
    resolved = resolve(toy, excerpt(note('"""\nrequest = self.queue.pop(0)\nif request.stopped:\ncontinue\n"""')))
    assert (resolved.notes[0].first, resolved.notes[0].last) == (line("request = self.queue.pop(0)"), line("continue"))


@pytest.mark.parametrize(
    "keys, message",
    [
        ('symbol = "Engine.stop"', "m.toml: excerpt 'x': toy/engine.py: symbol 'Engine.stop' is not there"),
        (
            'symbol = "helper"',
            r"symbol 'helper' is ambiguous; write one of helper#1 \(line \d+\), helper#2 \(line \d+\)",
        ),
        (
            'symbol = "Engine.step"\nfrom = "gone"',
            "excerpt 'x': from: no line of 'Engine.step' reads 'gone'; write a whole line",
        ),
        (
            'symbol = "Engine.step"\nfrom = "done += 1"',
            r"from: 'done \+= 1' stands on lines \d+, \d+ of 'Engine.step'; choose",
        ),
        ('symbol = "Engine.step"\nfrom = "done"', "no line of 'Engine.step' reads 'done'"),
        ('symbol = "Engine.step"\nto = "gone"', "to: no line of 'Engine.step' after its start reads 'gone'"),
        ('symbol = "Engine.step"\nfrom = "# Then what waits."\nto = "done = 0"', "after its start reads 'done = 0'"),
        ('symbol = "Engine.step"\nfold = [["gone", "break"]]', "fold: no line of the excerpt reads 'gone'"),
        ('symbol = "Engine.step"\nfold = [["done += 1", "break"]]', r"fold: 'done \+= 1' stands on lines"),
        ('symbol = "Engine.step"\nfold = [["# Then what waits.", "done = 0"]]', "from line .* on reads 'done = 0'"),
        (
            'symbol = "Engine.step"\nfold = [["done = 0", "break"], ["# Then what waits.", "break"]]',
            "two folds overlap at line",
        ),
        (note('"gone"'), "excerpt 'x': note 'n': 'gone' is not in the excerpt; give text"),
        (note('"done += 1"'), r"note 'n': 'done \+= 1' stands there 2 times \(lines \d+, \d+\)"),
        (note('"""\ndone = 0\nbreak\n"""'), "note 'n': 'done = 0' is not in the excerpt"),
    ],
)
def test_what_is_not_found_or_found_twice_is_one_line_with_a_remedy(toy, keys, message):
    with pytest.raises(SiteError, match=message) as error:
        resolve(toy, excerpt(keys))
    assert "\n" not in str(error.value)


def test_an_engine_or_path_that_is_not_there(toy):
    with pytest.raises(SiteError, match="excerpt 'x': unknown engine 'tov'; use one of toy"):
        resolve(toy, excerpt('symbol = "LIMIT"').replace('"toy"', '"tov"'))
    with pytest.raises(SiteError, match="excerpt 'x': toy/gone.py: no such file in Toy 1.0"):
        resolve(toy, excerpt('symbol = "LIMIT"').replace("engine.py", "gone.py"))


def test_a_text_that_changed_is_refused_and_one_that_moved_is_not(toy):
    found = with_digests(toy, MANIFEST)
    toy.release({"engine.py": "# a line more\n\n" + ENGINE})
    (moved,) = excerpts.Resolver(toy.sources, toy.root).check(found)
    assert moved.first == line("# Running requests first.") + 2
    toy.release({"engine.py": ENGINE.replace("budget > 0", "budget > 1").replace("done = 0", "budget > 0")})
    with pytest.raises(
        SiteError, match=r"snippets/01-toy.toml: excerpt 'step-first': toy/engine.py:\d+ differs .*run `make pin`"
    ):
        excerpts.Resolver(toy.sources, toy.root).check(found)


def test_one_changed_blank_is_enough_to_be_refused(toy):
    found = with_digests(toy, MANIFEST)
    toy.release({"engine.py": ENGINE.replace("done = 0", "done  = 0")})
    with pytest.raises(SiteError, match="differs"):
        excerpts.Resolver(toy.sources, toy.root).check(found)


def test_a_tampered_digest_is_refused_and_a_missing_one_asked_for(toy):
    with_digests(toy, MANIFEST)
    path = toy.root / "snippets/01-toy.toml"
    good = path.read_text()
    digest = good.split("sha256:")[1][:64]
    path.write_text(good.replace(digest, digest[::-1]))
    with pytest.raises(SiteError, match="differs from the stored digest"):
        excerpts.check_all(toy.root)
    path.write_text(MANIFEST)
    with pytest.raises(SiteError, match="excerpt 'step-first': has no digest; run `make pin`"):
        excerpts.check_all(toy.root)


@pytest.mark.parametrize(
    "text, message",
    [
        ("[[excerpt]\n", "m.toml: not TOML"),
        ("[[excerpts]]\n", "m.toml: unknown key 'excerpts'; remove it"),
        ("excerpt = 3\n", "'excerpt' is not a list of tables"),
        (
            excerpt('symbol = "LIMIT"\nlines = "3"'),
            "m.toml: excerpt 'x': unknown key 'lines'; remove it, or use one of id, engine",
        ),
        (excerpt(""), "excerpt 'x': 'symbol' is missing; add it"),
        (excerpt('symbol = ""'), "'symbol' must be text"),
        (excerpt("symbol = 3"), "'symbol' must be text"),
        ("[[excerpt]]\nengine = 'toy'\n", "m.toml: excerpt number 1: 'id' is missing"),
        (excerpt('symbol = "LIMIT"').replace('"x"', '"X y"'), "id 'X y' is not lower-case words"),
        (excerpt('symbol = "LIMIT"\ndigest = "abc"'), "digest is not 'sha256:' and 64 digits; remove it"),
        (excerpt('symbol = "LIMIT"\nfold = [["a"]]'), "fold is not a list of"),
        (excerpt('symbol = "LIMIT"\nfold = ["a", "b"]'), "fold is not a list of"),
        (
            excerpt(note('"a"') + '\ncolor = "red"'),
            "excerpt 'x': note 'n': unknown key 'color'; remove it, or use one of id, at, text",
        ),
        (excerpt(note('"a"').replace("text =", "# ")), "note 'n': 'text' is missing"),
        (excerpt('symbol = "LIMIT"') * 2, "excerpt 'x': the address #x is taken by excerpt 'x'; rename"),
        (
            excerpt(note('"a"')) + excerpt('symbol = "LIMIT"').replace('"x"', '"x-n"'),
            "the address #x-n is taken by excerpt 'x'",
        ),
    ],
)
def test_a_manifest_is_read_strictly(text, message):
    with pytest.raises(SiteError, match=message) as error:
        manifest.parse(text, "m.toml")
    assert "\n" not in str(error.value)


PATH = """
[[path]]
id = "p"
title = "A path"
engine = "toy"
configurations = ["toy-gpu"]
[[path.hop]]
id = "h"
symbol = "toy/engine.py::Engine.step"
does = " steps "
"""


def test_call_paths_are_typed_and_what_they_claim_is_kept_for_their_own_check():
    (path,) = manifest.parse(PATH, "m.toml").paths
    (hop,) = path.hops
    assert (path.id, path.manifest, path.configurations) == ("p", "m.toml", ("toy-gpu",))
    assert (hop.id, hop.does, hop.kind, hop.roles, hop.excerpt) == ("h", "steps", "start", {}, "")


def test_a_long_excerpt_warns(toy):
    toy.release({"engine.py": "def long():\n" + "".join(f"    x{number} = 1\n" for number in range(70))})
    text = '[[excerpt]]\nid = "x"\nengine = "toy"\npath = "toy/engine.py"\nsymbol = "long"\n'
    assert "m.toml: excerpt 'x': shows 71 lines, over 60; fold" in resolve(toy, text).warning
    assert resolve(toy, text + 'fold = [["x1 = 1", "x20 = 1"]]').warning == ""


def test_line_numbers_are_those_of_the_file_whatever_strings_hold(toy):
    toy.release({"engine.py": 'a = "\x0c \u2028"\n\n\ndef f():\n    """\x0c\n    \u2028 """\n    return 1\n'})
    resolved = resolve(toy, excerpt('symbol = "f"'))
    assert (resolved.first, resolved.last, resolved.lines[-1]) == (4, 7, "    return 1")


def test_the_command_fails_with_one_line_and_status_one(tmp_path):
    code = (
        "import sys; from pathlib import Path; from scripts.common import errors; from scripts.quotes import excerpts;"
        "errors.run_cli(lambda: excerpts.check_all(Path(sys.argv[1])) and 0)"
    )
    (tmp_path / "snippets").mkdir()
    (tmp_path / "snippets" / "01-x.toml").write_text("colour = 1\n")
    (tmp_path / "snippets" / "pins.toml").write_text("")
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)], cwd=REPOSITORY, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1 and done.stdout == ""
    known = "[[excerpt]], [[path]], [[setting]], [[replay]], [[compare]]"
    assert done.stderr == f"snippets/01-x.toml: unknown key 'colour'; remove it, a manifest holds {known}\n"


def test_the_committed_excerpts_match_and_take_under_a_second_warm():
    excerpts.check_all()  # fetches and parses what is not cached yet
    started = time.monotonic()
    found = excerpts.check_all()
    assert time.monotonic() - started < 1
    assert found
    for each in found:
        assert each.lines and each.excerpt.digest == each.digest


def test_an_excerpt_that_is_asked_for_again_is_not_looked_for_again(toy):
    asked = with_digests(toy, MANIFEST).excerpts
    resolver = excerpts.Resolver(toy.sources, toy.root)
    first = [resolver.checked(each) for each in asked.values()]
    assert all(resolver.resolve(each) is one for each, one in zip(asked.values(), first, strict=True))
