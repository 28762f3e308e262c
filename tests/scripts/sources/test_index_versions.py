"""Whether a newer release exists: asked of a local index alone, through the settings that pip has."""

import socket
import subprocess
import sys
from pathlib import Path

import pytest
from packaging.version import Version

from scripts.common.errors import SiteError
from scripts.environments import pip_settings
from scripts.sources import index_versions
from tests.scripts.sources.local_index import only_the_local_index  # noqa: F401

REPOSITORY = Path(__file__).resolve().parents[3]
FILES = ("0.33.0", "0.34.0rc1", "0.32.0", "0.9.2")
WHEEL = "toy-{}-cp312-cp312-manylinux_2_34_x86_64.whl"


@pytest.fixture
def listed(configured):
    """The local index with four releases of the toy."""
    configured.files = {WHEEL.format(version): [b""] for version in FILES}
    return configured


def test_versions_are_ordered_and_prereleases_left_out(listed):
    assert index_versions.ask("toy") == [Version("0.33.0"), Version("0.32.0"), Version("0.9.2")]
    assert index_versions.ask("toy", pre=True)[0] == Version("0.34.0rc1")
    assert listed.requests == ["/simple/toy/"] * 2  # and nobody else was asked


def test_every_index_and_folder_of_links_is_asked_once(listed, monkeypatch, tmp_path):
    folder = tmp_path / "wheels"
    folder.mkdir()
    (folder / WHEEL.format("0.35.0")).write_bytes(b"")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    monkeypatch.setenv("PIP_EXTRA_INDEX_URL", f"{listed.url}/empty")
    assert [str(version) for version in index_versions.ask("toy")] == ["0.35.0", "0.33.0", "0.32.0", "0.9.2"]
    assert sorted(listed.requests) == ["/simple/empty/toy/", "/simple/toy/"]


def test_a_wheel_for_another_machine_is_no_release(configured):
    configured.files = {
        name: [b""]
        for name in (
            "toy-3.0-cp312-cp312-macosx_11_0_arm64.whl",
            "toy-2.0-cp39-cp39-manylinux_2_34_x86_64.whl",
            "toy-1.5-cp38-abi3-manylinux1_x86_64.whl",
            "toy-1.0.tar.gz",
        )
    }
    assert index_versions.ask("toy") == [Version("1.5"), Version("1.0")]


def test_report_only_when_something_is_newer(tmp_path, monkeypatch, capsys):
    report = tmp_path / "report.md"
    monkeypatch.setattr(index_versions, "ask", lambda _: [Version("0.0.1")])
    monkeypatch.setattr("sys.argv", ["newest", "--report", str(report)])
    index_versions.main()
    assert not report.exists()
    assert "nothing newer" in capsys.readouterr().out
    monkeypatch.setattr(index_versions, "ask", lambda _: [Version("99.1"), Version("99.0")])
    index_versions.main()
    assert "newest 99.1 (2 releases later)" in report.read_text()


def test_an_index_that_lacks_it_is_said(monkeypatch):
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    with pytest.raises(SiteError, match="no-such-engine: "):
        index_versions.ask("no-such-engine")


LACKING = "the package index lacks a package that snippets/pins.toml names; check the network and pip's settings"


def test_a_project_that_no_index_has_is_one_line(configured):
    with pytest.raises(SiteError, match=f"^no-such-engine: {LACKING}") as error:
        index_versions.ask("no-such-engine")
    assert "\n" not in str(error.value) and configured.requests == ["/simple/no-such-engine/"]


def test_a_project_with_prereleases_alone_has_no_release(configured):
    configured.files = {WHEEL.format("0.34.0rc1"): [b""]}
    with pytest.raises(SiteError, match=f"^toy: {LACKING}"):
        index_versions.ask("toy")


def test_an_index_that_does_not_answer_is_one_line(monkeypatch):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    monkeypatch.setenv("PIP_INDEX_URL", f"http://127.0.0.1:{port}/simple")
    with pytest.raises(SiteError) as error:
        index_versions.ask("toy")
    assert str(error.value) == (
        "toy: the package index cannot be reached; check the network and pip's settings (`pip config list`), "
        "then run it again"
    )


def test_an_index_that_is_broken_is_not_said_to_lack_it(configured, monkeypatch):
    monkeypatch.setenv("PIP_RETRIES", "0")
    configured.status = 503
    with pytest.raises(SiteError, match=r"^toy: the package index cannot be read \(.*503.*\); check the network"):
        index_versions.ask("toy")


def test_an_index_that_never_answers_is_given_up_after_pip_s_time_out(monkeypatch):
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        monkeypatch.setenv("PIP_INDEX_URL", f"http://127.0.0.1:{silent.getsockname()[1]}/simple")
        monkeypatch.setenv("PIP_DEFAULT_TIMEOUT", "0.2")
        assert pip_settings.read().timeout == 0.2
        with pytest.raises(SiteError, match="^toy: the package index cannot be reached"):
            index_versions.ask("toy")


def test_a_certificate_that_is_not_there_is_one_line(listed, monkeypatch, tmp_path):
    monkeypatch.setenv("PIP_CERT", str(tmp_path / "none.pem"))
    with pytest.raises(SiteError, match="none.pem: not a usable certificate file .*; correct pip's `cert` setting"):
        index_versions.ask("toy")
    assert listed.requests == []


def test_the_proxy_that_pip_has_is_asked_in_the_index_s_place(listed, monkeypatch):
    monkeypatch.setenv("PIP_PROXY", listed.url.removesuffix("/simple"))
    monkeypatch.setenv("PIP_INDEX_URL", "https://index.invalid/simple")
    with pytest.raises(SiteError, match="^toy: the package index cannot be reached"):
        index_versions.ask("toy")
    assert listed.requests == ["index.invalid:443"]


def test_what_needs_no_index_imports_no_network_library():
    """A build and `make verify` read the comparisons; the libraries would cost each a third of a second."""
    code = (
        "import sys; from scripts.catalog import site_data; from scripts.drift import bump;"
        "print('unearth' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
