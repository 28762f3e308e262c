"""Fetching the pinned artifact: from a local index only, by exact name, verified, once."""

import errno
import hashlib
import json
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from msgspec.structs import replace

from scripts.common.errors import SiteError
from scripts.environments import pip_settings
from scripts.sources import fetch, pins, unpacked_sources
from tests.scripts.sources.local_index import only_the_local_index  # noqa: F401

REPOSITORY = Path(__file__).resolve().parents[3]


def test_fetches_by_exact_name_through_the_configured_index(bare_toy, configured, capsys):
    configured.files = {
        "toy-1.0-py3-none-any.whl": [b"a better match"],
        "toy-1.0.tar.gz": [bare_toy.artifact],
        "toy-2.0.tar.gz": [b"newer"],
    }
    folder = unpacked_sources.ensure(bare_toy.pin, bare_toy.root)
    assert configured.requests == ["/simple/toy/", "/files/toy-1.0.tar.gz"]
    assert folder == bare_toy.root / ".cache/sources" / bare_toy.pin.sha256[:16]
    files = sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())
    assert files == ["files.json", "toy/__init__.py", "toy/engine.py"]  # no setup.py, no data, nothing from ../..
    assert [path.name for path in (bare_toy.root / ".cache/sources").iterdir() if path.name != "lock"] == [folder.name]
    said = capsys.readouterr().out
    assert "Toy 1.0: downloading toy-1.0.tar.gz (" in said and "unpacked it takes" in said


def test_a_second_use_asks_nobody_and_imports_no_network_library(bare_toy, configured):
    configured.files = {"toy-1.0.tar.gz": [bare_toy.artifact]}
    unpacked_sources.ensure(bare_toy.pin, bare_toy.root)
    requests = len(configured.requests)
    code = (
        "import sys; from pathlib import Path; from scripts.sources import unpacked_sources, pins;"
        "root = Path(sys.argv[1]);"
        "unpacked_sources.ensure(pins.load(root)['toy'], root); print('unearth' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(bare_toy.root)], cwd=REPOSITORY, capture_output=True, text=True, check=True
    )
    assert (done.stdout.strip(), len(configured.requests)) == ("False", requests)


def test_the_extra_index_and_the_config_file_are_read_as_pip_does(bare_toy, index, monkeypatch, tmp_path):
    index.files = {"toy-1.0.tar.gz": [bare_toy.artifact]}
    config = tmp_path / "pip.conf"
    config.write_text(f"[global]\nindex-url = {index.url}/empty\nextra-index-url = {index.url}\ntimeout = 7\n")
    monkeypatch.setenv("PIP_CONFIG_FILE", str(config))
    assert pip_settings.read().timeout == 7
    unpacked_sources.ensure(bare_toy.pin, bare_toy.root)
    assert index.requests == ["/simple/empty/toy/", "/simple/toy/", "/files/toy-1.0.tar.gz"]


@pytest.mark.parametrize("as_address", [False, True])
def test_a_folder_of_links_makes_the_network_unnecessary(bare_toy, configured, monkeypatch, tmp_path, as_address):
    folder = tmp_path / "wheels"
    folder.mkdir()
    (folder / "toy-1.0.tar.gz").write_bytes(bare_toy.artifact)
    monkeypatch.setenv("PIP_FIND_LINKS", folder.as_uri() if as_address else str(folder))
    unpacked_sources.ensure(bare_toy.pin, bare_toy.root)
    assert configured.requests == []


def test_a_file_index_makes_the_network_unnecessary(bare_toy, configured, monkeypatch, tmp_path):
    folder = tmp_path / "simple" / "toy"
    folder.mkdir(parents=True)
    (folder / "toy-1.0.tar.gz").write_bytes(bare_toy.artifact)
    (folder / "index.html").write_text('<a href="toy-1.0.tar.gz">toy-1.0.tar.gz</a>')
    monkeypatch.setenv("PIP_EXTRA_INDEX_URL", (tmp_path / "simple").as_uri())
    unpacked_sources.ensure(bare_toy.pin, bare_toy.root)
    assert configured.requests == []


def test_a_wrong_file_in_a_folder_of_links_is_passed_over(bare_toy, configured, monkeypatch, tmp_path):
    (tmp_path / "wheels").mkdir()
    (tmp_path / "wheels" / "toy-1.0.tar.gz").write_bytes(b"something else")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "wheels"))
    configured.files = {"toy-1.0.tar.gz": [bare_toy.artifact]}
    unpacked_sources.ensure(bare_toy.pin, bare_toy.root)
    assert len(configured.downloads) == 1


def test_a_corrupted_download_is_noticed_deleted_and_tried_once_more(bare_toy, configured, capsys):
    damaged = bytearray(bare_toy.artifact)
    damaged[50] ^= 1
    configured.files = {"toy-1.0.tar.gz": [bytes(damaged), bare_toy.artifact]}
    folder = unpacked_sources.ensure(bare_toy.pin, bare_toy.root)
    assert len(configured.downloads) == 2
    assert "deleted, trying once more" in capsys.readouterr().out
    assert json.loads((folder / "files.json").read_text())


def nothing_left(toy):
    folder = toy.root / ".cache" / "sources"
    return [path.name for path in folder.iterdir()] in ([], ["lock"])


def test_a_file_that_stays_wrong_is_refused_after_the_second_time(bare_toy, configured):
    configured.files = {"toy-1.0.tar.gz": [b"tampered with"]}
    with pytest.raises(
        SiteError, match=r"toy-1.0.tar.gz: sha256 is [0-9a-f]{64} and snippets/pins.toml pins [0-9a-f]{64}; .*index"
    ) as error:
        unpacked_sources.ensure(bare_toy.pin, bare_toy.root)
    assert "\n" not in str(error.value)
    assert len(configured.downloads) == 2 and nothing_left(bare_toy)


def test_a_truncated_download_is_tried_once_more_then_named(bare_toy, configured):
    configured.files = {"toy-1.0.tar.gz": [bare_toy.artifact]}
    configured.cut = {"toy-1.0.tar.gz"}
    with pytest.raises(SiteError, match="toy-1.0.tar.gz: the download broke off twice .*; check the network"):
        unpacked_sources.ensure(bare_toy.pin, bare_toy.root)
    assert len(configured.downloads) == 2 and nothing_left(bare_toy)


def test_an_index_that_publishes_another_hash_is_not_asked_for_the_file(bare_toy, configured):
    configured.files = {"toy-1.0.tar.gz": [b"another build"]}
    configured.hashes = {"toy-1.0.tar.gz": hashlib.sha256(b"another build").hexdigest()}
    with pytest.raises(SiteError, match="not found on the package index .*another sha256"):
        unpacked_sources.ensure(bare_toy.pin, bare_toy.root)
    assert configured.downloads == []


def test_a_file_that_the_index_lacks_is_one_line(bare_toy, configured):
    configured.files = {"toy-2.0.tar.gz": [b"newer"]}
    with pytest.raises(
        SiteError, match=r"toy-1.0.tar.gz: not found on the package index; check the network and pip's settings"
    ):
        unpacked_sources.ensure(bare_toy.pin, bare_toy.root)


def test_a_broken_index_is_named_with_its_answer(bare_toy, configured, monkeypatch):
    monkeypatch.setenv("PIP_RETRIES", "0")
    configured.status = 503
    with pytest.raises(SiteError, match=r"not found on the package index \(.*503.*\)"):
        unpacked_sources.ensure(bare_toy.pin, bare_toy.root)


def test_no_network_is_one_line_with_cause_and_remedy(bare_toy, monkeypatch):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    monkeypatch.setenv("PIP_INDEX_URL", f"http://127.0.0.1:{port}/simple")
    with pytest.raises(
        SiteError, match=r"127.0.0.1 cannot be reached: .*; check the network and pip's settings"
    ) as error:
        unpacked_sources.ensure(bare_toy.pin, bare_toy.root)
    assert "\n" not in str(error.value) and nothing_left(bare_toy)


def test_a_full_disk_is_one_line_and_leaves_nothing(bare_toy, configured, monkeypatch):
    configured.files = {"toy-1.0.tar.gz": [bare_toy.artifact]}

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(unpacked_sources.os, "replace", full)
    with pytest.raises(SiteError, match="Toy 1.0 sources: the disk is full; free some"):
        unpacked_sources.ensure(bare_toy.pin, bare_toy.root)
    assert nothing_left(bare_toy)


def test_too_little_disk_is_said_before_anything_is_downloaded(bare_toy, configured):
    configured.files = {"toy-1.0.tar.gz": [bare_toy.artifact]}
    with pytest.raises(SiteError, match=r"Toy 1.0 sources: needs 1000000.0 GB of disk and .* free; free some"):
        unpacked_sources.ensure(replace(bare_toy.pin, unpacked_bytes=10**15), bare_toy.root)
    assert configured.requests == [] and nothing_left(bare_toy)


def test_a_pin_being_moved_is_held_against_the_hash_the_index_gives(bare_toy, configured, tmp_path):
    configured.files = {"toy-1.0.tar.gz": [b"damaged", bare_toy.artifact]}
    configured.hashes = {"toy-1.0.tar.gz": bare_toy.pin.sha256}
    fetch.fetch(replace(bare_toy.pin, sha256=""), tmp_path / "artifact")
    assert (tmp_path / "artifact").read_bytes() == bare_toy.artifact


def test_a_full_disk_while_downloading_is_one_line(bare_toy, configured, monkeypatch):
    configured.files = {"toy-1.0.tar.gz": [bare_toy.artifact]}

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(fetch, "_copy", full)
    with pytest.raises(SiteError, match="toy-1.0.tar.gz: the disk is full"):
        unpacked_sources.ensure(bare_toy.pin, bare_toy.root)


def test_an_interrupt_leaves_no_half_file(bare_toy, configured, monkeypatch):
    configured.files = {"toy-1.0.tar.gz": [bare_toy.artifact]}
    monkeypatch.setattr(unpacked_sources, "_members", lambda _: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        unpacked_sources.ensure(bare_toy.pin, bare_toy.root)
    assert nothing_left(bare_toy)


def test_two_at_once_fetch_once(bare_toy, configured):
    configured.files = {"toy-1.0.tar.gz": [bare_toy.artifact]}
    code = (
        "import sys; from pathlib import Path; from scripts.sources import unpacked_sources, pins;"
        "root = Path(sys.argv[1]);"
        "unpacked_sources.ensure(pins.load(root)['toy'], root)"
    )
    both = [subprocess.Popen([sys.executable, "-c", code, str(bare_toy.root)], cwd=REPOSITORY) for _ in range(2)]
    assert [process.wait() for process in both] == [0, 0]
    assert len(configured.downloads) == 1


def test_an_archive_without_the_named_folder_is_named(bare_toy, configured):
    pin = replace(bare_toy.pin, inside="toy-1.0/src")
    configured.files = {"toy-1.0.tar.gz": [bare_toy.artifact]}
    with pytest.raises(
        SiteError, match=r"\[toy\]: toy-1.0.tar.gz holds no Python file below 'toy-1.0/src/'; correct `inside`"
    ):
        unpacked_sources.ensure(pin, bare_toy.root)


def test_progress_is_shown_once_it_takes_longer(bare_toy, tmp_path, monkeypatch, capsys):
    ticks = iter(range(0, 100, 3))
    monkeypatch.setattr(fetch.time, "monotonic", lambda: next(ticks))
    fetch._copy([b"a" * 400_000, b"b" * 400_000], tmp_path / "x", replace(bare_toy.pin, bytes=800_000))
    assert "toy-1.0.tar.gz: 400 kB of 800 kB, 3 s" in capsys.readouterr().out


def test_reading_an_edited_cache_is_refused(toy):
    path = unpacked_sources.folder_of(toy.pin, toy.root) / "toy/engine.py"
    path.write_text(path.read_text() + "# edited\n")
    with pytest.raises(
        SiteError, match=r"toy/engine.py: the cached copy differs from toy-1.0.tar.gz; delete .cache/sources/"
    ):
        toy.sources.text("toy", "toy/engine.py")


def test_an_unknown_path_and_an_unknown_engine_are_named(toy):
    with pytest.raises(SiteError, match=r"m.toml: excerpt 'x': toy/gone.py: no such file in Toy 1.0; .*'toy/\.\.\.'"):
        toy.sources.text("toy", "toy/gone.py", "m.toml: excerpt 'x'")
    with pytest.raises(SiteError, match="m.toml: unknown engine 'toi'; use one of toy"):
        toy.sources.pin("toi", "m.toml")


@pytest.mark.parametrize(
    "change, message",
    [
        ('colour = "red"', r"snippets/pins.toml: \[toy\]: unknown key 'colour'"),
        ("tag = 3", r"snippets/pins.toml: \[toy\]: 'tag' must be text; correct or remove it"),
        ('bytes = "3"', r"'bytes' must be a number"),
        ('sha256 = "abc"', r"sha256 is not 64 hexadecimal digits; empty it and run `make pin`"),
        ('artifact = "toy-1.0.exe"', r"neither an sdist nor a wheel"),
        ("tag", r"not TOML"),
    ],
)
def test_a_malformed_pin_is_named(bare_toy, change, message):
    path = bare_toy.root / pins.FILE
    key = change.split(" ")[0]
    lines = [line for line in path.read_text().splitlines() if not line.startswith(f"{key} =")]
    path.write_text("\n".join([*lines, change]))
    with pytest.raises(SiteError, match=message):
        pins.load(bare_toy.root)


def test_the_committed_pins_load_and_name_a_wheel_and_an_sdist():
    loaded = pins.load()
    assert {pin.artifact.rsplit(".", 1)[-1] for pin in loaded.values()} == {"gz", "whl"}
    assert (
        loaded["sglang"].permalink("python/sglang/a.py", 3, 9)
        == f"https://github.com/sgl-project/sglang/blob/{loaded['sglang'].tag}/python/sglang/a.py#L3-L9"
    )
