"""Claims: a sentence with named values, the code that finds them in records, and whether the sentence holds.

    book = Book("01")
    runs = book.record("ttft-8b-vllm")

    @book.claim(id="ttft-not-gpu", title="...", sentence="... {share} ...", records=[runs], tier="gpu", figure="x.svg")
    def ttft_not_gpu(runs):
        share = bootstrap.share(...)
        return {"share": share}, share["ci"][0] > 50

    book.finish()

A claim's function gets its records in order. Modes (LAB_BOOK): `reference` reads experiments/records and writes
experiments/claims; `local` reads and writes below experiments/local (LAB_LOCAL names another
folder) and leaves out what was not measured; `verify` reads the reference records and writes nothing. A claim rests on
one host: numbers of two are never compared.
"""

import hashlib
import inspect
import json
import math
import os
import re
import types
from pathlib import Path

from experiments.lab.analysis import draw_figures
from experiments.lab.errors import LabError, NotMeasured
from experiments.lab.host import host_info
from experiments.lab.host.config import ROOT
from experiments.lab.records.record_file import Record, replace

MODES = ("reference", "local", "verify")
TIERS = ("gpu", "cpu", "cpu-server")
_NAMED = re.compile(r"\{([a-z0-9_-]+)(?:\.\w+)?\}", re.I)


class Book:
    """The claims of one experiment, while its notebook runs."""

    opened: list = []  # every Book of this process, for whoever ran the notebook

    def __init__(self, experiment: str, mode: str | None = None, root: Path = ROOT):
        self.experiment, self.root = experiment, root
        self.mode = mode or os.environ.get("LAB_BOOK", "reference")
        if self.mode not in MODES:
            raise LabError(f"LAB_BOOK={self.mode}: unknown; one of {', '.join(MODES)}")
        self.claims: list = []
        self.skipped: dict = {}  # claim id -> why it was left out here
        self.finished = False
        Book.opened.append(self)

    @property
    def base(self) -> Path:
        if self.mode == "local":
            return Path(os.environ.get("LAB_LOCAL") or self.root / "experiments/local")
        return self.root / "experiments"

    @property
    def named(self) -> str:
        """How `base` is written in a claims file."""
        return "experiments/local" if self.mode == "local" else "experiments"

    def record(self, measurement: str) -> Record:
        """The validated record of that measurement. NotMeasured where this mode's folder has none."""
        return Record(self.base / "records" / self.experiment / f"{measurement}.json")

    def claim(self, *, id: str, title: str, sentence: str, records: list, tier: str, figure: str | None = None,
              holds_if: str = ""):
        """Evaluate the decorated function at once. It returns (values by name, holds). LabError for a claim without
        records, of two hosts, with an id already used, or whose sentence names a value it does not return.

        `holds_if` says in words what the code asks for, so that a reader of "does not hold" knows what failed.

        `records` are Records or measurement names; recordings of call paths may be of several hosts, since an order of
        functions is no number.
        """

        def decorate(function):
            try:
                self.claims.append(self._evaluate(function, id, title, sentence, records, tier, figure, holds_if))
            except NotMeasured as error:
                if self.mode != "local":
                    raise
                self.skipped[id] = str(error)
            return function

        if any(claim["id"] == id for claim in self.claims) or id in self.skipped:
            raise LabError(f"experiment {self.experiment}: two claims are called {id}; give each its own id")
        return decorate

    def figure(self, name: str, size: tuple = (7.0, 3.5)):
        """Draw `experiments/figures/NN/<name>` by the decorated function, which gets (figure, axes) of matplotlib;
        nothing is drawn in mode verify. In a notebook the drawing is shown."""

        def decorate(function):
            if self.mode == "verify":
                return function
            try:
                text = draw_figures.draw(function, size, salt=f"{self.experiment}/{name}")
            except NotMeasured:
                if self.mode != "local":
                    raise
                return function
            folder = self.base / "figures" / self.experiment
            folder.mkdir(parents=True, exist_ok=True)
            replace(folder / name, text.encode())
            draw_figures.show(text)
            return function

        return decorate

    def finish(self) -> None:
        """Write what the claims came to, whole or not at all."""
        self.finished = True
        if self.mode == "verify":
            return
        path = self.base / "claims" / f"{self.experiment}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        data = {"schema": "claims/1", "experiment": self.experiment, "claims": self.claims}
        replace(path, (json.dumps(data, indent=1, allow_nan=False, ensure_ascii=False) + "\n").encode())

    def _evaluate(self, function, id, title, sentence, records, tier, figure, holds_if) -> dict:
        where = f"experiment {self.experiment}: claim {id}"
        if not re.fullmatch(r"[a-z0-9][a-z0-9-]*", id):
            raise LabError(f"{where}: an id is lower-case letters, digits and hyphens")
        if tier not in TIERS:
            raise LabError(f"{where}: tier {tier!r} is unknown; one of {', '.join(TIERS)}")
        if not records:
            raise LabError(f"{where}: rests on no record; name its records")
        found = [record if isinstance(record, Record) else self.record(record) for record in records]
        host = one_host(found, where)
        values, holds = _result(function, found, where)
        for name, value in values.items():
            _check_value(value, f"{where}: value {name}")
        if unknown := sorted(set(_NAMED.findall(sentence)) - set(values)):
            raise LabError(
                f"{where}: its sentence names {', '.join(unknown)}, its code returns {', '.join(values) or 'no value'}"
            )
        return {
            "id": id,
            "title": title,
            "sentence": " ".join(sentence.split()),
            "values": values,
            "holds": bool(holds),
            **({"holds_if": " ".join(holds_if.split())} if holds_if else {}),
            "tier": tier,
            "records": [
                {"path": f"{self.named}/records/{self.experiment}/{record.path.name}", "sha256": record.sha256}
                for record in found
            ],
            "code": code_digest(function),
            "host": {"id": host["id"], "label": host_info.label(host)},
            "measured": max(record.data["started"] for record in found)[:10],
            "pin": {r.data["engine"]["name"]: r.data["engine"]["version"] for r in found if r.data["engine"]},
            "figure": f"figures/{self.experiment}/{figure}" if figure else None,
            "command": f"make experiments EXP={self.experiment}",
        }


def one_host(records: list, where: str) -> dict:
    """The one host of the records that hold numbers, else of the first recording. LabError for several."""
    timed = [record for record in records if "recording" not in record.data] or records[:1]
    ids = {record.host: record.data["host"] for record in timed}
    if len(ids) > 1:
        names = ", ".join(f"{record.path.name} on {record.host}" for record in timed)
        raise LabError(
            f"{where}: rests on records of {len(ids)} hosts ({names}); measure them on one, and compare there"
        )
    return next(iter(ids.values()))


def code_digest(function) -> str:
    """sha256 of the source of a claim's function and of the functions beside it that it calls, by name."""
    seen: dict = {}

    def visit(each) -> None:
        if each.__name__ not in seen:
            seen[each.__name__] = inspect.getsource(each)
            for name in _names(each.__code__):
                other = each.__globals__.get(name)
                if isinstance(other, types.FunctionType) and other.__module__ == function.__module__:
                    visit(other)

    visit(function)
    text = "\0".join(seen[name] for name in [function.__name__, *sorted(set(seen) - {function.__name__})])
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"


def _names(code) -> set:
    inner = [constant for constant in code.co_consts if isinstance(constant, types.CodeType)]
    return set(code.co_names).union(*map(_names, inner)) if inner else set(code.co_names)


def _result(function, found: list, where: str) -> tuple:
    result = function(*found) if inspect.signature(function).parameters else function()
    if not (isinstance(result, tuple) and len(result) == 2 and isinstance(result[0], dict)):
        raise LabError(f"{where}: its code must return (values by name, holds)")
    return result


def _check_value(value, where: str) -> None:
    if not isinstance(value, dict) or "value" not in value or "unit" not in value:
        raise LabError(f"{where}: must be {{'value', 'unit', ...}}; make it with the functions of bootstrap")
    numbers = [value["value"], *(value.get("ci") or [])]
    if not all(isinstance(n, (int, float)) and math.isfinite(n) for n in numbers):
        raise LabError(f"{where}: {numbers} holds something that is no finite number")


def same(one: dict, other: dict) -> list:
    """Lines that say how two evaluations of a claim differ; floats may differ in the last places of a platform."""
    lines = []
    for name in sorted(set(one["values"]) | set(other["values"])):
        left, right = one["values"].get(name), other["values"].get(name)
        if left is None or right is None or not _close(left, right):
            lines.append(f"{name} is {_short(left)} now, was {_short(right)}")
    for key in ("holds", "holds_if", "sentence", "title", "records", "code", "tier", "figure", "host"):
        if one.get(key) != other.get(key):
            lines.append(f"{key} differs" if key != "holds" else f"holds is {one[key]} now, was {other[key]}")
    return lines


def _close(left: dict, right: dict) -> bool:
    if {k: v for k, v in left.items() if k not in ("value", "ci")} != {
        k: v for k, v in right.items() if k not in ("value", "ci")
    }:
        return False
    pairs = zip([left["value"], *(left.get("ci") or [])], [right["value"], *(right.get("ci") or [])], strict=False)
    same_length = len(left.get("ci") or []) == len(right.get("ci") or [])
    return same_length and all(math.isclose(a, b, rel_tol=1e-9, abs_tol=1e-12) for a, b in pairs)


def _short(value: dict | None) -> str:
    return "absent" if value is None else f"{value['value']!r} {value['unit']}"
