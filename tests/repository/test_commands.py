"""The documented commands: each exists, what it would run exists, and the quick ones are run."""

import importlib.util
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text()
MAKEFILE = (ROOT / "Makefile").read_text()
# The commands the README's table promises.
PROMISED = {"serve", "test", "test-all", "test-server", "site", "experiments", "verify", "links", "bench", "clean"}
PROMISED |= {"drift", "bump", "play"}


def documented(text: str) -> list:
    """Every `make ...` in a document, in code blocks and in running text, as lists of words."""
    inline = re.findall(r"`(make [^`]+)`", text)
    blocks = re.findall(r"(?ms)^```sh\n(.*?)^```", text)
    lines = [line.split("#")[0].strip() for block in blocks for line in block.splitlines()]
    return [command.split() for command in [*inline, *(line for line in lines if line.startswith("make"))]]


def targets() -> set:
    return set(re.findall(r"(?m)^([a-z][a-z-]*):", MAKEFILE))


def make(*words: str, **kwargs) -> subprocess.CompletedProcess:
    return subprocess.run(["make", *words], cwd=ROOT, capture_output=True, text=True, check=False, **kwargs)


def test_every_documented_command_is_a_target():
    commands = documented(README) + documented((ROOT / "CONTRIBUTING.md").read_text())
    assert len(commands) >= 15, "the extractor found too few commands to be believed"
    named = {word for command in commands for word in command[1:] if "=" not in word}
    assert named >= PROMISED
    assert named - targets() == set()


def test_the_table_and_make_help_agree_with_the_makefile():
    table = set(re.findall(r"(?m)^\| `make ([a-z-]+)`", README))
    assert table >= PROMISED
    helped = set(re.findall(r"(?m)^make ([a-z-]+)", make().stdout))
    assert table <= helped


@pytest.mark.parametrize("target", sorted(PROMISED | {"pin", "lock", "env"}))
def test_what_a_command_would_run_exists(target):
    done = make("-n", target)
    assert done.returncode == 0, done.stderr
    modules = re.findall(r"-m (scripts(?:\.\w+)+|experiments\.\w+|pytest)", done.stdout)
    assert modules, f"make -n {target} shows no module: {done.stdout}"
    for module in modules:
        assert importlib.util.find_spec(module), f"make {target} runs {module}, which does not exist"


def test_a_variable_reaches_its_command():
    assert "experiments.lab experiments --exp 01" in make("-n", "experiments", "EXP=01").stdout
    assert "--port 8123" in make("-n", "serve", "PORT=8123").stdout
    assert "scripts.build.verify --post 02 --all" in make("-n", "verify", "POST=02", "ALL=1").stdout
    assert 'scripts.build.play "mine.toml" --no-open' in make("-n", "play", "FILE=mine.toml", "OPEN=0").stdout
    assert "--numprocesses 4" in make("-n", "test", "JOBS=4").stdout
    for target, module in (("drift", "report"), ("bump", "bump")):
        shown = make("-n", target, "ENGINE=vllm", "VERSION=1.2").stdout
        assert f"scripts.drift.{module} --engine vllm --version 1.2" in shown


def test_documented_modules_start():
    modules = set(re.findall(r"python -m ((?:scripts|experiments)\.[\w.]+)", README))
    assert modules
    for module in sorted(modules):
        done = subprocess.run(
            [sys.executable, "-m", module, "--help"], cwd=ROOT, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"python -m {module} --help: {done.stderr}"
        assert done.stdout.startswith("usage: "), f"python -m {module} --help did something else than help"


def test_documented_paths_exist():
    paths = set(re.findall(r"`((?:docs|snippets|experiments|scripts|requirements|tests)/[\w./-]+)`", README))
    assert len(paths) >= 5
    missing = {path for path in paths if "NN" not in path and "local" not in path and not (ROOT / path).exists()}
    assert missing == set()


def test_images_of_the_readme_exist():
    images = re.findall(r"!\[[^\]]+\]\(([^)]+)\)", README)
    assert images
    assert [image for image in images if not (ROOT / image).is_file()] == []


def test_no_python_of_a_wanted_version_is_one_line():
    done = make("env", "PYTHON=")
    assert done.returncode != 0
    ours = [line for line in done.stderr.splitlines() if not line.startswith("make")]
    assert ours == [
        "No Python 3.11, 3.12 or 3.13 on the path; install one, or name it: make PYTHON=/path/to/python3.11 ..."
    ]


def test_environment_is_idempotent_and_quick():
    done = make("env", timeout=20)
    assert done.returncode == 0, done.stderr
    assert done.stdout == ""


def test_ci_installs_a_browser_and_insists_on_it():
    script = (ROOT / ".ci/run").read_text()
    assert subprocess.run(["bash", "-n", ROOT / ".ci/run"], check=False).returncode == 0
    assert "chromium" in script and "REQUIRE_BROWSER=1" in script
    assert script.rstrip().splitlines()[-1].startswith("make test")
