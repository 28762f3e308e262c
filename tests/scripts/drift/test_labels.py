"""The labels made by hand: enough of each kind; and what the classifier says of them is what is committed."""

import collections
import json
import subprocess
from pathlib import Path

import pytest

from scripts.drift import classifier_accuracy, compare_releases
from scripts.drift.release import Release
from scripts.sources import other_releases, pins

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module")
def labels():
    return classifier_accuracy.load(ROOT)


def test_there_are_enough_of_each_state_on_four_pairs_and_half_are_not_the_site_s(labels):
    states = collections.Counter(label.state for label in labels)
    assert len(labels) >= 40 and all(states[state] >= 10 for state in ("moved", "changed", "gone"))
    assert sum(not label.site for label in labels) * 2 >= len(labels)
    assert {(label.before, label.after) for label in labels} == {
        ("0.32.0", "0.33.0"),
        ("0.32.0", "0.28.0"),
        ("0.5.21", "0.5.23"),
        ("0.5.21", "0.5.17"),
    }
    assert {label.kind for label in labels} == {"excerpt", "hop"}


def test_what_is_called_the_site_s_is_quoted_or_claimed_there(labels):
    quoted = {
        (quote.piece.path, quote.piece.symbol) for engine in pins.load() for quote in compare_releases.quotes_of(engine)
    }
    wrong = [
        label.piece.where for label in labels if label.site and (label.piece.path, label.piece.symbol) not in quoted
    ]
    assert wrong == []


def test_every_label_names_lines_of_the_release_it_starts_from(labels):
    known, opened = pins.load(), {}
    for label in labels:
        engine, version = label.piece.engine, label.before
        if version != known[engine].version and not other_releases.cached(known[engine], version):
            pytest.skip(f"{engine} {version} is not here; make drift fetches it")
        if engine not in opened:
            opened[engine] = Release(other_releases.at(known[engine], version))
        assert opened[engine].locate(label.piece).lines


def test_the_labels_came_before_the_classifier():
    def first(path: str) -> int:
        command = ["git", "log", "--diff-filter=A", "--format=%ct", "--", path]
        times = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
        if not times:
            pytest.skip("the history is not here")
        return int(times[-1])

    assert first("tests/drift/labels.toml") < first("scripts/whereabouts.py")


def test_the_committed_matrix_is_what_the_classifier_says(labels):
    known = pins.load()
    if not all(other_releases.cached(known[label.piece.engine], label.after) for label in labels):
        pytest.skip("the other releases are not here; make drift fetches them")
    totals = classifier_accuracy.document(classifier_accuracy.judge(ROOT))
    assert totals["harmful"] == 0
    kept = json.loads((ROOT / classifier_accuracy.RESULT).read_text())
    assert totals == {key: value for key, value in kept.items() if key not in ("digest", "made_of")}


def test_a_label_that_is_not_understood_is_one_line(tmp_path):
    folder = tmp_path / "snippets/drift"
    folder.mkdir(parents=True)
    for text, says in (
        ('[[label]]\nlabel = "lost"\n', "label is none of"),
        ("[[label]]\nwhat = 1\n", "unknown key 'what'"),
        ('[[label]]\nlabel = "gone"\n', "label 1: has no 'engine'; add it"),
        ("[[label]\n", "not TOML"),
    ):
        (folder / "labels.toml").write_text(text)
        with pytest.raises(classifier_accuracy.SiteError, match=f"^snippets/drift/labels.toml: .*{says}"):
            classifier_accuracy.load(tmp_path)
    (folder / "labels.toml").unlink()
    with pytest.raises(classifier_accuracy.SiteError, match="^snippets/drift/labels.toml: cannot be read .*restore it"):
        classifier_accuracy.load(tmp_path)


def test_nothing_that_makes_or_checks_pages_reads_the_tests_folder():
    """A clone without it can run `make drift`."""
    named = [path.name for path in (ROOT / "scripts").rglob("*.py") if "tests/" in path.read_text()]
    assert named == []
