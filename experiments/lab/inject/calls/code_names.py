"""From a code object to the name the site uses: `vllm/v1/core/sched/scheduler.py::Scheduler.schedule`."""

import os
import sys
from inspect import CO_OPTIMIZED
from types import CodeType

# Where each engine's package lies in its repository, as the driver says: the site writes repository paths.
FOLDERS = {
    folder.rpartition("/")[2]: folder for folder in os.environ.get("LAB_INJECT_PACKAGES", "").split(",") if folder
}


class Files:
    """Maps a code object's file name to its repository path, or to None outside the engine.

    A file belongs to the engine when it lies in a package of that name directly below an entry of
    `sys.path`: a folder called vllm elsewhere on the way does not count.
    """

    def __init__(self, folders: dict[str, str]):
        """`folders` maps each package to its folder in the repository."""
        self.folders = folders
        self.known: dict[str, str | None] = {}
        self.installed: dict[str, str] = {}  # repository path -> file as installed

    def __call__(self, filename: str) -> str | None:
        try:
            return self.known[filename]
        except KeyError:
            return self.known.setdefault(filename, self._locate(filename))

    def _locate(self, filename: str) -> str | None:
        parts = filename.split("/")
        for index, part in enumerate(parts):
            if part in self.folders and index + 1 < len(parts):
                root = "/".join(parts[:index])
                if root in _search_path() or parts[index - 1] in ("site-packages", "dist-packages"):
                    path = "/".join([self.folders[part], *parts[index + 1 :]])
                    self.installed[path] = filename
                    return path
        return None


def _search_path() -> set:
    return {os.path.abspath(entry or ".") for entry in sys.path}


def qualified(code: CodeType) -> str | None:
    """The dotted name inside the file, without `<locals>`; None for what is no named function."""
    if code.co_name.startswith("<") or not code.co_flags & CO_OPTIMIZED:  # a class body is not optimized
        return None
    return code.co_qualname.replace(".<locals>", "")
