"""Lighthouse, where Node and it are installed: scores of a page on a phone of its own slow line, and on a desktop."""

import json
import os
import shutil
import statistics
import subprocess
from typing import Literal

from scripts.browser import headless
from scripts.common.errors import SiteError

Form = Literal["phone", "desktop"]
NO_LIGHTHOUSE = (
    "Lighthouse not found: install Node and `npm install --global lighthouse`, or set LIGHTHOUSE to its path"
)
CATEGORIES = {"performance": 10, "accessibility": 0, "best-practices": 0, "seo": 0}  # points that may be missing
DESKTOP_MISSING = 1


def find() -> str:
    """The program's path. Raises SiteError when it or Node is not there."""
    path = shutil.which(os.environ.get("LIGHTHOUSE") or "lighthouse")
    if not path or not shutil.which("node"):
        raise SiteError(NO_LIGHTHOUSE)
    return path


def scores(url: str, form: Form = "phone", runs: int = 3) -> dict[str, float]:
    """The median score of each category, 0 to 100. Raises SiteError when Lighthouse fails."""
    found: dict[str, list[float]] = {}
    for _ in range(runs):
        for name, score in _once(find(), url, form).items():
            found.setdefault(name, []).append(score)
    return {name: statistics.median(several) for name, several in found.items()}


def _once(program: str, url: str, form: Form) -> dict[str, float]:
    flags = ["--headless=new", *headless.FLAGS, *(["--no-sandbox"] if os.geteuid() == 0 else [])]
    command = [
        program,
        url,
        "--output=json",
        "--quiet",
        f"--only-categories={','.join(CATEGORIES)}",
        f"--chrome-flags={' '.join(flags)}",
        *(["--preset=desktop"] if form == "desktop" else []),
    ]
    environment = {**os.environ, "CHROME_PATH": headless.find_chromium()}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    if done.returncode:
        said = (done.stderr.strip().splitlines() or ["nothing"])[-1]
        raise SiteError(f"bench: Lighthouse fails on {url}: {said[:200]}")
    categories = json.loads(done.stdout)["categories"]
    return {name: 100 * (categories[name]["score"] or 0) for name in CATEGORIES}
