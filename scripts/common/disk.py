"""How much disk is free and how much is taken. Standard library only: it is imported before any environment is made."""

import os
import shutil
from pathlib import Path

from scripts.common.errors import SiteError


def folder_bytes(folder: Path) -> int:
    """Bytes the files below `folder` take; links are not followed."""
    total = 0
    for root, _, files in os.walk(folder):
        for name in files:
            try:
                total += os.lstat(os.path.join(root, name)).st_size
            except OSError:
                pass  # an installer moves files while we look
    return total


def human(count: float) -> str:
    """`count` bytes for a reader: "640 MB", "1.9 GB"."""
    return f"{count / 1e9:.1f} GB" if count >= 1e9 else f"{count / 1e6:.0f} MB"


def require_disk(folder: Path, need: int, what: str) -> None:
    """Raises SiteError unless the disk below `folder` has `need` bytes free."""
    free = shutil.disk_usage(folder).free
    if free < need:
        raise SiteError(
            f"{what}: needs {human(need)} of disk and {folder} has {human(free)} free; "
            "free some (`make clean` removes what these commands made) and run it again"
        )
