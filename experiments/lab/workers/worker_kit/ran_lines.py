"""Which lines of a few functions ran, step by step: what a replay shows as the line that decided.

Runs in an engine's interpreter, CPython 3.11 or later, and observes with sys.settrace: nothing of the engine is replaced.
A debugger or coverage in the same thread would take its place.
"""

import hashlib
import importlib
import inspect
import sys
from pathlib import Path

PREFIX = {"sglang": "python/"}  # how a repository calls the folder that its package lies in


class RanLines:
    """Watches functions, each "package.module:Class.method", while it is open, in the thread that opened it.

    ValueError for a name that is none, or that Python code does not stand behind (a compiled function has no lines).
    """

    def __init__(self, names):
        self._watched, self._paths = {}, {}
        for name in names:
            code = _code(name)
            file = _file(name.partition(":")[0], code)
            self._paths[file] = Path(code.co_filename)
            self._watched[code] = f"{file}::{name.partition(':')[2]}"
        self._lines = {}

    def __enter__(self) -> "RanLines":
        self._before = sys.gettrace()
        sys.settrace(self._call)
        return self

    def __exit__(self, *_) -> None:
        sys.settrace(self._before)

    def _call(self, frame, _event, _argument):
        symbol = self._watched.get(frame.f_code)
        if symbol is None:
            return None  # no line of it is asked for, which keeps the rest of the engine at its speed
        lines = self._lines.setdefault(symbol, set())

        def local(frame, event, _argument):
            if event == "line":
                lines.add(frame.f_lineno)
            return local

        return local

    def take(self) -> dict:
        """{"path/of/file.py::Class.method": [line, ...]} of what ran since the last take, in order of line."""
        found = {symbol: sorted(lines) for symbol, lines in sorted(self._lines.items()) if lines}
        # A frame that is on the stack now goes on adding to its own set: empty it, do not drop it.
        for lines in self._lines.values():
            lines.clear()
        return found

    def files(self) -> dict:
        """{path as the repository calls it: sha256 hex of the file as it was run}."""
        return {name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in sorted(self._paths.items())}


def _code(name: str):
    module, _, symbol = name.partition(":")
    try:
        found = importlib.import_module(module)
        for part in symbol.split("."):
            found = inspect.getattr_static(found, part)
            found = getattr(found, "__func__", getattr(found, "fget", None) or found)  # static, class method, property
    except (ImportError, AttributeError) as error:
        raise ValueError(f"{name}: no such function in this release ({error}); write package.module:Class.method") from None
    code = getattr(inspect.unwrap(found), "__code__", None)
    if code is None:
        raise ValueError(f"{name}: no Python code stands behind it, so none of its lines can be seen")
    return code


def _file(module: str, code) -> str:
    package = module.partition(".")[0]
    parts = Path(code.co_filename).parts
    return PREFIX.get(package, "") + "/".join(parts[len(parts) - parts[::-1].index(package) - 1:])
