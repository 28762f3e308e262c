"""`make pin`: digests are written into the file as it is, and replaced only after both texts were shown."""

import hashlib
import io
import os
import subprocess
import sys

import pytest
from msgspec.structs import replace

from experiments.formats import whole_file
from scripts.common.errors import SiteError
from scripts.quotes import excerpts, manifest, update_digests
from scripts.sources import fetch, pins, unpacked_sources
from tests.scripts.fixtures.toy_engine import ENGINE, MANIFEST

CHANGED = ENGINE.replace("if request.stopped:", "if request.finished:")


def text(toy):
    return (toy.root / "snippets/01-toy.toml").read_text()


def test_writes_a_missing_digest_and_leaves_the_rest_as_it_was(toy):
    assert update_digests.pin_excerpts("01-toy", toy.root) == (1, 0)
    digest = next(iter(manifest.load("01-toy", toy.root).excerpts.values())).digest
    assert text(toy).replace(f'digest = "{digest}"\n', "") == MANIFEST
    assert excerpts.check_all(toy.root)
    assert update_digests.pin_excerpts("01-toy", toy.root) == (0, 0)


def test_writes_it_above_the_notes_where_there_is_no_blank_line(toy):
    toy.write_manifest(MANIFEST.replace('"done += 1"\n\n[[', '"done += 1"\n[['))
    update_digests.pin_excerpts("01-toy", toy.root)
    assert text(toy).index("digest =") < text(toy).index("[[excerpt.note]]")
    assert excerpts.check_all(toy.root)[0].notes


def test_shows_old_and_new_before_it_replaces(toy, capsys):
    update_digests.pin_excerpts("01-toy", toy.root)
    before = text(toy)
    toy.release({"engine.py": CHANGED})
    asked = []

    def no(old, new):
        asked.append((old, new))
        update_digests.show(old, new)
        return False

    assert update_digests.pin_excerpts("01-toy", toy.root, approve=no) == (0, 1)
    assert text(toy) == before
    assert "        if request.stopped:" in "\n".join(asked[0][0]) and "        if request.finished:" in "\n".join(
        asked[0][1].lines
    )
    shown = capsys.readouterr().out
    assert "snippets/01-toy.toml: excerpt 'step-first': toy/engine.py:" in shown
    (row,) = [line for line in shown.splitlines() if "request.stopped" in line]
    assert " | " in row and row.index("request.stopped") < row.index("|") < row.index("request.finished")
    assert update_digests.pin_excerpts("01-toy", toy.root, approve=lambda *_: True) == (1, 0)
    assert text(toy) != before and excerpts.check_all(toy.root)


def test_the_old_text_comes_from_the_last_commit_when_it_was_never_seen_here(toy):
    update_digests.pin_excerpts("01-toy", toy.root)
    git = ["git", "-c", "user.name=t", "-c", "user.email=t@example.org"]
    for command in (["init", "-q"], ["add", "snippets"], ["commit", "-q", "-m", "x"]):
        subprocess.run([*git, *command], cwd=toy.root, check=True)
    toy.release({"engine.py": CHANGED})
    for kept in (toy.root / ".cache/excerpts").iterdir():
        kept.unlink()
    seen = []
    update_digests.pin_excerpts("01-toy", toy.root, approve=lambda old, new: seen.append(old))
    assert "        if request.stopped:" in "\n".join(seen[0])


def test_an_old_text_that_cannot_be_had_is_said_so(toy, capsys):
    update_digests.pin_excerpts("01-toy", toy.root)
    toy.release({"engine.py": CHANGED})
    for kept in (toy.root / ".cache/excerpts").iterdir():
        kept.write_text("damaged\n")
    update_digests.pin_excerpts("01-toy", toy.root, approve=lambda old, new: update_digests.show(old, new))
    shown = capsys.readouterr().out
    assert "neither cached nor in the last commit" in shown and "request.finished" in shown and "damaged" not in shown


def test_nothing_is_written_when_one_excerpt_is_wrong(toy):
    toy.write_manifest(MANIFEST + MANIFEST.replace("step-first", "other").replace("Engine.step", "Engine.gone"))
    before = text(toy)
    with pytest.raises(SiteError, match="'Engine.gone' is not there"):
        update_digests.pin_excerpts("01-toy", toy.root)
    assert text(toy) == before


def test_an_interrupt_while_writing_leaves_the_manifest_whole(toy, monkeypatch):
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(whole_file.os, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        update_digests.pin_excerpts("01-toy", toy.root)
    assert text(toy) == MANIFEST
    assert sorted(os.listdir(toy.root / "snippets")) == ["01-toy.toml", "pins.toml"]


def test_side_by_side_keeps_both_columns_and_cuts_what_is_alike():
    old = [f"    line {number}" for number in range(12)] + ["    old", "    gone"]
    new = [f"    line {number}" for number in range(12)] + ["    new"]
    rows = update_digests.side_by_side(old, new, width=63).split("\n")
    assert rows[3] == "... 6 lines alike ..."
    assert rows[-2] == f"{'old':30} | new"
    assert rows[-1] == f"{'gone':30} <"


def test_without_a_terminal_nothing_is_replaced(monkeypatch, capsys):
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    assert update_digests.ask("Replace?") is False
    assert "--yes" in capsys.readouterr().out


def test_a_pin_without_sha256_gets_one_when_approved(toy, monkeypatch):
    digest = toy.pin.sha256
    toy.pin = replace(toy.pin, sha256="", bytes=1)
    toy.write_pins()
    with pytest.raises(SiteError, match=r"\[toy\]: has no sha256; run `make pin`"):
        unpacked_sources.ensure(toy.pin, toy.root)
    monkeypatch.setattr(fetch, "fetch", lambda pin, target: target.write_bytes(toy.artifact))
    with pytest.raises(SiteError, match="nothing written"):
        update_digests.pin_artifacts(toy.root, approve=lambda *_: False)
    assert pins.load(toy.root)["toy"].sha256 == ""
    assert update_digests.pin_artifacts(toy.root, approve=lambda *_: True) == 1
    written = pins.load(toy.root)["toy"]
    assert written.sha256 == digest == hashlib.sha256(toy.artifact).hexdigest()
    assert written.bytes == len(toy.artifact) and written.unpacked_bytes == len(ENGINE.encode())
    assert (toy.root / pins.FILE).read_text().startswith("# pins\n")
