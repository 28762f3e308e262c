"""The day on which a page last changed: the post's own, a correction's, or that of a commit, and never the build's."""

import datetime
import os
import subprocess

import pytest

from scripts.publish import page_dates
from scripts.publish.built_pages import BuiltPage

CORRECTED = """<article><h3 id="corrections">Corrections<a href="#">#</a></h3>
<ul><li><strong>2026-11-28.</strong> It was <code>a</code>,
and is b.</li><li><strong>2026-11-26.</strong> More.</li></ul></article>"""


def page(root, place, text, front=""):
    source = root / f"docs/{place.rstrip('/')}.md"
    source.parent.mkdir(parents=True, exist_ok=True)
    source.write_text(f"---\n{front}\n---\n")
    return BuiltPage(root / "index.html", place, root, text)


@pytest.fixture(autouse=True)
def asked_anew():
    page_dates.look_again()


def test_a_correction_is_a_change(tmp_path):
    post = page(tmp_path, "posts/01-a/", CORRECTED, "date: 2026-11-20")
    assert page_dates.corrections(post) == [
        page_dates.Correction(datetime.date(2026, 11, 28), "It was a, and is b."),
        page_dates.Correction(datetime.date(2026, 11, 26), "More."),
    ]
    assert page_dates.created(post) == datetime.date(2026, 11, 20)
    assert page_dates.changed(post) == datetime.date(2026, 11, 28)


def test_without_corrections_front_matter_says_it(tmp_path):
    none = '<article><h2 id="corrections">Corrections</h2><p>None yet.</p><h2>More</h2><ul><li>x</li></ul></article>'
    post = page(tmp_path, "posts/01-a/", none, "date: {created: 2026-11-20, updated: 2026-11-22}")
    assert page_dates.corrections(post) == []
    assert page_dates.created(post) == datetime.date(2026, 11, 20)
    assert page_dates.changed(post) == datetime.date(2026, 11, 22)


def git(root, *arguments, day="2026-11-01"):
    at = f"{day}T12:00:00+00:00"
    subprocess.run(
        ["git", "-c", "user.name=n", "-c", "user.email=e@example.org", *arguments],
        cwd=root,
        check=True,
        capture_output=True,
        env={"GIT_COMMITTER_DATE": at, "GIT_AUTHOR_DATE": at, "PATH": os.environ["PATH"]},
    )


def test_of_another_page_git_knows_unless_the_clone_is_shallow(tmp_path):
    whole = tmp_path / "whole"
    page(whole, "map/", "")
    page(whole, "about/", "")
    git(whole, "init", "-q")
    git(whole, "add", ".")
    git(whole, "commit", "-qm", "first")
    (whole / "docs/map.md").write_text("changed")
    git(whole, "commit", "-qam", "second", day="2026-11-05")
    git(tmp_path, "clone", "-q", "--depth", "1", f"file://{whole}", "shallow")
    assert page_dates.changed(BuiltPage(whole / "x", "map/", whole, "")) == datetime.date(2026, 11, 5)
    assert page_dates.changed(BuiltPage(whole / "x", "about/", whole, "")) == datetime.date(2026, 11, 1)
    shallow = tmp_path / "shallow"
    assert page_dates.changed(BuiltPage(shallow / "x", "map/", shallow, "")) is None


def test_without_git_nobody_knows(tmp_path, monkeypatch):
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert page_dates.changed(page(tmp_path, "map/", "")) is None
    monkeypatch.setenv("PATH", str(tmp_path))
    page_dates.look_again()
    assert page_dates.changed(page(tmp_path, "map/", "")) is None
