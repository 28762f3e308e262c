"""What a merge left undone: its markers, in any file of text that the site is made of."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

FOLDERS = ("docs", "snippets", "experiments", "theme", "requirements", "scripts", ".github")
ENDINGS = {
    ".cff", ".css", ".gz", ".html", ".in", ".ipynb", ".js", ".json", ".md", ".py", ".svg", ".toml", ".txt", ".yml",
    ".yaml",
}  # fmt: skip
_PASSED_OVER = {"local", "__pycache__", ".cache"}  # what the lab measures here, and what commands make
# At a line's beginning, or at that of a line in a notebook's JSON.
_MARKER = re.compile(rb'^[ \t]*"?(<{7}|\|{7}|>{7}|={7})(?:[ \t][^\n"\\]*)?(?:\\n)?"?,?[ \t]*\r?$', re.M)
_ANY = (b"<<<<<<<", b"|||||||", b">>>>>>>", b"=======")


@dataclass(frozen=True)
class Marked:
    """A file with merge markers: its name from the root, the first one's line and words, how many there are."""

    file: str
    line: int
    words: str
    count: int

    def __str__(self) -> str:
        more = f" ({self.count} of them in the file)" if self.count > 1 else ""
        return (
            f"{self.file}:{self.line}: merge marker '{self.words}'{more}: a merge was not finished; keep what is right "
            "and take out the markers, or restore the file"
        )


def in_text(raw: bytes, file: str) -> Marked | None:
    """The markers of one file; None without any."""
    if not any(sign in raw for sign in _ANY):
        return None
    found = list(_MARKER.finditer(raw))
    if not found:
        return None
    first = found[0]
    words = first[0].decode("utf-8", "replace").strip().strip('",').removesuffix("\\n").strip()
    return Marked(file, raw.count(b"\n", 0, first.start(1)) + 1, words[:40], len(found))


def files(root: Path) -> Iterator[Path]:
    """Every file of text of the site, in the order of its folders."""
    yield from (path for path in sorted(root.iterdir()) if path.is_file() and path.suffix in ENDINGS - {".gz"})
    for name in FOLDERS:
        for path in sorted((root / name).rglob("*")):
            if path.suffix in ENDINGS and not _PASSED_OVER & {*path.relative_to(root).parts} and path.is_file():
                yield path


def scan(root: Path) -> list[Marked]:
    """Every file with merge markers."""
    found = (in_text(path.read_bytes(), path.relative_to(root).as_posix()) for path in files(root))
    return [one for one in found if one]
