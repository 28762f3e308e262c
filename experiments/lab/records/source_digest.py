"""The digest of the code that measures an experiment: what its record's samples were made by, neither less nor more.

It covers the experiment's folder in suites/, what that imports below experiments/lab (inside functions too), what
writes its records and probes the card, the worker scripts that any of these name and what they import beside them, all
of inject/ where the suite asks a server for it, and the record's schema. Of a call path's recording: callpaths/, the
experiment's scenario, and inject/. Bytes are hashed, so a comment counts: two versions of Python do not agree on a
syntax tree.

Not covered: APART; what pages and claims are made by; experiments/formats, which reads and writes files. Standard
library only, for this runs on a GPU host.
"""

import ast
import functools
import hashlib
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from experiments.lab.errors import LabError

LAB = Path(__file__).resolve().parents[1]
PACKAGE = "experiments.lab"
SCHEMA = "schema/record.schema.json"
RULE = "lab/2"  # hashed first: a digest of an older rule is never one of this
# Says how a run goes, why it failed, or which code ran; no sample is made of it.
APART = ("errors.py", "host/progress.py", "records/source_digest.py", "records/git_commit.py")
EVERY_RECORD = "records/record_file.py"
PROBES = "host/card_rates.py"  # the rates of the card are in every record of a suite that was measured on one
SCENARIO = "scenario.py"  # in an experiment's folder: what its call path's recording sends, of which no suite is made
# A name in a string: a worker's script, or a module of the lab. {} stands for what a program fills in: one word.
_SCRIPT = re.compile(r"(?:[\w./{}-]*workers/)?([\w{}]*\w\.py)")
_MODULE = re.compile(rf"{re.escape(PACKAGE)}(\.[\w{{}}]+)+")


@functools.lru_cache  # what runs is what was there at the start, whatever is edited meanwhile
def source_digest(experiment: str, recording: bool = False) -> str:
    """sha256:... of the sources here that measure an experiment ("05"), or that record its call path. LabError for a
    source that is no Python."""
    return digest_of(LAB, experiment, recording)


def digest_of(lab: Path, experiment: str, recording: bool = False) -> str:
    """The same of the tree whose lab is the folder `lab`."""
    digest = hashlib.sha256(f"{RULE}\0".encode())
    for name in sources(lab, experiment, recording):
        data = (lab / name).read_bytes()
        digest.update(f"{name}\0{len(data)}\0".encode() + data)
    return f"sha256:{digest.hexdigest()}"


def experiments(lab: Path = LAB) -> list[str]:
    """The experiments that have a suite, by number."""
    return sorted(path.name[3:5] for path in lab.glob("suites/exp[0-9][0-9]_*"))


def sources(lab: Path, experiment: str, recording: bool = False) -> list[str]:
    """The files that the digest covers, as paths from `lab`, sorted. Of an experiment without a suite, what makes any
    record."""
    suite = sorted(lab.glob(f"suites/exp{experiment}_*/**/*.py"))
    if recording:
        roots = [*lab.glob("callpaths/**/*.py"), *(path for path in suite if path.name == SCENARIO)]
        followed = _Sources(lab, other_suites=False)
    else:
        roots = [path for path in suite if path.name != SCENARIO]
        followed = _Sources(lab, other_suites=True)
    followed.add(roots)
    followed.add(lab / name for name in ((EVERY_RECORD,) if recording else (EVERY_RECORD, PROBES)))
    if recording or followed.injects:
        followed.add(lab.glob("inject/**/*.py"))
    return sorted({SCHEMA, *followed.names()})


class _Sources:
    """Files reached so far. `other_suites`: whether an import that leads to an experiment's folder is followed: of a
    suite yes, since its samples depend on it; of a recording no, since the list of all scenarios imports each."""

    def __init__(self, lab: Path, other_suites: bool):
        self.lab, self.other_suites = lab, other_suites
        self.workers = lab / "workers"
        self.injects = False
        self._reached: set[Path] = set()

    def names(self) -> set[str]:
        return {path.relative_to(self.lab).as_posix() for path in self._reached}

    def add(self, paths: Iterable[Path]) -> None:
        """These and all that they lead to."""
        todo = [path for path in paths if path.is_file()]
        given = set(todo)
        while todo:
            path = todo.pop()
            name = path.relative_to(self.lab).as_posix()
            others = name.startswith("suites/exp") and not self.other_suites and path not in given
            if path in self._reached or name in APART or others:
                continue
            self._reached.add(path)
            todo += self._leads_to(path)

    def _leads_to(self, path: Path) -> Iterator[Path]:
        try:
            tree = ast.parse(path.read_text("utf-8"))
        except SyntaxError as error:
            where = path.relative_to(self.lab)
            raise LabError(f"experiments/lab/{where}: cannot be read as Python ({error}); correct it") from None
        yield from self._packages(path)
        for node in _run(tree):
            if isinstance(node, ast.Import):
                for alias in node.names:
                    yield from self._module(path, alias.name)
            elif isinstance(node, ast.ImportFrom):
                base = self._base(path, node)
                for name in (base, *(f"{base}.{alias.name}" for alias in node.names)):
                    yield from self._module(path, name)
            elif isinstance(node, ast.keyword) and node.arg == "inject":
                self.injects |= not (isinstance(node.value, ast.Constant) and node.value.value is None)
            elif text := _text(node):
                yield from self._named(text)

    def _packages(self, path: Path) -> Iterator[Path]:
        """The packages that Python runs before the module; a worker's own start at the folder of the scripts."""
        top = self.workers if path.is_relative_to(self.workers) else self.lab.parent
        for folder in path.parents:
            if folder == top:
                return
            if (init := folder / "__init__.py").is_file():
                yield init

    def _base(self, path: Path, node: ast.ImportFrom) -> str:
        if not node.level:
            return node.module or ""
        folder = path.parents[node.level - 1]
        return ".".join(filter(None, [PACKAGE, *folder.relative_to(self.lab).parts, node.module]))

    def _module(self, path: Path, name: str) -> Iterator[Path]:
        """The file of a module: one of the lab by its whole name, a worker's neighbour by the name below workers/."""
        if name.startswith(f"{PACKAGE}."):
            folder, parts = self.lab, name.removeprefix(f"{PACKAGE}.")
        elif path.is_relative_to(self.workers):
            folder, parts = self.workers, name
        else:
            return
        where = parts.replace(".", "/")
        yield from (place for place in (folder / f"{where}.py", folder / where / "__init__.py") if place.is_file())

    def _named(self, text: str) -> Iterator[Path]:
        """The files that a string names: a worker's script, or a module to be imported by its name."""
        if script := _SCRIPT.fullmatch(text):
            folder, names = self.workers, [script[1]]
        elif _MODULE.fullmatch(text):
            where = text.removeprefix(f"{PACKAGE}.").replace(".", "/")
            folder, names = self.lab, [f"{where}.py", f"{where}/__init__.py"]
        else:
            return
        for name in names:
            words = re.compile(re.escape(name).replace(r"\{\}", "[A-Za-z0-9]+"))
            places = sorted(folder.glob(name.replace("{}", "*")))
            yield from (path for path in places if words.fullmatch(path.relative_to(folder).as_posix()))


def _run(tree: ast.AST) -> Iterator[ast.AST]:
    """The nodes that can run: all but the branch for type checkers."""
    todo: list[ast.AST] = [tree]
    while todo:
        node = todo.pop()
        yield node
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
            todo += node.orelse
        else:
            todo += ast.iter_child_nodes(node)


def _text(node: ast.AST) -> str | None:
    """A string, with {} for each value that is filled in."""
    if isinstance(node, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in node.values)
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    return None
