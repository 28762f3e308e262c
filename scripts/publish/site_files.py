"""What the steps share: the pages of a built site, and names that change with what a file holds."""

import hashlib
from pathlib import Path

KEPT = 128  # pages of which a step keeps what it made: while one is edited, a server publishes all of them again


def pages(site: Path) -> dict[Path, str]:
    """Every page's file with its HTML."""
    return {file: file.read_text("utf-8") for file in sorted(site.rglob("*.html"))}


def write_changed(before: dict[Path, str], after: dict[Path, str]) -> None:
    """Writes the pages that a step changed."""
    for file, text in after.items():
        if before[file] != text:
            file.write_text(text, "utf-8")


def hashed(name: str, text: str) -> str:
    """`name` with the digest of `text` in it: a browser's copy under this name is never an old one."""
    stem, _, suffix = name.rpartition(".")
    return f"{stem}.{hashlib.sha256(text.encode()).hexdigest()[:8]}.{suffix}"
