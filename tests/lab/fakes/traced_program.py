"""A program under the lab's injection, on a Python of one's choice: the package `vllm` with one module, `vllm.parts`.

`parts` defines `setup()`, called once before anything is armed, and `exercise(what)`, called for each `program.ask`,
whose answer is the repr of what it returns.
"""

import functools
import os
import shutil
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from experiments.lab.inject.control import Injection

MAIN = """
    import sys
    from vllm import parts
    parts.setup()
    print("up", flush=True)
    for line in sys.stdin:
        try:
            answer = repr(parts.exercise(line.strip()))
        except Exception as error:
            answer = f"raised {error!r}"
        print("answer", answer, flush=True)
    """
OF_THE_TESTS = f"{sys.version_info.major}.{sys.version_info.minor}"
VERSIONS = ("3.11", "3.12", "3.13")


@functools.cache
def interpreter(version: str) -> str | None:
    """A CPython of that version: the one that runs the tests, one on PATH, or one of pyenv's; None without one."""
    if version == OF_THE_TESTS:
        return sys.executable
    homes = sorted(Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")).glob(f"versions/{version}.*/bin/python"))
    for path in [shutil.which(f"python{version}"), *map(str, homes)]:
        ask = "import sys; print('%d.%d' % sys.version_info[:2])"
        done = path and subprocess.run([path, "-c", ask], capture_output=True, text=True, check=False)
        if path and done and done.stdout.strip() == version:
            return path
    return None


def needed(version: str) -> str:
    """The interpreter of that version; skips the test where this machine has none."""
    found = interpreter(version)
    if found is None:
        pytest.skip(f"there is no python{version} here")
    return found


class Program:
    """The program as a process, with `parts` as its module's text. Killed at the end."""

    def __init__(self, folder: Path, parts: str, version: str = OF_THE_TESTS, mode: str = "trace", stages=()):
        python = needed(version)
        package = folder / "packages" / "vllm"
        package.mkdir(parents=True, exist_ok=True)
        (package / "__init__.py").write_text("")
        self.text = textwrap.dedent(parts).lstrip("\n")
        (package / "parts.py").write_text(self.text)
        self.injection = Injection(folder / "inject")
        env = {**os.environ, **self.injection.env(mode, list(stages))}
        env["PYTHONPATH"] += f":{folder / 'packages'}"
        self.process = subprocess.Popen(
            [python, "-c", textwrap.dedent(MAIN)], env=env, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True,
        )  # fmt: skip
        if self.process.stdout.readline() != "up\n":
            raise AssertionError(self._end())

    def ask(self, what: str) -> str:
        """repr of what `exercise(what)` returned, or `raised` and the exception."""
        self.process.stdin.write(f"{what}\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        assert answer.startswith("answer "), self._end()
        return answer.removeprefix("answer ").strip()

    def armed(self, *what: str, plan: dict | None = None) -> list[str]:
        """The answers to these, asked while armed."""
        self.injection.plan(plan)
        self.injection.arm()
        answers = [self.ask(each) for each in what]
        self.injection.disarm()
        return answers

    def line_of(self, text: str) -> int:
        """The number of the one line that reads so."""
        (number,) = [number for number, line in enumerate(self.text.split("\n"), 1) if line.strip() == text]
        return number

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._end()

    def _end(self) -> str:
        """End it and what it forked; what it wrote to stderr."""
        if self.process.returncode is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.errors = self.process.communicate()[1]
        return self.errors


def entries(lines: list[dict], phase: str = "request", file: str = "vllm/parts.py") -> list[tuple]:
    """(name, kind, line, thread) of what was entered, in order."""
    found = sorted((line for line in lines if line.get("phase") == phase), key=lambda line: line["t_ns"])
    named = [(line["symbol"].partition("::"), line) for line in found]
    return [(name, line["kind"], line["line"], line["thread"]) for (path, _, name), line in named if path == file]
