"""What is dear to make of the same input, kept below `.cache/` by the input's digest."""

import hashlib
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from experiments.formats.whole_file import write_whole

KINDS = ("cards", "code", "figures", "markdown", "stylesheets")
KEPT = 30 * 24 * 3600.0  # seconds after its last use


class Cache:
    """The results of one of KINDS, in a folder of the project's cache."""

    def __init__(self, root: Path, kind: str) -> None:
        self.folder = root / ".cache" / kind

    def get(self, key: Iterable[bytes], make: Callable[[], bytes]) -> bytes:
        """What `make` made of this key, now or earlier."""
        digest = hashlib.sha256()
        for part in key:
            digest.update(len(part).to_bytes(8, "big") + part)
        file = self.folder / digest.hexdigest()
        try:
            made = file.read_bytes()
            file.touch()
        except FileNotFoundError:
            made = make()
            self.folder.mkdir(parents=True, exist_ok=True)
            write_whole(file, made)
        return made


def drop_old(root: Path) -> None:
    """Removes what of any kind has not been used for a month."""
    for kind in KINDS:
        for file in (root / ".cache" / kind).glob("*"):
            if file.stat().st_mtime < time.time() - KEPT:
                file.unlink(missing_ok=True)
