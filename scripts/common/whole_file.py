"""Files that are written whole or not at all. Standard library only: it is imported before any environment is made."""

import os
from pathlib import Path


def write_whole(path: Path, content: str | bytes) -> None:
    """Replaces `path` by `content`, text as UTF-8: who reads it sees the old file or the new one, after a crash too.

    The folder must exist. Raises OSError; then the old file stands and nothing else is left.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with open(temporary, "wb") as out:
            out.write(content.encode() if isinstance(content, str) else content)
            out.flush()
            os.fsync(out.fileno())  # else a crash may keep the new name and lose what it names
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
