"""`make drift`: which releases, what is written, the exit status, hops on a recording; and every input it refuses."""

import hashlib
import json
import shutil
import socket
import subprocess
import sys

import pytest

from scripts.build import verify
from scripts.catalog import site_data as standing_on
from scripts.common.errors import SiteError
from scripts.drift import classifier_accuracy, compare_releases, comparison_files, report
from scripts.drift.release import Release
from scripts.sources import index_versions, other_releases, pins, unpacked_sources
from tests.scripts.fixtures.small_site import CORE, FRONT, SOURCES, Site, rows
from tests.scripts.fixtures.toy_engine import ENGINE, archive
from tests.scripts.sources.local_index import Index, configured, index, only_the_local_index  # noqa: F401


@pytest.fixture
def site(tmp_path):
    return Site(tmp_path)


def entry(data: dict, name: str) -> dict:
    return next(row for row in data["entries"] if row["id"] == name)


def test_every_excerpt_and_hop_has_an_entry_that_fits_the_schema(site):
    data = site.compare("0.33.0")
    assert len(data["entries"]) == 9 and sum(data["counts"].values()) == 9
    assert data["counts"] == {"same": 6, "moved": 3, "changed": 0, "gone": 0}
    comparison_files.check(json.loads((site.root / "snippets/drift/vllm-0.33.0.json").read_text()), "x")
    assert entry(data, "chat/send")["state"] == "moved"
    assert entry(data, "chat/send")["now"]["first"] == entry(data, "chat/send")["then"]["first"] + 1
    assert entry(data, "01/step")["state"] == "same"


def test_no_source_is_in_what_is_committed(site):
    site.release("0.34.0", {CORE: SOURCES[CORE].replace("return self.schedule()", "return self.plan()"), FRONT: ""})
    site.compare("0.34.0")
    text = (site.root / "snippets/drift/vllm-0.34.0.json").read_text()
    assert "self.plan" not in text and "self.schedule" not in text and '"gone"' in text


def test_a_change_is_counted_and_its_text_shown_to_who_asks(site, capsys):
    site.release("0.34.0", SOURCES | {CORE: "\n" + SOURCES[CORE].replace("self.schedule()", "self.plan()")})
    compared, data = report.run(pins.load(site.root)["vllm"], "0.34.0", site.root)
    step = entry(data, "01/step")
    assert (step["state"], step["added"], step["removed"]) == ("changed", 1, 1)
    lines = report.table(compared, data)
    assert any(line.split()[:2] == ["changed", "01/step"] and "+1 -1" in line for line in lines[1:])
    text = report.write_diffs(compared, data, site.root).read_text()
    assert "+    return self.plan()" in text and f"--- {CORE}:6" in text and "@@ -6 +7 @@" in text


def test_the_status_says_whether_something_changed(site, monkeypatch):
    monkeypatch.setattr(report, "ROOT", site.root)
    monkeypatch.setattr(report, "releases_to_compare", lambda *_: [(pins.load(site.root)["vllm"], version)])
    monkeypatch.setattr(report, "run", lambda pin, version: RUN(pin, version, site.root))
    monkeypatch.setattr(comparison_files, "write", lambda data: "x")
    monkeypatch.setattr(report, "write_diffs", lambda *_: site.root / "x")
    monkeypatch.setattr(sys, "argv", ["drift", "--engine", "vllm"])
    site.release("0.35.0", {path: "# more\n" + text for path, text in SOURCES.items()})
    version = "0.35.0"
    assert report.main() == 0
    site.release("0.34.0", SOURCES | {CORE: SOURCES[CORE].replace("self.schedule()", "self.plan()")})
    version = "0.34.0"
    assert report.main() == report.DRIFTED


RUN = report.run


def recorded_there(site, entries, version="0.33.0", files=None, **changed):
    """A recording of another release, kept where drift looks for one."""
    files = files or site.newer
    digests = {path: hashlib.sha256(text.encode()).hexdigest() for path, text in files.items()}
    here = site.save_recording("vllm-cpu", entries, files=digests, **changed)
    data = json.loads(here.read_text())
    data["engine"]["version"] = data["engine"]["distribution_version"] = version
    folder = site.root / comparison_files.RECORDINGS / f"vllm-{version}/01"
    folder.mkdir(parents=True)
    shutil.move(str(here.with_name("path-vllm-cpu.entries.json.gz")), folder)
    (folder / here.name).write_text(json.dumps(data))
    here.unlink()
    site.save_recording("vllm-cpu", rows("vllm-cpu"))
    return folder / here.name


def lower(row: list) -> list:
    """The entry as the newer release has it: one line further down in the file that got a line."""
    return [row[0], row[1] + row[0].startswith(FRONT), *row[2:]]


def test_without_a_recording_no_path_is_known(site):
    data = site.compare("0.33.0")
    assert set(entry(data, "chat/step")["path"].values()) == {compare_releases.UNKNOWN} and data["recordings"] == {}


def test_with_one_each_hop_is_on_the_path_or_off_it(site):
    kept = [lower(row) for row in rows("vllm-cpu") if not row[0].endswith("Core.step")]
    recorded_there(site, kept)
    data = site.compare("0.33.0")
    assert entry(data, "chat/step")["path"] == {"vllm-gpu": compare_releases.UNKNOWN, "vllm-cpu": compare_releases.OFF}
    assert entry(data, "chat/send")["path"]["vllm-cpu"] == compare_releases.ON
    assert list(data["recordings"]) == ["01/vllm-cpu"]
    lines = report.table(*report.run(pins.load(site.root)["vllm"], "0.33.0", site.root))
    assert any("off the default path" in line for line in lines)


def test_an_order_that_differs_is_no_absence(site):
    swapped = [lower(row) for row in rows("vllm-cpu")]
    for row in swapped:
        if row[0].endswith("::send"):
            row[5] = 9  # before the route
    recorded_there(site, swapped)
    assert entry(site.compare("0.33.0"), "chat/send")["path"]["vllm-cpu"] == compare_releases.ORDER


def test_a_recording_of_another_release_is_no_post_s(site):
    file = recorded_there(site, [lower(row) for row in rows("vllm-cpu")])
    assert standing_on.Evidence(site.root).path_states["chat"]["vllm-cpu"] == []
    for each in file.parent.iterdir():
        shutil.move(str(each), site.root / "experiments/records/01" / each.name)
        site.list_files(site.root / "experiments/records/01" / each.name)
    with pytest.raises(SiteError, match="measured on vllm 0.33.0, the pages quote 0.32.0"):
        _ = standing_on.Evidence(site.root).path_states


def test_verify_wants_the_comparisons_to_be_of_what_is_quoted(site):
    evidence = standing_on.Evidence(site.root)
    assert verify.check_drift(evidence)[0] == 1
    site.write("snippets/01-one-request.toml", site.manifest.replace('id = "forward-gpu"', 'id = "forward-card"'))
    with pytest.raises(SiteError, match=r"drift/vllm-0.33.0.json: 2 of what snippets/01-one-request.toml .*make drift"):
        verify.check_drift(standing_on.Evidence(site.root))


def test_verify_refuses_a_classifier_that_calls_a_change_none(site):
    matrix = {state: dict.fromkeys(comparison_files.STATES, 0) for state in comparison_files.STATES}
    site.write(classifier_accuracy.LABELS, "")
    classifier_accuracy.write({"matrix": matrix, "harmful": 1}, site.root)
    with pytest.raises(SiteError, match="1 changed or gone are called same or moved"):
        verify.check_drift(standing_on.Evidence(site.root))


def test_a_comparison_from_before_a_pin_moved_says_nothing(site):
    assert len(comparison_files.load_all(site.root)) == 1
    file = site.root / "snippets/drift/vllm-0.33.0.json"
    data = json.loads(file.read_text().replace('"version": "0.32.0"', '"version": "0.31.0"'))
    comparison_files.write(data, site.root)
    assert comparison_files.load_all(site.root) == []


def test_a_comparison_and_a_matrix_that_were_edited_are_to_be_restored(site):
    file = site.root / "snippets/drift/vllm-0.33.0.json"
    file.write_text(file.read_text().replace('"state": "moved"', '"state": "same"', 1))
    with pytest.raises(SiteError, match="vllm-0.33.0.json: was edited since `make drift` wrote it; restore it: git"):
        comparison_files.load_all(site.root)
    site.write(classifier_accuracy.LABELS, "")
    matrix = {state: dict.fromkeys(comparison_files.STATES, 0) for state in comparison_files.STATES}
    classifier_accuracy.write({"matrix": matrix, "harmful": 0, "right": 1}, site.root)
    result = site.root / classifier_accuracy.RESULT
    assert comparison_files.accuracy(site.root)["right"] == 1
    text = result.read_text()
    result.write_text(text.replace('"right": 1', '"right": 2'))
    with pytest.raises(SiteError, match="it was edited since it was written; restore it: git checkout"):
        comparison_files.accuracy(site.root)
    result.write_text(text)
    site.write(classifier_accuracy.LABELS, "# more\n")
    with pytest.raises(SiteError, match="it was made of another snippets/drift/labels.toml"):
        comparison_files.accuracy(site.root)


@pytest.mark.parametrize("text", ["{", "{}", '{"schema": "drift/2"}'])
def test_a_damaged_comparison_is_one_line(site, text):
    site.write("snippets/drift/vllm-0.33.0.json", text)
    with pytest.raises(SiteError, match="snippets/drift/vllm-0.33.0.json: .*make drift") as error:
        comparison_files.load_all(site.root)
    assert "\n" not in str(error.value)


# Releases: from a local index only.


def released(toy, version: str, files: dict) -> bytes:
    return archive(files, f"toy-{version}/toy")


@pytest.fixture
def listed(monkeypatch):
    """What the index lists; an index is asked in tests/scripts/sources/test_index_versions.py."""
    versions = []
    monkeypatch.setattr(
        index_versions, "ask", lambda name, pre=False: [index_versions.Version(each) for each in versions]
    )
    return versions


def test_a_release_is_fetched_by_the_pinned_artifact_s_name(toy, configured, listed):  # noqa: F811
    listed += ["2.0", "1.0"]
    body = released(toy, "2.0", {"engine.py": "\n" + ENGINE})
    configured.files = {"toy-2.0-py3-none-any.whl": [b"a better match"], "toy-2.0.tar.gz": [body]}
    other = other_releases.at(toy.pin, "2.0", toy.root)
    assert (other.tag, other.inside, other.bytes) == ("v2.0", "toy-2.0/toy", len(body))
    assert configured.downloads == ["/files/toy-2.0.tar.gz"]
    assert Release(other, toy.root).listing.keys() == {"toy/engine.py"}
    listed.clear()  # a second look asks nobody
    assert other_releases.at(toy.pin, "2.0", toy.root) == other and len(configured.downloads) == 1


def test_a_release_that_does_not_exist_is_named_with_those_that_do(toy, configured, listed):  # noqa: F811
    listed += ["2.0", "1.0"]
    with pytest.raises(SiteError, match=r"Toy 7.0: the index has no such release \(its newest: 2.0, 1.0\)") as error:
        other_releases.at(toy.pin, "7.0", toy.root)
    assert "\n" not in str(error.value) and configured.downloads == []


def test_what_is_no_version_is_said(toy):
    with pytest.raises(SiteError, match="'new': is no version"):
        other_releases.at(toy.pin, "new", toy.root)


def test_an_index_that_does_not_answer_is_one_line_and_changes_nothing(toy, monkeypatch):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    monkeypatch.setenv("PIP_INDEX_URL", f"http://127.0.0.1:{port}/simple")
    monkeypatch.setenv("PIP_RETRIES", "0")
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    for ask in (lambda: other_releases.latest(toy.pin), lambda: other_releases.at(toy.pin, "2.0", toy.root)):
        with pytest.raises(SiteError, match="^toy: ") as error:
            ask()
        assert "\n" not in str(error.value)
    assert not (toy.root / other_releases.FOLDER).exists()


def test_a_release_without_that_file_name_is_said(toy, configured, listed):  # noqa: F811
    listed += ["2.0"]
    configured.files = {"toy-2.0-py3-none-any.whl": [b"only a wheel"]}
    with pytest.raises(SiteError, match="toy-2.0.tar.gz: not found on the package index"):
        other_releases.at(toy.pin, "2.0", toy.root)


def test_an_artifact_without_a_python_file_is_said(toy, configured, listed):  # noqa: F811
    listed += ["2.0"]
    configured.files = {"toy-2.0.tar.gz": [archive({}, "toy-2.0/elsewhere")]}
    with pytest.raises(SiteError, match="toy-2.0.tar.gz holds no Python file below 'toy-2.0/toy/'"):
        other_releases.at(toy.pin, "2.0", toy.root)
    assert not any(path.name.endswith(".new") for path in unpacked_sources.cache_folder(toy.root).iterdir())


def test_an_artifact_without_the_quoted_file_has_it_gone(toy, configured, listed):  # noqa: F811
    listed += ["2.0"]
    configured.files = {"toy-2.0.tar.gz": [released(toy, "2.0", {"other.py": "x = 1\n"})]}
    other = other_releases.at(toy.pin, "2.0", toy.root)
    quotes = compare_releases.quotes_of("toy", toy.root)
    (result,) = compare_releases.compare(quotes, Release(toy.pin, toy.root), Release(other, toy.root), {})
    assert (result.outcome.state, result.outcome.now) == ("gone", None)


def test_by_default_it_takes_the_newest_and_what_is_committed(site, monkeypatch):
    monkeypatch.setattr(
        index_versions,
        "ask",
        lambda name, pre=False: [index_versions.Version("0.36.0"), index_versions.Version("0.33.0")],
    )
    assert [version for _, version in report.releases_to_compare("", "", site.root)] == ["0.36.0", "0.33.0"]
    assert [version for _, version in report.releases_to_compare("vllm", "", site.root)] == ["0.36.0"]
    assert [version for _, version in report.releases_to_compare("vllm", "0.31.0", site.root)] == ["0.31.0"]
    monkeypatch.setattr(index_versions, "ask", lambda name, pre=False: [index_versions.Version("0.32.0")])
    assert report.releases_to_compare("vllm", "", site.root) == []


@pytest.mark.parametrize(
    ("engine", "version", "says"),
    [("", "0.33.0", "VERSION of which engine"), ("llama", "", "'llama' is not pinned; name one of vllm")],
)
def test_a_wrong_question_is_one_line(site, engine, version, says):
    with pytest.raises(SiteError, match=says):
        report.releases_to_compare(engine, version, site.root)
    with pytest.raises(SiteError, match="is the pinned release itself"):
        report.run(pins.load(site.root)["vllm"], "0.32.0", site.root)


def test_the_command_ends_with_status_one_on_bad_input():
    command = [sys.executable, "-m", "scripts.drift.report", "--engine", "llama"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1 and done.stderr.count("\n") == 1
