"""`make bump`: what it carries, what it leaves, the way back to the byte; a bump that fails changes nothing."""

import hashlib
import os
import subprocess
import sys
from dataclasses import replace

import pytest

from scripts.common.errors import SiteError
from scripts.drift import bump
from scripts.quotes import manifest
from scripts.quotes.excerpts import Resolver
from scripts.sources import other_releases, pins, unpacked_sources
from tests.scripts.fixtures.toy_engine import ENGINE, archive

ELSEWHERE = """

[[excerpt]]
id = "waiting"
engine = "toy"
path = 'toy/engine.py' # in the other quotes, with a remark
symbol = "Engine.step"
from = "# Then what waits."
to = "done += 1"

[[excerpt.note]]
id = "break"
at = "break"
text = "Stands in `toy/engine.py`, line 26."

[[setting]]
id = "limit"
engine = "toy"
name = "LIMIT"
path = "toy/engine.py"
symbol = "LIMIT"
value = 'LIMIT = (\\d+)'
who = "nobody"

[[path]]
id = "steps"
title = "A step"
engine = "vllm"
configurations = ["vllm-cpu"]
[[path.hop]]
id = "step"
symbol = "toy/engine.py::Engine.step"
in = { vllm-cpu = "engine-core" }
does = "one step"
"""


def kept(toy) -> dict:
    """Every committed file of the checkout."""
    return {path.name: path.read_bytes() for path in sorted((toy.root / "snippets").rglob("*")) if path.is_file()}


def offer(toy, version: str, files: dict) -> None:
    """Puts another release where a fetch would."""
    body = archive(files, f"toy-{version}/toy")
    digest = hashlib.sha256(body).hexdigest()
    known = {"sha256": digest, "bytes": len(body), "unpacked_bytes": sum(len(text.encode()) for text in files.values())}
    other = replace(other_releases.named(toy.pin, version), **known)
    (toy.root / "artifact").write_bytes(body)
    unpacked_sources.cache_folder(toy.root).mkdir(parents=True, exist_ok=True)
    unpacked_sources.unpack(other, toy.root / "artifact", unpacked_sources.folder_of(other, toy.root))
    other_releases.remember(other, toy.root)


@pytest.fixture
def site(toy):
    """The toy with two excerpts and a setting, all digests written, and its pin as `make pin` leaves it."""
    from scripts.quotes import update_digests

    toy.pin = replace(toy.pin, unpacked_bytes=len(ENGINE.encode()))
    toy.write_pins()
    text = (toy.root / "snippets/01-toy.toml").read_text() + ELSEWHERE.partition("\n[[path]]")[0]
    toy.write_manifest(text)
    update_digests.pin_excerpts("01-toy", toy.root)
    return toy


def moved(toy, version: str) -> bump.Plan:
    plan = bump.work_out("toy", version, toy.root)
    plan.write()
    return plan


def test_what_is_the_same_or_has_other_lines_needs_no_word(site):
    offer(site, "2.0", {"engine.py": "# a line more\n" + ENGINE})
    before = kept(site)
    plan = moved(site, "2.0")
    assert (plan.carried, plan.rewritten, plan.work) == (3, 0, [])
    assert [name for name, text in kept(site).items() if text != before[name]] == ["pins.toml"]
    now = pins.load(site.root)["toy"]
    assert (now.version, now.tag, now.artifact, now.inside) == ("2.0", "v2.0", "toy-2.0.tar.gz", "toy-2.0/toy")
    resolver = Resolver(root=site.root)
    assert [resolved.first for resolved in resolver.check(manifest.load("01-toy", site.root))] == [19, 27]


@pytest.mark.parametrize(
    "files",
    [
        {"engine.py": "# a line more\n" + ENGINE},
        {"core/engine.py": ENGINE},
        {"engine.py": ENGINE.replace("def step", "def advance")},
        {"engine.py": ENGINE.replace("request.stopped", "request.gone").replace("LIMIT = 4", "LIMIT = 5")},
        {"other.py": "x = 1\n"},
        {"core.py": "if True:\n" + "\n".join("    " + line if line else "" for line in ENGINE.split("\n"))},
    ],
    ids=["lines", "file", "name", "text", "gone", "margin"],
)
def test_there_and_back_leaves_no_trace(site, files):
    offer(site, "2.0", files)
    before = kept(site)
    moved(site, "2.0")
    assert kept(site) != before
    moved(site, "1.0")
    assert kept(site) == before


def test_git_agrees_that_nothing_is_left(site):
    git = ["git", "-c", "user.name=x", "-c", "user.email=x@example.org"]
    (site.root / ".gitignore").write_text(".cache/\nartifact\n")
    for command in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "x"]):
        subprocess.run([*git, *command], cwd=site.root, check=True)
    offer(site, "2.0", {"core/engine.py": ENGINE})
    plan = moved(site, "2.0")
    bump.write_work(plan, site.pin, "2.0")
    moved(site, "1.0")
    status = subprocess.run(["git", "status", "--short"], cwd=site.root, capture_output=True, text=True, check=True)
    assert status.stdout == ""


def test_another_file_and_name_are_written_and_nothing_else(site):
    """Notes say where the code stood; that is theirs to correct, not the bump's."""
    offer(site, "2.0", {"core/engine.py": ENGINE.replace("def step", "def advance")})
    before = (site.root / "snippets/01-toy.toml").read_text().split("\n")
    plan = moved(site, "2.0")
    assert plan.rewritten == 2
    after = (site.root / "snippets/01-toy.toml").read_text().split("\n")
    changed = [(old, new) for old, new in zip(before, after, strict=True) if old != new]
    assert changed == [
        ('path = "toy/engine.py"', 'path = "toy/core/engine.py"'),
        ('symbol = "Engine.step"', 'symbol = "Engine.advance"'),
        (
            "path = 'toy/engine.py' # in the other quotes, with a remark",
            "path = 'toy/core/engine.py' # in the other quotes, with a remark",
        ),
        ('symbol = "Engine.step"', 'symbol = "Engine.advance"'),
    ]
    assert len(Resolver(root=site.root).check(manifest.load("01-toy", site.root))) == 2


def test_what_changed_is_left_as_it_is_on_the_work_list(site):
    other = ENGINE.replace("request.stopped", "request.gone").replace("LIMIT = 4", "LIMIT = 5")
    offer(site, "2.0", {"engine.py": other})
    before = (site.root / "snippets/01-toy.toml").read_text()
    plan = moved(site, "2.0")
    assert (site.root / "snippets/01-toy.toml").read_text() == before
    assert plan.carried == 1 and len(plan.work) == 2
    assert plan.work[0].startswith("snippets/01-toy.toml: excerpt 01/step-first: changed, toy/engine.py:18 to ")
    assert plan.work[1].endswith("setting 01/limit: default 4 then, 5 now")
    listed = bump.write_work(plan, site.pin, "2.0").read_text()
    assert plan.work[0] in listed and "make lock" in listed


def test_a_hop_that_went_elsewhere_gets_its_new_symbol(toy):
    """Hops have no digest: the function's own text is what is compared."""
    (toy.root / "snippets/pins.toml").write_text(
        (toy.root / "snippets/pins.toml").read_text().replace("[toy]", "[vllm]")
    )
    toy.pin = pins.load(toy.root)["vllm"]
    text = "\n[[path]]" + ELSEWHERE.partition("\n[[path]]")[2]
    toy.write_manifest(text)
    offer(toy, "2.0", {"core/engine.py": ENGINE})
    plan = bump.work_out("vllm", "2.0", toy.root)
    plan.write()
    assert (plan.carried, plan.rewritten, plan.work) == (1, 1, [])
    assert 'symbol = "toy/core/engine.py::Engine.step"' in (toy.root / "snippets/01-toy.toml").read_text()
    bump.work_out("vllm", "1.0", toy.root).write()
    assert (toy.root / "snippets/01-toy.toml").read_text() == text


@pytest.mark.parametrize("name", ["snippets/01-toy.toml", "snippets/pins.toml"])
def test_a_file_that_was_edited_meanwhile_is_refused(site, name):
    offer(site, "2.0", {"core/engine.py": ENGINE})
    plan = bump.work_out("toy", "2.0", site.root)
    edited = site.root / name
    edited.write_text(edited.read_text() + "# by hand\n")
    before = kept(site)
    with pytest.raises(SiteError, match=f"{name}: was edited while the bump was worked out; nothing is written"):
        plan.write()
    assert kept(site) == before


def test_a_manifest_that_came_meanwhile_is_refused(site):
    offer(site, "2.0", {"core/engine.py": ENGINE})
    plan = bump.work_out("toy", "2.0", site.root)
    site.write_manifest("# another\n", "02-other")
    before = kept(site)
    with pytest.raises(SiteError, match="a manifest came"):
        plan.write()
    assert kept(site) == before


@pytest.mark.parametrize("broken", [OSError(28, "No space left on device", "x"), KeyboardInterrupt()])
def test_a_bump_that_fails_while_writing_changes_no_file(site, monkeypatch, broken):
    offer(site, "2.0", {"core/engine.py": ENGINE})
    plan = bump.work_out("toy", "2.0", site.root)
    before, real, calls = kept(site), os.replace, []

    def second_fails(source, target):
        calls.append(target)
        if len(calls) == 2:
            raise broken
        real(source, target)

    monkeypatch.setattr(bump.os, "replace", second_fails)
    with pytest.raises((SiteError, KeyboardInterrupt)):
        plan.write()
    assert len(calls) == 2 and kept(site) == before


def test_a_release_that_does_not_exist_changes_no_file(site, monkeypatch):
    monkeypatch.setattr(other_releases.index_versions, "ask", lambda name, pre=False: [other_releases.Version("1.0")])
    before = kept(site)
    with pytest.raises(SiteError, match="Toy 9.0: the index has no such release"):
        bump.work_out("toy", "9.0", site.root)
    assert kept(site) == before


def test_an_open_excerpt_stays_open(site):
    """One whose digest the pinned release itself does not have is nobody's to carry."""
    file = site.root / "snippets/01-toy.toml"
    text = file.read_text()
    digest = text[text.index("sha256:") :][:71]
    file.write_text(text.replace(digest, "sha256:" + "0" * 64, 1))
    offer(site, "2.0", {"core/engine.py": ENGINE})
    plan = moved(site, "2.0")
    assert any("open before the bump" in line for line in plan.work)
    assert "0" * 64 in file.read_text()


@pytest.mark.parametrize("words", [[], ["--engine", "vllm"], ["--version", "1.0"], ["--engine", "x", "--version", "1"]])
def test_a_bump_of_nothing_is_one_line(words):
    done = subprocess.run(
        [sys.executable, "-m", "scripts.drift.bump", *words], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1 and done.stderr.count("\n") == 1
    assert ("name one of" if "x" in words else "ENGINE=") in done.stderr
