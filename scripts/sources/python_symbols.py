"""Where a symbol lies in a Python file: classes, functions and assignments, by qualified name.

A name is written as the source nests it, `Scheduler.schedule` or `outer.inner` (`outer.<locals>.inner`, as a code
object says it, means the same). Where one name is defined more than once:

- overloads: the name is the implementation, `name#1`, `name#2` the overloads in order;
- a property: the name is the getter, `name#setter` and `name#deleter` the others;
- anything else, such as both branches of an `if`: an error that lists them; `name#2` is the second in the file.
"""

import ast
import functools
import hashlib
import json
from dataclasses import astuple, dataclass, replace
from pathlib import Path

from experiments.formats.whole_file import write_whole
from scripts.common.errors import SiteError
from scripts.sources import python_text
from scripts.sources.unpacked_sources import Sources

_READ: dict[Path, tuple] = {}  # tables by their place, which names their content
ROLES = ("getter", "setter", "deleter")


@dataclass(frozen=True)
class Symbol:
    """One definition. Lines count from 1.

    `first` is the line of the first decorator's `@`, `line` that of `def`, `class` or the assignment, `last` the last.
    `code` is the first line as a code object says it: that of the decorator's expression, often below the `@`.
    `kinds` names each part of `name` from the outside in: "class", "function" or "assignment".
    `role` is "getter", "setter", "deleter", "overload" or "".
    """

    name: str
    kinds: tuple[str, ...]
    role: str
    first: int
    line: int
    last: int
    code: int = 0

    @property
    def breadcrumb(self) -> str:
        """The symbol for a reader: `class Scheduler > schedule()`."""
        words = {"class": "class {}", "function": "{}()", "assignment": "{}"}
        parts = zip(self.kinds, self.name.split("."), strict=True)
        return " > ".join(words[kind].format(part) for kind, part in parts)


def table(text: str, file: str = "<source>") -> tuple[Symbol, ...]:
    """Every definition in a Python text, in file order. Raises SiteError when the text does not parse."""
    symbols: list[Symbol] = []
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    _collect(python_text.parsed(text, file).body, (), (), symbols)
    symbols = [replace(symbol, first=_sign(lines, symbol), code=symbol.first) for symbol in symbols]
    return tuple(sorted(symbols, key=lambda symbol: (symbol.first, symbol.name)))


def _sign(lines: list[str], symbol: Symbol) -> int:
    """The line of the first decorator's `@`: between it and its expression only brackets, comments and breaks stand."""
    first = symbol.first
    if first == symbol.line:
        return first
    while first > 1 and not lines[first - 1].lstrip().startswith("@"):
        first -= 1
    return first


def _collect(body: list[ast.stmt], names: tuple[str, ...], kinds: tuple[str, ...], symbols: list[Symbol]) -> None:
    for node in body:
        last = node.end_lineno or node.lineno
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            kind = "class" if isinstance(node, ast.ClassDef) else "function"
            inside = (*names, node.name), (*kinds, kind)
            first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
            symbols.append(Symbol(".".join(inside[0]), inside[1], _role(node), first, node.lineno, last))
            _collect(node.body, *inside, symbols)
        elif targets := _targets(node):
            # Inside a function a name is bound as often as it pleases; only modules and classes define by assigning.
            if "function" not in kinds:
                for name in sorted({name for target in targets for name in _names(target)}):
                    symbols.append(
                        Symbol(
                            ".".join((*names, name)),
                            (*kinds, "assignment"),
                            "",
                            node.lineno,
                            node.lineno,
                            last,
                        )
                    )
        else:
            # if, try, with, for, match: what they define belongs to the scope around them.
            for part in ("body", "orelse", "finalbody"):
                _collect(getattr(node, part, []), names, kinds, symbols)
            for branch in [*getattr(node, "handlers", []), *getattr(node, "cases", [])]:
                _collect(branch.body, names, kinds, symbols)


def _targets(node: ast.stmt) -> list[ast.expr]:
    """What an assignment assigns to; [] for another statement."""
    if isinstance(node, ast.Assign):
        return node.targets
    if isinstance(node, ast.AnnAssign):
        return [node.target]
    # `type Pair = ...`, a statement that Python 3.11 does not know.
    return [getattr(node, "name")] if type(node).__name__ == "TypeAlias" else []  # noqa: B009


def _names(target: ast.expr) -> list[str]:
    """The names that an assignment's left side binds."""
    if isinstance(target, ast.Name):
        return [target.id]
    if isinstance(target, (ast.Tuple, ast.List)):
        return [name for part in target.elts for name in _names(part)]
    return []


def _role(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> str:
    for decorator in node.decorator_list:
        called = decorator.func if isinstance(decorator, ast.Call) else decorator
        last = called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")
        if last == "overload":
            return "overload"
        if last in ("property", "cached_property"):
            return "getter"
        if last in ROLES and isinstance(called, ast.Attribute):
            return last
    return ""


def find(symbols: tuple[Symbol, ...], name: str, where: str) -> Symbol:
    """The one symbol a name means. `where` (file and id) begins the error when there is none or more than one."""
    plain, _, which = name.replace(".<locals>", "").partition("#")
    matches = [symbol for symbol in symbols if symbol.name == plain]
    if not matches:
        tail = plain.rsplit(".", 1)[-1]
        near = [symbol.name for symbol in symbols if symbol.name.rsplit(".", 1)[-1] == tail]
        hint = f"did you mean {', '.join(dict.fromkeys(near))}?" if near else "it may have been moved or renamed"
        raise SiteError(f"{where}: symbol '{plain}' is not there; {hint}")
    chosen = matches
    if which.isdigit():
        chosen = matches[int(which) - 1 : int(which)] if int(which) else []
    elif which:
        chosen = [symbol for symbol in matches if symbol.role == which]
    elif len(matches) > 1:
        whole = [symbol for symbol in matches if symbol.role != "overload"]
        if all(symbol.role in ROLES for symbol in whole):
            whole = [symbol for symbol in whole if symbol.role == "getter"]
        chosen = whole
    if len(chosen) == 1:
        return chosen[0]
    listed = ", ".join(
        f"{plain}#{index} (line {symbol.line}{', ' + symbol.role if symbol.role else ''})"
        for index, symbol in enumerate(matches, 1)
    )
    problem = f"symbol '{name}' is ambiguous" if len(chosen) > 1 else f"there is no '{name}'"
    raise SiteError(f"{where}: {problem}; write one of {listed}")


def of_code(symbols: tuple[Symbol, ...], qualname: str, first_line: int) -> Symbol | None:
    """The symbol of a code object, by its qualified name and `co_firstlineno` (the first decorator's line).

    None for what is no definition of its own: a lambda, a comprehension, a class body.
    """
    plain = qualname.replace(".<locals>", "")
    for symbol in symbols:
        if symbol.name == plain and symbol.first <= first_line <= symbol.line and symbol.kinds[-1] == "function":
            return symbol
    return None


class Tables:
    """Symbol tables of pinned files, kept in .cache/symbols by content: parsing a 6,000-line file is what costs."""

    def __init__(self, sources: Sources):
        self.sources = sources
        self.folder = sources.root / ".cache" / "symbols"

    def of(self, engine: str, path: str, where: str = "") -> tuple[Symbol, ...]:
        """The table of a repository path of an engine; read once a process, since a server rebuilds pages all day."""
        cached = self.folder / f"{self.sources.digest(engine, path, where)[:32]}.{_format()}.json"
        if cached not in _READ:
            _READ[cached] = self._read(cached, engine, path, where)
        return _READ[cached]

    def _read(self, cached: Path, engine: str, path: str, where: str) -> tuple[Symbol, ...]:
        try:
            return tuple(Symbol(row[0], tuple(row[1]), *row[2:]) for row in json.loads(cached.read_text()))
        except (OSError, ValueError, TypeError, IndexError):
            pass
        symbols = table(self.sources.text(engine, path, where), path)
        self.folder.mkdir(parents=True, exist_ok=True)
        write_whole(cached, json.dumps([astuple(symbol) for symbol in symbols]))
        return symbols

    def find(self, engine: str, path: str, name: str, where: str) -> Symbol:
        """The symbol `name` of a repository path; see the module's text for how names are written."""
        return find(self.of(engine, path, where), name, f"{where}: {path}")


@functools.cache
def _format() -> str:
    """Changes whenever this file does or the one it reads by, so that no table made by older rules is read."""
    rules = (Path(__file__), Path(python_text.__file__))
    return hashlib.sha256(b"".join(file.read_bytes() for file in rules)).hexdigest()[:8]
