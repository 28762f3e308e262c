"""From a code object to the name the site uses: `vllm/v1/core/sched/scheduler.py::Scheduler.schedule`."""

import ast
import functools
import opcode
import os
import re
import sys
from collections.abc import Iterator
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
    name = code.co_qualname.replace(".<locals>", "")
    return _declared_global(code.co_filename).get((name, code.co_firstlineno), name)


@functools.cache
def _declared_global(filename: str) -> dict[tuple[str, int], str]:
    """Python calls a function by where its name is kept, the site by where the source has it. They differ for one whose
    name is declared `global` inside another: (Python's name, first line) -> the source's."""
    try:
        with open(filename, "rb") as file:
            source = file.read()
        declared = {name.strip() for names in _GLOBAL.findall(source) for name in names.split(b",")}
        if not declared.intersection(_DEFINED.findall(source)):
            return {}
        moved: dict[tuple[str, int], str] = {}
        _compare(ast.parse(source).body, "", "", moved)
        return moved
    except (OSError, SyntaxError, ValueError, RecursionError):  # a string, or gone meanwhile
        return {}


# Found first, since parsing is what takes long, and hardly any file has such a function.
_GLOBAL = re.compile(rb"^[ \t]+global[ \t]+([\w, \t]+)", re.MULTILINE)
_DEFINED = re.compile(rb"^[ \t]+(?:async[ \t]+)?(?:def|class)[ \t]+(\w+)", re.MULTILINE)


def _compare(body: list[ast.stmt], here: str, pythons: str, moved: dict[tuple[str, int], str]) -> None:
    """Collect the definitions of one scope; `here` and `pythons` are how the source and Python begin their names."""
    inside = list(_of_scope(body))
    declared = {name for node in inside if isinstance(node, ast.Global) for name in node.names}
    for node in inside:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            name, other = here + node.name, node.name if node.name in declared else pythons + node.name
            if name != other:
                moved[other, min([node.lineno, *(each.lineno for each in node.decorator_list)])] = name
            _compare(node.body, f"{name}.", f"{other}.", moved)


def _of_scope(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """The statements of a scope, also those in its branches and loops."""
    for node in body:
        yield node
        if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            for part in ("body", "orelse", "finalbody", "handlers", "cases"):
                for each in getattr(node, part, []):
                    yield from _of_scope([each] if isinstance(each, ast.stmt) else each.body)


_RETURN_GENERATOR, _RESUME = opcode.opmap["RETURN_GENERATOR"], opcode.opmap["RESUME"]


def unbegun(code: CodeType, offset: int) -> bool:
    """Whether a generator or coroutine that stands there has run nothing of its source: what is thrown into it ends it."""
    # Python 3.13 says where it would go on: one instruction further.
    return offset >= 0 and _RETURN_GENERATOR in (code.co_code[offset], code.co_code[max(offset - 2, 0)])


def begins(code: CodeType, offset: int) -> bool:
    """Whether a function that is entered there begins, and goes not on where it was left."""
    # The argument of RESUME says why the frame runs: 0 is a call. Elsewhere stands what an exception is thrown into.
    return offset < 0 or (code.co_code[offset] == _RESUME and not code.co_code[offset + 1] & 3)
