"""Without Chromium the browser tests are skipped with the remedy; where a browser is required, that fails."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(("required", "outcome"), [("", "1 skipped"), ("1", "1 error")])
def test_missing_chromium(tmp_path, required, outcome):
    test = tmp_path / "test_one.py"
    test.write_text("from tests.conftest import browser\n\ndef test_page(browser):\n    pass\n")
    env = {**os.environ, "PATH": str(tmp_path), "CHROMIUM": "", "REQUIRE_BROWSER": required, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-rs", "-c", os.devnull, "--rootdir", tmp_path, test],
        cwd=tmp_path,
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )
    assert outcome in done.stdout
    assert "apt-get install chromium" in done.stdout
    assert done.returncode == (1 if required else 0)
