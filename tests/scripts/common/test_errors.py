"""How a command ends: its line, its status, no traceback."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
START = "from scripts.common.errors import SiteError, run_cli\n"


def run(main, reader=None):
    """(exit status, stderr) of a command; `reader` is a shell command that its output goes to."""
    command = [sys.executable, "-c", START + main]
    if reader:
        command = ["bash", "-c", f'"$0" "$@" | {reader}; exit "${{PIPESTATUS[0]}}"', *command]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    return done.returncode, done.stderr


@pytest.mark.parametrize(
    ("main", "expected"),
    [
        ("run_cli(lambda: None)", (0, "")),
        ("run_cli(lambda: 3)", (3, "")),
        ("def main():\n    raise SiteError('a.toml: wrong')\nrun_cli(main)", (1, "a.toml: wrong\n")),
    ],
)
def test_a_command_ends_with_its_status_and_one_line(main, expected):
    assert run(main) == expected


@pytest.mark.parametrize("lines", [1, 100_000])
def test_output_that_is_no_longer_read_is_no_fault(lines):
    main = f"import time\ndef main():\n    time.sleep(0.3)\n    print('a line\\n' * {lines})\nrun_cli(main)"
    assert run(main, "true") == (141, "")


def test_another_pipe_that_broke_is_told():
    status, told = run("def main():\n    raise BrokenPipeError('a server left')\nrun_cli(main)")
    assert status == 1 and "a server left" in told
