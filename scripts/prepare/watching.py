"""What a prepared folder is made of that is edited while it is being served, and what of it has changed since."""

import os
from pathlib import Path

from scripts.pages import reading_order

# Not all of experiments/: measurements write below it for hours.
WATCHED = (
    "docs",
    "mkdocs.yml",
    "CITATION.cff",
    "snippets",
    "theme",
    "scripts/render/templates",
    "experiments/claims",
    "experiments/figures",
)
Stamps = dict[Path, tuple[int, int]]


def places(root: Path) -> list[Path]:
    """The files and folders to look at, those that are there."""
    found = [*(root / name for name in WATCHED), *reading_order.notebooks(root).values()]
    return [place for place in found if place.exists()]


def stamps(root: Path) -> Stamps:
    """Each file of these places with its time and size."""
    found: Stamps = {}
    for place in places(root):
        inside = [Path(folder) / name for folder, _, names in os.walk(place) for name in names]
        for file in inside or [place]:
            try:
                stat = file.stat()
            except FileNotFoundError:  # an editor's own, between two saves
                continue
            found[file] = (stat.st_mtime_ns, stat.st_size)
    return found


def changed(before: Stamps, now: Stamps) -> set[Path]:
    """The files that are new, other or gone."""
    return {file for file in before.keys() | now.keys() if before.get(file) != now.get(file)}


def pages_alone(files: set[Path], root: Path) -> frozenset[str]:
    """The pages, by their path below docs/, if nothing else is among these files; none otherwise."""
    docs = root / "docs"
    if all(file.suffix == ".md" and file.is_relative_to(docs) and file.is_file() for file in files):
        return frozenset(file.relative_to(docs).as_posix() for file in files)
    return frozenset()
