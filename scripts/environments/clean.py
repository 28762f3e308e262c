"""`make clean`: says what caches, environments and built pages hold, and removes them.

Standard library only. What a user measured (experiments/local/) and set (lab.toml) stays.
"""

import shutil
from pathlib import Path

from scripts.common.errors import SiteError, run_cli
from scripts.environments.installer import folder_bytes, human, remove

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
    total, removed = 0, False
    for name, what in MADE.items():
        folder = root / name
        is_link = folder.is_symlink()
        if not is_link and not folder.exists():
            continue
        size = 0 if is_link else folder_bytes(folder)
        what = "a link; what it points to stays" if is_link else what
        print(f"removing {name + '/':16} {human(size):>8}  {what}", flush=True)
        try:
            remove(folder)
        except OSError as error:
            raise SiteError(
                f"{error.filename}: cannot be removed ({error.strerror}); stop what uses it, then `make clean`"
            ) from None
        total, removed = total + size, True
    for code in ("scripts", "experiments", "tests"):
        for cache in (root / code).rglob("__pycache__"):
            shutil.rmtree(cache, ignore_errors=True)
    print(f"freed {human(total)}" if removed else "nothing to remove")
    if (root / "experiments/local").exists():
        print("kept experiments/local/: your own measurements")
    return total


if __name__ == "__main__":
    run_cli(lambda: clean() and 0)
