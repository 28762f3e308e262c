"""`make clean`: says what caches, environments and built pages hold, and removes them.

Standard library only. What a user measured (experiments/local/) and set (lab.toml) stays.
"""

import shutil
from pathlib import Path

from scripts.common.errors import SiteError, run_cli
from scripts.environments.installer import folder_bytes, human

ROOT = Path(__file__).resolve().parents[2]
MADE = {
    ".venv": "the environment of the site, its tests and the lab",
    ".cache": "pinned sources, engine environments, models, converted notebooks",
    "site": "the built site",
    ".pytest_cache": "pytest's notes",
    ".ruff_cache": "ruff's notes",
}


def clean(root: Path = ROOT) -> int:
    """Removes what the commands made below `root` and prints what each held; returns the bytes freed."""
    total = 0
    for name, what in MADE.items():
        folder = root / name
        if not folder.exists():
            continue
        size = folder_bytes(folder)
        print(f"removing {name + '/':16} {human(size):>8}  {what}", flush=True)
        try:
            shutil.rmtree(folder)
        except OSError as error:
            raise SiteError(
                f"{error.filename}: cannot be removed ({error.strerror}); stop what uses it, then `make clean`"
            ) from None
        total += size
    for folder in ("scripts", "experiments", "tests"):
        for cache in (root / folder).rglob("__pycache__"):
            shutil.rmtree(cache, ignore_errors=True)
    print(f"freed {human(total)}" if total else "nothing to remove")
    if (root / "experiments/local").exists():
        print("kept experiments/local/: your own measurements")
    return total


if __name__ == "__main__":
    run_cli(lambda: clean() and 0)
