"""A file is there whole or not at all. Standard library alone: it is imported before any environment is made."""

import contextlib
import os
import tempfile
from pathlib import Path


def write_whole(path: Path, data: bytes | str, mode: int = 0o644) -> None:
    """Put `data`, text as UTF-8, in the file's place, even when the power goes; its folder is there. OSError where it
    cannot be, and then the old file stays and nothing beside it."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data.encode() if isinstance(data, str) else data)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(name, mode)
        os.replace(name, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(name)
        raise
